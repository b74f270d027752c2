"""Turtle in the cells of test tables: its usual prefixes, and triples of strings."""

from __future__ import annotations

import pyoxigraph as ox

from foedus.terms import Triple

_W3 = "http://www.w3.org"
PREFIXES = {
    "": "http://example.org/",
    "owl": f"{_W3}/2002/07/owl#",
    "rdf": f"{_W3}/1999/02/22-rdf-syntax-ns#",
    "rdfs": f"{_W3}/2000/01/rdf-schema#",
    "xsd": f"{_W3}/2001/XMLSchema#",
}


def turtle(text: str) -> list[Triple]:
    """The triples of some Turtle without its prefixes."""
    head = "".join(f"@prefix {name}: <{base}> .\n" for name, base in PREFIXES.items())
    quads = ox.parse(head + text, ox.RdfFormat.TURTLE)
    return [(str(q.subject), str(q.predicate), str(q.object)) for q in quads]
