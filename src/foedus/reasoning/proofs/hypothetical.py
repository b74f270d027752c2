"""What a closed graph would hold, or contradict, with a few triples more: without the engine.

Where the engine closes everything on arrays, this follows the few triples through the rules one
by one, over any store. For a handful of triples that is sooner done than an engine is started.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from foedus.reasoning.rules.matching import Facts, Step, conclusions, instances
from foedus.reasoning.rules.proof import Proof
from foedus.reasoning.rules.rule import Atom, Rule, Var
from foedus.reasoning.rules.table import RuleSet
from foedus.terms import Find, Term, Triple, expanded


class Hypothesis:
    """What follows if triples are taken as facts beside those of a closed graph.

    ``find`` gives the graph's triples, ``proof`` one proof of each. What the graph holds already is
    followed there, as it may clash. ``limit`` bounds the triples that follow, nearest first: what
    lies beyond is not found. What is true of every term and every literal by itself takes no part,
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
        self._more = Facts()
        self._clashing = self._run(supposed, limit)

    def _run(self, supposed: Iterable[Triple], limit: int) -> Iterator[Step]:
        """Follow what was supposed; give each contradiction as it is met."""
        by_form: dict[tuple[Term | None, Term | None], list[tuple[Rule, Atom]]] = {}
        for rule in self.rules:
            for atom in rule.premises if rule.stored else ():
                by_form.setdefault(_form(atom, self._type), []).append((rule, atom))
        waiting = deque(dict.fromkeys(supposed))
        limit += len(waiting)
        held = {t for t in waiting if not self._take(t, None)}  # by the graph, already
        while waiting and len(self._more.steps) + len(held) < limit:
            s, p, o = waiting.popleft()
            for form in ((None, None), (p, None), (p, o)):
                for rule, atom in by_form.get(form, ()):
                    for step in instances(rule, self.find, fits=(atom, (s, p, o))):
                        if rule.conclusions is None:
                            yield step
                        after = conclusions(rule, step)
                        waiting += (t for t in after if self._take(t, step))
                        if (s, p, o) in held:
                            known = [t for t in after if t not in held and self._is_held(t)]
                            held.update(known)
                            waiting += known

    @property
    def _type(self) -> Term:
        return expanded("rdf:type", self.rules.prefixes)

    def _is_held(self, triple: Triple) -> bool:
        return any(True for _ in self._base(*triple))

    def _take(self, triple: Triple, step: Step | None) -> bool:
        return not self._is_held(triple) and self._more.add(triple, step)

    def find(self, s: Term | None, p: Term | None, o: Term | None) -> Iterator[Triple]:
        """The triples of the graph and those that follow."""
        yield from self._base(s, p, o)
        yield from tuple(self._more.match(s, p, o))

    def proof(self, triple: Triple) -> Proof | None:
        """A proof from the graph and what was supposed; None if the triple does not follow."""
        deque(self._clashing, maxlen=0)
        return self._known(triple)

    def contradictions(self) -> Iterator[Proof]:
        """The contradictions that come with what was supposed, nearest first, as they are met."""
        return (self._prove(None, step) for step in self._clashing)

    def _known(self, triple: Triple) -> Proof | None:
        if triple not in self._more.steps:
            return self._proof(triple)
        step = self._more.steps[triple]
        return Proof(triple) if step is None else self._prove(triple, step)

    def _prove(self, triple: Triple | None, step: Step) -> Proof:
        below = tuple(self._known(t) or Proof(t) for t in step.premises)
        return Proof(triple, step.rule, step.bindings, below)


def _form(atom: Atom, type_: Term) -> tuple[Term | None, Term | None]:
    """Which triples an atom can be: its property, and its class where the property is rdf:type."""
    p = None if isinstance(atom.p, Var) else atom.p
    o = None if isinstance(atom.o, Var) or p != type_ else atom.o
    return p, o
