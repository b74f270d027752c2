"""A query read token by token: what it may not do, and where its syntax goes wrong.

Queries run on the graph at hand and nowhere else. ``SERVICE``, ``FROM`` and every update are
refused before the engine sees the text. The tokens are those of SPARQL 1.1 §19.8, so a word inside
a string, a comment, an IRI or a name is no keyword; codepoint escapes are resolved first (§19.2).
The engine's grammar does without separators (it reads ``SERVICEex:a {`` as a call), so a name that
hides a keyword before a group counts too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from foedus.errors import ParseFailure, QueryRefused

#: What the message calls the text of a query that came from no file.
QUERY = "the query"

_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
_OUTSIDE = re.compile("SERVICE|FROM|LOAD", re.IGNORECASE)
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n\r]*)
      | (?P<string>'{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3} | "{3}(?:"{0,2}(?:[^"\\]|\\.))*"{3}
                  |'(?:[^'\\\n\r]|\\.)*' | "(?:[^"\\\n\r]|\\.)*")
      | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<variable>[?$]\w+)
      | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
      | (?P<name>(?P<prefix>(?:\w(?:[\w.-]*[\w-])?)?):(?:[\w.:-]|%[0-9A-Fa-f]{2}|\\.)*)
      | (?P<word>\w+)
      | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a query: its kind, its text, and where it starts (line and column from 1)."""

    kind: str
    text: str
    line: int
    column: int
    offset: int

    @property
    def prefix(self) -> str:
        """What stands before the colon of a name."""
        return self.text.partition(":")[0]


def tokens(query: str) -> Iterator[Token]:
    """The tokens of a query, without spaces and comments.

    >>> [t.text for t in tokens("ASK { ?s :p 'SERVICE' } # FROM")]
    ['ASK', '{', '?s', ':p', "'SERVICE'", '}']
    """
    line, start = 1, 0
    for found in _TOKEN.finditer(query):
        text, kind = found[0], found.lastgroup or "mark"
        if kind != "space":
            kind = "name" if kind == "prefix" else kind
            yield Token(kind, text, line, found.start() - start + 1, found.start())
        breaks = text.count("\n")
        if breaks:
            line, start = line + breaks, found.start() + text.rindex("\n") + 1


def guard(query: str) -> None:
    """Let a query pass that only reads the graph at hand; raise `QueryRefused` for any other.

    >>> guard("SELECT * { ?from :service 'FROM <x>' }")
    >>> guard("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }")
    Traceback (most recent call last):
    foedus.errors.QueryRefused: SERVICE at line 1, column 12 ...
    """
    _refuse_outside(list(tokens(query)))
    plain = _ESCAPE.sub(lambda m: chr(min(int(m[1] or m[2], 16), 0x10FFFF)), query)
    if plain != query:
        _refuse_outside(list(tokens(plain)))


def _refuse_outside(read: list[Token]) -> None:
    form = _form(read)
    if form is not None and form.kind == "word" and form.text.upper() in _UPDATES:
        raise QueryRefused(
            f"{form.text.upper()} at line {form.line} would change the graph, and a query only "
            "reads; edit the files in graph/ and build again"
        )
    for before, token, after in zip([None, *read], read, [*read[1:], None], strict=False):
        hidden = (
            token.kind == "name"
            and after is not None
            and after.text.upper() in {"{", "WHERE", "FROM"}
            and not (before is not None and before.text.upper() == "GRAPH")
        )
        found = _OUTSIDE.search(token.prefix if hidden else token.text)
        if found and (hidden or token.kind == "word"):
            raise QueryRefused(
                f"{found[0].upper()} at line {token.line}, column {token.column} would read from "
                "outside the graph, and nothing is fetched; leave it out"
                + (" and name the graph in GRAPH <...> { }" if found[0].upper() == "FROM" else "")
            )


def _form(read: list[Token]) -> Token | None:
    """The token that says what the query does: the first after PREFIX and BASE."""
    rest = iter(read)
    for token in rest:
        if token.text.upper() == "PREFIX":
            next(rest, None), next(rest, None)
        elif token.text.upper() == "BASE":
            next(rest, None)
        else:
            return token
    return None


def syntax_error(query: str, said: str, prefixes: Collection[str], file: str) -> ParseFailure:
    """The engine's syntax error in words: where it is, and the likeliest cause."""
    read = list(tokens(query))
    form = _form(read)
    if form is None:
        return ParseFailure(file, "there is no query in it")
    if form.text.upper() not in _FORMS:
        return ParseFailure(
            file,
            f"column {form.column}: a query starts with SELECT, ASK, CONSTRUCT or DESCRIBE, "
            f"not with {form.text!r}",
            form.line,
        )
    known = {*prefixes, "_"} | {
        name.prefix
        for word, name in itertools.pairwise(read)
        if word.text.upper() == "PREFIX" and name.kind == "name"
    }
    for token in read:
        if token.kind == "name" and token.prefix not in known:
            return ParseFailure(
                file,
                f"column {token.column}: the prefix '{token.prefix}:' is not declared; "
                f"known are {', '.join(sorted(known - {'_'}))}",
                token.line,
            )
    place = re.search(r"(\d+):(\d+)", said)
    if not place:
        return ParseFailure(file, f"not well-formed SPARQL: {said}")
    line, column = int(place[1]), int(place[2])
    lines = query.splitlines() or [""]
    rest = lines[line - 1][column - 1 :].strip() if line <= len(lines) else ""
    where = f"near {rest[:30]!r}" if rest else "at the end of the line"
    return ParseFailure(file, f"column {column}: not well-formed SPARQL {where}", line)
