"""A graph is built whole, kept apart by origin, opened only if whole, and asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from foedus.errors import InputError, UnknownName
from foedus.knowledge import KnowledgeGraph

TINY = Path(__file__).parents[1] / "data" / "tiny"
ID = "https://w3id.org/foedus/id/"
FO = "https://w3id.org/foedus/ontology#"
ALLIED = f"<{FO}alliedWith>"
CHINA, KOREA = f"<{ID}China>", f"<{ID}NorthKorea>"


@pytest.fixture(scope="module")
def tiny() -> KnowledgeGraph:
    return KnowledgeGraph.build(TINY)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "data"))


def test_asserted_and_derived_are_told_apart(tiny: KnowledgeGraph) -> None:
    assert (CHINA, ALLIED, KOREA) in tiny.asserted
    assert (KOREA, ALLIED, CHINA) not in tiny.asserted
    assert (KOREA, ALLIED, CHINA) in set(tiny.view.match())
    graphs = {q[3] for q in tiny.dataset.quads() if q[:3] == (KOREA, ALLIED, CHINA)}
    assert graphs == {None, tiny.derived_graph}


def test_what_is_asserted_is_known_without_a_closure(tiny: KnowledgeGraph, tmp_path: Path) -> None:
    tiny.save(tmp_path / "build")
    bare = KnowledgeGraph.open(tmp_path / "build", TINY)
    assert bare.asserted == tiny.asserted
    assert sorted(bare.dataset.quads(), key=str) == sorted(tiny.dataset.quads(), key=str)


def test_a_claim_is_no_fact_unless_its_speaker_is_believed(tiny: KnowledgeGraph) -> None:
    claimed = (CHINA, f"<{FO}distrusts>", KOREA)
    assert claimed not in set(tiny.view.match())
    for who in ("park", "Park Won-gon", "everyone"):
        believing = KnowledgeGraph.build(TINY, believe=[who])
        assert claimed in believing.asserted
        graphs = {q[3] for q in believing.dataset.quads() if q[:3] == claimed}
        assert "<https://w3id.org/foedus/source/tiny/claim1>" in graphs


@pytest.mark.parametrize(
    ("who", "says"), [("Parc Won-gon", "Park Won-gon"), ("China", "claims are by")]
)
def test_nobody_is_believed_who_claims_nothing(who: str, says: str) -> None:
    with pytest.raises(UnknownName, match=says):
        KnowledgeGraph.build(TINY, believe=[who])


def test_each_fact_has_a_record_of_its_passage(tiny: KnowledgeGraph) -> None:
    found = tiny.query(
        "SELECT ?words { ?r fo:subject id:China ; fo:predicate fo:alliedWith ;"
        " fo:object id:NorthKorea ; fo:statedIn/oa:exact ?words }"
    )
    assert found.rows == (('"China is an ally of North Korea."',),)
    values = tiny.query("SELECT ?v { ?r fo:predicate fo:signedOn ; fo:value ?v }")
    assert len(values.rows) == 1


def test_background_can_be_left_out() -> None:
    alone = KnowledgeGraph.build(TINY, background=False)
    assert not any(f"<{ID}Japan>" in t for t in alone.view.match())


def test_a_saved_graph_is_the_same_when_opened(tiny: KnowledgeGraph, tmp_path: Path) -> None:
    tiny.save(tmp_path / "a")
    opened = KnowledgeGraph.open(tmp_path / "a", TINY)
    assert set(opened.view.match()) == set(tiny.view.match())
    assert set(opened.dataset.quads()) == set(tiny.dataset.quads())
    assert opened.asserted == tiny.asserted
    assert opened.manifest.counts == tiny.manifest.counts
    assert not opened.is_stale
    opened.save(tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_second_build_replaces_the_first(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    KnowledgeGraph.build(data).save(out)
    KnowledgeGraph.build(data, background=False).save(out)
    assert not KnowledgeGraph.open(out, data).manifest.background
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "out"]


@pytest.mark.parametrize("there", [True, False], ids=["to a folder", "to nothing yet"])
def test_a_link_is_followed(tiny: KnowledgeGraph, tmp_path: Path, there: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    if there:
        target.mkdir()
    link.symlink_to(target)
    tiny.save(link)
    tiny.save(link)
    assert link.is_symlink()
    assert KnowledgeGraph.open(target, TINY).manifest.counts == tiny.manifest.counts


def test_the_folder_itself_is_kept(tiny: KnowledgeGraph, tmp_path: Path) -> None:
    """As it must be for a mount point, and where the folder around it takes nothing new."""
    out = tmp_path / "out"
    tiny.save(out)
    before = out.stat().st_ino
    tiny.save(out)
    assert out.stat().st_ino == before


def test_what_a_killed_build_left_is_removed(tiny: KnowledgeGraph, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "import os, sys; from foedus.knowledge import KnowledgeGraph, folder\n"
        "folder._by_graph = lambda quad: os._exit(9)\n"
        "KnowledgeGraph.build(sys.argv[1]).save(sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", code, str(TINY), str(out)], timeout=60, check=False)
    assert [p.name[:6] for p in out.iterdir()] == [".part-"]
    tiny.save(out)
    KnowledgeGraph.open(out, TINY)
    assert not list(out.glob(".part-*"))


@pytest.mark.parametrize("change", ["graph/sources/tiny/facts.trig", "ontology/foedus.ttl"])
def test_a_graph_knows_when_its_files_have_changed(data: Path, tmp_path: Path, change: str) -> None:
    KnowledgeGraph.build(data).save(tmp_path / "out")
    with (data / change).open("a") as file:
        file.write("\n# changed\n")
    assert KnowledgeGraph.open(tmp_path / "out", data).is_stale


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda out: shutil.rmtree(out), "is not there; run 'foedus build"),
        (lambda out: (out / "manifest.json").unlink(), "has no manifest.json"),
        (lambda out: (out / "manifest.json").write_text("{"), "manifest.json cannot be read"),
        (lambda out: (out / "view.nt").unlink(), "half written: view.nt is missing"),
        (lambda out: (out / "dataset.nq").write_text("x"), "dataset.nq is not whole"),
        (lambda out: (out / "names.json").unlink(), "half written: names.json is missing"),
    ],
    ids=["gone", "no manifest", "broken manifest", "no view", "short dataset", "no names"],
)
def test_a_build_that_is_not_whole_is_not_opened(tmp_path: Path, harm: object, says: str) -> None:
    KnowledgeGraph.build(TINY).save(tmp_path / "out")
    harm(tmp_path / "out")  # type: ignore[operator]
    with pytest.raises(InputError, match=says):
        KnowledgeGraph.open(tmp_path / "out", TINY)


def test_names_that_cannot_be_read_are_told(tiny: KnowledgeGraph, tmp_path: Path) -> None:
    tiny.save(tmp_path / "out")
    names = tmp_path / "out" / "names.json"
    names.write_text("?" * names.stat().st_size)
    with pytest.raises(InputError, match=r"names\.json cannot be read; run 'foedus build'"):
        KnowledgeGraph.open(tmp_path / "out", TINY).names.label("<x:y>")


def test_a_folder_with_other_things_is_left_alone(tiny: KnowledgeGraph, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds other things \(thesis.txt\)"):
        tiny.save(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_build_that_fails_leaves_the_old_one(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    KnowledgeGraph.build(data).save(out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    (data / "graph/sources/tiny/article.txt").write_text("Other words.")
    with pytest.raises(InputError):
        KnowledgeGraph.build(data).save(out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_findings_are_clashes_shapes_and_rows_of_checks(data: Path) -> None:
    with (data / "graph/sources/tiny/facts.trig").open("a") as file:
        file.write(
            "tiny:s03 { id:China a fo:Person ; fo:alliedWith id:China . id:X a fo:State . }\n"
        )
    found = {(f.kind, f.check): f.message for f in KnowledgeGraph.build(data).check()}
    assert "China" in found["clash", "cax-dw"]
    assert found["shape", "rdfs:label"] == "id:X: a state has a label"
    assert found["query", "own-ally"] == "China is its own ally"


def test_a_sound_graph_has_no_findings(tiny: KnowledgeGraph) -> None:
    assert tiny.check() == ()


def test_rdflib_users_get_a_graph(tiny: KnowledgeGraph) -> None:
    rdflib = pytest.importorskip("rdflib")
    graph = tiny.rdflib()
    assert (rdflib.URIRef(f"{ID}NorthKorea"), rdflib.URIRef(f"{FO}alliedWith"), None) in graph
    assert graph.namespace_manager.expand_curie("id:China") == rdflib.URIRef(f"{ID}China")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("layout", ["view", "dataset"])
@pytest.mark.parametrize("format", ["ttl", "nt", "trig", "nq", "jsonld", "rdfxml"])
def test_every_export_reads_back(tiny: KnowledgeGraph, format: str, layout: str) -> None:
    rdflib = pytest.importorskip("rdflib")
    if layout == "dataset" and format in ("ttl", "nt", "rdfxml"):
        with pytest.raises(UnknownName.__mro__[1], match="no named graphs"):
            tiny.export(format, layout)
        return
    names = {"ttl": "turtle", "nq": "nquads", "jsonld": "json-ld", "rdfxml": "xml"}
    read = rdflib.Dataset(default_union=True)
    read.parse(data=tiny.export(format, layout), format=names.get(format, format))
    assert len(read) == len(set(tiny.view.match()))


def test_the_manifest_says_what_it_was_made_from(tiny: KnowledgeGraph, tmp_path: Path) -> None:
    tiny.save(tmp_path / "out")
    body = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {"foedus", "ontology/foedus.ttl", "graph/sources/tiny/article.txt"} <= set(
        body["inputs"]
    )
    assert body["counts"]["sentences"] == 3
