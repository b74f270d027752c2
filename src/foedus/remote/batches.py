"""A file of N-Triples or N-Quads in pieces that a store takes one by one, whatever its length.

A blank node becomes an IRI (skolemization, RDF 1.1 §3.5), the same one for the same file: so a load
can be cut anywhere, tried again and repeated without a second copy of the node.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from operator import lt
from pathlib import Path
from typing import TypeVar, cast

import numpy as np

from foedus.errors import InputError, ParseFailure
from foedus.remote.endpoint import skolem
from foedus.terms import Term

_IRI = rb'<[A-Za-z][A-Za-z0-9+.-]*+:[^\x00-\x20<>"{}|^`]*+>'
_NODE = _IRI + rb'|_:[^\s<"]+'
_LITERAL = rb'"(?:[^"\\\r\n]++|\\.)*+"(?:@[A-Za-z0-9-]++|\^\^' + _IRI + rb")?"
#: A triple that is the object of another (RDF 1.2), of one level and without blank nodes.
_QUOTED = rb"<<\([ \t]*+%b[ \t]*+%b[ \t]*+(?:%b|%b)[ \t]*+\)>>" % (_IRI, _IRI, _IRI, _LITERAL)
_GAP, _REMARK = rb"[ \t]*+", rb"[ \t]*+(?:#[^\r\n]*+)?"
_TRIPLE = _GAP.join(
    (
        b"",
        b"(?P<s>%b)" % _NODE,
        b"(?P<p>%b)" % _IRI,
        b"(?P<o>%b|%b|%b)" % (_NODE, _LITERAL, _QUOTED),
        b"",
    )
)
_LINE = re.compile(rb"%b(?P<g>%b)?%b\.%b\r?\n?" % (_TRIPLE, _NODE, _GAP, _REMARK))
#: As many lines of N-Triples as there are: a match that ends early ends before the first bad one.
_LINES = re.compile(rb"(?:(?:%b\.)?%b\r?\n)*+" % (_TRIPLE, _REMARK))
_READ = 1 << 20
T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, the next one made while this one is used."""
    with ThreadPoolExecutor(1) as maker:
        end = object()
        coming = maker.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = maker.submit(next, items, end)
            yield cast(T, item)


def numbered(blocks: Iterable[bytes], path: str) -> Iterator[bytes]:
    """The same lines of N-Quads, their blank nodes called ``_:b0``, ``_:b1``, ... in order.

    Raises `ParseFailure` for a triple inside a triple, which no store here is sent.
    """
    names: dict[bytes, bytes] = {}

    def name(term: bytes) -> bytes:
        return names.setdefault(term, b"_:b%d" % len(names)) if term[:2] == b"_:" else term

    for block in blocks:
        for line in block.splitlines(keepends=True):
            found = _LINE.fullmatch(line) if b"_:" in line else None
            if found:
                line = b" ".join(name(term) for term in found.groups() if term) + b" .\n"
            elif b"<<(" in line and not _LINE.fullmatch(line):
                raise ParseFailure(path, "a triple inside a triple (RDF 1.2) cannot be loaded")
            yield line


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole lines for one graph (None: each line names its own), and how many triples they are."""

    graph: Term | None
    body: bytes
    triples: int


@dataclass(slots=True)
class Tally:
    """How many different lines went by, as far as that can be told in little memory.

    Lines in order need no memory; others are told apart by 8 bytes each, up to ``most`` of them.
    """

    most: int = 4_000_000
    _lines: int = 0
    _last: bytes = b""
    _ordered: bool = True
    _seen: array[int] | None = field(default_factory=lambda: array("q"))

    def add(self, block: bytes) -> None:
        """Count the lines of a block."""
        lines = block.splitlines()
        if not lines:
            return
        self._ordered = self._ordered and self._last < lines[0] and all(map(lt, lines, lines[1:]))
        self._last = lines[-1]
        self._lines += len(lines)
        if self._lines > self.most:
            self._seen = None
        elif self._seen is not None:
            self._seen.extend(map(hash, lines))

    @property
    def distinct(self) -> int | None:
        """The number of different lines, or None where it is not known."""
        if self._ordered:
            return self._lines
        if self._seen is None:
            return None
        seen = np.sort(np.asarray(self._seen))  # np.unique takes ten times as long
        return 1 + int(np.count_nonzero(seen[1:] != seen[:-1]))


@dataclass(frozen=True)
class Lines:
    """A file of N-Triples (``.nt``) or N-Quads (``.nq``), read as often as needed."""

    path: Path
    size: int = field(init=False)

    def __post_init__(self) -> None:
        if self.path.suffix not in {".nt", ".nq"}:
            raise InputError(f"{self.path} is neither .nt nor .nq")
        try:
            object.__setattr__(self, "size", self.path.stat().st_size)
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from None

    @property
    def has_graphs(self) -> bool:
        """Whether the file can name graphs."""
        return self.path.suffix == ".nq"

    @cached_property
    def graphs(self) -> Mapping[Term | None, int]:
        """The graphs of the file and their sizes in triples; None is the default graph."""
        found: Counter[Term | None] = Counter()
        if not self.has_graphs:
            found[None] = sum(block.count(b"\n") for block in self._blocks(_READ))
            return found
        for g, _ in self._quads():
            found[g] += 1
        return found

    def check(self) -> None:
        """Raise `ParseFailure` for the first line of an N-Triples file that is none."""
        read = 0
        for block in self._blocks(_READ) if not self.has_graphs else ():
            good = _LINES.match(block)
            if good and good.end() < len(block):
                line = read + block.count(b"\n", 0, good.end()) + 1
                raise ParseFailure(str(self.path), "this is not a line of N-Triples", line)
            read += block.count(b"\n")

    def triples(self, size: int, tally: Tally | None = None) -> Iterator[Batch]:
        """The lines of an N-Triples file, about ``size`` bytes at a time, as they stand."""
        for block in self._blocks(size):
            text = self._skolemized(block) if b"_:" in block else block
            if tally:
                tally.add(text)
            yield Batch(None, text, block.count(b"\n"))

    def quads(
        self, places: Mapping[Term | None, Term | None], size: int, together: bool
    ) -> Iterator[Batch]:
        """The lines of an N-Quads file, each graph under the name that ``places`` gives it.

        A graph that ``places`` lacks is left out. ``together``: the lines name their graphs.
        Otherwise a batch holds the triples of one graph.
        """
        here: Term | None = None
        lines: list[bytes] = []
        length = 0
        for graph, triple in self._quads():
            if graph not in places:
                continue
            place = places[graph]
            if lines and (length >= size or (place != here and not together)):
                yield Batch(None if together else here, b"".join(lines), len(lines))
                lines, length = [], 0
            here = place
            name = b" " + place.encode() if together and place else b""
            lines.append(triple + name + b" .\n")
            length += len(lines[-1])
        if lines:
            yield Batch(None if together else here, b"".join(lines), len(lines))

    def _quads(self) -> Iterator[tuple[Term | None, bytes]]:
        """Graph and triple (without its full stop) of each line."""
        number = 0
        for block in self._blocks(_READ):
            for line in block.splitlines():
                number += 1
                found = _LINE.fullmatch(line)
                if found is None:
                    if line.strip() and not line.lstrip().startswith(b"#"):
                        raise ParseFailure(str(self.path), "this is not a line of N-Quads", number)
                    continue
                s, p, o, g = found.group("s", "p", "o", "g")
                triple = b" ".join((self._named(s), p, self._named(o)))
                yield (self._named(g).decode() if g else None), triple

    def _skolemized(self, block: bytes) -> bytes:
        lines = []
        for line in block.splitlines(keepends=True):
            found = _LINE.fullmatch(line) if b"_:" in line else None
            if found:
                s, p, o = found.group("s", "p", "o")
                line = b" ".join((self._named(s), p, self._named(o), b".\n"))
            lines.append(line)
        return b"".join(lines)

    def _named(self, term: bytes) -> bytes:
        if not term.startswith(b"_:"):
            return term
        return b"<" + self._genid + term[2:].rstrip(b".") + b">"

    @cached_property
    def _genid(self) -> bytes:
        with self.path.open("rb") as file:
            return f"{skolem()}{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}/".encode()

    def _blocks(self, size: int) -> Iterator[bytes]:
        """Whole lines, about ``size`` bytes of them at a time; the last ends in a newline too."""
        try:
            with self.path.open("rb") as file:
                while block := file.read(size):
                    block += file.readline()
                    yield block if block.endswith(b"\n") else block + b"\n"
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from None
