"""Every canned question gives one answer: embedded, in rdflib, in real stores, over a file."""

from __future__ import annotations

import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import CACHE, INSTALL, Server, free_port
from values import bag

from foedus.errors import FoedusError
from foedus.knowledge import KnowledgeGraph
from foedus.questions import read_questions
from foedus.remote import Into, Wire, load, remote_select
from foedus.remote.sparql import declared, select
from foedus.resources import folders
from foedus.store.convert import term_of
from foedus.store.query import Result

QUESTIONS = sorted(read_questions(folders().queries))
EXTRA = sorted((Path(__file__).parent / "queries").glob("*.rq"))
EXCUSED = tomllib.loads((Path(__file__).parent / "excused.toml").read_text(encoding="utf-8"))
ASKED = [*QUESTIONS, *(path.stem for path in EXTRA)]


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The graph, built once and opened from its folder."""
    place = tmp_path_factory.mktemp("graph") / "build"
    KnowledgeGraph.build().save(place)
    return KnowledgeGraph.open(place)


def text(graph: KnowledgeGraph, name: str) -> str:
    if name in QUESTIONS:
        return graph.questions[name].sparql
    return (Path(__file__).parent / "queries" / f"{name}.rq").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def view(running: Server, graph: KnowledgeGraph) -> Server:
    """Each store in turn, with the view loaded."""
    running.clear()
    assert graph._place
    load(graph._place / "view.nt", running.to, running.wire())
    return running


@pytest.fixture(scope="module")
def dataset(running: Server, graph: KnowledgeGraph) -> Server:
    """Each store in turn, with the dataset loaded."""
    running.clear()
    assert graph._place
    load(graph._place / "dataset.nq", running.to, running.wire(), Into(union_is_view=True))
    return running


@pytest.mark.parametrize("name", ASKED)
def test_view(view: Server, graph: KnowledgeGraph, name: str) -> None:
    sparql = text(graph, name)
    expected = bag(graph.query(sparql))
    plain = select(view.to.query, declared(sparql, graph.prefixes), view.wire())
    assert bag(plain) == expected, "as any client asks"
    assert bag(remote_select(view.to.query, sparql, 60, prefixes=graph.prefixes)) == expected


def test_no_claim_becomes_a_fact_in_the_view(view: Server, graph: KnowledgeGraph) -> None:
    no_leak(view, graph)


@pytest.mark.parametrize("name", ASKED)
def test_dataset(dataset: Server, graph: KnowledgeGraph, name: str) -> None:
    sparql = text(graph, name)
    found = remote_select(dataset.to.query, sparql, 60, prefixes=graph.prefixes)
    assert bag(found) == bag(graph.query(sparql))


def test_no_claim_becomes_a_fact_in_the_dataset(dataset: Server, graph: KnowledgeGraph) -> None:
    no_leak(dataset, graph)


def no_leak(store: Server, graph: KnowledgeGraph) -> None:
    """The content of no claim is a triple of the default graph, unless it is a fact as well."""
    from foedus.exports import _query

    claims = {row[1:] for row in graph.view.query(_query("reifiers")).rows}
    only_claimed = {c for c in claims if not list(graph.view.match(*c))}
    assert len(only_claimed) > 5
    for s, p, o in only_claimed:
        assert not select(store.to.query, f"ASK {{ {s} {p} {o} }}", store.wire()).boolean, (s, p, o)
    together = " UNION ".join(f"{{ {s} {p} {o} }}" for s, p, o in sorted(only_claimed))
    assert not select(store.to.query, f"ASK {{ {together} }}", store.wire()).boolean


@pytest.fixture(scope="session")
def rdflib_graph(graph: KnowledgeGraph) -> object:
    return graph.rdflib()


@pytest.mark.parametrize("name", ASKED)
def test_rdflib(graph: KnowledgeGraph, rdflib_graph: object, name: str) -> None:
    sparql = declared(text(graph, name), graph.prefixes)
    found = rdflib_graph.query(sparql)  # type: ignore[attr-defined]
    if found.type == "ASK":
        result = Result("boolean", boolean=found.askAnswer)
    else:
        names = tuple(map(str, found.vars))
        rows = tuple(tuple(None if t is None else term_of(t) for t in row) for row in found)
        result = Result("rows", names, rows)
    assert bag(result) == bag(graph.query(sparql))


@pytest.fixture(scope="session")
def comunica(graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Comunica over the exported file; its query URL."""
    program = CACHE / "comunica" / "node_modules" / ".bin" / "comunica-sparql-file-http"
    if not program.is_file():
        pytest.skip(f"Comunica is not in {CACHE / 'comunica'}; {INSTALL}")
    folder = tmp_path_factory.mktemp("comunica")
    (folder / "view.ttl").write_bytes(graph.export("ttl"))
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), str(folder / "view.ttl"), "-p", str(port), "-w", "1"],
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}/sparql"
    for _ in range(150):
        try:
            select(url, "ASK {}", Wire(None, 60, 0))
            break
        except FoedusError:
            time.sleep(0.2)
    else:
        process.kill()
        pytest.skip(f"Comunica did not start: {(folder / 'log').read_text()[-300:]}")
    yield url
    process.terminate()
    process.wait(10)


@pytest.mark.parametrize("name", ASKED)
def test_comunica(graph: KnowledgeGraph, comunica: str, name: str) -> None:
    sparql = declared(text(graph, name), graph.prefixes)
    found = select(comunica, sparql, Wire(None, 60, 1))
    agrees = bag(found) == bag(graph.query(sparql))
    if reason := EXCUSED["comunica"].get(name):
        assert not agrees, f"take {name} out of excused.toml: it agrees now"
        pytest.xfail(reason)
    assert agrees
