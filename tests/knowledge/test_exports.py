"""Exports: every parser takes them, and reads the same graph back; the same bytes every time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from foedus.knowledge import KnowledgeGraph, description
from foedus.remote.batches import Lines
from foedus.store.reading import opened, read_lines

JENA = Path(__file__).parents[2] / ".cache" / "stores" / "jena"
#: Format -> the ending of its files, and what each parser calls it (None: it reads no such file).
FORMATS = {
    "ttl": (".ttl", "turtle", "turtle", ox.RdfFormat.TURTLE),
    "nt": (".nt", "nt", "ntriples", ox.RdfFormat.N_TRIPLES),
    "rdfxml": (".rdf", "xml", "rdfxml", ox.RdfFormat.RDF_XML),
    "jsonld": (".jsonld", "json-ld", None, ox.RdfFormat.JSON_LD),
    "trig": (".trig", "trig", "trig", ox.RdfFormat.TRIG),
    "nq": (".nq", "nquads", "nquads", ox.RdfFormat.N_QUADS),
}
CASES = [(f, "view") for f in FORMATS] + [(f, "dataset") for f in ("trig", "nq", "jsonld")]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The whole graph, opened from its folder."""
    place = tmp_path_factory.mktemp("graph") / "build"
    KnowledgeGraph.build().save(place)
    return KnowledgeGraph.open(place)


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case))
def file(
    request: pytest.FixtureRequest, graph: KnowledgeGraph, tmp_path: Path
) -> tuple[Path, str, str]:
    """Each export as a file, with its format and layout."""
    format, layout = request.param
    path = tmp_path / f"graph{FORMATS[format][0]}"
    path.write_bytes(graph.export(format, layout))
    return path, format, layout


def canonical(quads: object) -> list[str]:
    """Quads with their blank nodes named by what is said of them, so that equal sets are equal."""
    found = ox.Dataset(quads)  # type: ignore[arg-type]
    found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, found))


def expected(graph: KnowledgeGraph, layout: str) -> list[str]:
    store = graph.dataset if layout == "dataset" else graph.view
    return canonical(store.oxigraph)


def test_oxigraph_reads_it_back(graph: KnowledgeGraph, file: tuple[Path, str, str]) -> None:
    path, format, layout = file
    assert canonical(ox.parse(path=path, format=FORMATS[format][3])) == expected(graph, layout)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
def test_rdflib_reads_it_back(
    graph: KnowledgeGraph, file: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise rdflib rewrites literals as it reads them, 00:00:00Z to 00:00:00+00:00.
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    path, format, layout = file
    if layout == "view" and format not in {"nq", "trig"}:
        back = rdflib.Graph().parse(path, format=FORMATS[format][1])
        assert isomorphic(back, graph.rdflib())
    else:
        dataset = rdflib.Dataset()
        dataset.parse(path, format=FORMATS[format][1])
        store = graph.dataset if layout == "dataset" else graph.view
        sizes = Counter(q[3] for q in store.quads())
        default = str(rdflib.graph.DATASET_DEFAULT_GRAPH_ID)
        back = {str(g.identifier): len(g) for g in dataset.graphs() if len(g)}
        assert back == {(g[1:-1] if g else default): n for g, n in sizes.items()}


def test_riot_finds_it_valid(graph: KnowledgeGraph, file: tuple[Path, str, str]) -> None:
    path, _, layout = file
    if not list(JENA.glob("jena-cmds-*.jar")) or not shutil.which("java"):
        pytest.skip("riot is not installed; run 'make stores' to install it")
    command = ["java", "-cp", f"{JENA}/*", "riotcmd.riot", "--strict", "--check", "--output=nq"]
    back = subprocess.run([*command, path], capture_output=True, timeout=120)
    assert (back.returncode, back.stderr) == (0, b"")
    assert canonical(ox.parse(back.stdout, ox.RdfFormat.N_QUADS)) == expected(graph, layout)


def test_raptor_reads_it_back(graph: KnowledgeGraph, file: tuple[Path, str, str]) -> None:
    path, format, layout = file
    kind = FORMATS[format][2]
    if kind is None:
        pytest.skip("raptor reads no JSON-LD")
    if not shutil.which("rapper"):
        pytest.skip("raptor is not installed; run 'make stores' to install it")
    out = "nquads" if layout == "dataset" else "ntriples"
    back = subprocess.run(
        ["rapper", "-q", "-i", kind, "-o", out, path], capture_output=True, timeout=60, check=True
    )
    assert back.stderr == b""
    lines = back.stdout.splitlines(keepends=True)
    found = canonical(ox.parse(b"".join(lines), ox.RdfFormat.N_QUADS))
    assert found == expected(graph, layout)


SCRIPT = """
import hashlib
from foedus.knowledge import KnowledgeGraph
from foedus.remote.batches import Lines
from foedus.store.reading import opened, read_lines
graph = KnowledgeGraph.build()
files = [graph.export(format, layout) for format, layout in {cases}]
for content in [*files, graph.export(description=True), graph.export(rdf12=True)]:
    print(hashlib.sha256(content).hexdigest())
"""


def test_the_same_bytes_in_another_process() -> None:
    def made(seed: str) -> list[str]:
        env = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT.format(cases=CASES)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)
        return done.stdout.split()

    once = made("1")
    assert len(once) == len(CASES) + 2
    assert made("2") == once


def test_prefixes_are_used_and_sorted(graph: KnowledgeGraph) -> None:
    lines = graph.export("ttl").decode().splitlines()
    declared = [line for line in lines if line.startswith("@prefix")]
    assert declared == sorted(declared) == lines[: len(declared)]
    assert not any("<https://w3id.org/foedus/ontology#" in line for line in lines[len(declared) :])


def test_no_literal_is_a_subject_and_no_blank_node_a_predicate(graph: KnowledgeGraph) -> None:
    for s, p, _, g in graph.dataset.quads():
        assert not s.startswith('"') and p.startswith("<") and (g is None or g.startswith("<"))


def test_blank_nodes_are_those_of_owl_alone(graph: KnowledgeGraph) -> None:
    kept = {s for s, p, o in graph.view.match() if s.startswith("_:") and "/foedus/" in p}
    assert not kept, "no node of the graph itself is blank"


def test_description_counts_what_is_there(graph: KnowledgeGraph) -> None:
    text = graph.export("nt", description=True).decode()
    prefix = "<https://w3id.org/foedus/source/dataset> <http://rdfs.org/ns/void#triples> "
    (line,) = [line for line in text.splitlines() if line.startswith(prefix)]
    assert f'"{len(graph.view)}"' in line
    sizes = Counter(q[3] for q in graph.dataset.quads() if q[3])
    for name, size in sizes.items():
        assert f'{name} <http://rdfs.org/ns/void#triples> "{size}"' in text


def test_reifiers_quote_and_do_not_state(graph: KnowledgeGraph) -> None:
    for format, kind in [("ttl", ox.RdfFormat.TURTLE), ("nq", ox.RdfFormat.N_QUADS)]:
        back = list(ox.parse(graph.export(format, rdf12=True), kind))
        quoted = [q for q in back if isinstance(q.object, ox.Triple)]
        assert len(quoted) == len(description.reifiers(graph.view)) > 0
        plain = canonical(q for q in back if not isinstance(q.object, ox.Triple))
        assert plain == expected(graph, "view")


@pytest.mark.parametrize("format", ["ttl", "nt", "trig", "nq"])
def test_reifiers_can_be_loaded(graph: KnowledgeGraph, format: str, tmp_path: Path) -> None:
    path = tmp_path / f"graph.{format}"
    path.write_bytes(graph.export(format, rdf12=True))
    with opened(path) as source:
        lines = read_lines(source)[0]
    sent = tmp_path / "sent.nt"
    sent.write_bytes(lines)
    Lines(sent).check()
    assert Lines(sent).graphs.total() == len(graph.view) + len(description.reifiers(graph.view))


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="this system limits no file's size")
    out = tmp_path / "out.nt"
    out.write_text("old")
    done = subprocess.run(
        [sys.executable, "-m", "foedus", "export", "--format", "nt", "-o", str(out)],
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 3
    assert done.stderr == f"foedus: {out} cannot be written: File too large\n"
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]
