"""The SPARQL 1.1 entailment cases that fall within the rules, with every engine."""

from __future__ import annotations

import pytest
from conformance_cases import engines, excused
from sparql_cases import Case, cases, comes_out

CASES = list(cases())


@pytest.mark.skipif(not CASES, reason="the conformance folder is not there")
@pytest.mark.parametrize("engine", engines())
@pytest.mark.parametrize("case", CASES, ids=str)
def test_query_has_the_expected_results(case: Case, engine: str) -> None:
    right = comes_out(case, engines()[engine])
    if str(case) in excused():
        assert not right, f"{case} comes out: take it off excused.toml"
    else:
        assert right
