"""Why a triple does not hold: the rules that could have given it, and what each of them lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice

from foedus.reasoning.rules.matching import Bound, Task, applied, holds, pattern, solve
from foedus.reasoning.rules.rule import Atom, Before, Rule, Var
from foedus.reasoning.rules.table import RuleSet
from foedus.terms import Find, Pattern, Term, Triple, expand


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


def near_misses(triple: Triple, rules: RuleSet, find: Find, limit: int = 200) -> list[NearMiss]:
    """The applications of rules that would give the triple if more were known, nearest first.

    A rule takes part when its axioms hold: what is missing is always a fact. Rules of equality
    take part when one of the two things is known under another name. ``limit`` bounds the ways
    that are looked at for each rule.
    """
    search = _Search(rules, find, limit)
    found: dict[tuple[str, tuple[Pattern, ...]], NearMiss] = {}
    for rule in rules:
        for conclusion in rule.conclusions or ():
            for miss in islice(search.of(rule, conclusion, triple), limit):
                if triple not in miss.missing:
                    found.setdefault((rule.id, miss.missing), miss)
    return sorted(found.values(), key=lambda m: m.rank)


@dataclass(frozen=True, slots=True)
class _Search:
    rules: RuleSet
    find: Find
    limit: int

    def of(self, rule: Rule, conclusion: Atom, triple: Triple) -> Iterator[NearMiss]:
        """The misses by which a rule's conclusion would be the triple."""
        for start, tasks, cells in applied(rule, self.find, fits=(conclusion, triple)):
            schema = [t for t in tasks if self._is_axiom(t[0])]
            facts = [t for t in tasks if t not in schema]
            for known, used in solve(schema, start, self.find):
                yield from self._nearest(rule, facts, known, (*cells, *used.values()))

    def _nearest(
        self, rule: Rule, facts: list[Task], start: Bound, axioms: tuple[Triple, ...]
    ) -> Iterator[NearMiss]:
        """The ways to meet as many of the premises as can be met."""
        for lacking in range(1, len(facts) + 1):
            any_found = False
            for absent in combinations(facts, lacking):
                present = [t for t in facts if t not in absent]
                if any(pattern(t, start).count(None) == 3 for t in present):
                    continue
                for known, used in islice(solve(present, start, self.find), self.limit):
                    missing = tuple(pattern(t, known) for t in absent)
                    held = lacking == 1 and any(True for _ in self.find(*missing[0]))
                    if held or not self._allowed(rule, known):
                        continue
                    any_found = True
                    found = tuple(used[t] for t in facts if t in used)
                    yield NearMiss(rule.id, known, found, axioms, missing)
            if any_found:
                return

    def _is_axiom(self, atom: Atom) -> bool:
        """Whether a premise is about words rather than things.

        Equality counts as such: that a thing might be another is no near miss.
        """
        if isinstance(atom.p, Var):
            return False
        about = atom.o if atom.p == expand("rdf:type", self.rules.prefixes) else atom.p
        vocabularies = ("rdf", "rdfs", "owl")
        return not isinstance(about, Var) and any(
            about[1:].startswith(self.rules.prefixes[v]) for v in vocabularies
        )

    def _allowed(self, rule: Rule, bindings: Bound) -> bool:
        """Whether the rule's tests of what is known so far do not speak against it."""
        for test in rule.tests:
            try:
                if not isinstance(test, Before) and not holds(test, bindings, self.find):
                    return False
            except KeyError:  # of something that is still open
                continue
        return True
