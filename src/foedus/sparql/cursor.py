"""The tokens of a SPARQL query, and a cursor over them."""

from __future__ import annotations

import re
from typing import NoReturn

from foedus.errors import ParseFailure

_TOKEN = re.compile(
    r"""(?P<space>[\s]+|\#[^\n]*)
    |(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    |(?P<var>[?$]\w+)
    |(?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<lang>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    |(?P<blank>_:\w(?:[\w.-]*[\w-])?)
    |(?P<pname>(?:[^\W\d_](?:[\w.-]*[\w-])?)?:(?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\.)
        (?:(?:[\w:.-]|%[0-9A-Fa-f]{2}|\\.)*(?:[\w:-]|%[0-9A-Fa-f]{2}|\\.))?)?)
    |(?P<number>(?:\d+\.\d*|\.?\d+)[eE][+-]?\d+|\d*\.\d+|\d+)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>\^\^|&&|\|\||!=|<=|>=|<<|>>|[{}()\[\];,.=<>!|^/*+?-])""",
    re.VERBOSE | re.DOTALL,
)


class Cursor:
    """Reads a query token by token; what cannot be read raises `ParseFailure` with its line."""

    def __init__(self, text: str) -> None:
        self.text, self.position = text, 0
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found:
                self.fail(f"cannot read {text[at : at + 20]!r}", at)
            if found.lastgroup != "space":
                self.tokens.append((str(found.lastgroup), found[0], at))
            at = found.end()

    def fail(self, reason: str, at: int | None = None) -> NoReturn:
        """Raise with the line of a position in the text, by default that of the next token."""
        if at is None:
            here = min(self.position, len(self.tokens) - 1)
            at = self.tokens[here][2] if self.tokens else 0
        raise ParseFailure("query", reason, self.text.count("\n", 0, at) + 1, at)

    def peek(self) -> str:
        """The next token; a keyword in upper case; empty at the end."""
        if self.position >= len(self.tokens):
            return ""
        kind, text, _ = self.tokens[self.position]
        return text.upper() if kind == "word" and text != "a" else text

    def kind(self) -> str:
        """What sort of token comes next: iri, var, string, word ...; ``end`` at the end."""
        return self.tokens[self.position][0] if self.position < len(self.tokens) else "end"

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
