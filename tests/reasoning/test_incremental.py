"""A live closure: after any change it is what a new one would be."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import chains, graphs, naming
from turtle_text import turtle

from foedus.errors import LimitReached
from foedus.reasoning.closure import Closure, close
from foedus.reasoning.incremental.compaction import count_deltas
from foedus.reasoning.rules.checker import check_proof
from foedus.reasoning.rules.table import ruleset
from foedus.reasoning.storage.tuning import Tuning
from foedus.terms import Triple

RULES = ruleset()
relaxed = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
EX, RDF = "http://example.org/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS, OWL = "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/2002/07/owl#"
XSD, COUNT = "http://www.w3.org/2001/XMLSchema#", "nonNegativeInteger"
TYPE, SUB = f"<{RDF}type>", f"<{RDFS}subClassOf>"


def ex(name: object) -> str:
    return f"<{EX}{name}>"


CASES = tomllib.loads(Path(__file__).parents[1].joinpath("data", "withdrawals.toml").read_text())


def proved(closure: Closure) -> bool:
    asserted = set(closure.asserted)
    proofs = [closure.proof(triple) for triple in closure.derived]
    return all(proof is not None and check_proof(proof, asserted, RULES) for proof in proofs)


def shown(closure: Closure) -> tuple[set[Triple], set[Triple], set[str]]:
    return set(closure.asserted), set(closure.derived), {c.rule for c in closure.clashes}


#: Small graphs are read whole, and compacted late; here, the ways of large ones are gone, too.
SMALL = {"few": 0, "segments": 1, "loose": 0, "small": 0, "purge": 0}
LOOKED_UP = {**SMALL, "indexed": 0, "solutions": 0}
AT_ONCE = {"compaction": -1e9, "growth": float("inf")}
TUNINGS = {
    "read": {},
    "looked up": LOOKED_UP,
    "read, compacted at once": AT_ONCE,
    "looked up, compacted at once": {**LOOKED_UP, **AT_ONCE},
}


@pytest.fixture(params=TUNINGS)
def tuning(request: pytest.FixtureRequest) -> Tuning:
    return Tuning(**TUNINGS[request.param])


@relaxed
@given(st.one_of(graphs(), chains()), st.integers(0, 1000))
def test_every_change_equals_a_rebuild(tuning: Tuning, graph: list[Triple], seed: int) -> None:
    rng = random.Random(seed)
    closure, now = close(graph, tuning=tuning), list(graph)
    for _ in range(3):
        out = rng.sample(now, rng.randint(0, len(now) // 3))
        closure.withdraw(out)
        now = [t for t in now if t not in out]
        assert shown(closure) == shown(close(now))
        back = rng.sample(out, rng.randint(0, len(out)))
        derived = [t for t in sorted(closure.derived) if t not in back]
        back += rng.sample(derived, min(2, len(derived)))
        closure.add(back)
        now += back
        assert shown(closure) == shown(close(now))
    assert proved(closure)


@relaxed
@given(naming(), st.integers(0, 1000))
def test_what_is_said_under_other_names_equals_a_rebuild(
    tuning: Tuning, graph: list[Triple], seed: int
) -> None:
    rng = random.Random(seed)
    closure, now = close(graph, tuning=tuning), list(graph)
    for _ in range(3):
        out = rng.sample(now[-12:], rng.randint(1, 3))  # not of the schema, which comes first
        closure.withdraw(out)
        now = [t for t in now if t not in out]
        assert shown(closure) == shown(close(now))
        assert proved(closure)
        back = rng.sample(out, rng.randint(0, len(out)))
        closure.add(back)
        now += back
        assert shown(closure) == shown(close(now))
        assert proved(closure)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_withdrawal_that_once_went_wrong(case: dict[str, str]) -> None:
    graph, more, less = (turtle(case.get(key, "")) for key in ("graph", "add", "withdraw"))
    closure = close(graph)
    if more:
        closure.add(more)
        graph += more
    assert proved(closure)
    before = closure.statistics["rounds"]
    closure.withdraw(less)
    assert closure.statistics["rounds"] >= before  # and it did not start over
    assert shown(closure) == shown(close([t for t in graph if t not in less]))
    assert proved(closure)


@pytest.mark.parametrize(
    "graph",
    [
        'rdfs:Literal owl:sameAs xsd:NCName . :x a "x"^^xsd:integer .',
        ':y a "1"^^xsd:integer . :z :p "01"^^xsd:integer .',
    ],
    ids=["ill-typed", "equal"],
)
def test_a_literal_that_is_a_class_is_followed(graph: str) -> None:
    first, *others = turtle(graph)
    closure = close([first, *others])
    closure.withdraw([first])
    assert shown(closure) == shown(close(others))


@relaxed
@given(graphs(size=5), graphs(size=4))
def test_add_then_withdraw_returns_to_the_start(graph: list[Triple], more: list[Triple]) -> None:
    closure = close(graph)
    before = shown(closure)
    new = [t for t in more if t not in graph]
    closure.add(new)
    closure.withdraw(new)
    assert shown(closure) == before


def test_what_was_derived_first_and_asserted_later_goes_when_both_are_gone() -> None:
    a, b, c, p = map(ex, "abcp")
    closure = close([(p, TYPE, f"<{OWL}TransitiveProperty>"), (a, p, b), (b, p, c)])
    closure.add([(a, p, c)])
    closure.withdraw([(b, p, c)])
    assert (a, p, c) in closure
    closure.withdraw([(a, p, c)])
    assert (a, p, c) not in closure


SPELLINGS = [f'"{n}"^^<{XSD}{t}>' for n, t in ((1, "integer"), ("01", "int"), (1, COUNT))]


@pytest.mark.parametrize("one", SPELLINGS)
@pytest.mark.parametrize("other", SPELLINGS)
def test_a_number_that_rules_name_may_come_and_go_in_any_spelling(one: str, other: str) -> None:
    a, b, c, p, kind = map(ex, "abcpK")
    closure = close([(a, TYPE, kind), (kind, f"<{OWL}onProperty>", p), (a, p, b), (a, p, c)])
    for said in (one, other, one):
        count = (kind, f"<{OWL}maxCardinality>", said)
        closure.add([count])
        assert (b, f"<{OWL}sameAs>", c) in closure
        closure.withdraw([count])
        assert (b, f"<{OWL}sameAs>", c) not in closure


def test_what_stands_on_another_leg_stays() -> None:
    closure = close(
        [
            (ex("C"), SUB, ex("D")),
            (ex("p"), f"<{RDFS}domain>", ex("D")),
            (ex("a"), TYPE, ex("C")),
            (ex("a"), ex("p"), ex("b")),
        ]
    )
    closure.withdraw([(ex("a"), TYPE, ex("C"))])
    assert (ex("a"), TYPE, ex("D")) in closure
    closure.withdraw([(ex("a"), ex("p"), ex("b"))])
    assert (ex("a"), TYPE, ex("D")) not in closure


def test_a_circle_does_not_hold_itself_up() -> None:
    graph = [(ex("p"), TYPE, f"<{OWL}SymmetricProperty>"), (ex("a"), ex("p"), ex("b"))]
    graph += [(ex("p"), f"<{OWL}inverseOf>", ex("q"))]
    closure = close(graph)
    closure.withdraw([graph[1]])
    assert list(closure.triples(None, ex("p"), None)) == []
    assert list(closure.triples(None, ex("q"), None)) == []


def test_a_link_of_a_transitive_chain_goes() -> None:
    graph = [(ex(i), ex("p"), ex(i + 1)) for i in range(100)]
    graph += [(ex("p"), TYPE, f"<{OWL}TransitiveProperty>")]
    closure = close(graph)
    closure.withdraw([graph[50]])
    assert len(list(closure.triples(None, ex("p"), None))) == 50 * 51 // 2 + 49 * 50 // 2
    closure.add([graph[50]])
    assert len(list(closure.triples(None, ex("p"), None))) == 100 * 101 // 2


@pytest.mark.parametrize("patience", [0.0, 60.0], ids=["started over", "gone through"])
def test_a_link_of_a_long_recursion_goes(patience: float) -> None:
    """Each triple rests on the one before: hundreds of rounds, and of deltas of one key."""
    first, rest, nil = (f"<{RDF}{name}>" for name in ("first", "rest", "nil"))
    graph = [
        (ex("p"), f"<{OWL}propertyChainAxiom>", ex("l")),
        *((ex("l"), first, ex("p")), (ex("l"), rest, ex("m"))),
        *((ex("m"), first, ex("q")), (ex("m"), rest, nil)),
        (ex("a"), ex("p"), ex("x0")),
    ]
    graph += [(ex(f"x{i}"), ex("q"), ex(f"x{i + 1}")) for i in range(300)]
    closure = close(graph, tuning=Tuning(patience=patience))
    closure._built = 0.0
    link = (ex("x200"), ex("q"), ex("x201"))
    closure.withdraw([link])
    assert shown(closure) == shown(close([t for t in graph if t != link]))
    assert len(closure) == len(graph) - 1 + 200
    closure.add([link])
    assert shown(closure) == shown(close(graph))
    proof = closure.proof((ex("a"), ex("p"), ex("x300")))
    assert proof is not None and check_proof(proof, set(graph), RULES)


def test_many_changes_leave_no_more_deltas_than_a_few() -> None:
    graph = [(ex("p"), f"<{RDFS}domain>", ex("C")), (ex("C"), SUB, ex("D"))]
    graph += [
        (ex("q"), TYPE, f"<{OWL}TransitiveProperty>"),
        (ex("q"), f"<{OWL}inverseOf>", ex("r")),
    ]
    graph += [(ex(i), ex(p), ex(i + 1)) for i in range(30) for p in "pq"]
    closure = close(graph)
    first = count_deltas(closure._engine)
    for i in range(200):
        part = graph[4 + i % 60 :: 7]
        closure.withdraw(part)
        closure.add(part)
    assert count_deltas(closure._engine) < 4 * first
    assert closure.statistics["rounds"] > 500  # and it did not start over
    assert shown(closure) == shown(close(graph))
    assert proved(closure)


def test_what_another_chain_gives_is_not_taken_for_a_path(tuning: Tuning) -> None:
    """One rule for both chains, so that compaction finds their triples in deltas of one origin."""
    closure = close(
        turtle("""
        :p owl:propertyChainAxiom (:r :r), (:p :p) .
        :a :r :b . :b :r :c .
        :x :p :y . :y :p :z .
        """),
        tuning=tuning,
    )
    closure.add(turtle(":y :p :w ."))
    assert (ex("a"), ex("p"), ex("c")) in closure and (ex("x"), ex("p"), ex("w")) in closure
    assert proved(closure)
    closure.withdraw(turtle(":y :p :z ."))
    assert shown(closure) == shown(close(list(closure.asserted)))
    assert proved(closure)


def test_unknown_triples_are_passed_over() -> None:
    graph = [(ex("a"), ex("p"), ex("b"))]
    closure = close(graph)
    closure.withdraw([(ex("b"), ex("p"), ex("a")), (ex("new"), ex("p"), ex("b"))])
    assert list(closure) == graph


def test_a_change_beyond_the_limit_leaves_the_closure_as_it_was() -> None:
    graph = [(ex("p"), TYPE, f"<{OWL}TransitiveProperty>"), (ex(0), ex("p"), ex(1))]
    closure = close(graph, limit_triples=500)
    before = shown(closure)
    with pytest.raises(LimitReached):
        closure.add([(ex(i), ex("p"), ex(i + 1)) for i in range(200)])
    assert shown(closure) == before
