"""Which of the forms that a server has fits best what a client accepts (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A form of an answer: its short name, and its media types, of which the first is sent."""

    name: str
    types: tuple[str, ...]

    @property
    def content_type(self) -> str:
        """The media type with its encoding, where it has none of its own."""
        textual = self.types[0].startswith("text/")
        return self.types[0] + ("; charset=utf-8" if textual else "")


HTML = Form("html", ("text/html", "application/xhtml+xml"))
MARKDOWN = Form("md", ("text/markdown",))
PLAIN_JSON = Form("json", ("application/json",))
PROBLEM = Form("problem", ("application/problem+json", "application/json"))
PLAIN = Form("txt", ("text/plain",))
JSON = Form("json", ("application/sparql-results+json", "application/json"))
XML = Form("xml", ("application/sparql-results+xml", "application/xml", "text/xml"))
CSV = Form("csv", ("text/csv",))
TSV = Form("tsv", ("text/tab-separated-values",))
TURTLE = Form("ttl", ("text/turtle", "application/x-turtle"))
TRIG = Form("trig", ("application/trig",))
QUADS = Form("nq", ("application/n-quads",))
JSONLD = Form("jsonld", ("application/ld+json", "application/json"))
GRAPHS = (
    TURTLE,
    Form("nt", ("application/n-triples", "text/plain")),
    JSONLD,
    Form("rdfxml", ("application/rdf+xml", "application/xml")),
    TRIG,
    QUADS,
)
#: What a query's answer can be sent as, by its kind; a page for browsers comes last.
ANSWERS = {
    "rows": (JSON, XML, CSV, TSV, HTML),
    "boolean": (JSON, XML, HTML),
    "triples": (*GRAPHS, HTML),
}


def choose(accept: str, forms: Iterable[Form]) -> Form | None:
    """The form that a client likes best; the first of them where it does not mind.

    Its first media type is the one that the client named. A wildcard stands for no other than the
    first.

    >>> choose("text/csv;q=.5, application/*;q=0.9", [CSV, XML]).name
    'xml'
    >>> choose("application/json", [XML, JSON]).content_type
    'application/json'
    >>> choose("image/png", [CSV, XML])
    """
    ranges = list(_ranges(accept)) or [("*/*", 1.0)]
    best, liked = None, 0.0
    for form in forms:
        for media in form.types:
            wild = [f"{media.split('/')[0]}/*", "*/*"] if media == form.types[0] else []
            quality = next((q for name in (media, *wild) for r, q in ranges if r == name), 0.0)
            if quality > liked:
                best, liked = Form(form.name, (media,)), quality
    return best


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client reads what gzip has compressed.

    >>> takes_gzip("br, gzip;q=0.5"), takes_gzip("gzip;q=0, *"), takes_gzip("")
    (True, False, False)
    """
    found = dict(_ranges(accept_encoding))
    return found.get("gzip", found.get("*/*", 0.0)) > 0


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media, *parameters = (word.strip().lower() for word in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = min(max(float(value), 0.0), 1.0)
                except ValueError:
                    quality = 0.0
        if media:
            yield ("*/*" if media == "*" else media), quality
