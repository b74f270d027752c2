"""What mutations start from: the project's own files, and a few of every format beside."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pyoxigraph as ox
from inputs import HERE
from sandbox import Command, run

ROOT = HERE.parents[1]
TINY = ROOT / "tests" / "data" / "tiny"
#: Endings of RDF files, and the formats in which their seeds are written.
FORMATS = {
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "ttl": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "rdf": ox.RdfFormat.RDF_XML,
    "owl": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "n3": ox.RdfFormat.N3,
}


def _files(*patterns: str) -> list[Path]:
    return sorted(
        p for pattern in patterns for p in ROOT.glob(pattern) if p.stat().st_size < 60_000
    )


@cache
def rdf() -> dict[str, list[bytes]]:
    """Small files of each format: the project's own, written in the others too."""
    found: dict[str, list[bytes]] = {name: [] for name in FORMATS}
    seeds = HERE / "seeds"
    for path in (*_files("tests/data/tiny/**/*.trig", "ontology/*.ttl"), seeds / "owl.ttl"):
        quads = list(ox.parse(path=path, base_iri="http://example.org/"))
        for name, kind in FORMATS.items():
            rows = quads if kind.supports_datasets else [q.triple for q in quads]
            text = ox.serialize(rows, format=kind, prefixes={"": "http://example.org/"})
            assert text is not None
            found[name].append(text)
    for name in FORMATS:
        found[name] += [p.read_bytes() for p in sorted(seeds.glob(f"*.{name}"))]
    return found


@cache
def rules() -> list[bytes]:
    table = _files("tests/data/**/*.toml", "ontology/*.toml", "src/foedus/reasoning/*.toml")
    return [path.read_bytes() for path in table]


@cache
def questions() -> list[bytes]:
    return [path.read_bytes() for path in _files("queries/*.rq", "tests/data/**/*.rq")]


@cache
def tiny() -> dict[str, bytes]:
    return {str(p.relative_to(TINY.parent)): p.read_bytes() for p in TINY.rglob("*") if p.is_file()}


def tiny_with(name: str, content: bytes) -> dict[str, bytes]:
    """A small folder of sources with another content of one file, which stands first."""
    return {name: content, **{other: c for other, c in tiny().items() if other != name}}


@cache
def answers() -> list[bytes]:
    """What a store answers that works."""
    return [path.read_bytes() for path in sorted((HERE / "seeds").glob("*.http"))]


@cache
def built() -> Path:
    """A build of the project's own graph, made once; commands find it as ``GRAPH``."""
    place = Path(tempfile.mkdtemp(prefix="foedus-fuzz-"))
    atexit.register(shutil.rmtree, place)
    made = run(Command((b"build", b"--out", b"GRAPH", b"--data", os.fsencode(ROOT))), place)
    assert made.code == 0, made.err.decode()
    return place / "GRAPH"
