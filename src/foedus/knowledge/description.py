"""What else a graph can be written as: its description, and its claims in RDF 1.2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from foedus.errors import UsageError
from foedus.language.phrases import listed
from foedus.resources import internal
from foedus.store.files import read_rdf, read_text
from foedus.store.query import QuadStore
from foedus.store.serialization import serialize
from foedus.terms import Quad, Term

#: The formats that RDF 1.2 defines.
RDF12 = ("ttl", "nt", "trig", "nq")


def describe(dataset: QuadStore, format: str, prefixes: Mapping[str, str]) -> bytes:
    """What the data set is, in VoID and DCAT: counts, licence, citation, sources, version."""
    found = dataset.query(_query("description"))
    return serialize(QuadStore.of(found.triples), format, {**prefixes, **_vocabularies()})


def with_reifiers(
    store: QuadStore, more: Iterable[Quad], format: str, prefixes: Mapping[str, str]
) -> bytes:
    """The graph with each claim as the `reifiers` of what it says, in RDF 1.2.

    ``claim rdf:reifies <<( subject predicate object )>>`` quotes a triple without stating it. Takes
    the formats that RDF 1.2 defines: ttl, nt, trig and nq. Tools of RDF 1.1 cannot read it.
    """
    if format not in RDF12:
        raise UsageError(f"RDF 1.2 does not define {format}; use {listed(RDF12, 'or')}")
    return serialize(QuadStore.of([*store.quads(), *more]), format, prefixes)


def reifiers(view: QuadStore) -> list[Quad]:
    """The triple ``claim rdf:reifies content`` of each claim, for the default graph."""
    reifies = _reifies()
    return [
        (claim or "", reifies, f"<<( {s} {p} {o} )>>", None)
        for claim, s, p, o in view.query(_query("reifiers")).rows
    ]


def _query(name: str) -> str:
    return read_text(internal("export") / f"{name}.rq")


def _vocabularies() -> dict[str, str]:
    return read_rdf(internal("export") / "prefixes.ttl").prefixes


def _reifies() -> Term:
    return f"<{_vocabularies()['rdf']}reifies>"
