"""How time and memory grow from one million triples to ten, the two sizes taking turns.

    python benchmarks/growth.py [TURNS]
    python benchmarks/growth.py --instructions     # of the rules alone; wants valgrind, an hour

A busy minute of the machine hits both sizes, which it does not where one comes after the other.
Prints medians as rows of a table. What the processor is told to do is no matter of its caches or of
what else it does: valgrind counts it, once, from parsed terms to closure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

from run import FOLDER, graph_file, once, use_memory

SMALL, LARGE = 1_000_000, 10_000_000
TASKS = {"engine": "rules alone", "file-in": "from a file", "file": "file to file"}


def instructions(task: str, file: Path) -> int:
    """How many instructions a measurement takes, imports and parsing included."""
    call = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    call += [sys.executable, str(Path(__file__).parent / "measure.py"), "foedus", task, str(file)]
    env = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(call, capture_output=True, text=True, env=env, check=True)
    found = re.search(r"I +refs: +([\d,]+)", done.stderr)
    assert found, done.stderr
    return int(found[1].replace(",", ""))


def count_instructions() -> None:
    if not shutil.which("valgrind"):
        raise SystemExit("valgrind counts the instructions, and is not installed")
    for graph in ("university", "alliance"):
        small, large = (
            instructions("engine", file) - instructions("parsed", file)
            for file in (graph_file(FOLDER, graph, size) for size in (SMALL, LARGE))
        )
        print(f"| {graph} | rules alone | {large / small:.2f} |", flush=True)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    if "--instructions" in sys.argv:
        count_instructions()
        return
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    use_memory()
    for graph in ("university", "alliance"):
        files = {size: graph_file(FOLDER, graph, size) for size in (SMALL, LARGE)}
        for task, name in TASKS.items():
            found: dict[int, list[dict[str, float]]] = {SMALL: [], LARGE: []}
            for _ in range(turns):
                for size in (SMALL, LARGE, SMALL):
                    got = once("foedus", task, files[size], FOLDER, None, (3600, 1 << 14))
                    if isinstance(got, str):
                        raise SystemExit(f"{graph}, {size:,} triples, {name}: {got}")
                    found[size].append(got)
            grown = [
                median(run[key] for run in found[LARGE]) / median(run[key] for run in found[SMALL])
                for key in ("wall", "cpu", "mb")
            ]
            print(f"| {graph} | {name} | {' | '.join(f'{factor:.1f}' for factor in grown)} |")


if __name__ == "__main__":
    main()
