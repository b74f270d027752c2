"""Several data sets in one store: each load replaces what the same data set put there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from servers import Server
from test_store_load import OTHER, RECORD, VIEW, triples, without_record

from foedus.errors import UsageError
from foedus.remote import Into, Mode, Source, load, read_record, remote_select
from foedus.remote.wire import Wire

MINE = "<urn:mine>"


def written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("".join(f"{line} .\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two files of one triple each."""
    return (
        written(tmp_path, "a.nt", "<urn:a> <urn:p> <urn:a>"),
        written(tmp_path, "b.nt", "<urn:b> <urn:p> <urn:b>"),
    )


def subjects(store: Server) -> set[str]:
    return {quad[0] for quad in without_record(store)}


def graph_of(store: Server, subject: str) -> str | None:
    """The only graph that names the subject; None is the default graph."""
    ((_, *graph),) = [(q[0], *q[3:]) for q in without_record(store) if q[0] == subject]
    return graph[0] if graph else None


def test_two_files_side_by_side(store: Server, files: tuple[Path, Path]) -> None:
    for _ in range(2):
        for path in files:
            load(path, store.to, store.wire())
    assert subjects(store) == {"<urn:a>", "<urn:b>"}
    written(files[0].parent, "a.nt", "<urn:new> <urn:p> <urn:a>")
    load(files[0], store.to, store.wire())
    assert subjects(store) == {"<urn:new>", "<urn:b>"}


def test_a_graph_of_its_own_stays(store: Server, files: tuple[Path, Path], tmp_path: Path) -> None:
    a, b = files
    lines = ["<urn:c> <urn:p> <urn:c> <urn:g1>", "<urn:d> <urn:p> <urn:d>"]
    dataset = written(tmp_path, "c.nq", *lines)
    load(a, store.to, store.wire(), Into(MINE))
    load(dataset, store.to, store.wire())
    load(b, store.to, store.wire())
    assert subjects(store) == {"<urn:a>", "<urn:b>", "<urn:c>", "<urn:d>"}
    assert graph_of(store, "<urn:a>") == MINE
    written(tmp_path, "c.nq", lines[1])
    load(dataset, store.to, store.wire())
    assert subjects(store) == {"<urn:a>", "<urn:b>", "<urn:d>"}


def test_one_file_in_two_graphs(store: Server, files: tuple[Path, Path]) -> None:
    a, _ = files
    load(a, store.to, store.wire(), Into(MINE))
    load(a, store.to, store.wire(), Into("<urn:too>"))
    load(a, store.to, store.wire())
    written(a.parent, "a.nt", "<urn:new> <urn:p> <urn:a>")
    load(a, store.to, store.wire(), Into("<urn:too>"))
    graphs = {(q[0], *q[3:]) for q in without_record(store)}
    assert graphs >= {("<urn:a>", MINE), ("<urn:new>", "<urn:too>")}
    assert len(graphs) == 3


def test_a_renamed_file_is_another(store: Server, files: tuple[Path, Path]) -> None:
    a, _ = files
    load(a, store.to, store.wire())
    moved = a.rename(a.with_name("moved.nt"))
    said: list[str] = []
    report = load(moved, store.to, store.wire(), tell=said.append)
    assert not said
    assert "holds what a.nt put there; moved.nt goes to" in report.notes[0]
    assert len(without_record(store)) == 2


def test_a_graph_of_another_file_is_refused(store: Server, files: tuple[Path, Path]) -> None:
    a, b = files
    load(a, store.to, store.wire(), Into(MINE))
    with pytest.raises(UsageError, match=r"<urn:mine> already holds what a.nt put there; --append"):
        load(b, store.to, store.wire(), Into(MINE))
    assert subjects(store) == {"<urn:a>"}
    said: list[str] = []
    load(b, store.to, store.wire(), Into(MINE, mode=Mode.replace), tell=said.append)
    assert said == ["removing from <urn:mine> what a.nt put there"]
    assert subjects(store) == {"<urn:b>"}
    with pytest.raises(UsageError, match=r"already holds what b.nt put there"):
        load(a, store.to, store.wire(), Into(MINE))


def test_what_others_added_stays(store: Server, files: tuple[Path, Path]) -> None:
    a, b = files
    load(a, store.to, store.wire(), Into(MINE))
    load(b, store.to, store.wire(), Into(MINE, mode=Mode.append))
    with pytest.raises(UsageError, match=r"already holds what a.nt and b.nt put there; "):
        load(a, store.to, store.wire(), Into(MINE))
    assert subjects(store) == {"<urn:a>", "<urn:b>"}


def test_what_goes_is_said_before(store: Server, files: tuple[Path, Path]) -> None:
    a, _ = files
    said: list[str] = []

    def tell(words: str) -> None:
        said.append(words)
        assert "<urn:a>" in subjects(store), "it is still there"

    load(a, store.to, store.wire(), tell=tell)
    assert not said
    load(a, store.to, store.wire(), tell=tell)
    (words,) = said
    place = VIEW if store.to.union else "the default graph"
    assert words == f"replacing what the last load of a.nt put into {place}"


def test_a_load_cut_short_among_others(store: Server, files: tuple[Path, Path]) -> None:
    a, b = files
    load(a, store.to, store.wire())
    for word in ("POST", "PUT"):
        wire = store.wire(retries=0)
        with pytest.MonkeyPatch.context() as patch:
            _cut(patch, word, after=2)
            with suppress(ConnectionAbortedError):
                load(b, store.to, wire)
        load(a, store.to, store.wire())
        load(b, store.to, store.wire())
        assert subjects(store) == {"<urn:a>", "<urn:b>"}
        assert len(without_record(store)) == 2


def _cut(patch: pytest.MonkeyPatch, method: str, after: int) -> None:
    """End the program, as it were, at some request to write."""
    send, seen = Wire.send, []

    def cutting(wire: Wire, word: str, *rest: object) -> object:
        seen.append(word)
        if seen.count(method) == after:
            raise ConnectionAbortedError
        return send(wire, word, *rest)  # type: ignore[arg-type]

    patch.setattr(Wire, "send", cutting)


def test_a_record_of_an_earlier_version(store: Server, files: tuple[Path, Path]) -> None:
    a, _ = files
    graph = VIEW if store.to.union else None
    theirs = f"GRAPH {graph} {{ {' '.join(OTHER)} }}" if graph else " ".join(OTHER)
    is_there = f"<http://www.w3.org/ns/sparql-service-description#namedGraph> {graph}"
    counted = '<http://rdfs.org/ns/void#triples> "1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    kind = "a <http://www.w3.org/ns/sparql-service-description#Dataset>"
    store.update(
        f"INSERT DATA {{ {theirs} GRAPH {RECORD} {{ {RECORD} {kind} ; "
        f"{is_there if graph else counted} }} }}"
    )
    with pytest.raises(UsageError, match="what an earlier version of foedus put there"):
        load(a, store.to, store.wire())
    assert subjects(store) == {OTHER[0]}
    load(a, store.to, store.wire(), Into(mode=Mode.replace))
    load(a, store.to, store.wire())
    assert subjects(store) == {"<urn:a>"}


def test_questions_read_the_graph_made_for_them(store: Server, files: tuple[Path, Path]) -> None:
    a, b = files
    load(a, store.to, store.wire())
    load(b, store.to, store.wire(), source=Source("an-article", "an-article", conforms=True))
    load(a, store.to, store.wire())
    found = remote_select(store.to.query, "SELECT ?s { ?s ?p ?o }", 20)
    assert found.rows == (("<urn:b>",),)
    load(a, store.to, store.wire(), Into(MINE))
    assert remote_select(store.to.query, f"ASK {{ GRAPH {MINE} {{ <urn:a> ?p ?o }} }}", 20).boolean


def test_the_record_cannot_be_loaded_over(store: Server, files: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="is where loads are recorded"):
        load(files[0], store.to, store.wire(), Into(RECORD))


def test_a_place_without_an_update_url(store: Server, files: tuple[Path, Path]) -> None:
    if store.to.graphs is None:
        pytest.skip(f"{store.name} has no Graph Store Protocol")
    to = replace(store.to, update=None)
    for path in files:
        load(path, to, store.wire())
    assert subjects(store) == {"<urn:a>", "<urn:b>"}
    assert len(read_record(store.to.query, store.wire()).loads) == 2


def test_a_refused_load_changes_nothing(store: Server, tmp_path: Path) -> None:
    store.update(f"INSERT DATA {{ GRAPH {MINE} {{ {' '.join(OTHER)} }} }}")
    before = store.quads()
    path = tmp_path / "x.nt"
    path.write_text(triples(3))
    with pytest.raises(UsageError, match="already holds triples of others"):
        load(path, store.to, store.wire(), Into(MINE))
    assert store.quads() == before
