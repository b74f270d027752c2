"""Loading into real stores: whole, once, and nothing of others touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import Server

from foedus.errors import UsageError
from foedus.remote import Into, Mode, load, remote_select
from foedus.remote.batches import Lines
from foedus.terms import iri

A, B = "<http://example.org/a>", "<http://example.org/b>"
OTHER = ("<http://other.org/s>", "<http://other.org/p>", '"theirs"')
VIEW = "<https://w3id.org/foedus/source/view>"
RECORD = "<https://w3id.org/foedus/source/load>"


def triples(count: int, tag: str = "a") -> str:
    line = '<http://example.org/{tag}{n}> <http://example.org/p> "{n} \\"q\\" é"@en .\n'
    return "".join(line.format(tag=tag, n=n) for n in range(count))


def without_record(store: Server) -> set[tuple[str, ...]]:
    return {q for q in store.quads() if q[-1] != RECORD and q[-1] != f"{RECORD[:-1]}>"}


def place(store: Server) -> tuple[str, ...]:
    return (VIEW,) if store.to.union else ()


@pytest.fixture
def view(tmp_path: Path) -> Path:
    path = tmp_path / "view.nt"
    path.write_text(triples(50), encoding="utf-8")
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "dataset.nq"
    lines = [
        f"{line[:-2]} <http://example.org/g{n % 3}> .\n"
        for n, line in enumerate(triples(30).splitlines(True))
    ]
    path.write_text("".join(sorted(lines)) + triples(5, "d"), encoding="utf-8")
    return path


def test_load_twice_leaves_the_same_store(store: Server, view: Path) -> None:
    first = load(view, store.to, store.wire())
    once = store.quads()
    second = load(view, store.to, store.wire())
    assert store.quads() == once
    assert first.graphs == second.graphs == {(place(store) or (None,))[0]: 50}
    assert len(without_record(store)) == 50


def test_dataset_twice(store: Server, dataset: Path) -> None:
    load(dataset, store.to, store.wire())
    once = store.quads()
    load(dataset, store.to, store.wire())
    assert store.quads() == once
    assert len(without_record(store)) == 35


def test_small_batches_give_the_same(store: Server, view: Path, dataset: Path) -> None:
    for path in (view, dataset):
        store.clear()
        load(path, store.to, store.wire())
        whole = store.quads()
        store.clear()
        load(path, store.to.sending(200), store.wire())
        assert store.quads() == whole


def test_a_new_version_replaces_the_old(store: Server, view: Path, dataset: Path) -> None:
    load(dataset, store.to, store.wire())
    dataset.write_text(f"{A} {A} {A} <http://example.org/g1> .\n")
    load(dataset, store.to, store.wire())
    assert without_record(store) == {(A, A, A, "<http://example.org/g1>")}
    load(view, store.to, store.wire())
    view.write_text(f"{B} {B} {B} .\n")
    load(view, store.to, store.wire())
    assert without_record(store) == {(B, B, B, *place(store))}


def test_nothing_of_others_is_touched(store: Server, view: Path, dataset: Path) -> None:
    graph = "<http://other.org/g>"
    theirs = {(*OTHER, graph)}
    store.update(f"INSERT DATA {{ GRAPH {graph} {{ {' '.join(OTHER)} }} }}")
    if not store.to.union:
        store.update(f"INSERT DATA {{ {' '.join(OTHER)} }}")
        theirs.add(OTHER)
    for path in (view, dataset, view):
        for _ in range(2):
            load(path, store.to, store.wire())
            assert theirs <= store.quads()
    found = remote_select(store.to.query, f"SELECT ?p {{ {OTHER[0]} ?p ?o }}", 20)
    assert not found, "questions read the view, not what others put beside it"
    assert len(remote_select(store.to.query, "SELECT ?s { ?s ?p ?o }", 20).rows) == 50


def test_a_graph_of_others_is_refused(store: Server, view: Path) -> None:
    graph = "<http://other.org/g>"
    store.update(f"INSERT DATA {{ GRAPH {graph} {{ {' '.join(OTHER)} }} }}")
    before = store.quads()
    with pytest.raises(UsageError, match="--append adds"):
        load(view, store.to, store.wire(), Into(graph))
    assert store.quads() == before
    load(view, store.to, store.wire(), Into(graph, mode=Mode.append))
    load(view, store.to, store.wire(), Into(graph, mode=Mode.append))
    assert len(without_record(store)) == 51
    load(view, store.to, store.wire(), Into(graph, mode=Mode.replace))
    assert len(without_record(store)) == 50


def test_blank_nodes_are_the_same_each_time(store: Server, tmp_path: Path) -> None:
    path = tmp_path / "blank.nt"
    path.write_text(f'{A} {A} _:b0 .\n_:b0 {A} "not _:b1 at all" .\n')
    for _ in range(2):
        load(path, store.to, store.wire(), Into(mode=Mode.append))
    assert len(without_record(store)) == 2


def test_update_alone_is_enough(store: Server, view: Path, dataset: Path) -> None:
    from dataclasses import replace

    to = replace(store.to, graphs=None, quads=None, whole=False, batch=500)
    for path in (view, dataset):
        for _ in range(2):
            load(path, to, store.wire())
        assert len(without_record(store)) == Lines(path).graphs.total()


def test_a_graph_of_its_own(store: Server, view: Path) -> None:
    graph = iri("http://example.org/a graph?x=1&y=é".replace(" ", "%20"))
    load(view, store.to, store.wire(), Into(graph))
    load(view, store.to, store.wire(), Into(graph))
    assert {q[3] for q in without_record(store)} == {graph}


def test_an_answer_lost_after_the_swap_loses_nothing(
    store: Server, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import foedus.remote.sparql as sparql
    from foedus.remote.wire import Passing

    load(dataset, store.to, store.wire())
    before = store.quads()
    sent, lost = sparql._sent, []

    def losing(wire: object, call: object) -> object:
        answer = sent(wire, call)  # type: ignore[arg-type]
        if call.update and len(lost) < 3:  # type: ignore[attr-defined]
            lost.append(call)
            raise Passing("the answer was lost")
        return answer

    monkeypatch.setattr(sparql, "_sent", losing)
    load(dataset, store.to, store.wire(pause=0.01))
    assert len(lost) == 3
    assert store.quads() == before
