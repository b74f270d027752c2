"""A default graph that shows all graphs, whatever a preset says, and stores known by URLs alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from servers import Absent, Server, fuseki, oxigraph
from test_store_load import OTHER, VIEW, triples

from foedus.errors import UsageError
from foedus.remote import Into, Mode, endpoint, load, remote_select

OTHERS = "<http://other.org/g>"


@pytest.fixture(params=[oxigraph, fuseki])
def together(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A store set up to show all graphs in its default graph, with a graph of others in it."""
    start: Callable[..., Server] = request.param
    try:
        server = start(tmp_path, lasting=True, union=True)
    except Absent as reason:
        pytest.skip(str(reason))
    server.update(f"INSERT DATA {{ GRAPH {OTHERS} {{ {' '.join(OTHER)} }} }}")
    assert not server.to.union, "the preset does not know"
    yield server
    server.stop()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A file of triples, and one with a named graph."""
    view, dataset = tmp_path / "one.nt", tmp_path / "two.nq"
    view.write_text(triples(3000), encoding="utf-8")
    dataset.write_text(f"{triples(1, 'n')[:-2]} <urn:g> .\n{triples(2, 'd')}", encoding="utf-8")
    return [view, dataset]


def named(store: Server) -> set[tuple[str, ...]]:
    return {quad for quad in store.quads() if len(quad) == 4}


def test_a_union_is_found_and_nothing_deleted_from_it(together: Server, files: list[Path]) -> None:
    for _ in range(2):
        for path in files:
            load(path, together.to, together.wire())
            assert (*OTHER, OTHERS) in named(together)
    view, _ = files
    assert sum(quad[3] == VIEW for quad in named(together)) == 3000
    assert sum(quad[3] == "<urn:g>" for quad in named(together)) == 1
    assert len(remote_select(together.to.query, "SELECT ?s { ?s ?p ?o }", 20).rows) == 3000
    for mode in (Mode.own, Mode.replace, Mode.append):
        with pytest.raises(UsageError, match="all its graphs together; name one with --graph"):
            load(view, together.to, together.wire(), Into(default=True, mode=mode))
    assert (*OTHER, OTHERS) in named(together)


def test_by_urls_alone(store: Server, files: list[Path]) -> None:
    to = endpoint(query=store.to.query, update=store.to.update)
    store.update(f"INSERT DATA {{ GRAPH {OTHERS} {{ {' '.join(OTHER)} }} }}")
    for _ in range(2):
        for path in files:
            load(path, to, store.wire())
    held = store.quads()
    assert (*OTHER, OTHERS) in held
    numbers = [sum(f"/{tag}{n}>" in quad[0] for quad in held for n in "0") for tag in "and"]
    assert numbers == [1, 1, 1]
    assert sum("example.org/a" in quad[0] for quad in held) == 3000
    with_graphs = replace(to, graphs=store.to.graphs)
    if with_graphs.graphs:
        load(files[0], with_graphs, store.wire())
        assert store.quads() == held
