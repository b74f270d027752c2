"""owlrl says the same where it is sound, and each place where it is not has a name."""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path

import owlrl
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from strategies import graphs
from witness import compared, sound

from foedus.reasoning.rules.table import parse_rule
from foedus.reasoning.witnesses import naive, owlrl_witness
from foedus.store import convert
from foedus.terms import Triple

FAULTS = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "owlrl-faults.toml").read_text(encoding="utf-8")
)
PREFIXES = FAULTS.pop("prefixes")


@pytest.mark.slow
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(graphs(size=5))
def test_owlrl_comes_to_the_same_where_it_is_sound(graph: list[Triple]) -> None:
    logging.disable(logging.WARNING)
    graph = sound(graph)
    ours, theirs = naive.close(graph), owlrl_witness.close(graph)

    assert compared(ours.derived) == compared(theirs.derived)
    assert bool(ours.clashes) == bool(theirs.clashes)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_owlrl_is_not_ours(name: str) -> None:
    block = FAULTS[name]
    graph = triples(block["if"])
    by_owlrl = rdflib.Graph()
    for s, p, o in graph:
        by_owlrl.add(next(iter(convert.to_rdflib([(s, p, o)]))))
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(by_owlrl)
    theirs = {tuple(convert.term_of(term) for term in t) for t in by_owlrl}
    ours = naive.close(graph)
    for wrong in triples(block.get("derives", [])):
        assert wrong in theirs, "owlrl no longer has this fault: take it off the list"
        assert not ours.holds(wrong)
    for missed in block.get("misses", []):
        if missed == "false":
            assert not any("error" in p for _, p, _ in theirs), "owlrl sees this now"
            assert ours.clashes


def triples(lines: list[str]) -> list[Triple]:
    """Triples written as in the example of a rule."""
    block = {"if": [], "then": False, "says": "", "example": lines}
    return list(parse_rule("case", block, PREFIXES).example)
