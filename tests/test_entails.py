"""What follows beyond the stored closure, and what must not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import graphs

from foedus.reasoning.beyond.conclusions import Form, conclusions
from foedus.reasoning.beyond.entails import Judge, obvious
from foedus.reasoning.naive import close
from foedus.reasoning.rules.table import parse_rule
from foedus.terms import Triple, is_blank

CASES = tomllib.loads((Path(__file__).parent / "data" / "entails.toml").read_text(encoding="utf-8"))
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

    def recorded(judge: Judge, form: Form, bindings: dict[str, str]) -> bool:
        result = passes(judge, form, bindings)
        seen[result].add(form.id)
        return result

    monkeypatch.setattr(Judge, "passes", recorded)
    for block in CASES.values():
        for graph in (*block.get("follows", []), *block.get("not", [])):
            close(triples(block["if"])).entails(triples(graph))
    every = {form.id for form in conclusions().forms}
    assert (every - seen[True], every - seen[False]) == (set(), set())
