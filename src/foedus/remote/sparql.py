"""Queries and updates sent to a store by SPARQLWrapper, answered as the embedded store does."""

from __future__ import annotations

import http.client
import io
import json
import re
import time
import urllib.error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from SPARQLWrapper import POST, SPARQLExceptions, SPARQLWrapper

from foedus.errors import InputError, Unreachable
from foedus.remote.wire import Wire, refusal, said, trouble
from foedus.resources import folder
from foedus.store.convert import parse_lines
from foedus.store.files import read_text
from foedus.store.guard import tokens
from foedus.store.query import Result
from foedus.store.reading import quad_lines
from foedus.terms import Term, iri, literal

_ROWS = "application/sparql-results+json"
_TRIPLES = {
    "application/n-triples": "nt",
    "text/turtle": "ttl",
    "application/x-turtle": "ttl",
    "text/plain": "nt",
    "application/rdf+xml": "rdf",
}
_STATUS = {
    SPARQLExceptions.QueryBadFormed: 400,
    SPARQLExceptions.Unauthorized: 401,
    SPARQLExceptions.EndPointNotFound: 404,
    SPARQLExceptions.URITooLong: 414,
    SPARQLExceptions.EndPointInternalError: 500,
}
#: Virtuoso answers ASK with a row of this variable.
_VIRTUOSO_ASK = "__ASK_RETVAL"
_LABEL = re.compile(r"\W")


def select(
    url: str,
    sparql: str,
    wire: Wire,
    *,
    default_graphs: Sequence[Term] = (),
    named_graphs: Sequence[Term] = (),
) -> Result:
    """The result of a SELECT, ASK, CONSTRUCT or DESCRIBE on a store at this query URL.

    The query reads the store's own dataset, or one of the graphs named here. Raises `Unreachable`,
    `LimitReached`, `InputError`.
    """
    call = _Call(url, sparql, tuple(default_graphs), tuple(named_graphs))
    kind, body = wire.patiently(url, lambda: _sent(wire, call))
    return _result(url, kind, body)


def update(url: str, sparql: str, wire: Wire) -> None:
    """Change a store by a SPARQL Update; all of it again where the connection drops."""
    wire.patiently(url, lambda: _sent(wire, _Call(url, sparql, update=True)))


def template(name: str, **values: str) -> str:
    """The text of ``queries/load/NAME`` with each ``$word`` replaced, without its remarks."""
    text = re.sub(r"^#.*\n", "", read_text(folder("queries") / "load" / name), flags=re.M)
    return re.sub(r"\$(\w+)", lambda m: values.get(m[1], m[0]), text)


def declared(sparql: str, prefixes: Mapping[str, str]) -> str:
    """The query with a PREFIX line for each known prefix that it uses and does not declare.

    >>> declared("ASK { ex:a ?p ?o }", {"ex": "http://example.org/"})
    'PREFIX ex: <http://example.org/>\\nASK { ex:a ?p ?o }'
    """
    read = list(tokens(sparql))
    own = {
        name.prefix
        for word, name in pairwise(read)
        if word.text.upper() == "PREFIX" and name.kind == "name"
    }
    used = {token.prefix for token in read if token.kind == "name"}
    missing = sorted((used - own) & set(prefixes))
    return "".join(f"PREFIX {name}: <{prefixes[name]}>\n" for name in missing) + sparql


@dataclass(frozen=True, slots=True)
class _Call:
    url: str
    sparql: str
    default_graphs: tuple[Term, ...] = ()
    named_graphs: tuple[Term, ...] = ()
    update: bool = False


def _sent(wire: Wire, call: _Call) -> tuple[str, bytes]:
    """Content type and body of the store's answer; errors as `Wire` says them."""
    wrapper: Any = SPARQLWrapper(call.url, agent="foedus")
    wrapper.setMethod(POST)
    wrapper.setOnlyConneg(True)
    wrapper.timeout = wire.timeout  # setTimeout would cut it to whole seconds
    wrapper.setQuery(call.sparql)
    wrapper.queryType = "INSERT" if call.update else "SELECT"  # it guesses by regular expressions
    wrapper.addCustomHttpHeader("Accept", _accepted(call))
    for graph in call.default_graphs:
        wrapper.addDefaultGraph(graph[1:-1])
    for graph in call.named_graphs:
        wrapper.addNamedGraph(graph[1:-1])
    for attempt in range(2):
        if header := wire.authorization("POST", call.url):
            wrapper.addCustomHttpHeader("Authorization", header)
        try:
            return _read(wrapper, wire.timeout)
        except (SPARQLExceptions.SPARQLWrapperException, urllib.error.HTTPError) as error:
            status, body = _status(error)
            if status == 401 and wire.credentials and attempt == 0:
                wire.credentials.scheme = None  # a stale nonce: ask for a new challenge
                continue
            if status == 400 or (status == 500 and not call.update and _is_query_error(body)):
                what = "update" if call.update else "query"
                raise InputError(f"{call.url} refused the {what}{said(body)}") from None
            raise refusal(call.url, status, body, wire.credentials is not None) from None
        except (OSError, http.client.HTTPException) as error:
            raise trouble(call.url, error, wire.timeout, wire.met) from None
        finally:
            wire.met = True
    raise AssertionError


def _accepted(call: _Call) -> str:
    """What to ask for: some stores answer with their own favourite where they may choose."""
    if call.update:
        return "*/*"
    words = (t.text.upper() for t in tokens(call.sparql) if t.kind == "word")
    form = next((w for w in words if w in {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}), "SELECT")
    return _ROWS if form in {"SELECT", "ASK"} else "application/n-triples, text/turtle;q=0.9"


def _read(wrapper: Any, timeout: float) -> tuple[str, bytes]:
    """Content type and body, read until the time is up."""
    end = time.monotonic() + timeout
    answer = wrapper.query().response
    parts: list[bytes] = []
    while part := answer.read1(1 << 18):
        parts.append(part)
        if time.monotonic() > end:
            raise TimeoutError
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
    return answer.headers.get_content_type(), b"".join(parts)


def _status(error: Exception) -> tuple[int, bytes]:
    if isinstance(error, urllib.error.HTTPError):
        return error.code, error.read(1 << 14)
    status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
    text = str(error).partition("Response:\n")[2]
    if text.startswith(("b'", 'b"')):
        text = text[2:-1].replace("\\n", " ").replace("\\r", " ").replace("\\t", " ")
    return status, text.encode()


def _is_query_error(body: bytes) -> bool:
    """Whether the store answers 500 to what is a mistake in the query (Virtuoso does)."""
    return b"Virtuoso 37000" in body or b"SPARQL compiler" in body


def _result(url: str, kind: str, body: bytes) -> Result:
    if "json" in kind:
        try:
            return _rows(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
    elif kind in _TRIPLES:
        text = b"".join(quad_lines(io.BytesIO(body), _TRIPLES[kind], url, url))
        return Result("triples", triples=tuple(sorted(set(parse_lines(text, quads=True)))))
    told = "a web page" if kind == "text/html" else f"{kind} that cannot be read"
    raise Unreachable(f"{url} answers with {told}, not with SPARQL results; check the path")


def _rows(answer: Any) -> Result:
    if "boolean" in answer:
        return Result("boolean", boolean=bool(answer["boolean"]))
    names = tuple(answer["head"].get("vars", ()))
    if names == (_VIRTUOSO_ASK,):
        found = answer["results"]["bindings"]  # none for false
        return Result("boolean", boolean=any(r[_VIRTUOSO_ASK]["value"] != "0" for r in found))
    rows = tuple(
        tuple(_term(row[name]) if name in row else None for name in names)
        for row in answer["results"]["bindings"]
    )
    return Result("rows", names, rows)


def _term(value: Mapping[str, str]) -> Term:
    if value["type"] == "uri":
        return iri(value["value"])
    if value["type"] == "bnode":
        return "_:" + _LABEL.sub("_", value["value"])
    return literal(value["value"], value.get("datatype"), value.get("xml:lang"))
