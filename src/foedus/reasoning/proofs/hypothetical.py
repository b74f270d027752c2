"""Hypothetical reasoning: what a closed graph would hold, or contradict, with a few more triples.

Where the engine joins columns, this follows single triples through the rules by forward chaining
over any triple source. For a handful of triples that is faster than starting an engine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from foedus.reasoning.rules.matching import IndexedTriples, RuleInstance, conclusions_of, instances
from foedus.reasoning.rules.proof import Proof
from foedus.reasoning.rules.rule import Atom, Rule, Var
from foedus.reasoning.rules.table import RuleSet
from foedus.terms import Find, Term, Triple
from foedus.vocab import TYPE


class Hypothesis:
    """What follows if triples are supposed beside those of a closed graph.

    ``find`` gives the graph's triples, ``proof`` one proof of each. Supposed triples that the graph
    holds already are followed too, as they may clash. ``limit`` bounds the number of triples that
    follow, breadth first; farther ones are not found. Axioms and the datatype rules take no part,
    and lists are those of the graph.
    """

    def __init__(
        self,
        supposed: Iterable[Triple],
        rules: RuleSet,
        find: Find,
        proof: Callable[[Triple], Proof | None],
        limit: int = 300,
    ) -> None:
        self.rules, self._base, self._proof = rules, find, proof
        self._more = IndexedTriples()
        self._clashing = self._run(supposed, limit)

    def _run(self, supposed: Iterable[Triple], limit: int) -> Iterator[RuleInstance]:
        """Forward chaining from what is supposed; yields each contradiction as it is met."""
        by_form: dict[tuple[Term | None, Term | None], list[tuple[Rule, Atom]]] = {}
        for rule in self.rules:
            for atom in rule.premises if rule.stored else ():
                by_form.setdefault(_form(atom), []).append((rule, atom))
        waiting = deque(dict.fromkeys(supposed))
        limit += len(waiting)
        held = {t for t in waiting if not self._take(t, None)}  # in the graph already
        while waiting and len(self._more.steps) + len(held) < limit:
            s, p, o = waiting.popleft()
            for form in ((None, None), (p, None), (p, o)):
                for rule, atom in by_form.get(form, ()):
                    for step in instances(rule, self.find, fits=(atom, (s, p, o))):
                        if rule.conclusions is None:
                            yield step
                        after = conclusions_of(rule, step)
                        waiting += (t for t in after if self._take(t, step))
                        if (s, p, o) in held:
                            known = [t for t in after if t not in held and self._is_held(t)]
                            held.update(known)
                            waiting += known

    def _is_held(self, triple: Triple) -> bool:
        return any(True for _ in self._base(*triple))

    def _take(self, triple: Triple, step: RuleInstance | None) -> bool:
        return not self._is_held(triple) and self._more.add(triple, step)

    def find(self, s: Term | None, p: Term | None, o: Term | None) -> Iterator[Triple]:
        """The triples of the graph and those that follow from what is supposed."""
        yield from self._base(s, p, o)
        yield from tuple(self._more.match(s, p, o))

    def proof(self, triple: Triple) -> Proof | None:
        """A proof from the graph and what is supposed; None if the triple does not follow."""
        deque(self._clashing, maxlen=0)
        return self._known(triple)

    def contradictions(self) -> Iterator[Proof]:
        """The contradictions that follow from what is supposed, nearest first, found lazily."""
        return (self._prove(None, step) for step in self._clashing)

    def _known(self, triple: Triple) -> Proof | None:
        if triple not in self._more.steps:
            return self._proof(triple)
        step = self._more.steps[triple]
        return Proof(triple) if step is None else self._prove(triple, step)

    def _prove(self, triple: Triple | None, step: RuleInstance) -> Proof:
        below = tuple(self._known(t) or Proof(t) for t in step.premises)
        return Proof(triple, step.rule, step.bindings, below)


def _form(atom: Atom) -> tuple[Term | None, Term | None]:
    """The property of the triples an atom matches, and their class if that is rdf:type."""
    p = None if isinstance(atom.p, Var) else atom.p
    o = None if isinstance(atom.o, Var) or p != TYPE else atom.o
    return p, o
