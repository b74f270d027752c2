"""What is said and not read is told, and only that."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from turtle_text import turtle

from foedus.reasoning import close
from foedus.reasoning.beyond import unsupported
from foedus.terms import Triple

CASES = tomllib.loads(Path(__file__).with_name("data").joinpath("unsupported.toml").read_text())
EX, OWL = "http://example.org/", "http://www.w3.org/2002/07/owl#"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_read_past_is_told(case: dict[str, Any]) -> None:
    closure = close(turtle(case["graph"]))
    assert [found.kind for found in closure.unsupported] == case["kinds"]
    for found in closure.unsupported:
        assert found.axiom in closure
        assert found.needed


def test_every_construct_has_a_case() -> None:
    table = tomllib.loads(Path(unsupported.__file__).with_suffix(".toml").read_text())
    told = {kind for case in CASES.values() for kind in case["kinds"]}
    others = {table["others"][name] for name in table["others"]["needed"]}
    assert told == {*table["constructs"], *others, "malformed"}


def test_it_names_the_axiom_in_which_it_stands() -> None:
    graph = turtle(CASES["intersection-keeps-sides"]["graph"])
    (found,) = close(graph).unsupported
    assert found.axiom[:2] == (f"<{EX}C>", f"<{OWL}equivalentClass>")
    assert (found.node, f"<{OWL}someValuesFrom>", f"<{EX}B>") in graph


def test_what_rules_derive_is_not_told() -> None:
    """By scm-uni each class is a subclass of a union of it: that is no union in a superclass."""
    graph = turtle("[ owl:unionOf ( :A :B ) ] rdfs:subClassOf :C . :A owl:equivalentClass :D .")
    closure = close(graph)
    assert any(t[2].startswith("_:") for t in closure.derived)
    assert closure.unsupported == ()


def test_it_follows_changes() -> None:
    date = ("<urn:a>", "<urn:p>", '"2021-07-11"^^<http://www.w3.org/2001/XMLSchema#date>')
    imports: Triple = ("<urn:o>", f"<{OWL}imports>", "<urn:o2>")
    closure = close([date])
    closure.add([imports])
    assert [(u.kind, u.axiom) for u in closure.unsupported] == [
        ("datatype outside OWL 2 RL", date),
        ("owl:imports", imports),
    ]
    closure.withdraw([date, imports])
    assert closure.unsupported == ()
    assert closure.supposing([date]).unsupported[0].axiom == date


def test_a_broken_list_is_walked_once() -> None:
    """Cells with two tails each: as many readings as there are subsets."""
    cells = "".join(
        f":{s}{n} rdf:first :C{n} ; rdf:rest :a{n + 1} , :b{n + 1} ."
        for n in range(40)
        for s in "ab"
    )
    closure = close(turtle(f":p rdfs:range [ owl:unionOf :a0 ] . {cells}"), rules="rdfs")
    assert {u.kind for u in closure.unsupported} == {"malformed"}


def test_an_axiom_for_people() -> None:
    graph = turtle(':C rdfs:subClassOf [ owl:onProperty :p ; owl:hasSelf "true"^^xsd:boolean ] .')
    closure = close(graph)
    (found,) = closure.unsupported
    assert unsupported.written(found.axiom, closure.triples) == (
        f'<{EX}C> rdfs:subClassOf [ owl:hasSelf "true"^^xsd:boolean ; owl:onProperty <{EX}p> ]'
    )
