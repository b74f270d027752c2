"""Files that are made from something else: tests compare them, `make refresh` writes them.

A test of one is marked ``generated``; with ``FOEDUS_REFRESH=1`` it writes the file first.
"""

from __future__ import annotations

import os
from pathlib import Path

REFRESH = os.environ.get("FOEDUS_REFRESH") == "1"
ROOT = Path(__file__).parents[2]


def compare(path: Path, made: str) -> None:
    """Assert that a file holds what is made now; a refresh writes it."""
    if REFRESH:
        path.write_text(made, encoding="utf-8")
    held = path.read_text(encoding="utf-8") if path.is_file() else ""
    assert made == held, stale(path)


def stale(path: Path) -> str:
    """What to say of a file that holds something else than what is made now."""
    return f"{path.relative_to(ROOT)} is stale: 'make refresh' writes it, 'git diff' shows how"
