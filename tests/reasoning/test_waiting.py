"""Plans that wait: what an ontology says of a class costs little while the class is empty."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import graphs
from turtle_text import turtle

from foedus.reasoning.closure import Closure, close
from foedus.reasoning.storage.tuning import DEFAULT, Tuning
from foedus.terms import Triple

relaxed = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))

ONTOLOGY = turtle("""
    :C1 rdfs:subClassOf :C0 . :C2 rdfs:subClassOf :C1 . :C3 rdfs:subClassOf :C2 .
    :D rdfs:subClassOf :C3 ; owl:disjointWith :E . :p rdfs:domain :D ; rdfs:range :E .
    :q rdfs:subPropertyOf :p . :F owl:intersectionOf ( :C3 :E ) .
    :G rdfs:subClassOf [ owl:onProperty :q ; owl:hasValue :g ] .
""")


@pytest.fixture(params=[DEFAULT, Tuning(solutions=0)], ids=["one by one", "in columns"])
def many(request: pytest.FixtureRequest) -> Tuning:
    """Few solutions wait one by one; many in columns, which small graphs would never use."""
    tuning: Tuning = request.param
    return tuning


def rules_of(closure: Closure) -> set[str]:
    """The rules of which there are plans about single classes and properties."""
    plans = [plan for plans in closure._engine.agenda.readers.values() for plan in plans]
    return {plan.rule for plan in plans} & {"cax-sco", "prp-dom", "prp-rng", "prp-spo1", "cls-int1"}


def same(closure: Closure, graph: list[Triple]) -> bool:
    other = close(graph)
    clashes, expected = ({clash.rule for clash in made.clashes} for made in (closure, other))
    return set(closure) == set(other) and clashes == expected


def test_no_plan_is_made_for_what_nothing_is_said_of(many: Tuning) -> None:
    closure = close(ONTOLOGY, tuning=many)
    assert not rules_of(closure)
    said = turtle(":x :p :y .")
    closure.add(said)
    assert rules_of(closure) == {"cax-sco", "prp-dom", "prp-rng", "cls-int1"}  # not prp-spo1
    assert same(closure, ONTOLOGY + said)


def test_one_fact_wakes_whatever_follows(many: Tuning) -> None:
    closure, said = close(ONTOLOGY, tuning=many), turtle(":x a :G .")
    closure.add(said)  # q by its value, p above it, its domain, and all classes above
    assert turtle(":x a :C0 .")[0] in closure
    assert same(closure, ONTOLOGY + said)


def test_what_is_withdrawn_while_it_waits_does_not_wake(many: Tuning) -> None:
    closure, axiom, said = (
        close(ONTOLOGY, tuning=many),
        turtle(":C2 rdfs:subClassOf :C1 ."),
        turtle(":x a :C3 ."),
    )
    closure.withdraw(axiom)
    closure.add(said)
    assert same(closure, [t for t in ONTOLOGY if t not in axiom] + said)
    closure.add(axiom)
    assert same(closure, ONTOLOGY + said)


def test_what_gets_another_name_while_it_waits(many: Tuning) -> None:
    closure, said = close(ONTOLOGY, tuning=many), ONTOLOGY
    for more in (
        ":C2 owl:sameAs :A .",
        ":x a :A .",
        ":A rdfs:subClassOf :B .",
        ":p owl:sameAs :o .",
    ):
        closure.add(turtle(more))
        said = said + turtle(more)
        assert same(closure, said)


def test_a_list_that_grows_while_it_waits(many: Tuning) -> None:
    cells = "_:l rdf:first :C3 ; rdf:rest _:m . _:m rdf:first :E ; rdf:rest rdf:nil ."
    said = turtle(f":F owl:intersectionOf _:l . {cells}")
    closure = close(said, tuning=many)
    for more in ("_:m rdf:rest _:n . _:n rdf:first :H ; rdf:rest rdf:nil .", ":x a :C3 , :E ."):
        closure.add(turtle(more))
        said = said + turtle(more)
    assert same(closure, said)


@relaxed
@given(graphs(), st.randoms(use_true_random=False))
def test_in_whatever_order_it_is_said(many: Tuning, graph: list[Triple], rng: object) -> None:
    schema = [t for t in graph if "www.w3.org" in t[1] + t[2]]
    data = [t for t in graph if t not in schema]
    for parts in ([schema, data], [data, schema], [[t] for t in graph]):
        closure = close([], tuning=many)
        for part in parts:
            closure.add(part)
        assert same(closure, graph)
