"""Proofs: every derived triple has one, every one checks, and all of them are found."""

from __future__ import annotations

import copy
import pickle
import tomllib
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import chains, graphs, naming
from turtle_text import turtle

from foedus.reasoning.closure import close
from foedus.reasoning.rules.checker import check_proof
from foedus.reasoning.rules.proof import Proof
from foedus.reasoning.rules.table import ruleset
from foedus.reasoning.witnesses import naive
from foedus.terms import Triple

RULES = ruleset()
relaxed = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
EX, RDF = "http://example.org/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS, OWL = "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2002/07/owl#"
TYPE, SUB, SAME = f"<{RDF}type>", f"<{RDFS}subClassOf>", f"<{OWL}sameAs>"


def ex(name: object) -> str:
    return f"<{EX}{name}>"


@relaxed
@given(st.one_of(graphs(), naming(), chains()))
def test_every_derived_triple_has_a_proof_that_checks(graph: list[Triple]) -> None:
    closure, asserted = close(graph), set(graph)
    for triple in closure.derived:
        proof = closure.proof(triple)
        assert proof is not None and proof.triple == triple
        assert check_proof(proof, asserted, RULES)
    for clash in closure.clashes:
        assert check_proof(clash.proof(), asserted, RULES)


@relaxed
@given(graphs(size=6))
def test_all_proofs_check_and_end_differently(graph: list[Triple]) -> None:
    closure, asserted = close(graph), set(graph)
    for triple in islice(closure.derived, 20):
        proofs = list(closure.proofs(triple))
        assert proofs
        last = [(p.rule, tuple(sorted(p.bindings.items()))) for p in proofs]
        assert len(set(last)) == len(last)
        for proof in proofs:
            assert proof.triple == triple
            assert check_proof(proof, asserted, RULES)


def test_an_asserted_triple_is_its_own_proof() -> None:
    triple = (ex("a"), ex("p"), ex("b"))
    proof = close([triple]).proof(triple)
    assert proof is not None and proof.rule is None and proof.premises == ()


def test_what_does_not_follow_has_no_proof() -> None:
    closure = close([(ex("a"), ex("p"), ex("b"))])
    assert closure.proof((ex("b"), ex("p"), ex("a"))) is None
    assert closure.proof((ex("a"), ex("p"), ex("never-heard-of"))) is None
    assert list(closure.proofs((ex("b"), ex("p"), ex("a")))) == []


def test_proofs_come_smallest_first() -> None:
    graph = [(ex("C"), SUB, ex("D")), (ex("E"), SUB, ex("C")), (ex("F"), SUB, ex("D"))]
    graph += [(ex("a"), TYPE, ex("E")), (ex("a"), TYPE, ex("F"))]
    closure = close(graph)
    sizes = [sum(1 for _ in p.walk()) for p in closure.proofs((ex("a"), TYPE, ex("D")))]
    assert sizes == sorted(sizes)
    slow = list(naive.close(graph).proofs((ex("a"), TYPE, ex("D"))))
    assert len(sizes) == len(slow)


def test_a_proof_over_a_long_chain_is_not_deep() -> None:
    n = 1000
    graph = [(ex(i), ex("p"), ex(i + 1)) for i in range(n)]
    graph += [(ex("p"), TYPE, f"<{OWL}TransitiveProperty>")]
    proof = close(graph).proof((ex(0), ex("p"), ex(n)))
    assert proof is not None
    assert check_proof(proof, set(graph), RULES)
    depth, level = 0, [proof]
    while level:
        depth, level = depth + 1, [q for p in level for q in p.premises]
    assert depth <= 12


def test_equal_names_are_explained_from_the_form_that_was_found() -> None:
    graph = [(ex("a"), SAME, ex("b")), (ex("b"), SAME, ex("c")), (ex("a"), ex("p"), ex("x"))]
    closure = close(graph)
    proof = closure.proof((ex("c"), ex("p"), ex("x")))
    assert proof is not None and proof.rule == "eq-rep-s"
    assert [p.triple for p in proof.premises] == [(ex("a"), SAME, ex("c")), graph[2]]
    assert check_proof(proof, set(graph), RULES)


def test_a_clash_names_the_two_that_were_told_apart() -> None:
    graph = [(ex("a"), SAME, ex("b")), (ex("b"), f"<{OWL}differentFrom>", ex("a"))]
    (clash,) = close(graph).clashes
    assert clash.rule == "eq-diff1"
    assert set(clash.premises) == {graph[1], (ex("b"), SAME, ex("a"))}
    assert check_proof(clash.proof(), set(graph), RULES)


def test_being_the_same_as_itself_rests_on_what_was_there_before() -> None:
    spo = f"<{RDFS}subPropertyOf>"
    graph = [(SAME, spo, ex("q")), (ex("a"), ex("p"), ex("b")), (ex("p"), spo, ex("r"))]
    closure = close(graph)
    for triple in closure.derived:
        proof = closure.proof(triple)
        assert proof is not None and check_proof(proof, set(graph), RULES)
    assert (ex("a"), ex("q"), ex("a")) in closure


def test_a_few_of_very_many_proofs_do_not_wait_for_all() -> None:
    graph = [(ex(i), ex("p"), ex(i + 1)) for i in range(1500)]
    graph.append((ex("p"), TYPE, f"<{OWL}TransitiveProperty>"))
    proofs = list(close(graph).proofs((ex(0), ex("p"), ex(1500)), limit=3))
    assert len({str(proof.bindings) for proof in proofs}) == 3
    assert all(check_proof(proof, set(graph), RULES) for proof in proofs)


CLASHES = tomllib.loads(Path(__file__).parents[1].joinpath("data", "clashes.toml").read_text())


@pytest.mark.parametrize("case", CLASHES.values(), ids=CLASHES)
def test_a_clash_names_what_collides_and_whence_it_comes(case: dict[str, Any]) -> None:
    graph = turtle(case["graph"])
    closure = close(graph)
    found = [clash for clash in closure.clashes if clash.rule == case["rule"]]
    assert closure.clash_counts[case["rule"]] == len(found) == len(case["sides"])
    left = list(case["sides"])
    for clash in found:
        first = clash.message.partition(";")[0]
        left.remove(next(sides for sides in left if all(side in first for side in sides)))
        assert all(name in clash.message for name in case["names"])
        assert check_proof(clash.proof(), set(graph), RULES)
        assert set(clash.rests_on()) <= set(graph)
        assert set(clash.premises) == {p.triple for p in clash.proof().premises}
    if "rests_on" in case:
        told = {triple for clash in found for triple in clash.rests_on()}
        assert told == set(turtle(case["rests_on"]))


@pytest.mark.parametrize("chains", ["(:p :p), (:p :q :p)", "(:p :q :p), (:p :p)"])
def test_half_a_path_does_not_go_round_by_a_longer_chain(chains: str) -> None:
    """From x by p to y, back by q, and by p to z: a chain, but it rests on what it concludes."""
    graph = turtle(f":p owl:propertyChainAxiom {chains} . :x :p :y . :y :p :z ; :q :x .")
    closure = close(graph)
    proof = closure.proof((ex("x"), ex("p"), ex("z")))
    assert proof is not None and check_proof(proof, set(graph), RULES)


def recursion(links: int) -> tuple[list[Triple], Triple]:
    """A class whose members pass it on link by link, and what is at the end."""
    graph = [(ex("C"), SUB, ex("R")), (ex("R"), f"<{OWL}onProperty>", ex("next"))]
    graph += [(ex("R"), f"<{OWL}allValuesFrom>", ex("C")), (ex(0), TYPE, ex("C"))]
    graph += [(ex(n), ex("next"), ex(n + 1)) for n in range(links)]
    return graph, (ex(links), TYPE, ex("C"))


def test_a_deep_proof_is_made_checked_and_compared() -> None:
    graph, goal = recursion(2_000)
    closure = close(graph)
    proof = closure.proof(goal)
    assert proof is not None
    assert proof.depth() == 4_001
    assert check_proof(proof, set(graph), RULES)
    assert set(proof.asserted()) == set(graph)
    (again,) = closure.proofs(goal)
    assert again == proof and hash(again) == hash(proof)
    assert pickle.loads(pickle.dumps(proof)) == copy.deepcopy(proof) == proof
    assert repr(proof).count("Proof(") == 1


def test_a_proof_of_any_depth_whose_steps_are_shared() -> None:
    def tower(height: int, ground: str) -> Proof:
        proof = Proof((ex(ground), ex("p"), ex("o")))
        for n in range(height):
            proof = Proof((ex(n), ex("p"), ex("o")), "r", {"x": ex(n)}, (proof, proof))
        return proof

    proof, same, other = tower(100_000, "a"), tower(100_000, "a"), tower(100_000, "b")
    steps = list(proof.walk())
    assert len(steps) == proof.depth() == 100_001
    assert steps[0].rule is None and steps[-1] is proof
    assert proof == same and proof != other and proof != "proof"
    assert proof.asserted() == ((ex("a"), ex("p"), ex("o")),)
    assert len(pickle.loads(pickle.dumps(proof)).premises) == 2
