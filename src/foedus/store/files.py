"""Files of RDF read into terms, with the file and the line when one is not well formed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedus.errors import InputError, ParseFailure
from foedus.short import short_repr
from foedus.store.convert import failure, refuse_nested
from foedus.store.reading import opened, read_lines
from foedus.terms import Quad, Term


@dataclass(frozen=True, slots=True)
class RdfFile:
    """What a file says: its quads in the order of the file, and the prefixes that it declares."""

    path: Path
    quads: tuple[Quad, ...]
    prefixes: dict[str, str]

    __repr__ = short_repr


def read_text(path: Path) -> str:
    """The text of a UTF-8 file with ``\\n`` line ends and without a byte-order mark."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ParseFailure(str(path), "this is not UTF-8 text; save it as UTF-8", line) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_rdf(path: Path, blank: str = "b") -> RdfFile:
    """A Turtle, TriG, N-Triples, N-Quads, RDF/XML or JSON-LD file; see ``reading.opened``.

    Blank nodes are called ``_:{blank}0``, ``_:{blank}1``, ... in the order of the file, so that two
    readings give the same terms and two files with different ``blank`` share none.
    """
    names: dict[str, Term] = {}

    def term(value: Any) -> Term:
        text = str(value)
        if not text.startswith("_:"):
            return text
        return names.setdefault(text, f"_:{blank}{len(names)}")

    with opened(path) as source:
        text, prefixes = read_lines(source)
        try:
            refuse_nested(text)
        except ValueError as error:
            raise failure(source.name, error, None) from None
    quads = tuple(
        (
            term(q.subject),
            term(q.predicate),
            term(q.object),
            None if isinstance(q.graph_name, ox.DefaultGraph) else term(q.graph_name),
        )
        for q in ox.parse(text, ox.RdfFormat.N_QUADS)
    )
    return RdfFile(path, quads, prefixes)
