"""A graph as a file for other tools."""

from __future__ import annotations

from collections.abc import Mapping

import pyoxigraph as ox

from foedus.errors import UnknownName, UsageError
from foedus.spelling import near
from foedus.store.query import QuadStore

#: What can be asked for, and what each is called where one looks it up.
FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}


def export(store: QuadStore, format: str, prefixes: Mapping[str, str]) -> bytes:
    """The content of a file in that format, sorted, with the prefixes declared.

    A store with named graphs needs a format that has them: trig, nq or jsonld.
    """
    if format not in FORMATS:
        raise UnknownName(
            "format", format, near(format, FORMATS), f"known are {', '.join(FORMATS)}"
        )
    kind = FORMATS[format]
    quads = sorted(store.oxigraph, key=lambda q: (str(q.graph_name), str(q)))
    if kind.supports_datasets:
        made = ox.serialize(quads, format=kind, prefixes=dict(prefixes))
    elif any(not isinstance(q.graph_name, ox.DefaultGraph) for q in quads):
        raise UsageError(f"{format} has no named graphs; use trig, nq or jsonld, or --layout view")
    else:
        made = ox.serialize((q.triple for q in quads), format=kind, prefixes=dict(prefixes))
    assert made is not None  # no output was given, so the content is returned
    return made
