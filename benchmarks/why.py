"""How long it takes to say why: the verbs on the built article graph, and one row of a million.

    python benchmarks/why.py --write docs/benchmarks.md

The verbs run from process start, three times each, the fastest counts: a machine that does other
things makes all but the fastest a measure of the others. CPU seconds say what is left of that. The
row is asked of the closure of the university graph of a million triples, in a store in memory; only
its evidence is timed.
"""

from __future__ import annotations

import argparse
import re
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SIZE = 1_000_000
CHAIN = (HERE / "why.rq").read_text(encoding="utf-8")


def best(arguments: list[str], cwd: Path, runs: int = 3) -> tuple[float, float]:
    """Wall and CPU seconds of the fastest of some runs of a verb, from process start."""
    times = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "foedus", *arguments],
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        times.append((wall, cpu))
    return min(wall for wall, _ in times), min(cpu for _, cpu in times)


def told(times: tuple[float, float]) -> str:
    """Times as the table has them."""
    return f"{times[0]:.2f} s ({times[1]:.2f} s CPU)"


def verbs() -> list[tuple[str, str]]:
    """Each verb with its time, on a build of the article graph with its background."""
    from foedus.knowledge import KnowledgeGraph

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        graph = KnowledgeGraph.build()
        graph.save(place / "build")
        rows = []
        for words in (
            ["why", "China", "allied with", "DPRK"],
            ["why", "Kim Jong Un", "has the father", "Kim Jong Il"],
            ["why", "China", "allied with", "DPRK", "--all"],
            ["why", "Beijing", "is a", "state"],
            ["what-if", "--without", "s09"],
            ["what-if", "--believe", "everyone"],
            ["report", "-o", "report.html"],
        ):
            rows.append((f"`foedus {shlex.join(words)}`", told(best(words, place))))
        asked = sorted((best(["ask", slug, "--why"], place, 1), slug) for slug in graph.questions)
        many = f"`foedus ask ... --why`, the middle of {len(asked)}"
        rows.append((many, told(asked[len(asked) // 2][0])))
        again = max((best(["ask", slug, "--why"], place), slug) for _, slug in asked[-4:])
        rows.append((f"`foedus ask {again[1]} --why`, the slowest", told(again[0])))
        return rows


def row_of_a_million() -> list[tuple[str, str]]:
    """The evidence of one row of a join over the closure of a million triples."""
    from generate import generate

    from foedus.provenance.evidence import evidence
    from foedus.reasoning import close
    from foedus.store.query import QuadStore

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "university.nt"
        generate("university", SIZE, path)
        store = QuadStore.of(close(path))
    rows = store.query(CHAIN + " LIMIT 200").rows[::10]
    times = []
    for row in rows:
        started = time.perf_counter()
        found = evidence(CHAIN, dict(zip(("a", "b", "c"), row, strict=True)), store)
        times.append(time.perf_counter() - started)
        assert found.triples
    took = f"{1000 * statistics.median(times):.1f} ms, the slowest {1000 * max(times):.1f} ms"
    what = (
        f"evidence of a row of `benchmarks/why.rq`, the closure's {len(store):,} triples in a store"
    )
    return [(what, took)]


def main() -> None:
    """Measure, print, and write into the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--only", choices=["verbs", "row"])
    options = parser.parse_args()
    rows = [] if options.only == "row" else verbs()
    rows += [] if options.only == "verbs" else row_of_a_million()
    table = "\n".join(["| what | time |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)])
    print(table)
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        marked = re.compile(r"(<!-- why: start -->\n).*?(<!-- why: end -->)", re.DOTALL)
        new = marked.sub(lambda m: f"{m[1]}{table}\n{m[2]}", page)
        options.write.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
