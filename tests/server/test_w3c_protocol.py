"""The protocol suites of the W3C, as far as they read; each update is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import rdflib
from rdflib.collection import Collection
from serving import client_of
from starlette.testclient import TestClient

from foedus.knowledge import KnowledgeGraph
from foedus.store.query import QuadStore

SHARED = Path(os.environ.get("FOEDUS_SHARED", Path(__file__).parents[3] / "shared"))
SUITE = SHARED / "conformance" / "sparql11"
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = rdflib.Namespace("http://www.w3.org/2011/http#")
CNT = rdflib.Namespace("http://www.w3.org/2011/content#")
FORMATS = {
    "boolean": ("application/sparql-results+json", "application/sparql-results+xml"),
    "tabular": ("application/sparql-results+json", "application/sparql-results+xml", "text/csv"),
    "RDF": ("text/turtle", "application/rdf+xml", "application/n-triples"),
}
#: Queries that ask what an update has changed.
AFTER_UPDATE = "update_"


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a case, and what it expects."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: frozenset[str]
    boolean: bool | None
    format: str | None

    @property
    def updates(self) -> bool:
        form = any("x-www-form-urlencoded" in value for _, value in self.headers)
        return any("sparql-update" in value for _, value in self.headers) or (
            form and self.body.startswith(b"update=")
        )


def requests(graph: rdflib.Graph, case: rdflib.term.Node) -> Iterator[Request]:
    for listed in graph.objects(graph.value(case, MF.action), HT.requests):
        for node in Collection(graph, listed):
            headers = tuple(
                (str(graph.value(h, HT.fieldName)), str(graph.value(h, HT.fieldValue)))
                for several in graph.objects(node, HT.headers)
                for h in Collection(graph, several)
            )
            body = graph.value(node, HT.body)
            coding = str(graph.value(body, CNT.characterEncoding) or "utf-8") if body else "utf-8"
            text = str(graph.value(body, CNT.chars) or "") if body else ""
            reply = graph.value(node, HT.resp)
            truth = graph.value(reply, MF.expectedBoolean)
            format = graph.value(reply, MF.expectedFormat)
            yield Request(
                str(graph.value(node, HT.methodName)),
                str(graph.value(node, HT.absolutePath)),
                headers,
                text.encode(coding),
                frozenset(str(s).split("#")[1] for s in graph.objects(reply, MF.expectedStatus)),
                None if truth is None else bool(truth.toPython()),
                None if format is None else str(format),
            )


def cases(name: str) -> list[tuple[str, list[Request]]]:
    path = SUITE / name
    if not path.is_file():
        return []
    graph = rdflib.Graph().parse(path)
    found = sorted(graph.subjects(MF.action, None))
    return [(str(c).rpartition("#")[2], list(requests(graph, c))) for c in found]


PROTOCOL = cases("protocol/manifest.ttl")
DIRECT, INDIRECT = (cases(f"graph-store-protocol/manifest-{n}.ttl") for n in ("direct", "indirect"))
needs_suite = pytest.mark.skipif(not PROTOCOL, reason=f"the suite is not at {SUITE}")


@pytest.fixture(scope="module")
def suite() -> Iterator[TestClient]:
    """A server of the suite's three graphs."""
    graph = KnowledgeGraph.build(Path(__file__).parents[1] / "data" / "tiny")
    store = QuadStore()
    for number in (1, 2, 3):
        name = f"<http://kasei.us/2009/09/sparql/data/data{number}.rdf>"
        path = SUITE / "protocol" / f"data{number}.nt"
        store.add((*t, name) for t in QuadStore.load(path).match())
    graph._backing.dataset = store
    yield from client_of(graph)


@needs_suite
def test_the_suite_is_whole() -> None:
    assert len(PROTOCOL) == 34


@needs_suite
@pytest.mark.parametrize(("name", "asked"), PROTOCOL, ids=[name for name, _ in PROTOCOL])
def test_protocol(suite: TestClient, name: str, asked: list[Request]) -> None:
    for request in asked:
        got = suite.request(
            request.method, request.path, content=request.body, headers=dict(request.headers)
        )
        if request.updates:
            assert 400 <= got.status_code < 500
            continue
        if name.startswith(AFTER_UPDATE):  # it asks for what was refused
            assert (got.status_code, got.json()["boolean"]) == (200, False)
            continue
        classes = {f"StatusCode{got.status_code // 100}xx"}
        assert classes & request.status, got.text
        if request.format:
            assert got.headers["content-type"].split(";")[0] in FORMATS[request.format]
        if request.boolean is not None:
            assert got.json()["boolean"] is request.boolean


@needs_suite
@pytest.mark.parametrize(
    ("name", "asked"), DIRECT + INDIRECT, ids=[name for name, _ in DIRECT + INDIRECT]
)
def test_graph_store(suite: TestClient, name: str, asked: list[Request]) -> None:
    """What writes is refused, and what would be read then is not there."""
    for request in asked:
        path = request.path.replace("/gsp", "/graphs").replace("$LOCATION$", "urn:made")
        got = suite.request(
            request.method, path, content=request.body, headers=dict(request.headers)
        )
        if request.method not in ("GET", "HEAD"):
            assert got.status_code in (404, 405)
        elif "default" in path.partition("?")[2]:
            assert got.status_code == 200
        else:
            assert got.status_code == 404


def test_service_description(client: TestClient) -> None:
    """It is RDF, and says of the endpoint that it is one."""
    got = client.get("/sparql", headers={"Accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=got.content, format="turtle")
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    (service,) = graph.subjects(rdflib.RDF.type, sd.Service)
    assert graph.value(service, sd.endpoint) == rdflib.URIRef("http://localhost/sparql")
    dataset = graph.value(service, sd.defaultDataset)
    assert graph.value(dataset, sd.defaultGraph) is not None
    named = list(graph.objects(dataset, sd.namedGraph))
    assert len(named) > 20 and all(graph.value(n, sd.name) for n in named)
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    parts = list(graph.subject_objects(void["class"]))
    assert parts and all(graph.value(part, void.entities) for part, _ in parts)
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    examples = list(graph.subjects(rdflib.RDF.type, sh.SPARQLExecutable))
    assert len(examples) > 100
    assert any(str(p) == "fo" for p in graph.objects(None, sh.prefix))
