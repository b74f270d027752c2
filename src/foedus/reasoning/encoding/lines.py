"""N-Triples and N-Quads read into numbered triples by numpy, a few megabytes at a time.

Pipelined: while one chunk is looked up in the dictionary, a thread reads, splits and hashes the
next; numpy releases the interpreter's lock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any, Final, TypeAlias

import numpy as np

from foedus.errors import ParseFailure
from foedus.reasoning.encoding.dictionary import BLANK, IRI, LITERAL, Terms
from foedus.reasoning.encoding.plain import plainly_right
from foedus.reasoning.encoding.spans import (
    PAD,
    Bytes,
    Hashes,
    Ids,
    copy_spans,
    firsts,
    hash_spans,
    padded,
    spans,
)
from foedus.reasoning.storage.columns import sort_unique
from foedus.store import convert
from foedus.terms import Triple

Watch: TypeAlias = Callable[[str], None] | None
CHUNK: Final = 1 << 22
_PREFIX: Final = re.compile(r"_:(?:f([0-9]{1,9}))?b")
#: The longest line in bytes, so that a compressed file of one line does not exhaust memory.
LONGEST: Final = 1 << 27


@dataclass(frozen=True, slots=True)
class _Part:
    """A chunk of whole lines, with the spans of the terms of those that look plain."""

    buffer: Bytes
    begins: Ids  # of lines
    ends: Ids
    rows: Ids  # the lines that look plain; below, their subjects, properties, then objects
    text: Bytes
    starts: Ids
    lengths: Ids
    hashes: Hashes


@dataclass(slots=True)
class LineReader:
    """A reader of N-Triples or N-Quads text from one source."""

    terms: Terms
    name: str
    quads: bool
    scope: Scope | None = None
    numbered: bool = True  # whether line numbers are those of the source
    line: int = 1  # the number of the next chunk's first line
    watch: Watch = None

    def read(self, pieces: Iterator[bytes]) -> Iterator[Ids]:
        """The triples of a text as ``n x 3`` arrays; ``pieces`` may be of any length."""
        parts = map(self._part, self._whole_lines(pieces))
        if self.scope is not None:  # blank nodes are renamed in the order of the lines
            yield from map(self._taken, parts)
            return
        with ThreadPoolExecutor(1) as pool:  # splits the next chunk while this one is looked up
            waiting = pool.submit(next, parts, None)
            while (part := waiting.result()) is not None:
                waiting = pool.submit(next, parts, None)
                yield self._taken(part)

    def _whole_lines(self, pieces: Iterator[bytes]) -> Iterator[Bytes]:
        """The text in padded buffers of whole lines; a missing last line break is added."""
        kept: list[bytes] = []
        for piece in pieces:
            cut = piece.rfind(b"\n") + 1
            if cut:
                yield padded(b"".join((*kept, memoryview(piece)[:cut])))
                kept = []
            elif self.watch:
                self.watch(f"reading {self.name}")
            kept.append(piece[cut:])
            if sum(map(len, kept)) > LONGEST:
                told = f"a line is longer than {LONGEST >> 20} MB; is this N-Triples or N-Quads?"
                raise ParseFailure(self.name, told)
        if rest := b"".join(kept):
            yield padded(rest + b"\n")

    def _part(self, buffer: Bytes) -> _Part:
        """Split some lines into spans; the last line ends with a line break."""
        gaps = np.flatnonzero(buffer[:-PAD] <= 32)
        breaks = np.flatnonzero(buffer[gaps] == 10)
        before = np.append(-1, breaks[:-1])
        begins = np.append(0, gaps[breaks[:-1]] + 1)
        rows = np.flatnonzero(breaks - before >= 4)  # a gap after each of s, p, o and the dot
        first, last = before[rows], breaks[rows]
        a, b, z = gaps[first + 1], gaps[first + 2], gaps[last - 1]
        dotted = (buffer[z + 1] == ord(".")) & (gaps[last] == z + 2)
        for gap in (a, b, z):
            dotted &= (buffer[gap] == 32) | (buffer[gap] == 9)
        if not dotted.all():
            rows, last, a, b, z = (x[dotted] for x in (rows, last, a, b, z))
        if self.quads:
            y = gaps[last - 2]
            named = (y > b) & (buffer[y + 1] == ord("<")) & (buffer[z - 1] == ord(">"))
            named &= (buffer[y] == 32) & (buffer[y - 1] != 32)
            z = np.where(named, y, z)
        starts = np.concatenate([begins[rows], a + 1, b + 1])
        lengths = np.concatenate([a, b, z]) - starts
        text = buffer
        if self.scope:
            text, starts, lengths = self.scope.renamed(buffer, starts, lengths)
        hashes = hash_spans(text, starts, lengths)
        return _Part(buffer, begins, gaps[breaks], rows, text, starts, lengths, hashes)

    def _taken(self, part: _Part) -> Ids:
        """The triples of a chunk as an ``n x 3`` array; new terms are added to the dictionary."""
        ids = intern_checked(self.terms, part.text, part.starts, part.lengths, part.hashes)
        n = len(part.rows)
        s, p, o = ids[:n], ids[n : 2 * n], ids[2 * n :]
        good = well_placed(self.terms, s, p, o)
        found = np.stack([s, p, o]).T if good.all() else np.stack([s[good], p[good], o[good]]).T
        odd = np.ones(len(part.begins), np.bool_)
        odd[part.rows[good]] = False
        if odd.any():
            found = joined([found, self._parsed(part, np.flatnonzero(odd))])
        self.line += len(odd)
        if self.watch:
            self.watch(f"read {self.line - 1:,} lines of {self.name}")
        return found

    def _parsed(self, part: _Part, odd: Ids) -> Ids:
        """The triples of the lines that numpy could not be sure of, parsed by pyoxigraph."""
        begins, ends = part.begins[odd], part.ends[odd]
        size = ends + 1 - begins
        text = np.empty(int(size.sum()) + PAD, np.uint8)
        copy_spans(part.buffer, begins, size, text, np.cumsum(size) - size)
        try:
            found = convert.parse_lines(text[:-PAD].tobytes(), self.quads)
        except (SyntaxError, ValueError):
            for n, begin, end in zip(odd.tolist(), begins, ends, strict=True):
                try:  # one by one: the parser may report a broken line as the one after it
                    convert.parse_lines(part.buffer[begin:end].tobytes(), self.quads)
                except (SyntaxError, ValueError) as error:
                    told = self.line + n if self.numbered else None
                    raise convert.failure(self.name, error, told) from None
            raise
        if self.scope and found:
            renamed = self.scope.renamed(*spans([term for row in found for term in row]))
            return self.terms.intern_spans(*renamed).reshape(-1, 3)
        return interned(self.terms, found)


@dataclass(slots=True)
class Scope:
    """New names for the blank nodes of one file, numbered in order of appearance."""

    prefix: str
    labels: Terms = field(default_factory=Terms)

    def renamed(self, buffer: Bytes, starts: Ids, lengths: Ids) -> tuple[Bytes, Ids, Ids]:
        """The spans with blank nodes renamed; in a longer buffer where there are any."""
        blank = np.flatnonzero(buffer[starts] == ord("_"))
        if not len(blank):
            return buffer, starts, lengths
        numbers = self.labels.intern_spans(buffer, starts[blank], lengths[blank])
        used = sort_unique(numbers.copy())  # the first np.unique takes 10 ms
        which = used.searchsorted(numbers)
        names, places, sizes = spans([f"_:{self.prefix}{n}" for n in used.tolist()])
        starts, lengths = starts.copy(), lengths.copy()
        starts[blank], lengths[blank] = places[which] + len(buffer), sizes[which]
        return np.concatenate([buffer, names]), starts, lengths


@dataclass(slots=True)
class Prefixes:
    """Label prefixes that keep the blank nodes of several files apart."""

    terms: Terms
    _taken: set[int] = field(default_factory=set)
    _known: int = 0  # how many terms have been examined
    _next: int = 0

    def free(self) -> str:
        """A prefix that no blank node's label has so far."""
        new = self._known + np.flatnonzero(self.terms.kinds[self._known :] == BLANK)
        self._known = len(self.terms)
        found = map(_PREFIX.match, self.terms.tokens(new))
        self._taken.update(int(match[1] or 0) for match in found if match)
        while self._next in self._taken:
            self._next += 1
        return f"f{self._next}b" if self._next else "b"


def intern_checked(terms: Terms, buffer: Bytes, starts: Ids, lengths: Ids, hashes: Hashes) -> Ids:
    """The number of each text, -1 for a new text that is not plainly a term in canonical form."""
    found = terms.find_spans(buffer, starts, lengths, hashes)
    missing = np.flatnonzero(found < 0)
    if len(missing):
        new = missing[firsts(hashes[missing])]
        new = new[plainly_right(buffer, starts[new], lengths[new])]
        terms.add_spans(buffer, starts[new], lengths[new], hashes[new])
        found[missing] = terms.find_spans(
            buffer, starts[missing], lengths[missing], hashes[missing]
        )
    return found


def well_placed(terms: Terms, s: Ids, p: Ids, o: Ids) -> Any:
    """A mask: all terms are known, subject and property no literals, the property no blank node."""
    kinds = terms.kinds
    if not len(kinds):
        return np.zeros(len(s), np.bool_)
    return (s >= 0) & (p >= 0) & (o >= 0) & (kinds[s] < LITERAL) & (kinds[p] == IRI)


def interned(terms: Terms, triples: list[Triple]) -> Ids:
    """Triples in canonical form as numbers."""
    return terms.intern_many(t for row in triples for t in row).reshape(-1, 3)


def joined(parts: list[Ids]) -> Ids:
    """One ``n x 3`` array with contiguous columns of several; the list is emptied."""
    if len(parts) == 1:
        return parts[0]
    out = np.empty((3, sum(map(len, parts))), np.int64)
    at = 0
    while parts:
        part = parts.pop(0)  # free each part once it is copied
        out[:, at : at + len(part)] = part.T
        at += len(part)
    return out.T


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece
