"""How quick and small the command line is, from process start.

A machine's speed changes within minutes, so no bound is in its seconds: each run is held against a
process that imports typer, started beside it. The bounds are meant where that takes `IMPORT`.
`benchmarks/commands.py` says how many seconds they take by the clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

if not hasattr(os, "wait4"):
    pytest.skip("this system does not tell what a process used", allow_module_level=True)

#: Processor seconds of a process that imports typer, on the machine that the bounds are meant for.
IMPORT = 0.09

#: Runs the command line, then says the most memory that this process had, in kilobytes.
MEASURED = """
import re, sys
from pathlib import Path
from foedus.__main__ import main
try:
    main()
except SystemExit as end:
    code = end.code
status = Path("/proc/self/status")
text = status.read_text() if status.is_file() else "VmHWM: 0"
print(re.search(r"VmHWM:\\s+(\\d+)", text)[1], file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a built graph, and with the bytecode of what is run."""
    place = tmp_path_factory.mktemp("quick")
    measured(place, "build")
    return place


def measured(cwd: Path, *words: str, code: str = MEASURED) -> tuple[float, float]:
    """Processor seconds and megabytes of one run."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FOEDUS")}
    # Without bytecode a run spends a quarter of its time on compiling what a user has compiled.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    child = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env={**environment, "PYTHONPYCACHEPREFIX": str(cwd.parent / "bytecode")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, said
    return usage.ru_utime + usage.ru_stime, int(said.split()[-1]) / 1024


@pytest.mark.parametrize(
    ("words", "built", "seconds"),
    [
        (["--help"], True, 0.25),
        (["ask", "allies-of"], True, 0.3),
        (["ask", "allies-of"], False, 1.0),
    ],
    ids=["help", "answer", "answer without a build"],
)
def test_a_command_is_quick_and_small(
    words: list[str], built: bool, seconds: float, place: Path, tmp_path: Path
) -> None:
    cwd = place if built else tmp_path
    measured(cwd, *words)  # writes the bytecode
    ratios = []
    for _ in range(7):
        beside, _ = measured(cwd, code="import sys, typer; print(0, file=sys.stderr)")
        used, memory = measured(cwd, *words)
        assert memory < 150
        ratios.append(used / beside)
    assert median(ratios) * IMPORT < seconds
