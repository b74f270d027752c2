"""The naive closure, and the witnesses that say the same."""

from __future__ import annotations

import pytest
from construct import fixpoint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import graphs

from foedus.errors import LimitReached
from foedus.reasoning.rules.checker import check_proof
from foedus.reasoning.rules.proof import Proof
from foedus.reasoning.rules.table import ruleset
from foedus.reasoning.witnesses.naive import Closure, close
from foedus.terms import Triple

RULES = ruleset()
relaxed = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def shown(closure: Closure) -> set[Triple]:
    return set(closure)


@relaxed
@given(graphs())
def test_every_proof_holds(graph: list[Triple]) -> None:
    closure = close(graph)
    for triple in closure.derived:
        assert check_proof(closure.proof(triple), set(graph), RULES)
    for clash in closure.clashes:
        assert check_proof(clash.proof(), set(graph), RULES)


@pytest.mark.slow
@settings(relaxed, max_examples=40)
@given(graphs(size=6))
def test_construct_queries_come_to_the_same(graph: list[Triple]) -> None:
    closure = close(graph)
    triples, clashes = fixpoint(graph, RULES)
    assert set(closure.facts.steps) == triples
    assert {clash.rule for clash in closure.clashes} == clashes


@relaxed
@given(graphs(), st.randoms())
def test_neither_order_nor_a_second_run_changes_anything(graph: list[Triple], random) -> None:
    closure = close(graph)
    again = random.sample(graph, len(graph))
    assert shown(close(again)) == shown(closure)
    assert shown(close(closure)) == shown(closure)


@relaxed
@given(graphs())
def test_more_premises_never_give_less(graph: list[Triple]) -> None:
    assert shown(close(graph[1:])) <= shown(close(graph))


@relaxed
@given(graphs())
def test_what_is_stored_is_rdf(graph: list[Triple]) -> None:
    for s, p, _ in close(graph).derived:
        assert not s.startswith('"') and p.startswith("<")


@relaxed
@given(graphs(size=5), graphs(size=4))
def test_add_then_withdraw_returns_to_the_start(graph: list[Triple], more: list[Triple]) -> None:
    closure = close(graph)
    before = shown(closure)
    new = [t for t in more if t not in graph]
    closure.add(new)
    assert shown(closure) == shown(close([*graph, *new]))
    closure.withdraw(new)
    assert shown(closure) == before


@relaxed
@given(graphs())
def test_a_proof_of_something_else_does_not_pass(graph: list[Triple]) -> None:
    """The checker refuses a step whose triple, rule or leaf is another's."""
    closure = close(graph)
    for triple in closure.derived[:5]:
        proof = closure.proof(triple)
        s, p, _ = triple
        wrong = [
            Proof((s, p, "<http://example.org/other>"), proof.rule, proof.bindings, proof.premises),
            Proof(triple, "cls-nothing2", proof.bindings, proof.premises),
            Proof(triple, proof.rule, proof.bindings, proof.premises[:-1]),
            Proof(triple),
            Proof(triple, proof.rule, proof.bindings, (*proof.premises, Proof(graph[0]))),
        ]
        for other in wrong:
            if (
                other.premises
                and {q.triple for q in other.premises} == {q.triple for q in proof.premises}
                and other.triple == triple
                and other.rule == proof.rule
            ):
                continue  # the added premise was one of them already
            with pytest.raises((ValueError, KeyError)):
                check_proof(other, set(graph), RULES)


def test_proofs_are_the_last_steps_smallest_first() -> None:
    sub, a = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>", "<a>"
    of = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    graph = [("<C>", sub, "<D>"), ("<E>", sub, "<D>"), (a, of, "<C>"), (a, of, "<E>")]
    proofs = list(close(graph).proofs((a, of, "<D>")))
    assert [p.bindings["c1"] for p in proofs] == ["<C>", "<E>"]
    assert len(list(close(graph).proofs((a, of, "<D>"), limit=1))) == 1


def test_a_limit_stops_the_work_with_a_clear_message() -> None:
    chain = [(f"<{k}>", "<http://www.w3.org/2002/07/owl#sameAs>", f"<{k + 1}>") for k in range(30)]
    with pytest.raises(LimitReached, match="more than 500 triples"):
        close(chain, limit_triples=500)
    with pytest.raises(LimitReached, match="time"):
        close(chain, timeout=0)
