"""All proofs of a closed graph's triples: rules matched against the graph, without an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from foedus.reasoning.proofs.alternatives import all_proofs
from foedus.reasoning.rules.matching import instances
from foedus.reasoning.rules.proof import Inference, Proof
from foedus.reasoning.rules.table import RuleSet
from foedus.terms import Find, Term, Triple


@dataclass(frozen=True, slots=True)
class GraphDerivations:
    """The inferences behind a closed graph's triples: how to find them, and one proof of each.

    Trivial triples, which are not stored, take no part (see `RuleSet.is_trivial`).
    """

    rules: RuleSet
    find: Find
    asserted: Callable[[Triple], bool]
    proof: Callable[[Triple], Proof | None]

    def proofs(self, triple: Triple, limit: int | None = None) -> Iterator[Proof]:
        """Proofs of a triple that differ in their last step, smallest first."""
        return all_proofs(self, triple, limit)

    def steps(self, row: Triple) -> Iterator[Inference]:
        """Every last step that leads to a triple."""
        if self.asserted(row):
            yield Inference(row, None, {})
        for rule in self.rules:
            for atom in rule.conclusions or () if rule.premises else ():
                for step in instances(rule, self.find, fits=(atom, row)):
                    yield Inference(row, step.rule, step.bindings, step.premises)

    def prove(self, row: Triple) -> Proof:
        """One proof of a triple that holds."""
        return self.proof(row) or Proof(row)

    def built(self, goal: Inference, known: dict[Triple, Proof]) -> Proof:
        """One proof that ends in a step."""
        below = tuple(self.prove(part) for part in goal.premises if not isinstance(part, Inference))
        return Proof(goal.row, goal.rule, goal.values, below)

    def triple(self, row: Triple) -> Triple:
        """The triple itself."""
        return row

    def bindings(self, step: Inference) -> dict[str, Term]:
        """What the variables of a step stand for."""
        return dict(step.values)
