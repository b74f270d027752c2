"""Measure the reasoners side by side and write the table of docs/benchmarks.md.

    python benchmarks/run.py --more                # everything: some hours
    python benchmarks/run.py --sizes 10000 --repeat 3 --no-write

What was measured is kept in benchmarks/results.json, so parts can be measured again.

Every measurement runs in a process of its own; engines take turns, so that a busy minute of the
machine hits all of them. The table shows medians, and says where an engine ran out of time or
memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = Path(".cache/bench")
DOCS = HERE.parent / "docs" / "benchmarks.md"
TASKS = {
    "engine": "Engine to engine: parsed terms to closure",
    "file-in": "As a Python user calls it: a file in, a result that can be asked and iterated out",
    "graph-in": "As a Python user calls it: an rdflib graph in, a result out",
    "every": "The same from a file, with every triple as a Python tuple",
    "file": "File to file",
}
#: Graphs: name, kind, axioms left out. One is for reasonable, whose prp-ifp merges subjects that
#: have different values, and which runs out of memory on the whole one. The article's graph has
#: the size that it has.
GRAPHS = {
    "university": ("university", None),
    "vocabulary": ("vocabulary", None),
    "readings": ("readings", None),
    "alliance": ("alliance", None),
    "alliance, without inverse-functional": ("alliance", "inverse-functional"),
    "article": ("article", None),
}
#: The largest size for an engine, a task or a graph; beyond it runs for hours, or out of memory.
LARGEST = {"owlrl": 10_000, "jena-mini": 10_000, "jena-micro": 10_000}
LARGEST |= {"reasonable": 1_000_000, "nemo": 1_000_000, "graph-in": 1_000_000, "every": 1_000_000}
LARGEST |= {"vocabulary": 100_000, "readings": 100_000}
SIZES = [10_000, 100_000, 1_000_000, 10_000_000]
ENGINES = ("foedus", "reasonable", "nemo", "owlrl", "jena-micro", "jena-mini")


@dataclass(frozen=True, slots=True)
class Row:
    """The medians of one engine at one task on one graph, or why there are none."""

    task: str
    graph: str
    size: int
    engine: str
    wall: float | None = None
    cpu: float | None = None
    mb: int | None = None
    triples: int | None = None
    runs: int = 0
    failed: str = ""


def graph_file(folder: Path, name: str, size: int) -> Path:
    """The generated graph, made if it is not there."""
    kind, without = GRAPHS[name]
    path = folder / f"{kind}{'-without' if without else ''}-{size}.nt"
    if not path.exists():
        call = [sys.executable, str(HERE / "generate.py"), kind, str(size), str(path)]
        subprocess.run([*call, *(["--without", without] if without else [])], check=True)
    return path


def jena_classpath(folder: Path) -> str | None:
    """Where Jena's jars are, fetched with Maven; None where there is no Java."""
    if not (shutil.which("mvn") and shutil.which("java")):
        return None
    target = folder / "jena.classpath"
    if not target.exists():
        goal = ["dependency:build-classpath", f"-Dmdep.outputFile={target.resolve()}"]
        subprocess.run(["mvn", "-q", "-f", str(HERE / "jena" / "pom.xml"), *goal], check=True)
    return target.read_text()


def once(
    engine: str, task: str, file: Path, work: Path, classpath: str | None, limits: tuple[int, int]
) -> dict[str, float] | str:
    """One measurement: its figures, or why there are none."""
    if engine.startswith("jena"):
        mode = engine.removeprefix("jena-").upper()
        heap = f"-Xmx{limits[1] * 3 // 4}m"
        script = str(HERE / "jena" / "Reason.java")
        call = ["java", heap, "-cp", str(classpath), script, mode, task, str(file)]
        call.append(str(work / "out.nt"))
        bound = None  # Java reserves far more address space than it uses
    else:
        call = [sys.executable, str(HERE / "measure.py"), engine, task, str(file), str(work)]
        size = limits[1] << 20

        def bound() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (size, size))

    try:
        done = subprocess.run(
            call, capture_output=True, text=True, timeout=limits[0], preexec_fn=bound, check=False
        )
    except subprocess.TimeoutExpired:
        return f"over {limits[0]} s"
    if done.returncode:
        short = "memory" in done.stderr.lower() or "alloc" in done.stderr.lower()
        told = f"failed: {done.stderr.strip()[-200:]}"
        return f"over {limits[1] / 1024:.0f} GB" if short else told
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def use_memory() -> None:
    """Use most of the free memory once.

    What a virtual machine never used, its host has yet to find: that takes ten times as long as
    later uses (2 ms a MB on one of ours), and would be counted where most memory is used.
    """
    size = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 5 * 4
    subprocess.run([sys.executable, "-c", f"b'x' * {size}"], check=False)


def measure(given: argparse.Namespace) -> Iterator[list[Row]]:
    """The rows of one task on one graph after the other, engines taking turns."""
    given.folder.mkdir(parents=True, exist_ok=True)
    classpath = jena_classpath(given.folder) if any("jena" in e for e in given.engines) else None
    limits = (given.timeout, given.memory)
    hopeless: dict[tuple[str, str], str] = {}  # an engine that failed on a smaller size
    for wanted in sorted(given.sizes):
        for graph in given.graphs:
            size = wanted
            if size > LARGEST.get(graph, size):
                continue
            if graph == "article":
                if wanted != min(given.sizes):
                    continue
                file = graph_file(given.folder, graph, 0)
                size = file.read_bytes().count(b"\n")
            else:
                file = graph_file(given.folder, graph, size)
            for task in given.tasks:
                if size > LARGEST.get(task, size):
                    continue
                tried = [e for e in given.engines if size <= LARGEST.get(e, size)]
                tried = [e for e in tried if "jena" not in e or (classpath and task != "graph-in")]
                tried = [e for e in tried if e != "nemo" or task in ("file-in", "every", "file")]
                tried = [e for e in tried if e != "owlrl" or task in ("engine", "file-in", "file")]
                found: dict[str, list[dict[str, float]]] = {e: [] for e in tried}
                failed = {e: hopeless[e, graph] for e in tried if (e, graph) in hopeless}
                for turn in range(given.repeat):
                    for engine in tried:
                        if engine in failed:
                            continue
                        if turn and turn >= 3 and found[engine][0]["wall"] > 30:
                            continue  # three runs of a slow one are enough
                        got = once(engine, task, file, given.folder, classpath, limits)
                        if isinstance(got, str):
                            failed[engine] = hopeless[engine, graph] = got
                        else:
                            found[engine].append(got)
                yield [
                    median(task, graph, size, engine, found[engine], failed.get(engine, ""))
                    for engine in tried
                ]


def median(
    task: str, graph: str, size: int, engine: str, found: list[dict[str, float]], failed: str
) -> Row:
    if failed or not found:
        return Row(task, graph, size, engine, failed=failed)
    middle = {key: statistics.median(run[key] for run in found) for key in found[0]}
    return Row(
        task,
        graph,
        size,
        engine,
        round(middle["wall"], 4),
        round(middle["cpu"], 4),
        round(middle["mb"]),
        round(middle["triples"]),
        len(found),
    )


def line_of(row: Row) -> str:
    if row.failed:
        figures = row.failed
    else:
        figures = f"{row.wall:.3f} s wall, {row.cpu:.3f} s CPU, {row.mb} MB, {row.triples:,} out"
    return f"{row.task:9} {row.graph:38} {row.size:>9,} {row.engine:11} {figures}"


def tables(rows: list[Row]) -> str:
    """The rows as Markdown, a table for each task, with ratios to our own figures."""
    out: list[str] = []
    for task, title in TASKS.items():
        chosen = [row for row in rows if row.task == task]
        if not chosen:
            continue
        out += [f"### {title}", ""]
        heads = ["graph", "triples", "engine", "wall s", "CPU s", "peak MB", "closure"]
        heads += ["wall to ours", "CPU to ours"]
        out += [f"| {' | '.join(heads)} |", "| --- | ---: | ---" + " | ---:" * 6 + " |"]
        for row in chosen:
            ours = next(
                r for r in chosen if (r.graph, r.size, r.engine) == (row.graph, row.size, "foedus")
            )
            head = f"| {row.graph} | {row.size:,} | {row.engine} |"
            if row.failed or row.wall is None:
                out.append(f"{head} {row.failed} | | | | | |")
                continue
            closure = f"{row.triples:,}" if row.triples and row.triples > 0 else ""
            ratios = [times(row.wall, ours.wall), times(row.cpu, ours.cpu)]
            figures = [f"{row.wall:.3f}", f"{row.cpu:.3f}", f"{row.mb:,}", closure, *ratios]
            out.append(f"{head} {' | '.join(figures)} |")
        out.append("")
    return "\n".join(out)


def times(one: float | None, other: float | None) -> str:
    """How many times the other one is, empty for the same."""
    if not one or not other or one == other:
        return ""
    return f"{one / other:,.1f}" if one < 100 * other else f"{one / other:,.0f}"


def machine() -> str:
    """The machine in a few words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {python}"


def between(text: str, name: str, made: str) -> str:
    """The text with something new between the two marks of that name."""
    begin, end = f"<!-- {name} begin -->", f"<!-- {name} end -->"
    before, rest = text.split(begin)
    return f"{before}{begin}\n{made}\n{end}{rest.split(end)[1]}"


def hard() -> str:
    """The table of the hard cases."""
    rows = ["| case | triples | closure | wall s | peak MB | right |"]
    rows += ["| --- | ---: | ---: | ---: | ---: | --- |"]
    done = subprocess.run(
        [sys.executable, str(HERE / "hard.py")], capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            case = json.loads(line)
            figures = f"{case['in']:,} | {case['out']:,} | {case['wall']:.2f} | {case['mb']:,}"
            rows.append(f"| {case['case']} | {figures} | {'yes' if case['right'] else 'no'} |")
        else:
            rows.append(f"| {line} | | | | | no |")
    return "\n".join(rows)


def live(folder: Path) -> str:
    """What a live closure costs, as a table."""
    rows = ["| graph | closure | build | rules alone | without proofs | one proof | the slowest |"]
    rows[0] += " withdraw 0.1 % | of a build | add 0.1 % | of a build |"
    rows[0] += " 20 changed, early / late |"
    rows.append("| --- |" + " ---: |" * 11)
    for graph in ("university", "alliance"):
        call = [sys.executable, str(HERE / "live.py"), str(graph_file(folder, graph, 1_000_000))]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        cells = [graph, f"{found['triples']:,}"]
        cells += [f"{found[key]:.3f} s" for key in ("build", "rules", "without proofs")]
        cells += [f"{1000 * found[key]:.2f} ms" for key in ("proof", "worst proof")]
        for change in ("withdraw", "add"):
            first, then = found[f"first {change}"], found[change]
            cells += [f"{1000 * then:.0f} ms (first {1000 * first:.0f})"]
            cells += [f"{then / found['build']:.1%}"]
        cells.append(
            " / ".join(f"{1000 * found[key]:.0f}" for key in ("small", "late small")) + " ms"
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def write(rows: list[Row]) -> None:
    """Renew the rows measured in benchmarks/results.json, and docs/benchmarks.md from them all."""
    store = HERE / "results.json"
    before = json.loads(store.read_text(encoding="utf-8")) if store.exists() else []
    merged = {(r["task"], r["graph"], r["size"], r["engine"]): Row(**r) for r in before}
    merged |= {(r.task, r.graph, r.size, r.engine): r for r in rows}
    order = (list(TASKS), list(GRAPHS), list(ENGINES))
    kept = sorted(
        merged.values(),
        key=lambda r: (
            order[0].index(r.task),
            order[1].index(r.graph),
            r.size,
            order[2].index(r.engine),
        ),
    )
    text = json.dumps([asdict(row) for row in kept], indent=1)
    store.write_text(text + "\n", encoding="utf-8")
    page = DOCS.read_text(encoding="utf-8")
    page = between(page, "table", f"{machine()}; medians.\n\n{tables(kept)}")
    DOCS.write_text(page, encoding="utf-8")


def write_more(folder: Path) -> None:
    """Renew the tables of the hard cases and of a live closure."""
    page = DOCS.read_text(encoding="utf-8")
    page = between(page, "hard", hard())
    page = between(page, "live", live(folder))
    DOCS.write_text(page, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--graphs", nargs="+", choices=GRAPHS, default=list(GRAPHS))
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--timeout", type=int, default=300, help="seconds for one run")
    parser.add_argument("--memory", type=int, default=12 * 1024, help="MB for one run")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for the graphs")
    parser.add_argument("--no-write", action="store_true", help="only print")
    parser.add_argument("--more", action="store_true", help="also hard.py and live.py")
    given = parser.parse_args()
    use_memory()
    for rows in measure(given):
        print(*map(line_of, rows), sep="\n", flush=True)
        if not given.no_write:
            write(rows)
    if given.more:
        write_more(given.folder)


if __name__ == "__main__":
    main()
