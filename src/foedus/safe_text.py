"""Text of others that may be shown: on a terminal, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")

# What Markdown reads as markup anywhere in a text, or at its start.
_MARKUP = re.compile(r"[\\`*\[\]<>|~$]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")
_OPENING = re.compile(r"(\s*)(?:([-+=#])(?=[-+=#\s]|$)|(\d+)([.)])(?=\s|$))")

# Control characters of C0 and C1, the marks that turn the direction of what follows (bidirectional
# overrides, embeddings and isolates), the separators that break a line, and lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str, keep: str = "") -> str:
    r"""The text with what could steer a terminal shown as a Python escape.

    ``keep`` names control characters that stay, such as ``"\n\t"``. All else stays as it is.
    [Unicode TR 36](https://www.unicode.org/reports/tr36/) tells of the marks of direction.

    >>> print(printable("\x1b[31mred"))
    \x1b[31mred
    >>> printable("one\ntwo", keep="\n")
    'one\ntwo'
    """
    return _UNSAFE.sub(lambda m: m[0] if m[0] in keep else _escape(ord(m[0])), text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    r"""The text as `printable`, with a space for each run of white space and line breaks.

    >>> print(one_line("one\n  two\x07"))
    one two\x07
    """
    return printable(re.sub(r"\s+", " ", text))


def markdown(text: str) -> str:
    r"""Markdown that shows the text as it is, on one line.

    >>> print(markdown("# <b>a|b</b> [c](d) snake_case"))
    \# \<b\>a\|b\</b\> \[c\](d) snake_case
    """
    marked = _MARKUP.sub(lambda m: f"\\{m[0]}", one_line(text))
    return _OPENING.sub(r"\1\3\\\2\4", marked, count=1) if _OPENING.match(marked) else marked


def reworded(found: T, change: Callable[[str], str]) -> T:
    """The same dataclass with every text in it changed, in what it holds too."""
    done: dict[int, Any] = {}

    def new(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, tuple | frozenset):
            return type(value)(map(new, value))
        if not is_dataclass(value) or isinstance(value, type):
            return value
        if id(value) not in done:
            made = {f.name: new(getattr(value, f.name)) for f in fields(value)}
            done[id(value)] = replace(value, **made)
        return done[id(value)]

    made: T = new(found)
    return made
