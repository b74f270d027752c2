"""The value of an XML literal: its canonical form, where that takes reasonable time."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import canonicalize
from xml.parsers import expat

#: The most steps spent on a canonical form: each name is looked up in the namespaces of all levels.
_EFFORT: Final = 10_000_000


def canonical_xml(text: str) -> str:
    """The canonical form of the content of an element (C14N 2.0, with comments).

    XML that is nested so deeply, or has so many namespaces, that this would take long is returned
    as written, in an element ``x``. Raises ``ParseError``, ``ExpatError`` or ``ValueError`` if it
    is not well formed.

    >>> canonical_xml("<a c='1'   b='2'/>")
    '<x><a b="2" c="1"></a></x>'
    """
    whole = f"<x>{text}</x>"
    return canonicalize(whole, with_comments=True) if _effort(whole) < _EFFORT else whole


def _effort(text: str) -> int:
    """An upper bound of the steps: the number of names times that of levels and namespaces."""
    names = depth = deepest = spaces = 0

    def start(_: str, attributes: dict[str, str]) -> None:
        nonlocal names, depth, deepest, spaces
        names += 1 + len(attributes)
        spaces += sum(name.startswith("xmlns") for name in attributes)
        depth += 1
        deepest = max(deepest, depth)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    reader = expat.ParserCreate()
    reader.StartElementHandler, reader.EndElementHandler = start, end
    reader.Parse(text, True)
    return names * (deepest + spaces)
