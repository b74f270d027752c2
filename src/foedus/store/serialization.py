"""A graph as a file for other tools."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pyoxigraph as ox

from foedus.errors import UnknownName, UsageError
from foedus.language.spelling import near
from foedus.store.query import QuadStore
from foedus.terms import compact, iri

#: What can be asked for, and what each is called where one looks it up.
FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}
_DECLARED = re.compile(rb"(?:@prefix [^\n]*\n)+")


def serialize(store: QuadStore, format: str, prefixes: Mapping[str, str]) -> bytes:
    """The content of a file in that format: sorted, with prefixes, the same bytes every time.

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
    if format == "jsonld":
        return _with_context(made, prefixes)
    return _DECLARED.sub(_sorted_lines, made, count=1) if format in {"ttl", "trig"} else made


def _sorted_lines(found: re.Match[bytes]) -> bytes:
    """The prefixes in the order of their names, which the library leaves to its hash table."""
    return b"".join(sorted(found[0].splitlines(keepends=True))) + b"\n"


def _with_context(text: bytes, prefixes: Mapping[str, str]) -> bytes:
    """JSON-LD with a context of the prefixes, and names shortened by them."""

    def short(name: str) -> str:
        found = compact(iri(name), prefixes)
        return name if found.startswith("<") else found

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(each) for each in node]
        if not isinstance(node, dict):
            return node
        made: dict[str, Any] = {}
        for key, value in node.items():
            if key in {"@id", "@type"}:
                made[key] = short(value) if isinstance(value, str) else [short(v) for v in value]
            elif key.startswith("@"):
                made[key] = value if key == "@value" else walk(value)
            else:
                made[short(key)] = walk(value)
        return made

    body = {"@context": dict(sorted(prefixes.items())), "@graph": walk(json.loads(text))}
    return (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode()
