"""A request read by the SPARQL 1.1 Protocol, and its 1.2 draft's ``version`` and method QUERY.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from urllib.parse import parse_qsl

#: Most bytes of a request's body.
LARGEST = 1 << 20
FORM, DIRECT, UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)
METHODS = ("GET", "HEAD", "POST", "QUERY", "OPTIONS")
VERSIONS = ("1.0", "1.1", "1.2-basic", "1.2")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`]*")

Pairs = Sequence[tuple[str, str]]


class Refused(Exception):
    """A request that is not answered: the status, and why, in a sentence."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Query:
    """A query, and the graphs that it is asked of where the request names them."""

    text: str
    default: tuple[str, ...] | None = None
    named: tuple[str, ...] | None = None


def pairs(text: bytes | str) -> list[tuple[str, str]]:
    """The names and values of a form; raises `Refused` for what is not UTF-8.

    >>> pairs(b"state=North+Korea")
    [('state', 'North Korea')]
    """
    try:
        plain = text if isinstance(text, str) else text.decode()
        return parse_qsl(plain, keep_blank_values=True, errors="strict", max_num_fields=1_000)
    except UnicodeDecodeError:
        raise Refused(400, "the parameters are not UTF-8; encode them so") from None
    except ValueError:
        raise Refused(400, "there are more than 1,000 parameters; leave some out") from None


def read_query(method: str, given: Pairs, content_type: str, body: bytes) -> Query | None:
    """The query of a request; None for one that asks what the service is.

    ``given`` are the parameters of the address. Raises `Refused`.
    """
    values = list(given)
    if method in ("POST", "QUERY"):
        values += _body(content_type, body)
    if any(name == "update" for name, _ in values):
        raise Refused(403, "an update would change the graph, and this service only reads")
    queries = [value for name, value in values if name == "query"]
    if len(queries) > 1:
        raise Refused(400, f"there are {len(queries)} queries in the request; send one")
    for name, value in values:
        if name == "version" and value not in VERSIONS:
            known = ", ".join(VERSIONS)
            raise Refused(400, f"version={value!r} is no version of SPARQL; known are {known}")
    if not queries:
        if method in ("GET", "HEAD"):
            return None
        raise Refused(400, "there is no query in the request; send query=...")
    default, named = _graphs(values, "default-graph-uri"), _graphs(values, "named-graph-uri")
    if default or named:  # what one of the two leaves out is empty (13.2 of SPARQL 1.1 Query)
        return Query(queries[0], default, named)
    return Query(queries[0])


def _body(content_type: str, body: bytes) -> Pairs:
    head = Message()
    head["content-type"] = content_type
    media = head.get_content_type() if content_type else ""
    if media not in (FORM, DIRECT, UPDATE):
        what = f"a body of type {media}" if media else "a body without Content-Type"
        raise Refused(
            415,
            f"{what} is no query; send {DIRECT} or {FORM}",
            Accept_Post=f"{DIRECT}, {FORM}",
        )
    if str(head.get_content_charset("utf-8")).replace("_", "-") not in ("utf-8", "us-ascii"):
        raise Refused(415, f"a query comes in UTF-8, not in {head.get_content_charset()}")
    version = head.get_param("version")
    more = [("version", version)] if isinstance(version, str) else []
    if media == FORM:
        return pairs(body)
    try:
        return [("update" if media == UPDATE else "query", body.decode()), *more]
    except UnicodeDecodeError as error:
        raise Refused(400, f"byte {error.start} of the query is not UTF-8") from None


def _graphs(values: Pairs, parameter: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(value for name, value in values if name == parameter))
    for iri in found:
        absolute(parameter, iri)
    return found


def absolute(parameter: str, iri: str) -> str:
    """The IRI as it is, if it is absolute; raises `Refused` if not."""
    if not _IRI.fullmatch(iri):
        raise Refused(400, f"{parameter}={iri!r} is no absolute IRI")
    return iri
