"""owlrl says the same where it is sound, and each place where it is not has a name."""

from __future__ import annotations

import logging
import tomllib
from collections import Counter
from pathlib import Path

import owlrl
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from strategies import FIRST, NIL, REST, graphs

from foedus.reasoning import naive, second
from foedus.reasoning.rules.datatypes import DATATYPES
from foedus.reasoning.rules.table import parse_rule
from foedus.store import convert
from foedus.terms import Triple, is_literal

FAULTS = tomllib.loads(
    (Path(__file__).parent / "data" / "owlrl-faults.toml").read_text(encoding="utf-8")
)
PREFIXES = FAULTS.pop("prefixes")
#: Axioms that the second reasoner keeps from owlrl, and so does not copy to other names either.
KEPT_BACK = ("hasKey", "AllDifferent", "AllDisjointProperties")


def sound(graph: list[Triple]) -> list[Triple]:
    """The part of a graph that owlrl reads as the tables do: no values, no broken lists."""
    plain = [
        t
        for t in graph
        if t[0] not in DATATYPES
        and t[2] not in DATATYPES
        and not (is_literal(t[2]) and "nonNegativeInteger" not in t[2])
    ]
    firsts, rests = (Counter(s for s, p, _ in plain if p == end) for end in (FIRST, REST))
    tails = {o for _, p, o in plain if p == REST} - {NIL}
    cells = firsts.keys() | rests.keys() | tails
    broken = any(firsts[cell] != 1 or rests[cell] != 1 for cell in cells)
    return [t for t in plain if t[1] not in (FIRST, REST)] if broken else plain


@pytest.mark.slow
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(graphs(size=5))
def test_owlrl_comes_to_the_same_where_it_is_sound(graph: list[Triple]) -> None:
    logging.disable(logging.WARNING)
    graph = sound(graph)
    ours, theirs = naive.close(graph), second.close(graph)

    def compared(triples: tuple[Triple, ...]) -> set[Triple]:
        return {t for t in triples if not any(name in term for name in KEPT_BACK for term in t)}

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
