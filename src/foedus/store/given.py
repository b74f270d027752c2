"""Terms and triples as callers give them, in the one form that everything inside has.

A caller may write a term as N-Triples, in any spelling, or give a term of rdflib or pyoxigraph; a
triple is three of these, or a triple or quad of those libraries, whose graph is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any, Final

import pyoxigraph as ox

from foedus.errors import NotRdf
from foedus.store.convert import TERMS_ARE, failure, is_valid_iri, term_of
from foedus.terms import Term

#: One term and no more; whether it is well formed, the parser says.
ONE_TERM: Final = re.compile(
    r'<[^<>\x00-\x20]*>|_:[^\x00-\x20<>"#]+'
    r'|"(?:[^"\\\r\n]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^<>\x00-\x20]*>)?'
)
#: Terms that are surely well formed and canonical: no parser is asked.
_PLAIN: Final = re.compile(
    r"<https?://[A-Za-z0-9.-]+/[\w.~!$&'()*+,;=:@/-]*(?:#[\w.~!$&'()*+,;=:@/?-]*)?>|\"[\w ]*\"",
    re.ASCII,
)
_SHORT: Final = 1 << 10


def canonical(given: object) -> Term:
    """The term that is given, in canonical form; NotRdf, which is a TypeError, if it is none.

    >>> canonical('"\\\\u0041"@EN'), canonical(ox.NamedNode("http://example.org/a"))
    ('"A"@en', '<http://example.org/a>')
    """
    text = term_of(given)
    if _PLAIN.fullmatch(text):
        return text
    return _remembered(text) if len(text) < _SHORT else _parsed(text)


def _parsed(text: str) -> Term:
    why = ""
    if ONE_TERM.fullmatch(text):
        try:
            (quad,) = ox.parse(f"<a:a> <a:a> {text} .".encode(), ox.RdfFormat.N_TRIPLES)
            return str(quad.object)
        except (SyntaxError, ValueError) as error:
            why = f" ({failure(text, error, None).reason})"
    near = f' (did you mean "<{text}>"?)' if is_valid_iri(text) else ""
    raise NotRdf(text, f"this text is no RDF term{why}{near}; {TERMS_ARE}")


_remembered = lru_cache(maxsize=1 << 12)(_parsed)


def triple_of(given: Any) -> tuple[Any, Any, Any]:
    """The three terms of a triple or quad, as they are given; NotRdf if there are not three."""
    if isinstance(given, str | bytes | bytearray | Set | Mapping) or not hasattr(given, "__iter__"):
        hint = "; a single triple is given in a list" if is_term(given) else ""
        kind = type(given).__name__
        raise NotRdf(given, f"an object of type {kind} is no triple{hint}")
    terms = tuple(given)
    if len(terms) not in (3, 4):
        raise NotRdf(given, f"a triple is three terms, not {len(terms)}")
    return terms[:3]


def is_term(given: object) -> bool:
    """Whether something is an RDF term."""
    if not isinstance(given, str | ox.NamedNode | ox.BlankNode | ox.Literal):
        return False
    try:
        canonical(given)
    except NotRdf:
        return False
    return True
