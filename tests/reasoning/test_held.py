"""Proofs and consequences read from a closed graph, held against closures made anew."""

from __future__ import annotations

from itertools import islice

from hypothesis import HealthCheck, Phase, assume, given, settings
from strategies import FIRST, REST, graphs

from foedus.reasoning.proofs.graph_proofs import GraphDerivations
from foedus.reasoning.proofs.hypothetical import Hypothesis
from foedus.reasoning.rules.checker import check_proof
from foedus.reasoning.rules.table import ruleset
from foedus.reasoning.witnesses import naive
from foedus.terms import Triple

RULES = ruleset()
#: Without what is true of every term and every literal by itself.
FEWER = ruleset([rule.id for rule in RULES if rule.premises and rule.stored])
relaxed = settings(
    deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)


@relaxed
@given(graphs(size=6))
def test_all_proofs_are_found_in_the_graph_itself(graph: list[Triple]) -> None:
    closure, asserted = naive.close(graph), set(graph)
    held = GraphDerivations(RULES, closure.facts.match, asserted.__contains__, closure.proof)
    for triple in islice(closure.derived, 20):
        found = list(held.proofs(triple))
        ends = {(p.rule, tuple(sorted(p.bindings.items()))) for p in found}
        for proof in closure.proofs(triple):
            assert not proof.premises or (proof.rule, tuple(sorted(proof.bindings.items()))) in ends
        for proof in found:
            assert check_proof(proof, asserted, RULES)


@relaxed
@given(graphs(size=6), graphs(size=2))
def test_what_is_supposed_gives_what_a_new_closure_has(
    graph: list[Triple], more: list[Triple]
) -> None:
    before, after = naive.close(graph, rules=FEWER), naive.close([*graph, *more], rules=FEWER)
    cells = {t for t in after.facts.steps if t[1] in (FIRST, REST)}
    assume(cells <= before.facts.steps.keys())
    supposed = Hypothesis(more, FEWER, before.facts.match, before.proof, 10_000)
    asserted = {*graph, *more}
    clashes = {}
    for proof in supposed.contradictions():
        assert check_proof(proof, asserted, FEWER)
        clashes[proof.rule, frozenset(q.triple for q in proof.premises)] = proof
    for triple in after:
        proof = supposed.proof(triple)
        assert proof is not None, triple
        assert check_proof(proof, asserted, FEWER)
    known = {(clash.rule, frozenset(clash.premises)) for clash in before.clashes}
    for clash in after.clashes:
        if not any(FEWER.is_trivial(t) for t in clash.premises):
            assert {(clash.rule, frozenset(clash.premises))} <= known | clashes.keys()
