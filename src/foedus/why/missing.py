"""Why a triple does not hold: the rules that could have given it, and what each of them lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice, product

from foedus.reasoning.rules import Atom, Before, Differ, Node, Rule, RuleSet, Var
from foedus.sparql.walk import Find
from foedus.terms import Term, Triple, expand

#: A premise with what is known filled in; None where anything would do.
Pattern = tuple[Term | None, Term | None, Term | None]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One rule that could have given a triple: its premises that hold, and those that do not."""

    rule: str
    bindings: Mapping[str, Term]
    found: tuple[Triple, ...]
    axioms: tuple[Triple, ...]
    missing: tuple[Pattern, ...]

    @property
    def rank(self) -> tuple[int, int, int]:
        """Smaller is nearer: little missing, much found, little left open."""
        return len(self.missing), -len(self.found), sum(p.count(None) for p in self.missing)


@dataclass(frozen=True, slots=True)
class _Goal:
    """The premises of a rule that are left to be met, for some members of its list."""

    rule: Rule
    atoms: tuple[tuple[Atom, int], ...]
    size: int

    def pattern(self, atom: Atom, here: int, bindings: Mapping[str, Term]) -> Pattern:
        s, p, o = (self._node(node, here, bindings) for node in atom)
        return s, p, o

    def _node(self, node: Node, here: int, bindings: Mapping[str, Term]) -> Term | None:
        if not isinstance(node, Var):
            return node
        return bindings.get(node.key(bindings, self.size, here))

    def match(
        self, atom: Atom, here: int, bindings: dict[str, Term], triple: Triple
    ) -> dict[str, Term] | None:
        """The bindings with those that make the atom this triple; None if they disagree."""
        made = dict(bindings)
        for node, term in zip(atom, triple, strict=True):
            if isinstance(node, Var):
                if made.setdefault(node.key(made, self.size, here), term) != term:
                    return None
            elif node != term:
                return None
        return made


def near_misses(triple: Triple, rules: RuleSet, find: Find, limit: int = 200) -> list[NearMiss]:
    """The applications of rules that would give the triple if more were known, nearest first.

    A rule takes part when its axioms hold: what is missing is always a fact. Rules of equality
    take part when one of the two things is known under another name. ``limit`` bounds the ways
    that are looked at for each rule.
    """
    search = _Search(rules, find, limit)
    found: dict[tuple[str, tuple[Pattern, ...]], NearMiss] = {}
    for rule in rules:
        for miss in search.of(rule, triple):
            if triple not in miss.missing:
                found.setdefault((rule.id, miss.missing), miss)
    return sorted(found.values(), key=lambda m: m.rank)


@dataclass(frozen=True, slots=True)
class _Search:
    rules: RuleSet
    find: Find
    limit: int

    def of(self, rule: Rule, triple: Triple) -> Iterator[NearMiss]:
        for conclusion in rule.conclusions or ():
            seen = 0
            for goal, bindings, axioms in self._start(rule, conclusion, triple):
                for miss in self._nearest(goal, bindings, axioms):
                    yield miss
                    seen += 1
                    if seen >= self.limit:
                        return

    def _start(
        self, rule: Rule, conclusion: Atom, triple: Triple
    ) -> Iterator[tuple[_Goal, dict[str, Term], tuple[Triple, ...]]]:
        """Each way in which the rule's axioms hold and its conclusion is the triple."""
        plain = {
            node.name: term
            for node, term in zip(conclusion, triple, strict=True)
            if isinstance(node, Var) and not node.index
        }
        heads = {listed.head for listed in rule.lists}
        about = [a for a in rule.premises if not a.each and heads & {a.s, a.o}]
        first = _Goal(rule, tuple((a, 0) for a in about), 0)
        for start, cells in self._all(first, plain):
            for size, named, used in self._members(rule, start):
                goal = _Goal(rule, (), size)
                bound = goal.match(conclusion, 0, named, triple)
                if bound is None:
                    continue
                rest = [
                    (a, k)
                    for a in rule.premises
                    if a not in about
                    for k in (range(1, size + 1) if a.each else (0,))
                ]
                schema = tuple(x for x in rest if self._is_axiom(x[0]))
                facts = tuple(x for x in rest if x not in schema)
                for known, axioms in self._all(_Goal(rule, schema, size), bound):
                    yield _Goal(rule, facts, size), known, (*cells, *axioms, *used)

    def _nearest(
        self, goal: _Goal, bindings: dict[str, Term], axioms: tuple[Triple, ...]
    ) -> Iterator[NearMiss]:
        """The ways to meet as many of the premises as can be met."""
        for lacking in range(1, len(goal.atoms) + 1):
            any_found = False
            for absent in combinations(goal.atoms, lacking):
                present = tuple(x for x in goal.atoms if x not in absent)
                ways = self._all(_Goal(goal.rule, present, goal.size), bindings)
                for known, found in islice(ways, self.limit):
                    missing = tuple(goal.pattern(a, k, known) for a, k in absent)
                    held = lacking == 1 and any(True for _ in self.find(*missing[0]))
                    if held or not self._allowed(goal.rule, known):
                        continue
                    any_found = True
                    yield NearMiss(goal.rule.id, known, found, axioms, missing)
            if any_found:
                return

    def _all(
        self, goal: _Goal, bindings: dict[str, Term]
    ) -> Iterator[tuple[dict[str, Term], tuple[Triple, ...]]]:
        """Every way to meet all premises of a goal, the most bound premise first."""
        if not goal.atoms:
            yield bindings, ()
            return
        patterns = [goal.pattern(a, k, bindings) for a, k in goal.atoms]
        chosen = min(range(len(patterns)), key=lambda i: patterns[i].count(None))
        if patterns[chosen].count(None) == 3:
            return
        (atom, here), rest = goal.atoms[chosen], goal.atoms[:chosen] + goal.atoms[chosen + 1 :]
        for triple in sorted(self.find(*patterns[chosen])):
            known = goal.match(atom, here, bindings, triple)
            if known is not None:
                for further, triples in self._all(_Goal(goal.rule, rest, goal.size), known):
                    yield further, (triple, *triples)

    def _members(
        self, rule: Rule, bindings: dict[str, Term]
    ) -> Iterator[tuple[int, dict[str, Term], tuple[Triple, ...]]]:
        """The rule's list read out, for each choice of the indices that pick a member."""
        if not rule.lists:
            yield 0, bindings, ()
            return
        (listed,) = rule.lists
        members, cells = self._read(bindings.get(listed.head.name))
        named = {f"{listed.member}_{k}": m for k, m in enumerate(members, 1)}
        for numbers in product(range(1, len(members) + 1), repeat=len(rule.picks)):
            picked = dict(zip(rule.picks, numbers, strict=True))
            ordered = (t for t in rule.tests if isinstance(t, Before))
            if members and all(picked[t.left] < picked[t.right] for t in ordered):
                chosen = {i: str(n) for i, n in picked.items()}
                yield len(members), {**bindings, **named, **chosen}, cells

    def _read(self, cell: Term | None) -> tuple[list[Term], tuple[Triple, ...]]:
        members: list[Term] = []
        cells: list[Triple] = []
        while cell and cell != self._term("rdf:nil") and len(cells) < 2 * self.limit:
            first = next(iter(sorted(self.find(cell, self._term("rdf:first"), None))), None)
            rest = next(iter(sorted(self.find(cell, self._term("rdf:rest"), None))), None)
            if first is None or rest is None:
                break
            members.append(first[2])
            cells += [first, rest]
            cell = rest[2]
        return members, tuple(cells)

    def _term(self, curie: str) -> Term:
        return expand(curie, self.rules.prefixes) or curie

    def _is_axiom(self, atom: Atom) -> bool:
        """Whether a premise is about words rather than things.

        Equality counts as such: that a thing might be another is no near miss.
        """
        if isinstance(atom.p, Var):
            return False
        about = atom.o if atom.p == self._term("rdf:type") else atom.p
        vocabularies = ("rdf", "rdfs", "owl")
        return not isinstance(about, Var) and any(
            about[1:].startswith(self.rules.prefixes[v]) for v in vocabularies
        )

    @staticmethod
    def _allowed(rule: Rule, bindings: Mapping[str, Term]) -> bool:
        """Whether the rule's tests of difference do not speak against it."""
        pairs = ((t.left, t.right) for t in rule.tests if isinstance(t, Differ))
        for left, right in pairs:
            one, other = bindings.get(left.name), bindings.get(right.name)
            if one is not None and one == other:
                return False
        return True
