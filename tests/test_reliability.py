"""`docs/reliability.md` names a test for each promise: it is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`(?: \(([\w, ]+)\))?", PAGE)))


@pytest.mark.parametrize(("path", "name", "targets"), NAMED, ids=lambda part: part or "-")
def test_what_holds_a_promise_is_there(path: str, name: str, targets: str) -> None:
    assert (ROOT / path).exists()
    if name:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
    table = (ROOT / "tests" / "fuzz" / "targets.py").read_text(encoding="utf-8")
    for target in filter(None, targets.split(", ")):
        assert target == "all" or f"def {target}(" in table or f'"{target}"' in table
