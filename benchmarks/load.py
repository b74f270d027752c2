"""How long `foedus load` takes beside curl, for one file into a fresh server each time.

    python benchmarks/load.py FILE.nt [--runs 3] [--out docs/benchmarks-load.md]

curl uses the store's own fastest upload: for Oxigraph a POST that is one bulk load
(``no_transaction``), for Fuseki a PUT. Each run starts an empty server on disk (Oxigraph) or in
memory (Fuseki); curl and foedus take turns, so that both meet the same machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "stores"))

from run import between  # noqa: E402
from servers import Absent, Server, fuseki, oxigraph  # noqa: E402


def curl(server: Server, file: Path) -> list[str]:
    """The store's own bulk upload of the file into the default graph."""
    way = {
        "oxigraph": ["-X", "POST", f"{server.to.graphs}?no_transaction&default"],
        "fuseki": ["-X", "PUT", f"{server.to.graphs}?default"],
    }[server.name]
    kind = "Content-Type: application/n-triples"
    return ["curl", "-sS", "-f", "-o", os.devnull, "-H", kind, "-T", str(file), *way]


def foedus(server: Server, file: Path) -> list[str]:
    """The same by foedus."""
    words = ["load", str(file), "--endpoint", server.base, "--preset", server.name]
    return [sys.executable, "-m", "foedus", *words]


def cpu(server: Server) -> float:
    """CPU seconds that a server has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(command: list[str]) -> tuple[float, float, float]:
    """Seconds, CPU seconds and megabytes that a command took."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    took = time.perf_counter() - start
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(start: Callable[[Path], Server], file: Path, runs: int) -> list[str]:
    """A row of the table: the medians of both, and how they relate."""
    seconds: dict[str, list[float]] = {"curl": [], "foedus": []}
    work: dict[str, list[float]] = {"curl": [], "foedus": []}
    memory = 0.0
    name = ""
    for run in range(runs):
        ways = [("curl", curl), ("foedus", foedus)]
        for label, way in ways if run % 2 == 0 else ways[::-1]:
            with tempfile.TemporaryDirectory() as folder:
                server = start(Path(folder))
                try:
                    before = cpu(server)
                    took, worked, used = timed(way(server, file))
                    worked += cpu(server) - before
                finally:
                    server.stop()
                name = server.name
                seconds[label].append(took)
                work[label].append(worked)
                if label == "foedus":
                    memory = max(memory, used)
                print(
                    f"{name} {label}: {took:.1f} s, {worked:.1f} CPU s, {used:.0f} MB",
                    file=sys.stderr,
                )
    row = [name]
    for taken in (seconds, work):
        ours, theirs = (statistics.median(taken[k]) for k in ("foedus", "curl"))
        row += [f"{theirs:.1f} s", f"{ours:.1f} s", f"{ours / theirs:.2f}"]
    return [*row, f"{memory:.0f} MB"]


def on_disk(folder: Path) -> Server:
    """Oxigraph with its data on disk, as one runs it."""
    return oxigraph(folder, lasting=True)


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = []
    for start in (on_disk, fuseki):
        try:
            rows.append(compare(start, given.file, given.runs))
        except Absent as reason:
            print(reason, file=sys.stderr)
    lines = sum(block.count(b"\n") for block in iter_blocks(given.file))
    heads = ["store", "curl", "foedus load", "ratio", "curl, CPU", "foedus, CPU", "ratio"]
    heads += ["foedus, peak memory"]
    table = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    text = "\n".join("| " + " | ".join(row) + " |" for row in table)
    size = given.file.stat().st_size / 1e6
    about = (
        f"{lines:,} triples, {size:.0f} MB of N-Triples, into an empty store; medians of "
        f"{given.runs} runs, Python {platform.python_version()}, {os.cpu_count()} cores. "
        "CPU is that of client and server together."
    )
    made = f"{text}\n\n{about}"
    if given.out:
        page = given.out.read_text(encoding="utf-8")
        given.out.write_text(between(page, "load", made), encoding="utf-8")
    print(made)


def iter_blocks(file: Path) -> object:
    """The file, a megabyte at a time."""
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            yield block


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096))
    main()
