"""Every canned question gives one answer: embedded, in rdflib, in real stores, over a file.

So do the queries beside this file, each of them one construct of SPARQL.
"""

from __future__ import annotations

import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import CACHE, INSTALL, Server, free_port
from values import bag

from foedus.errors import FoedusError, InputError
from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.questions import read_questions
from foedus.remote import Wire, load, remote_select
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
    assert graph.place
    load(graph.place / "view.nt", running.to, running.wire())
    return running


@pytest.fixture(scope="module")
def dataset(running: Server, graph: KnowledgeGraph) -> Server:
    """Each store in turn, with the dataset loaded."""
    running.clear()
    assert graph.place
    load(graph.place / "dataset.nq", running.to, running.wire())
    return running


def agree(program: str, name: str, expected: Result, ask: Callable[[], Result]) -> None:
    """Fail unless the answers are equal, or differ as excused.toml says they do."""
    reason = EXCUSED.get(program, {}).get(name)
    try:
        agrees = bag(ask()) == bag(expected)
    except InputError:
        agrees = False
        assert reason
    if reason:
        assert not agrees, f"take {name} out of excused.toml: it agrees now"
        pytest.xfail(reason)
    assert agrees


@pytest.mark.parametrize("name", ASKED)
def test_view_as_any_client_asks(view: Server, graph: KnowledgeGraph, name: str) -> None:
    sparql = text(graph, name)
    plain = declared(sparql, graph.prefixes)
    agree(view.name, name, graph.query(sparql), lambda: select(view.to.query, plain, view.wire()))


@pytest.mark.parametrize("name", ASKED)
def test_view(view: Server, graph: KnowledgeGraph, name: str) -> None:
    asked_as_foedus_asks(view, graph, name)


def test_no_claim_becomes_a_fact_in_the_view(view: Server, graph: KnowledgeGraph) -> None:
    no_leak(view, graph)


@pytest.mark.parametrize("name", ASKED)
def test_dataset(dataset: Server, graph: KnowledgeGraph, name: str) -> None:
    asked_as_foedus_asks(dataset, graph, name)


def asked_as_foedus_asks(store: Server, graph: KnowledgeGraph, name: str) -> None:
    sparql = text(graph, name)

    def ask() -> Result:
        return remote_select(store.to.query, sparql, 60, prefixes=graph.prefixes)

    agree(store.name, name, graph.query(sparql), ask)


def test_no_claim_becomes_a_fact_in_the_dataset(dataset: Server, graph: KnowledgeGraph) -> None:
    no_leak(dataset, graph)


def no_leak(store: Server, graph: KnowledgeGraph) -> None:
    """The content of no claim is a triple of the default graph, unless it is a fact as well."""
    from foedus.knowledge.description import _query

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
    elif found.type == "CONSTRUCT":
        result = Result("triples", triples=tuple(tuple(map(term_of, t)) for t in found.graph))
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
    agree(
        "comunica", name, graph.query(sparql), lambda: select(comunica, sparql, Wire(None, 60, 1))
    )
