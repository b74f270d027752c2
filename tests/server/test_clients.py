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
from SPARQLWrapper import CSV, JSON, N3, POST, POSTDIRECTLY, RDFXML, TURTLE, XML, SPARQLWrapper
from test_running import served

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
    found = sorted(CACHE.glob("stores/**/bin/rsparql"))
    if not found or shutil.which("java") is None:
        pytest.skip("Jena's rsparql is not in .cache, or there is no Java")
    words = [str(found[0]), f"--service={endpoint}", "--results=csv", "SELECT (1 AS ?n) {}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["n", "1"], done.stderr


def test_comunica_asks_it(endpoint: str) -> None:
    found = sorted(CACHE.glob("**/node_modules/.bin/comunica-sparql"))
    if not found:
        pytest.skip("Comunica is not in .cache")
    words = [str(found[0]), endpoint, "SELECT (1 AS ?n) {}", "-t", "text/csv"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["n", "1"], done.stderr
