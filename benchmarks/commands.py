"""How long the commands take from process start, and the memory that they need.

    python benchmarks/commands.py [--runs 7] [--write docs/benchmarks.md]

Each command runs in a process of its own. The table shows the fastest and the median run by the
clock, the processor time of the fastest, and the largest resident memory. With ``--write`` it
replaces what stands between the two marks of the page.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

START, END = "<!-- commands: start -->", "<!-- commands: end -->"

#: What is measured: what it is, the arguments, whether a built graph is there.
COMMANDS = [
    ("help", ["--help"], True),
    ("a question, graph built", ["ask", "allies-of", "state=DPRK"], True),
    ("a question with a date, graph built", ["ask", "in-force-on", "on=193X"], True),
    ("a query, graph built", ["query", "SELECT ?x { id:China fo:alliedWith ?x }"], True),
    ("a question, graph made in memory", ["ask", "allies-of", "state=DPRK"], False),
    ("a question with its words, graph built", ["ask", "allies-of", "--why"], True),
    ("why, graph built", ["why", "China", "ally of", "DPRK"], True),
    ("build", ["build", "--out", "anew"], False),
]


@dataclass(frozen=True, slots=True)
class Measure:
    """Seconds, by the clock and of the processor, and megabytes of several runs of one command."""

    what: str
    seconds: tuple[float, ...]
    processor: tuple[float, ...]
    megabytes: float


def measure(what: str, words: list[str], cwd: Path, runs: int) -> Measure:
    """Run one command several times."""
    seconds, processor, peak = [], [], 0
    for _ in range(runs):
        start = time.perf_counter()
        child = subprocess.Popen(
            [Path(sys.executable).with_name("foedus"), *words],
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(time.perf_counter() - start)
        processor.append(usage.ru_utime + usage.ru_stime)
        assert os.waitstatus_to_exitcode(status) in (0, 1), words
        peak = max(peak, usage.ru_maxrss)
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Measure(what, tuple(seconds), tuple(processor), peak / unit)


def table(found: list[Measure]) -> str:
    """The measures as a Markdown table."""
    lines = [
        "| command | fastest | median | processor | memory |",
        "| --- | --- | --- | --- | --- |",
    ]
    for m in found:
        fast, mid = min(m.seconds), statistics.median(m.seconds)
        used = f"{min(m.processor):.2f} s | {m.megabytes:.0f} MB"
        lines.append(f"| {m.what} | {fast:.2f} s | {mid:.2f} s | {used} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        with_graph, without = Path(name) / "with", Path(name) / "without"
        with_graph.mkdir()
        without.mkdir()
        measure("build", ["build"], with_graph, 1)
        found = [
            measure(what, words, with_graph if built else without, asked.runs)
            for what, words, built in COMMANDS
        ]
    where = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    text = f"Best and median of {asked.runs} runs from process start ({where}).\n\n{table(found)}"
    print(text)
    if asked.write:
        page = asked.write.read_text(encoding="utf-8")
        before, _, rest = page.partition(START)
        _, _, after = rest.partition(END)
        asked.write.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
