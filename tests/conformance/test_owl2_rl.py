"""The W3C OWL 2 RL cases and the RDF-based collection, with every engine."""

from __future__ import annotations

import pytest
from conformance_cases import Check, checks, comes_out, engines, excused, premise, tally, total
from conformance_report import PAGE, page
from sparql_cases import cases

from foedus.reasoning import close

CHECKS = [*checks("w3c"), *checks("rdf-based")]
needs_cases = pytest.mark.skipif(not CHECKS, reason="the conformance folder is not there")


@needs_cases
@pytest.mark.parametrize("engine", engines())
@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_comes_out_as_expected(check: Check, engine: str) -> None:
    right = comes_out(check, engines()[engine])
    if check.case in excused():
        assert not right, f"{check.case} comes out: take it off excused.toml"
    else:
        assert right


@needs_cases
@pytest.mark.parametrize("check", {c.case: c for c in checks("w3c")}.values(), ids=str)
def test_what_the_profile_allows_is_not_told_as_unsupported(check: Check) -> None:
    outside = {found.kind for found in close(premise(check)).unsupported}
    reflexive = check.case == "New-Feature-ReflexiveProperty-001"  # which the profile leaves out
    assert outside == ({"owl:ReflexiveProperty"} if reflexive else set())


@needs_cases
def test_excused_cases_exist() -> None:
    known = {check.case for check in CHECKS} | {str(case) for case in cases()}
    assert excused().keys() <= known


@needs_cases
@pytest.mark.parametrize(("suite", "least"), [("w3c", 80), ("rdf-based", 231)])
def test_the_closure_alone_beats_the_peers(suite: str, least: int) -> None:
    name, close = list(engines().items())[-1]
    right, _ = total(tally(suite, close, trials=False))
    assert right >= least, name


@needs_cases
def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make conformance"
