"""Naive evaluation: all rules applied to all facts until nothing is new; slow, and plainly right.

The reference for the engine. All facts are kept in one dictionary in the order of their derivation,
each with the rule instance that derived it first; so a proof only refers to earlier facts and
cannot be circular.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from foedus.errors import LimitReached
from foedus.reasoning.planning.plan import has
from foedus.reasoning.proofs.alternatives import size
from foedus.reasoning.rules import matching
from foedus.reasoning.rules.datatypes import datatypes_of, value_key
from foedus.reasoning.rules.matching import IndexedTriples, RuleInstance, conclusions_of
from foedus.reasoning.rules.proof import Clash, Proof
from foedus.reasoning.rules.rule import Differ, Rule, ValueTest
from foedus.reasoning.rules.table import RuleSet, ruleset
from foedus.terms import Term, Triple, compact, is_literal
from foedus.vocab import SAME

if TYPE_CHECKING:
    from foedus.reasoning.entailment.entails import Entailment


def instances(rule: Rule, facts: IndexedTriples, same: set[Triple]) -> Iterator[RuleInstance]:
    """All instances of a rule over the facts; ``same`` are the equalities that ``!=`` respects."""
    if not rule.premises and rule.tests:
        return (RuleInstance(rule.id, bindings, ()) for bindings in _literals(rule, facts))
    return matching.instances(rule, facts.match, same=lambda a, b: (a, SAME, b) in same)


def _literals(rule: Rule, facts: IndexedTriples) -> Iterator[dict[str, Term]]:
    """The bindings of dt-type2, dt-eq and dt-diff."""
    (test,) = rule.tests
    assert isinstance(test, ValueTest) and test.right
    left, right = test.left.name, test.right.name
    if test.kind == "in":
        for v in sorted(facts.literals):
            for d in datatypes_of(v):
                yield {left: v, right: d}
    elif test.kind == "=":
        by_value = defaultdict(list)
        for v in sorted(facts.literals):
            by_value[value_key(v) or v].append(v)
        for equals in by_value.values():
            for v, w in product(equals, equals):
                yield {left: v, right: w}
    else:
        # Only where it matters: among literals that are owl:sameAs.
        for v, _, w in facts.match(None, SAME, None):
            if is_literal(v) and is_literal(w):
                a, b = value_key(v), value_key(w)
                if a is not None and b is not None and a != b:
                    yield {left: v, right: w}


class Closure:
    """What follows from triples; the interface of the engine's closure."""

    def __init__(
        self, asserted: Iterable[Triple], rules: RuleSet, limit: int | None, end: float
    ) -> None:
        self.rules, self._limit, self._end = rules, limit, end
        self.asserted: tuple[Triple, ...] = tuple(dict.fromkeys(asserted))
        self.facts = IndexedTriples()
        started = time.perf_counter()
        for triple in self.asserted:
            self.facts.add(triple, None)
        self._rounds = 0
        self._saturate([r for r in rules if not has(r, Differ)], set())
        self._saturate(list(rules), {t for t in self.facts.steps if t[1] == SAME})
        known = set(self.asserted)
        self.derived: tuple[Triple, ...] = tuple(
            t for t in self.facts.steps if t not in known and not rules.is_trivial(t)
        )
        self._seconds = time.perf_counter() - started

    def _saturate(self, rules: list[Rule], same: set[Triple]) -> None:
        before = -1
        while before != len(self.facts.steps):
            before = len(self.facts.steps)
            self._rounds += 1
            for rule in rules:
                for step in list(instances(rule, self.facts, same)) if rule.conclusions else ():
                    for triple in conclusions_of(rule, step):
                        self.facts.add(triple, step)
                if self._limit is not None and len(self.facts.steps) > self._limit:
                    raise LimitReached.triples(self._limit)
                if time.monotonic() > self._end:
                    raise LimitReached("the time is used up; nothing was written")
        self._same = same

    @property
    def clash_counts(self) -> dict[str, int]:
        """The number of contradictions by rule."""
        return dict(Counter(clash.rule for clash in self.clashes))

    @property
    def clashes(self) -> tuple[Clash, ...]:
        """Contradictions: one for each rule and set of premises, sorted."""
        found: dict[tuple[str, frozenset[Triple]], Clash] = {}
        for rule in self.rules:
            if rule.conclusions is None:
                for step in instances(rule, self.facts, self._same):
                    key = (rule.id, frozenset(step.premises))
                    if key not in found:
                        found[key] = self._clash(rule, step)
        return tuple(sorted(found.values(), key=lambda c: (c.rule, c.premises)))

    def _clash(self, rule: Rule, step: RuleInstance) -> Clash:
        message = rule.sentence(step.bindings, lambda term: compact(term, self.rules.prefixes))
        return Clash(rule.id, message, step.premises, lambda: self._prove(None, step))

    @property
    def statistics(self) -> dict[str, object]:
        """Rounds, seconds, and the number of stored triples by the rule that derived them first."""
        steps = [self.facts.steps[t] for t in self.derived]
        counts = Counter(step.rule for step in steps if step)
        return {"rounds": self._rounds, "seconds": self._seconds, "derived": dict(counts)}

    def __contains__(self, triple: Triple) -> bool:
        return triple in self.facts.steps and (
            self.facts.steps[triple] is None or not self.rules.is_trivial(triple)
        )

    def __len__(self) -> int:
        return len(self.asserted) + len(self.derived)

    def __iter__(self) -> Iterator[Triple]:
        yield from self.asserted
        yield from self.derived

    def triples(
        self, s: Term | None = None, p: Term | None = None, o: Term | None = None
    ) -> Iterator[Triple]:
        """The stored triples that match a pattern; None matches any term."""
        return (t for t in self.facts.match(s, p, o) if t in self)

    def holds(self, triple: Triple) -> bool:
        """Whether the rules derive the triple, stored or not."""
        return triple in self.facts.steps

    def proof(self, triple: Triple) -> Proof | None:
        """One proof of a triple that the rules derive, or None."""
        if triple not in self.facts.steps:
            return None
        return self._prove(triple, self.facts.steps[triple])

    def _prove(self, triple: Triple | None, step: RuleInstance | None) -> Proof:
        made: dict[Triple, Proof] = {}
        todo = list(step.premises) if step else []
        while todo:
            below = self.facts.steps[todo[-1]]
            missing = [t for t in below.premises if t not in made] if below else []
            if missing:
                todo += missing
            else:
                proved = todo.pop()
                made[proved] = _step_proof(proved, below, made)
        return _step_proof(triple, step, made)

    def proofs(self, triple: Triple, limit: int | None = None) -> Iterator[Proof]:
        """Proofs of a triple that differ in their last step, smallest first."""
        found = [Proof(triple)] if self.facts.steps.get(triple, ...) is None else []
        for rule in self.rules:
            for step in instances(rule, self.facts, self._same):
                if rule.conclusions and triple in conclusions_of(rule, step):
                    proof = self._prove(triple, step)
                    below = (p.triple for q in proof.premises for p in q.walk())
                    if triple not in below:
                        found.append(proof)
        yield from sorted(found, key=size)[:limit]

    def entails(
        self, triples: Iterable[Triple], *, clashes: Literal["explode", "ignore"] = "explode"
    ) -> Entailment:
        """Whether the triples are entailed, beyond what is stored."""
        from foedus.reasoning.entailment.entails import entailment

        return entailment(self, triples, clashes=clashes)

    def supposing(self, triples: Iterable[Triple]) -> Closure:
        """The closure of what is asserted here and of more triples."""
        return Closure([*self.asserted, *triples], self.rules, self._limit, self._end)

    def add(self, triples: Iterable[Triple]) -> None:
        """Assert more, and compute the closure anew."""
        self.__init__([*self.asserted, *triples], self.rules, self._limit, self._end)  # type: ignore[misc]

    def withdraw(self, triples: Iterable[Triple]) -> None:
        """Retract assertions, and compute the closure anew."""
        gone = set(triples)
        kept = [t for t in self.asserted if t not in gone]
        self.__init__(kept, self.rules, self._limit, self._end)  # type: ignore[misc]


def _step_proof(
    triple: Triple | None, step: RuleInstance | None, made: dict[Triple, Proof]
) -> Proof:
    if step is None:
        return Proof(triple)
    return Proof(triple, step.rule, step.bindings, tuple(made[t] for t in step.premises))


def close(
    data: Iterable[Triple],
    *,
    rules: str | Iterable[str] | RuleSet = "owl2rl",
    extra_rules: Iterable[str | Path] = (),
    limit_triples: int | None = None,
    timeout: float | None = None,
) -> Closure:
    """The closure of triples under the rules.

    ``limit_triples`` bounds all triples that take part, ``timeout`` is in seconds; either raises
    LimitReached.

    >>> a, p, b = "<a>", "<p>", "<b>"
    >>> domain = "<http://www.w3.org/2000/01/rdf-schema#domain>"
    >>> list(close([(a, p, b), (p, domain, "<C>")]).derived)
    [('<a>', '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>', '<C>')]
    """
    chosen = rules if isinstance(rules, RuleSet) else ruleset(rules, extra_rules)
    end = time.monotonic() + timeout if timeout is not None else float("inf")
    return Closure(data, chosen, limit_triples, end)
