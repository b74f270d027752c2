"""What follows beyond the stored closure, and what must not."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import graphs

from foedus.errors import BadParameter
from foedus.reasoning import Entailment
from foedus.reasoning import close as fast_close
from foedus.reasoning.entailment.conclusions import ConclusionForm, conclusions
from foedus.reasoning.entailment.entails import Judge, obvious
from foedus.reasoning.rules.table import parse_rule
from foedus.reasoning.witnesses.naive import close
from foedus.terms import Triple, is_blank

DATA = Path(__file__).parents[1] / "data"
CASES = tomllib.loads((DATA / "entails.toml").read_text(encoding="utf-8"))
PREFIXES = CASES.pop("prefixes")
relaxed = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def triples(lines: list[str]) -> list[Triple]:
    """Triples written as in the example of a rule."""
    block = {"if": [], "then": False, "says": "", "example": lines}
    return list(parse_rule("case", block, PREFIXES).example)


def asked(answer: str) -> list[object]:
    return [
        pytest.param(name, graph, id=f"{name}-{k}")
        for name, block in CASES.items()
        for k, graph in enumerate(block.get(answer, []), start=1)
    ]


@pytest.mark.parametrize(("name", "graph"), asked("follows"))
def test_follows(name: str, graph: list[str]) -> None:
    assert close(triples(CASES[name]["if"])).entails(triples(graph))


@pytest.mark.parametrize(("name", "graph"), asked("not"))
def test_does_not_follow(name: str, graph: list[str]) -> None:
    assert not close(triples(CASES[name]["if"])).entails(triples(graph))


def test_fewer_rules_answer_less() -> None:
    premises = triples(["ex:C rdfs:subClassOf ex:D", "ex:a rdf:type ex:C"])
    closure = close(premises, rules="rdfs")
    assert closure.entails(triples(["ex:a rdf:type ex:D", "ex:C rdfs:subClassOf ex:C"]))
    assert not closure.entails(triples(["ex:a rdf:type owl:Thing"]))


#: Consistent by itself, and how each of several contradictions is added to it.
CALM = [
    "ex:C rdfs:subClassOf ex:D",
    "ex:x rdf:type ex:C",
    "ex:p rdf:type owl:FunctionalProperty",
    "ex:a ex:p ex:y",
    "ex:b ex:p ex:z",
    "ex:y owl:differentFrom ex:z",
]
CLASHES = {
    "dt-ill-typed": ['ex:a ex:note "x"^^xsd:integer'],
    "cls-nothing2": ["ex:x rdf:type owl:Nothing"],
    "cax-dw": ["ex:x rdf:type ex:E", "ex:E owl:disjointWith ex:D"],
    "datatypes": ["ex:v rdf:type xsd:string", "ex:v rdf:type xsd:integer"],
}
NONSENSE = triples(["ex:anything ex:whatever ex:else"])


@pytest.mark.parametrize("close_", [close, fast_close], ids=["naive", "fast"])
@pytest.mark.parametrize("rule", CLASHES)
def test_a_conclusion_names_the_clash_that_it_rests_on(rule: str, close_: Any) -> None:
    closure = close_(triples([*CALM, *CLASHES[rule]]))
    before = set(closure)
    found = closure.entails(NONSENSE)
    assert found
    assert found.clash.rule == rule
    assert found.clash.proof().premises
    assert not closure.entails(NONSENSE, clashes="ignore")
    for stored in (["ex:x rdf:type ex:D"], CLASHES[rule], ["_:n ex:p ex:y"]):
        for how in ("explode", "ignore"):
            assert closure.entails(triples(stored), clashes=how) == Entailment(True)
            assert closure.entails(triples(stored), clashes=how).clash is None
    assert set(closure) == before


@pytest.mark.parametrize("close_", [close, fast_close], ids=["naive", "fast"])
def test_what_no_clash_rests_on_is_tried_as_ever(close_: Any) -> None:
    closure = close_(triples([*CALM, *CLASHES["dt-ill-typed"]]))
    different, same = (triples([f"ex:{x} owl:differentFrom ex:b"]) for x in ("a", "x"))
    assert closure.entails(different, clashes="ignore")
    assert not closure.entails(same, clashes="ignore")
    assert closure.entails(same).clash


def test_more_contradictions_than_are_told() -> None:
    many = [f'ex:a{n} ex:note "x{n}"^^xsd:integer' for n in range(250)]
    closure = fast_close(triples([*CALM, *many]))
    assert not closure.entails(NONSENSE, clashes="ignore")
    assert closure.entails(triples(["ex:a owl:differentFrom ex:b"]), clashes="ignore")


def test_an_entailment_is_a_truth_value() -> None:
    closure = close(triples(CALM))
    yes, no = (closure.entails(triples([t])) for t in ("ex:x rdf:type ex:D", "ex:a ex:p ex:a"))
    assert [yes, no] == [True, False]
    assert (yes != no, not no, {yes: 1}[True]) == (True, True, 1)
    assert (yes.clash, no.clash) == (None, None)
    with pytest.raises(BadParameter, match="'explode' or 'ignore'"):
        closure.entails([], clashes="forget")


@relaxed
@given(graphs(size=5))
def test_what_is_stored_or_obvious_follows(graph: list[Triple]) -> None:
    closure = close(graph)
    renamed = [tuple(f"{t}z" if is_blank(t) else t for t in triple) for triple in closure]
    assert closure.entails([(s, p, o) for s, p, o in renamed])
    assert closure.entails(obvious(closure))


@relaxed
@given(graphs(size=4), graphs(size=2))
def test_what_follows_changes_nothing(graph: list[Triple], more: list[Triple]) -> None:
    """A triple that follows from consistent premises neither contradicts nor adds to them."""
    closure = close(graph)
    if closure.entails(triples(["ex:absurd rdf:type owl:Nothing"])):
        return
    for triple in [t for t in more if not any(is_blank(term) for term in t)][:3]:
        if closure.entails([triple]):
            richer = close([*graph, triple])
            assert not richer.clashes
            named = [t for t in richer.derived if not any(is_blank(term) for term in t)]
            assert closure.entails(named[:20])


def test_every_form_of_conclusion_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block of conclusions.toml passes for some answer, and fails for another."""
    seen: dict[bool, set[str]] = {True: set(), False: set()}
    passes = Judge.passes

    def recorded(judge: Judge, form: ConclusionForm, bindings: dict[str, str]) -> bool:
        result = passes(judge, form, bindings)
        seen[result].add(form.id)
        return result

    monkeypatch.setattr(Judge, "passes", recorded)
    for block in CASES.values():
        for graph in (*block.get("follows", []), *block.get("not", [])):
            close(triples(block["if"])).entails(triples(graph))
    every = {form.id for form in conclusions().forms}
    assert (every - seen[True], every - seen[False]) == (set(), set())
