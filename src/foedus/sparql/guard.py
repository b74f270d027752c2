"""A query read token by token: what it may not do, and what it may not hold.

Queries run on the graph at hand and nowhere else. ``SERVICE``, ``FROM`` and every update are
refused before the engine sees the text; codepoint escapes are resolved first (SPARQL 1.1 §19.2).
The engine's grammar does without separators (it reads ``SERVICEex:a {`` as a call), so a name that
hides a keyword before a group counts too.
"""

from __future__ import annotations

import re

from foedus.errors import LimitReached, ParseFailure, QueryRefused
from foedus.sparql.lexer import CLOSING, OPENING, Token, declared_prefixes, tokens

#: What the message calls the text of a query that came from no file.
QUERY = "the query"

_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
_OUTSIDE = re.compile("SERVICE|FROM|LOAD", re.IGNORECASE)
_UNGIVEN = re.compile("SERVICE|LOAD", re.IGNORECASE)
#: What a query may hold: brackets within brackets, and parts that are evaluated one in another.
DEPTH, LINKS = 500, 1_500

_LINKING = {
    *("|", "||", "&&", "+", "-", "*", "/", "!", "^", "AS", "BIND", "EXISTS", "FILTER", "GRAPH"),
    *("MINUS", "OPTIONAL", "SELECT", "UNION", "VALUES"),
}
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def guard(query: str, file: str = QUERY, given: bool = False) -> None:
    """Let a query pass that only reads the graph at hand, and that the engine can hold.

    FROM passes where the graphs to read are ``given`` otherwise, as it then says nothing.

    Raises `QueryRefused` for one that reaches outside, `LimitReached` for one with more than
    `DEPTH` brackets within brackets or `LINKS` parts that are evaluated one in another, and
    `ParseFailure` for a string without end.

    >>> guard("SELECT * { ?from :service 'FROM <x>' }")
    >>> guard("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }")
    Traceback (most recent call last):
    foedus.errors.QueryRefused: SERVICE at line 1, column 12 ...
    """
    plain = _ESCAPE.sub(lambda m: chr(min(int(m[1] or m[2], 16), 0x10FFFF)), query)
    for text in {query: None, plain: None}:
        read = list(tokens(text))
        _refuse_outside(read, _UNGIVEN if given else _OUTSIDE)
        _refuse_unbounded(read, file)


def _refuse_outside(read: list[Token], words: re.Pattern[str]) -> None:
    first = form(read)
    if first is not None and first.kind == "word" and first.text.upper() in _UPDATES:
        raise QueryRefused(
            f"{first.text.upper()} at line {first.line} would change the graph, and a query only "
            "reads; edit the files in graph/ and build again"
        )
    describes = first is not None and first.text.upper() == "DESCRIBE"
    prefixes = declared_prefixes(read)
    for before, token, after in zip([None, *read], read, [*read[1:], None], strict=False):
        hidden = (
            describes  # it needs no group
            and token.kind == "name"
            and token.prefix.upper().startswith("FROM")
            and token.prefix not in prefixes
        ) or (
            token.kind == "name"
            and after is not None
            and after.text.upper() in {"{", "WHERE", "FROM"}
            and not (before is not None and before.text.upper() == "GRAPH")
        )
        found = words.search(token.prefix if hidden else token.text)
        if found and (hidden or token.kind == "word"):
            raise QueryRefused(
                f"{found[0].upper()} at line {token.line}, column {token.column} would read from "
                "outside the graph, and nothing is fetched; leave it out"
                + (" and name the graph in GRAPH <...> { }" if found[0].upper() == "FROM" else "")
            )


def _refuse_unbounded(read: list[Token], file: str) -> None:
    depth = links = 0
    listing = False  # the rows of VALUES are data, however many
    for token in read:
        text = token.text.upper() if token.kind == "word" else token.text
        if token.kind == "open":
            said = f"column {token.column}: the string that starts here has no end"
            raise ParseFailure(file, said, token.line)
        listing = text == "VALUES" or (listing and text != "}")
        if token.kind == "mark":
            depth += (text in OPENING) - (text in CLOSING)
        links += text in _LINKING and (not listing or text == "VALUES")
        if depth > DEPTH or links > LINKS:
            what = f"{DEPTH} brackets within brackets" if depth > DEPTH else f"{LINKS:,} parts"
            raise LimitReached(
                f"{file}, line {token.line}: column {token.column}: more than {what}; write it "
                "flatter, or list values with VALUES"
            )


def form(read: list[Token]) -> Token | None:
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
