"""What else a graph can be written as: its description, and its claims in RDF 1.2."""

from __future__ import annotations

from foedus.knowledge import KnowledgeGraph
from foedus.resources import internal
from foedus.store.export import export
from foedus.store.files import read_rdf, read_text
from foedus.store.query import QuadStore
from foedus.terms import Quad, Term


def description(graph: KnowledgeGraph, format: str = "ttl") -> bytes:
    """What the data set is, in VoID and DCAT: counts, licence, citation, sources, version."""
    found = graph.dataset.query(_query("description"))
    return export(QuadStore.of(found.triples), format, graph.prefixes | _vocabularies())


def with_reifiers(graph: KnowledgeGraph, format: str = "ttl", layout: str = "view") -> bytes:
    """The graph with each claim as the reifier of what it says, in RDF 1.2.

    ``claim rdf:reifies <<( subject predicate object )>>`` quotes a triple without stating it. Takes
    the formats that RDF 1.2 defines: ttl, nt, trig and nq. Tools of RDF 1.1 cannot read it.
    """
    store = graph.dataset if layout == "dataset" else graph.view
    return export(QuadStore.of([*store.quads(), *reifiers(graph)]), format, graph.prefixes)


def reifiers(graph: KnowledgeGraph) -> list[Quad]:
    """The triple ``claim rdf:reifies content`` of each claim, for the default graph."""
    reifies = _reifies()
    return [
        (claim or "", reifies, f"<<( {s} {p} {o} )>>", None)
        for claim, s, p, o in graph.view.query(_query("reifiers")).rows
    ]


def _query(name: str) -> str:
    return read_text(internal("export") / f"{name}.rq")


def _vocabularies() -> dict[str, str]:
    return read_rdf(internal("export") / "prefixes.ttl").prefixes


def _reifies() -> Term:
    return f"<{_vocabularies()['rdf']}reifies>"
