"""The engine against its witness: the naive fixpoint of the same rules, on random graphs."""

from __future__ import annotations

import random
from itertools import count as naturals
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import graphs, naming
from turtle_text import turtle

from foedus.errors import LimitReached
from foedus.reasoning import naive
from foedus.reasoning.closure import Closure, close
from foedus.reasoning.rules.checker import check_proof
from foedus.reasoning.rules.table import Rule, ruleset
from foedus.terms import Triple, is_literal

RULES = ruleset()
relaxed = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
EX, RDF = "http://example.org/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS, OWL = "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2002/07/owl#"


def ex(name: object) -> str:
    return f"<{EX}{name}>"


def owl(name: str) -> str:
    return f"<{OWL}{name}>"


TYPE, SUB, SAME = f"<{RDF}type>", f"<{RDFS}subClassOf>", owl("sameAs")


def listed(head: str, members: list[str]) -> list[Triple]:
    """The cells of a list."""
    out = []
    for n, member in enumerate(members):
        cell = head if n == 0 else f"{head[:-1]}/{n}>"
        rest = f"{head[:-1]}/{n + 1}>" if n + 1 < len(members) else f"<{RDF}nil>"
        out += [(cell, f"<{RDF}first>", member), (cell, f"<{RDF}rest>", rest)]
    return out


ONCE_WRONG = sorted((Path(__file__).parent / "data" / "once-wrong").glob("*.ttl"))


def writable(rule: Rule) -> bool:
    """Whether RDF can write down the example of a rule."""
    return bool(rule.example) and not any(is_literal(s) for s, _, _ in rule.example)


@pytest.mark.parametrize("rule", [r for r in RULES if writable(r)], ids=lambda r: r.id)
def test_the_example_of_each_rule(rule: Rule) -> None:
    agree(list(rule.example))


@pytest.mark.parametrize("path", ONCE_WRONG, ids=lambda p: p.stem)
def test_a_graph_that_once_went_wrong(path: Path) -> None:
    graph = turtle(path.read_text(encoding="utf-8"))
    agree(graph)
    closure = close(graph)
    for triple in closure.derived:
        proof = closure.proof(triple)
        assert proof and check_proof(proof, set(graph), RULES)


@relaxed
@given(st.one_of(graphs(), naming()))
def test_the_closure_is_that_of_the_naive_fixpoint(graph: list[Triple]) -> None:
    agree(graph)


def agree(graph: list[Triple]) -> None:
    fast, slow = close(graph), naive.close(graph)
    assert len(fast) == len(slow)  # counted before anything is written out
    assert set(fast.derived) == set(slow.derived)
    assert set(fast.asserted) == set(graph)
    assert {c.rule for c in fast.clashes} == {c.rule for c in slow.clashes}
    assert all(triple in fast for triple in slow)


@relaxed
@given(graphs(), st.sampled_from(["rdfs", "rdfs-plus"]))
def test_so_it_is_with_fewer_rules(graph: list[Triple], profile: str) -> None:
    assert set(close(graph, rules=profile)) == set(naive.close(graph, rules=profile))


@relaxed
@given(graphs(), st.integers(0, 1000))
def test_neither_order_nor_a_second_run_changes_anything(graph: list[Triple], seed: int) -> None:
    closure = close(graph)
    again = random.Random(seed).sample(graph, len(graph))
    assert set(close(again)) == set(closure)
    assert set(close(list(closure))) == set(closure)


@relaxed
@given(graphs())
def test_more_premises_never_give_less(graph: list[Triple]) -> None:
    assert set(close(graph[1:])) <= set(close(graph))


@relaxed
@given(graphs())
def test_patterns_match_what_is_stored(graph: list[Triple]) -> None:
    closure = close(graph)
    stored = sorted(closure)
    for s, p, o in stored[:: max(1, len(stored) // 10)]:
        for pattern in [(s, None, None), (None, p, None), (None, None, o), (s, p, None), (s, p, o)]:
            fits = [
                t for t in stored if all(x in (None, y) for x, y in zip(pattern, t, strict=True))
            ]
            assert sorted(closure.triples(*pattern)) == fits
            given_ = set(closure.asserted).intersection(fits)
            assert set(closure.triples(*pattern, derived=False)) == given_


# What hangs others. Sizes are those of the benchmarks, smaller where that says as much.


def count(closure: Closure, p: str) -> int:
    return sum(1 for _ in closure.triples(None, p, None))


def test_a_property_that_is_its_own_chain_ends() -> None:
    graph = [(ex(i), ex("p"), ex(i + 1)) for i in range(60)]
    graph += [(ex("p"), owl("propertyChainAxiom"), ex("l"))]
    for members in (["p", "p"], ["p", "q"], ["q", "p"]):
        closure = close([*graph, *listed(ex("l"), [ex(m) for m in members])])
        assert count(closure, ex("p")) == (60 * 61 // 2 if members == ["p", "p"] else 60)


@pytest.mark.parametrize("loop", [False, True])
def test_a_long_transitive_chain(loop: bool) -> None:
    n = 500
    graph = [(ex(i), ex("p"), ex((i + 1) % n if loop else i + 1)) for i in range(n)]
    closure = close([*graph, (ex("p"), TYPE, owl("TransitiveProperty"))])
    assert count(closure, ex("p")) == (n * n if loop else n * (n + 1) // 2)


def test_a_clique_of_equal_names() -> None:
    n = 300
    graph = [(ex(i), SAME, ex(i + 1)) for i in range(n - 1)] + [(ex(0), ex("p"), ex("x"))]
    closure = close(graph)
    assert count(closure, ex("p")) == n
    assert count(closure, SAME) == n * (n - 1)


def test_a_key_over_many() -> None:
    n = 20_000
    graph = [(ex("C"), owl("hasKey"), ex("l")), *listed(ex("l"), [ex("p"), ex("q")])]
    for i in range(n):
        value = i - 1 if i % 20 == 1 else i
        graph += [(ex(i), TYPE, ex("C")), (ex(i), ex("p"), f'"{value}"')]
        graph += [(ex(i), ex("q"), f'"{value % 7}"')]
    assert count(close(graph), SAME) == n // 20 * 2


def test_all_different_over_many() -> None:
    n = 2000
    graph = [(ex("x"), TYPE, owl("AllDifferent")), (ex("x"), owl("members"), ex("l"))]
    graph += listed(ex("l"), [ex(i) for i in range(n)])
    assert not close(graph).clashes
    (clash,) = close([*graph, (ex(3), SAME, ex(n - 1))]).clashes
    assert clash.rule == "eq-diff2"
    assert (ex(3), SAME, ex(n - 1)) in clash.premises


def test_an_intersection_of_many() -> None:
    n = 300
    graph = [(ex("C"), owl("intersectionOf"), ex("l"))]
    graph += listed(ex("l"), [ex(f"C{i}") for i in range(n)])
    graph += [(ex("x"), TYPE, ex(f"C{i}")) for i in range(n)]
    graph += [(ex("y"), TYPE, ex(f"C{i}")) for i in range(n - 1)]
    closure = close(graph)
    assert (ex("x"), TYPE, ex("C")) in closure
    assert (ex("y"), TYPE, ex("C")) not in closure


def test_a_deep_hierarchy() -> None:
    n = 1000
    graph = [(ex(f"C{i}"), SUB, ex(f"C{i + 1}")) for i in range(n - 1)]
    closure = close([*graph, (ex("x"), TYPE, ex("C0"))])
    assert count(closure, SUB) == n * (n - 1) // 2
    assert count(closure, TYPE) == n


# Limits


def test_limits_stop_the_work() -> None:
    graph = [(ex(i), ex("p"), ex(i + 1)) for i in range(300)]
    graph += [(ex("p"), TYPE, owl("TransitiveProperty"))]
    with pytest.raises(LimitReached, match="more than 1,000 triples"):
        close(graph, limit_triples=1000)
    with pytest.raises(LimitReached, match="time is used up"):
        close(graph, timeout=0)


def test_the_limit_holds_while_reading() -> None:
    endless = ((ex(f"a{n}"), ex("p"), ex("b")) for n in naturals())
    with pytest.raises(LimitReached, match="more than 1,000 triples"):
        close(endless, limit_triples=1000)
    again = [(ex("a"), ex("p"), ex("b"))] * 200_000
    assert len(close(again, limit_triples=1000)) == 1


def test_a_join_that_would_be_too_large_is_refused_before_it_is_made() -> None:
    graph = [(ex(f"a{i}"), ex("p"), ex("hub")) for i in range(3000)]
    graph += [(ex("hub"), ex("q"), ex(f"b{i}")) for i in range(3000)]
    graph += [(ex("r"), owl("propertyChainAxiom"), ex("l"))]
    graph += listed(ex("l"), [ex("p"), ex("q")])
    with pytest.raises(LimitReached, match="one step would make 9,000,000 rows"):
        close(graph, limit_triples=20_000)


def test_nothing_comes_of_nothing() -> None:
    closure = close([])
    assert list(closure) == []
    assert len(closure) == 0
    assert closure.clashes == ()
