"""The tokens of a SPARQL query, in time that is linear in its length, and a cursor over them.

They are those of SPARQL 1.1 §19.8 (https://www.w3.org/TR/sparql11-query/#sparqlGrammar): a word
inside a string, a comment, an IRI or a name is no keyword. Any text has tokens; what belongs to
none is a ``mark`` that no grammar takes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from foedus.errors import ParseFailure

OPENING, CLOSING = {*"{(["}, {*"})]"}

_NO_LETTERS = [c for c in map(chr, range(0xB7)) if not (c.isalnum() or c == "_")]


def _letter(more: str = "") -> str:
    """A letter of a name, or one of ``more``: any from U+00B7 on, as the grammar has more than \\w.

    Said by the few that it is not: a set of so many characters takes long to compile.
    """
    return f"[^{re.escape(''.join(c for c in _NO_LETTERS if c not in more))}]"


_LETTER, _OR_COLON, _OR_DASH, _OR_DOT = map(_letter, ("", ":", "-", ".-"))
_IRI = r"<[^<>\"{}|^`\\\x00-\x20]*+>"
_NUMBER = r"(?:\d++(?:\.\d*+)?+|\.\d++)[eE][+-]?+\d++|\d*+\.\d++|\d++"
#: What a local name starts with; further on there may be hyphens, and dots but at the end.
_LOCAL = rf"{_OR_COLON}++|%[0-9A-Fa-f]{{2}}|\\."
# Every repetition is possessive, so that no text is read twice.
# A run has no colon behind it: its words are told apart without looking for names again. The
# second of two < begins an IRI if it can: ``?a<<e:b>`` compares.
_TOKEN = re.compile(
    rf"""(?P<space>\s++|\#[^\n\r]*+)
      | (?P<string>'''(?:'?'?+(?:[^'\\]|\\.))*+''' | \"\"\"(?:"?"?+(?:[^"\\]|\\.))*+\"\"\"
                  |'(?!'')(?:[^'\\\n\r]|\\.)*+' | "(?!"")(?:[^"\\\n\r]|\\.)*+")
      | (?P<open>'''.*+ | \"\"\".*+ | ['"][^\n\r]*+)
      | (?P<iri>{_IRI})
      | (?P<variable>[?$]{_LETTER}++)
      | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
      | (?P<number>{_NUMBER})
      | (?P<blank>_:{_LETTER}(?:{_OR_DOT}*{_OR_DASH})?+)
      | (?P<name>(?:{_LETTER}(?:{_OR_DOT}*{_OR_DASH})?+)?+:
                 (?:(?:{_LOCAL})(?:{_LOCAL}|-++|\.++(?={_LOCAL}|-))*+)?+)
      | (?P<run>{_LETTER}{_OR_DOT}*+(?:(?<=[eE])[+-]\d++)?+)
      | (?P<mark>&&|\|\||\^\^|!=|<=|>=|>>|<<(?!{_IRI[1:]})|.)""",
    re.VERBOSE | re.DOTALL,
)
_IN_RUN = re.compile(rf"(?P<number>{_NUMBER})|(?P<word>{_LETTER}++)|(?P<mark>.)")
#: The marks that the grammar has.
_MARKS = {*"{}()[];,.=<>!|^/*+?-", "&&", "||", "^^", "!=", "<=", ">=", "<<", ">>"}


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a query: its kind, its text, and where it starts (line and column from 1).

    Kinds are ``string iri variable language number blank name word mark``, and ``open`` for a
    string without end.
    """

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

    >>> [t.text for t in tokens("ASK { ?s :p 'SERVICE' FILTER(?s != 1) } # FROM")]
    ['ASK', '{', '?s', ':p', "'SERVICE'", 'FILTER', '(', '?s', '!=', '1', ')', '}']
    """
    line, start = 1, 0
    for found in _TOKEN.finditer(query):
        text, kind, at = found[0], str(found.lastgroup), found.start()
        if kind == "run":  # words, and what stands between them
            for part in _IN_RUN.finditer(text):
                here = at + part.start()
                yield Token(str(part.lastgroup), part[0], line, here - start + 1, here)
        elif kind != "space":
            yield Token(kind, text, line, at - start + 1, at)
        breaks = text.count("\n")
        if breaks:
            line, start = line + breaks, at + text.rindex("\n") + 1


def declared_prefixes(read: list[Token]) -> set[str]:
    """The prefixes that a query declares."""
    return {
        name.prefix
        for word, name in itertools.pairwise(read)
        if word.text.upper() == "PREFIX" and name.kind == "name"
    }


class Cursor:
    """Reads a query token by token; what cannot be read raises `ParseFailure` with its line."""

    def __init__(self, text: str) -> None:
        self.text, self.position = text, 0
        self.tokens = list(tokens(text))
        for token in self.tokens:
            if token.kind == "open" or (token.kind == "mark" and token.text not in _MARKS):
                at = token.offset
                self.fail(f"cannot read {text[at : at + 20]!r}", token)

    def fail(self, reason: str, at: Token | None = None) -> NoReturn:
        """Raise with the line of a token, by default that of the next one."""
        if at is None and self.tokens:
            at = self.tokens[min(self.position, len(self.tokens) - 1)]
        raise ParseFailure("query", reason, at.line if at else 1, at.offset if at else 0)

    def peek(self) -> str:
        """The next token; a keyword in upper case; empty at the end."""
        if self.position >= len(self.tokens):
            return ""
        token = self.tokens[self.position]
        return token.text.upper() if token.kind == "word" and token.text != "a" else token.text

    def kind(self) -> str:
        """What sort of token comes next (see `Token`); ``end`` at the end."""
        return self.tokens[self.position].kind if self.position < len(self.tokens) else "end"

    def following(self) -> str:
        """The token after the next, in upper case; empty at the end."""
        after = self.position + 1
        return self.tokens[after].text.upper() if after < len(self.tokens) else ""

    def next(self) -> str:
        """The next token, which is passed."""
        token = self.peek()
        self.position += 1
        return token

    def take(self, *wanted: str) -> bool:
        """Whether the next token is one of these; it is passed then."""
        if self.peek() in wanted:
            self.position += 1
            return True
        return False

    def expect(self, wanted: str) -> None:
        """Pass this token, or fail."""
        if not self.take(wanted):
            self.fail(f"expected {wanted!r}, found {self.peek() or 'the end'!r}")
