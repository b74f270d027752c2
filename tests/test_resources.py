"""What the package carries beside its code: each internal query says what it is, and is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import foedus
from foedus.resources import internal

PACKAGE = Path(foedus.__file__).parent
QUERIES = sorted(p for p in internal("").glob("*/*") if p.suffix in {".rq", ".ru"})
CODE = "\n".join(p.read_text(encoding="utf-8") for p in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_an_internal_query_says_what_it_is_and_is_used(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(rf"# {path.stem}: [A-Z].*[?.]", first)
    assert re.search(rf'"{path.stem}(\.r[qu])?"', CODE)
