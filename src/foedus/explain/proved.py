"""Whether every derived triple is proved, step by step, down to what somebody wrote."""

from __future__ import annotations

from dataclasses import dataclass

from foedus.explain.explainer import Explainer, Known
from foedus.reasoning.rules.checker import check_proof
from foedus.terms import Triple


@dataclass(frozen=True, slots=True)
class Proved:
    """How many derived triples are proved, and on what their proofs rest.

    ``quoted``, ``axioms``, ``records`` and ``notes`` count the asserted triples at the bottom: with
    words of the article behind them, of the ontology, of a public record, and what was noted of
    the text without quoting it. ``faults`` says of each unproved triple what is wrong.
    """

    derived: int
    steps: int
    quoted: int
    axioms: int
    records: int
    notes: int
    faults: tuple[tuple[Triple, str], ...] = ()

    def __str__(self) -> str:
        proved = self.derived - len(self.faults)
        return (
            f"{proved:,} of {self.derived:,} derived triples proved in {self.steps:,} checked "
            f"steps, from {self.quoted:,} quoted statements, {self.axioms:,} definitions, "
            f"{self.records:,} statements of public records and {self.notes:,} notes on the text"
        )


def check_proofs(explainer: Explainer) -> Proved:
    """The proofs of all derived triples of a graph, each step held against the rule table."""
    graph: Known = explainer.graph
    asserted = graph.asserted
    derived = sorted(t for t in graph.view.match() if t not in asserted)
    faults: list[tuple[Triple, str]] = []
    leaves: set[Triple] = set()
    steps: set[Triple] = set()
    for triple in derived:
        proof = graph.proof(triple)
        if proof is None:
            faults.append((triple, "it has no proof"))
            continue
        try:
            check_proof(proof, asserted, explainer.rules)
        except ValueError as error:
            faults.append((triple, str(error)))
            continue
        for step in proof.walk():
            if step.triple:
                (leaves if step.rule is None else steps).add(step.triple)
    kinds = [origin for t in leaves if (origin := explainer.origins(t))]
    return Proved(
        len(derived),
        len(steps),
        sum(1 for o in kinds if o.passages),
        sum(1 for o in kinds if o.kind == "meaning"),
        sum(1 for o in kinds if o.kind == "background"),
        sum(1 for o in kinds if not o.passages and o.kind not in ("meaning", "background")),
        tuple(faults),
    )
