"""Clients of others, asking the server as they ask any endpoint."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from serving import served
from SPARQLWrapper import CSV, JSON, N3, POST, POSTDIRECTLY, RDFXML, TURTLE, XML, SPARQLWrapper

CACHE = Path(__file__).parents[2] / ".cache"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with served("--workers", "2") as (_, address):
        yield f"{address}sparql"


@pytest.mark.parametrize("form", [JSON, XML, CSV])
@pytest.mark.parametrize("post", [False, True])
def test_sparqlwrapper_reads_rows(endpoint: str, form: str, post: bool) -> None:
    client = SPARQLWrapper(endpoint)
    client.setQuery("SELECT ?n { VALUES ?n { 1 2 } } ORDER BY ?n")
    client.setReturnFormat(form)
    if post:
        client.setMethod(POST)
        client.setRequestMethod(POSTDIRECTLY)
    found = client.query().convert()
    if form == JSON:
        assert [row["n"]["value"] for row in found["results"]["bindings"]] == ["1", "2"]
    elif form == XML:
        assert [e.firstChild.data for e in found.getElementsByTagName("literal")] == ["1", "2"]
    else:
        assert found.decode().split() == ["n", "1", "2"]


@pytest.mark.parametrize("form", [TURTLE, N3, RDFXML])
def test_sparqlwrapper_reads_graphs(endpoint: str, form: str) -> None:
    client = SPARQLWrapper(endpoint)
    client.setQuery("CONSTRUCT { <urn:s> <urn:p> 1 } {}")
    client.setReturnFormat(form)
    found = client.query().convert()
    graph = found if isinstance(found, rdflib.Graph) else rdflib.Graph().parse(data=found)
    assert set(graph) == {(rdflib.URIRef("urn:s"), rdflib.URIRef("urn:p"), rdflib.Literal(1))}


def test_rdflib_asks_it_like_a_graph(endpoint: str) -> None:
    graph = rdflib.Graph(SPARQLStore(endpoint))
    everything = len(graph)
    assert everything == len(list(graph.triples((None, None, None))))
    kinds = set(graph.objects(None, rdflib.RDF.type))
    assert kinds and all(isinstance(kind, rdflib.URIRef | rdflib.BNode) for kind in kinds)
    assert bool(graph.query("ASK { ?s ?p ?o }"))


def test_pyoxigraph_reads_its_description(endpoint: str) -> None:
    import pyoxigraph as ox

    got = httpx.get(endpoint, headers={"Accept": "application/n-triples"})
    assert len(list(ox.parse(got.content, ox.RdfFormat.N_TRIPLES))) > 50


def test_jena_asks_it(endpoint: str) -> None:
    jars = CACHE / "stores" / "jena"
    if not list(jars.glob("jena-cmds-*.jar")) or shutil.which("java") is None:
        pytest.skip("Jena's commands are not in .cache (make stores), or there is no Java")
    words = ["java", "-cp", f"{jars}/*", "arq.rsparql", f"--service={endpoint}", "--results=csv"]
    assert answered([*words, "SELECT (1 AS ?n) {}"]).split() == ["n", "1"]


def test_comunica_asks_it(endpoint: str) -> None:
    program = CACHE / "stores" / "comunica" / "node_modules" / ".bin" / "comunica-sparql-file"
    if not program.exists() or shutil.which("node") is None:
        pytest.skip("Comunica is not in .cache (make stores), or there is no Node")
    words = [str(program), f"sparql@{endpoint}", "-q", "SELECT (1 AS ?n) {}", "-t", "text/csv"]
    assert answered(words).split() == ["n", "1"]


def answered(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
