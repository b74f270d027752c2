"""Whether a graph is entailed, beyond what the closure stores: entailment by refutation.

A closure holds what the rules of OWL 2 RL derive, except what is trivial. A conclusion may ask for
more, and is decided in this order:

1. Premises that contradict one another entail everything: a conclusion that does not follow
   otherwise is reported with the clash, or is not entailed, as the caller chooses.
2. Blank nodes in the conclusion are existential variables, for which terms are searched
   (https://www.w3.org/TR/rdf11-mt/#simpleentailment).
3. Unnamed classes and lists that the conclusion itself describes are taken to exist, under fresh
   names (comprehension).
4. Trivial triples hold of everything: ``?x a owl:Thing``, ``?c rdfs:subClassOf ?c``, ...
5. What no rule concludes is tried as ``conclusions.toml`` says for each form of triple: two things
   are different if supposing them to be the same leads to a contradiction; a class is a subclass of
   another if a fresh member of the one turns out to be a member of the other.

Sound for the OWL 2 RDF-Based Semantics, by theorem PR1 of OWL 2 Profiles complete for ground facts
over OWL 2 RL ontologies. Not complete in general: no prover for OWL 2 Full is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal, Protocol

from foedus.errors import BadParameter
from foedus.reasoning.entailment.blank_nodes import (
    ASSUMED,
    as_atom,
    descriptions,
    parts,
    read_node,
    rename,
)
from foedus.reasoning.entailment.conclusions import ConclusionForm, Trial, conclusions
from foedus.reasoning.rules.datatypes import DATATYPES, contradictory, includes, value_key
from foedus.reasoning.rules.matching import Bound
from foedus.reasoning.rules.proof import Clash, Proof
from foedus.reasoning.rules.rdf_list import readings
from foedus.reasoning.rules.rule import Atom, Node, Var
from foedus.reasoning.rules.table import RuleSet
from foedus.terms import Term, Triple, is_blank, is_literal
from foedus.vocab import FIRST, NIL, REST, THING, TYPE

#: The most nested trials: an intersection of complements in a restriction takes 4.
DEPTH = 5


class Closed(Protocol):
    """The part of a closure's interface that is used here."""

    @property
    def rules(self) -> RuleSet: ...
    @property
    def asserted(self) -> Iterable[Triple]: ...
    @property
    def clashes(self) -> tuple[Clash, ...]: ...
    def __contains__(self, triple: Triple, /) -> bool: ...
    def triples(
        self, s: Term | None = None, p: Term | None = None, o: Term | None = None
    ) -> Iterable[Triple]: ...
    def proof(self, triple: Triple, /) -> Proof | None: ...
    def supposing(self, triples: Iterable[Triple], /) -> Closed: ...
    def withdraw(self, triples: Iterable[Triple], /) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Entailment:
    """Whether a conclusion is entailed; equal to, and as true as, that bool.

    ``clash`` is the contradiction among the premises if only that entails the conclusion; it is
    None where the conclusion follows without it, or does not follow.
    """

    follows: bool
    clash: Clash | None = None

    def __bool__(self) -> bool:
        return self.follows

    def __eq__(self, other: object) -> bool:
        return self.follows == bool(other) if isinstance(other, bool | Entailment) else False

    def __hash__(self) -> int:
        return hash(self.follows)


def entailment(
    closure: Closed,
    conclusion: Iterable[Triple],
    *,
    trials: bool = True,
    clashes: Literal["explode", "ignore"] = "explode",
) -> Entailment:
    """Whether the conclusion is entailed by what the closure was made of.

    Without ``trials``, only what is stored and what is trivial counts. Premises that contradict one
    another entail everything; with ``clashes="ignore"``, only what is stored, and what follows from
    the premises that no clash rests on. Neither the closure nor the conclusion is changed. Raises
    BadParameter for another value of ``clashes``.
    """
    if clashes not in ("explode", "ignore"):
        raise BadParameter("clashes", clashes, "'explode' or 'ignore'")
    asked = list(conclusion)
    named = {t for triple in asked for t in triple if not is_blank(t) and not is_literal(t)}
    judge = Judge(_furnished(closure, named), DEPTH) if trials else Judge(closure, 0)
    clash = judge.contradiction
    if clash is None:
        return Entailment(all(map(judge.part_holds, parts(asked))))
    stated = Judge(judge.closure, 0)
    left = [part for part in parts(asked) if not stated.part_holds(part)]
    if not left or clashes == "explode":
        return Entailment(True, clash if left else None)
    calm = Judge(_without_clashes(judge.closure), judge.depth)
    return Entailment(all(map(calm.part_holds, left)))


def _without_clashes(closure: Closed) -> Closed:
    """The closure without every asserted triple that a contradiction rests on."""
    calm = closure.supposing(())
    while clash := Judge(calm, 0).contradiction:
        found = [part for c in calm.clashes or [clash] for part in c.proof().walk()]
        given = {part.triple for part in found if part.rule is None and part.triple is not None}
        if not given:
            break
        calm.withdraw(given)
    return calm


def obvious(closure: Closed) -> Iterator[Triple]:
    """The trivial triples about all terms of a closure, for tools that want them stored."""
    judge = Judge(closure, 0)
    for form in judge.always:
        for triple in judge.everything(form, (None, None, None)):
            if judge.obvious(triple):
                yield triple


def _furnished(closure: Closed, named: Iterable[Term] = ()) -> Closed:
    """The closure with reflexive properties, and owl:Thing, asserted of each term."""
    judge, table = Judge(closure, 0), conclusions()
    atom = table.reflexive.premises[0]
    reflexive = sorted(t[0] for t in closure.triples(None, str(atom.p), str(atom.o)))
    forms = [[None if isinstance(n, Var) else n for n in form] for form in table.of_all_things]
    things = any({s, o} != {THING} for form in forms for s, _, o in closure.triples(*form))
    if not judge.owl or not (reflexive or things):
        return closure
    everything = sorted(judge.terms.union(named))
    loops = [(x, p, x) for p in reflexive for x in everything]
    return closure.supposing([*loops, *((x, TYPE, THING) for x in everything if things)])


class Judge:
    """Decides entailment by one closure; ``depth`` is how many nested trials are left."""

    def __init__(self, closure: Closed, depth: int) -> None:
        self.closure, self.depth = closure, depth
        self.axioms = frozenset(
            (str(a.s), str(a.p), str(a.o))
            for rule in closure.rules
            if not rule.written
            for a in rule.conclusions or ()
        )
        self.owl = bool(self.axioms)
        table = conclusions()
        self.always = (*table.always, *(table.always_owl if self.owl else ()))

    @cached_property
    def terms(self) -> frozenset[Term]:
        """The terms of stored triples, without literals."""
        stored = self.closure.triples()
        return frozenset(t for triple in stored for t in triple if not is_literal(t))

    @property
    def contradiction(self) -> Clash | None:
        """A clash of the premises, or None if they are consistent."""
        if self.closure.clashes:
            return self.closure.clashes[0]
        kinds: dict[Term, set[Term]] = defaultdict(set)
        for datatype in sorted(DATATYPES) if self.owl else ():
            for subject, _, _ in self.closure.triples(None, TYPE, datatype):
                kinds[subject].add(datatype)
        for subject, found in kinds.items():
            if contradictory(found):
                return self._in_no_datatype(tuple((subject, TYPE, d) for d in sorted(found)))
        return None

    def _in_no_datatype(self, premises: tuple[Triple, ...]) -> Clash:
        """The clash of something typed with datatypes that have no value in common."""
        proofs = (self.closure.proof(premise) for premise in premises)
        whole = Proof(None, "datatypes", {}, tuple(proof for proof in proofs if proof))
        message = f"{premises[0][0]} is in datatypes that have no value in common"
        return Clash("datatypes", message, premises, lambda: whole)

    def match(self, pattern: tuple[Term | None, Term | None, Term | None]) -> Iterator[Triple]:
        """Triples that match a pattern, trivial ones of its terms (or all terms) included."""
        seen = set()
        for triple in self.closure.triples(*pattern):
            seen.add(triple)
            yield triple
        for triple in sorted(self.axioms):
            if triple not in seen and all(
                want in (None, have) for want, have in zip(pattern, triple, strict=True)
            ):
                yield triple
        for form in self.always:
            for triple in self.everything(form, pattern):
                if triple not in seen and self.obvious(triple):
                    yield triple

    def everything(
        self, form: Atom, pattern: tuple[Term | None, Term | None, Term | None]
    ) -> Iterator[Triple]:
        """The instances of a trivial form for a pattern's terms, or else for all terms."""
        pairs = list(zip(form, pattern, strict=True))
        if any(not isinstance(node, Var) and want not in (None, node) for node, want in pairs):
            return
        wanted = {want for node, want in pairs if isinstance(node, Var) and want is not None}
        for term in sorted(wanted or self.terms) if len(wanted) < 2 else ():
            s, p, o = (term if isinstance(node, Var) else node for node in form)
            yield s, p, o

    def solve(self, atoms: list[Atom], bindings: Bound, deep: bool) -> Iterator[Bound]:
        """Every binding under which the atoms hold; ``deep`` allows trials for ground atoms."""
        if not atoms:
            yield bindings
            return

        def known(atom: Atom) -> tuple[Term | None, Term | None, Term | None]:
            s, p, o = (bindings.get(n.name) if isinstance(n, Var) else n for n in atom)
            return s, p, o

        def cost(atom: Atom) -> tuple[int, int]:
            pattern = known(atom)
            return pattern.count(None), pattern[1] == TYPE

        atom = min(atoms, key=cost)
        rest = [a for a in atoms if a is not atom]
        s, p, o = known(atom)
        if s is not None and p is not None and o is not None:
            if self.holds((s, p, o), deep):
                yield from self.solve(rest, bindings, deep)
            return
        for triple in list(self.match((s, p, o))):
            found = atom.unify(triple)
            if found is not None and all(bindings.get(k, v) == v for k, v in found.items()):
                yield from self.solve(rest, {**bindings, **found}, deep)

    def part_holds(self, part: list[Triple]) -> bool:
        """Whether triples that share blank nodes are entailed together."""
        atoms = [as_atom(triple) for triple in part]
        if any(True for _ in self.solve(atoms, {}, False)):
            return True
        if not self.owl or not self.depth:
            return False
        names, granted, rest = descriptions(part)
        judge = self.suppose(granted) if granted else self
        left = judge.without_axiom_nodes([rename(triple, names) for triple in rest])
        return any(True for _ in judge.solve([as_atom(t) for t in left], {}, True))

    def without_axiom_nodes(self, triples: list[Triple]) -> list[Triple]:
        """The triples without those of axiom nodes that pass their trials."""
        by_subject: dict[Term, list[Triple]] = defaultdict(list)
        for triple in triples:
            by_subject[triple[0]].append(triple)
        used = {o for _, _, o in triples}
        gone: set[Triple] = set()
        for node, said in by_subject.items():
            for form in conclusions().forms:
                if form.node and is_blank(node) and node not in used:
                    bindings = read_node(form, said)
                    if bindings is not None and self.passes(form, bindings):
                        gone |= set(said)
        return [t for t in triples if t not in gone]

    def suppose(self, triples: list[Triple]) -> Judge:
        """A judge of the same premises and these triples."""
        return Judge(_furnished(self.closure.supposing(triples)), self.depth - 1)

    def holds(self, triple: Triple, deep: bool = True) -> bool:
        """Whether a ground triple is entailed."""
        s, p, o = triple
        if triple in self.closure or triple in self.axioms or self.obvious(triple):
            return True
        if is_literal(o) and value_key(o) is not None:
            for _, _, other in self.closure.triples(s, p, None):
                if is_literal(other) and value_key(other) == value_key(o):
                    return True
        if not self.owl or not deep or self.depth <= 0:
            return False
        if p == TYPE and o in DATATYPES:
            kinds = [d for _, _, d in self.closure.triples(s, TYPE, None) if d in DATATYPES]
            if kinds and includes(kinds, o):
                return True
        return any(self.follows(form, triple) for form in conclusions().forms if not form.node)

    def obvious(self, triple: Triple) -> bool:
        """Whether a triple is trivial."""
        for form in self.always:
            bindings = form.unify(triple)
            if bindings is not None and self.kinds_fit([form], bindings):
                return True
        return False

    def kinds_fit(self, atoms: Iterable[Atom], bindings: Bound) -> bool:
        """Whether bindings of ?c and ?d are known to be classes, those of ?p and ?q properties."""
        table = conclusions()
        names = {n.name for atom in atoms for n in atom if isinstance(n, Var) and not n.index}
        shown = {"c": table.classes, "d": table.classes, "p": table.properties}
        shown["q"] = table.properties
        return all(
            any(self.is_shown(form, bindings[name]) for form in shown[name])
            for name in names & bindings.keys() & shown.keys()
        )

    def is_shown(self, form: Atom, term: Term) -> bool:
        """Whether a triple of the form is stored, with the term in the place of ?c or ?p."""
        s, p, o = (
            (term if n.name in ("c", "p") else None) if isinstance(n, Var) else n for n in form
        )
        if any(True for _ in self.closure.triples(s, p, o)):
            return True
        return any(
            (s in (None, t[0])) and (p in (None, t[1])) and (o in (None, t[2])) for t in self.axioms
        )

    def follows(self, form: ConclusionForm, triple: Triple) -> bool:
        """Whether a triple has the form and passes its trials."""
        start = form.conclude[0].unify(triple)
        if start is None:
            return False
        for bindings in self.solve(list(form.conclude[1:]), start, False):
            if self.kinds_fit(form.conclude, bindings) and self.passes(form, bindings):
                return True
        return False

    def passes(self, form: ConclusionForm, bindings: Bound) -> bool:
        """Whether all trials of a form succeed."""
        if form.list is None:
            return all(self.passes_trial(trial, bindings, 0) for trial in form.trials)
        for members in self.members(bindings[form.list.head.name]):
            size = len(members)
            named = {f"{form.list.member}_{k}": m for k, m in enumerate(members, start=1)}
            pairs = [
                dict(zip(form.picks, map(str, choice), strict=True))
                for choice in product(range(1, size + 1), repeat=len(form.picks))
                if not form.every or choice[0] < choice[-1]
            ]
            quantifier = all if form.every else any
            if all(
                quantifier(
                    self.passes_trial(trial, {**bindings, **named, **pair}, size) for pair in pairs
                )
                for trial in form.trials
            ):
                return True
        return False

    def members(self, head: Term) -> Iterator[tuple[Term, ...]]:
        """The members of a list, once for each reading."""

        def contents(cell: Term) -> Iterator[tuple[Term, Term]]:
            firsts, rests = ([t[2] for t in self.match((cell, p, None))] for p in (FIRST, REST))
            return product(firsts, rests)

        return (members for members, _ in readings(head, NIL, contents))

    def passes_trial(self, trial: Trial, bindings: Bound, size: int) -> bool:
        """Whether what is expected follows from what is assumed, or that is contradictory."""
        fresh: Bound = {}

        def name(node: Node, here: int, free: bool) -> Node:
            if not isinstance(node, Var):
                return node
            key = node.key(bindings, size, here)
            if key in bindings:
                return bindings[key]
            if key in fresh:
                return fresh[key]
            if free:
                return Var(key)
            return fresh.setdefault(key, f"{ASSUMED}{self.depth}x{len(fresh)}")

        def instances(atoms: tuple[Atom, ...], free: bool) -> list[Atom]:
            return [
                Atom(name(a.s, k, free), name(a.p, k, free), name(a.o, k, free))
                for a in atoms
                for k in (range(1, size + 1) if a.each else (0,))
            ]

        assumed = [(str(a.s), str(a.p), str(a.o)) for a in instances(trial.assume, False)]
        judge = self.suppose(assumed) if assumed else Judge(self.closure, self.depth - 1)
        if assumed and judge.contradiction:
            return True
        if trial.expect is None:
            return False
        return any(True for _ in judge.solve(instances(trial.expect, True), {}, True))
