"""What no rule can read is told, and only that."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from turtle_text import turtle

from foedus.reasoning import close

CASES = tomllib.loads(Path(__file__).parents[1].joinpath("data", "malformed.toml").read_text())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_no_rule_can_read_is_told(case: dict[str, Any]) -> None:
    assert list(close(turtle(case["graph"])).malformed) == case["says"]
