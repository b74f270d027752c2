"""How time and memory grow from one million triples to ten, the two sizes taking turns.

    python benchmarks/growth.py [TURNS]

A busy minute of the machine hits both sizes, which it does not where one comes after the other.
Prints medians as rows of a table.
"""

from __future__ import annotations

import sys
from statistics import median

from run import FOLDER, graph_file, once, use_memory

SMALL, LARGE = 1_000_000, 10_000_000
TASKS = {"engine": "rules alone", "file-in": "from a file", "file": "file to file"}


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    FOLDER.mkdir(parents=True, exist_ok=True)
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
