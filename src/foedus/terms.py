"""Terms are strings in N-Triples form, and a triple is three of them.

``<http://example.org/a>``, ``_:b0``, ``"words"``, ``"mot"@fr``,
``"1"^^<http://www.w3.org/2001/XMLSchema#integer>``. The form is the canonical one that pyoxigraph
prints: tab, backspace, newline, return, form feed, quote, backslash and control characters are
escaped, nothing else is, ``^^xsd:string`` is left out and language tags are lower case. Equal terms
are equal strings, so terms can be hashed, sorted and compared without any RDF library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

Term: TypeAlias = str
Triple: TypeAlias = tuple[Term, Term, Term]
Quad: TypeAlias = tuple[Term, Term, Term, Term | None]
#: A triple with what is known of it; None stands for anything.
Pattern: TypeAlias = tuple[Term | None, Term | None, Term | None]
#: Finds the triples that fit, by subject, predicate and object.
Find: TypeAlias = Callable[[Term | None, Term | None, Term | None], Iterable[Triple]]

_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_LITERAL = re.compile(
    r'"(?P<value>(?:[^"\\]++|\\.)*+)"(?:@(?P<lang>[A-Za-z0-9-]+)|\^\^<(?P<type>[^>]*)>)?'
)
_WORD = re.compile(r'<<\(|\)>>|"(?:[^"\\]++|\\.)*+"[^\s]*|[^\s]+')
_ESCAPED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04X}" for code in (*range(32), 0x7F, 0xFFFE, 0xFFFF)}
    | {v: "\\" + k for k, v in _ESCAPED.items() if v != "'"}
)
_ESCAPABLE = re.compile(f"[{re.escape(''.join(map(chr, _ESCAPES)))}]")


def is_iri(term: Term) -> bool:
    """Whether the term is an IRI."""
    return term.startswith("<") and not term.startswith("<<")


def is_literal(term: Term) -> bool:
    """Whether the term is a literal."""
    return term.startswith('"')


def is_blank(term: Term) -> bool:
    """Whether the term is a blank node."""
    return term.startswith("_:")


def iri(text: str) -> Term:
    """The term for an IRI.

    >>> iri("http://example.org/a")
    '<http://example.org/a>'
    """
    return f"<{text}>"


def literal(value: str, datatype: str | None = None, lang: str | None = None) -> Term:
    """The term for a literal; ``datatype`` is an IRI without angle brackets.

    >>> literal('say "so"', lang="en")
    '"say \\\\"so\\\\""@en'
    """
    quoted = f'"{value.translate(_ESCAPES) if _ESCAPABLE.search(value) else value}"'
    if lang:
        return f"{quoted}@{lang.lower()}"
    if datatype and datatype != "http://www.w3.org/2001/XMLSchema#string":
        return f"{quoted}^^<{datatype}>"
    return quoted


def split_literal(term: Term) -> tuple[str, str | None, str | None]:
    """Lexical form, datatype IRI and language of a literal (None where it has none).

    >>> split_literal('"1"^^<http://www.w3.org/2001/XMLSchema#integer>')
    ('1', 'http://www.w3.org/2001/XMLSchema#integer', None)
    """
    found = _LITERAL.fullmatch(term)
    if not found:
        raise ValueError(f"not a literal: {term}")
    return unescape(found["value"]), found["type"], found["lang"]


def split_triple(term: Term) -> Triple | None:
    """Subject, predicate and object of a triple term of RDF 1.2; None if it is another term.

    >>> split_triple('<<( _:a <urn:p> <<( _:b <urn:p> "c )>>"@en )>> )>>')
    ('_:a', '<urn:p>', '<<( _:b <urn:p> "c )>>"@en )>>')
    """
    if not term.startswith("<<("):
        return None
    parts: list[str] = []
    depth = 0
    for word in _WORD.findall(term[3:-3]):
        if depth:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
        depth += (word == "<<(") - (word == ")>>")
    subject, predicate, object_ = parts
    return subject, predicate, object_


def unescape(text: str) -> str:
    """The text that N-Triples escapes stand for."""
    if "\\" not in text:
        return text
    return re.sub(
        r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))",
        lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else _ESCAPED[m[3]],
        text,
        flags=re.DOTALL,
    )


def text_of(term: Term) -> str:
    """What a term says without its syntax: an IRI bare, a literal's lexical form."""
    if is_iri(term):
        return term[1:-1]
    return split_literal(term)[0] if is_literal(term) else term


def expand(curie: str, prefixes: Mapping[str, str]) -> Term | None:
    """The IRI term that a CURIE stands for, or None if its prefix is unknown.

    >>> expand("ex:a", {"ex": "http://example.org/"})
    '<http://example.org/a>'
    """
    prefix, colon, local = curie.partition(":")
    if not colon or prefix not in prefixes:
        return None
    return iri(prefixes[prefix] + local)


def expanded(curie: str, prefixes: Mapping[str, str]) -> Term:
    """The IRI term that a CURIE stands for; raises ValueError if its prefix is unknown.

    For names that the code itself uses. Those that somebody typed go through `expand`.

    >>> expanded("ex:a", {})
    Traceback (most recent call last):
    ValueError: the prefix of 'ex:a' is not declared
    """
    found = expand(curie, prefixes)
    if found is None:
        raise ValueError(f"the prefix of {curie!r} is not declared")
    return found


def compact(term: Term, prefixes: Mapping[str, str]) -> str:
    """A short form for people: a CURIE where a prefix fits, else the term as it is.

    >>> compact("<http://example.org/a>", {"ex": "http://example.org/"})
    'ex:a'
    """
    if not is_iri(term):
        return term
    text = term[1:-1]
    for prefix, base in sorted(prefixes.items(), key=lambda item: -len(item[1])):
        if text.startswith(base) and _LOCAL.fullmatch(text[len(base) :]):
            return f"{prefix}:{text[len(base) :]}"
    return term
