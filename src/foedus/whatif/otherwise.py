"""What does not hold: what would make it hold, and what forbids it."""

from __future__ import annotations

from dataclasses import replace

from foedus.explain.origins import claim_contents
from foedus.explain.steps import Explanation
from foedus.language.phrases import listed
from foedus.reasoning.proofs.hypothetical import Hypothesis
from foedus.whatif.graph import Graph


def alternatives(graph: Graph, told: Explanation, whole: Graph | None = None) -> Explanation:
    """What does not hold, explained: when it did, what would make it hold, what forbids it.

    ``whole`` is the graph with its background, where this one was made without.
    """
    triple, explainer, remarks = told.triple, graph.explainer, list(told.remarks)
    if when := graph.missed(triple):
        if proof := graph.closure.proof(triple):
            remarks.append(f"While it lasts, {explainer.tell(proof).because}")
        return replace(
            told,
            misses=(),
            known=(),
            remarks=tuple(remarks),
            when=f"On {graph.on} it does not hold that {told.sentence}: {when}",
        )
    if whole:
        if step := whole.explainer.prove(triple):
            remarks.append(f"With the background it would hold: {step.because or step.sentence}")
        elif when := whole.missed(triple):
            remarks.append(f"With the background it would hold at another time: {when}")
    claims = claim_contents(graph.view)
    if triple not in claims:
        believed = Hypothesis(claims, explainer.rules, explainer.find, graph.proof)
        if proof := believed.proof(triple):
            said = {leaf.triple for leaf in proof.walk() if leaf.triple in claims}
            who = {explainer.origins.speaker_of(c) or "" for t in said if t for c in claims[t]}
            step = explainer.tell(proof)
            remarks.append(f"It would hold if we believed {listed(sorted(who))}: {step.because}")
    supposed = Hypothesis([triple], explainer.rules, explainer.find, graph.proof)
    if clash := next(supposed.contradictions(), None):
        remarks.append(f"It cannot be so: {explainer.tell(clash).because}")
    return replace(told, remarks=tuple(remarks))
