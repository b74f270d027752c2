"""Text of others that may be shown on a terminal."""

from __future__ import annotations

import re

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
