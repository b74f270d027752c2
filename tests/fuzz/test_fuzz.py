"""A short campaign: the same inputs each time, and nothing is wrong with any.

``make test`` tries one round of them; ``FUZZ_ROUNDS`` says how many more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from targets import TARGETS

HERE = Path(__file__).parent
ROUNDS = os.environ.get("FUZZ_ROUNDS", "1")

if not hasattr(os, "pidfd_open"):
    pytest.skip("the sandbox needs Linux", allow_module_level=True)


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a campaign found: inputs by target, faults by kind."""
    into = tmp_path_factory.mktemp("faults")
    words = ["--seed", "short", "--rounds", ROUNDS, "--json", "--into", str(into)]
    made = subprocess.run(
        [sys.executable, str(HERE), *words], capture_output=True, text=True, timeout=1800
    )
    assert made.stdout, made.stderr
    return json.loads(made.stdout)


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_wrong(tally: Any, name: str) -> None:
    assert tally["inputs"][name] >= int(ROUNDS)
    assert [kind for kind in tally["faults"] if kind.startswith(f"{name}: ")] == []
