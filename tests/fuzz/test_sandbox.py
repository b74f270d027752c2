"""The sandbox sees what it is there to see."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sandbox import fault, forked

#: What a process does in the sandbox -> what is wrong with it.
SEEN: dict[str, tuple[Callable[[], object], str | None]] = {
    "nothing": (lambda: None, None),
    "an error": (lambda: [][0], "traceback IndexError in no code of ours"),
    "a crash": (lambda: os.kill(os.getpid(), signal.SIGSEGV), "ended by SIGSEGV"),
    "an undocumented exit": (lambda: sys.exit(4), "exit code 4"),
    "an exit without a word": (lambda: sys.exit(3), "fails without a word"),
    "control characters": (
        lambda: print("\x1b[2J", file=sys.stderr),
        "control characters in a message",
    ),
    "no end": (lambda: time.sleep(60), "runs past its time"),
    "too much memory": (lambda: bytearray(7 << 30), "traceback MemoryError in no code of ours"),
    "an orphan": (lambda: subprocess.Popen(["sleep", "60"]), "leaves a process behind"),
}


@pytest.mark.parametrize("name", SEEN)
def test_what_is_wrong_is_seen(name: str, tmp_path: Path) -> None:
    work, wrong = SEEN[name]
    place = tmp_path / "in"
    place.mkdir()

    def run() -> int:
        work()
        return 0

    assert fault(forked(run, place, 3)) == wrong
