"""RDF read into numbered triples: an ``n x 3`` array of term numbers, column by column in memory.

Lines of N-Triples and N-Quads are taken apart by numpy, a few megabytes at a time. A term is
checked once, when it is new. What is not plainly right (escapes, odd spacing, comments, rare
characters) is left to pyoxigraph line by line, so what is valid and what a term's canonical form
is are always pyoxigraph's; a numpy rule may only ever say "plainly right" or "not sure".
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import numpy as np

from foedus.errors import InputError
from foedus.reasoning.dictionary import (
    BLANK,
    IRI,
    LITERAL,
    PAD,
    Bytes,
    Ids,
    Terms,
    copy_spans,
    firsts,
    hash_spans,
    padded,
    spans,
)
from foedus.reasoning.plain import plainly_right
from foedus.store import convert
from foedus.terms import Term, Triple

Watch: TypeAlias = Callable[[str], None] | None
CHUNK: Final = 1 << 22
_BATCH: Final = 1 << 16
_MOST_KNOWN: Final = 1 << 20


def read(data: Any, terms: Terms, watch: Watch = None) -> Ids:
    """The triples of ``data`` as an ``n x 3`` array; new terms are added to ``terms``.

    ``watch`` is told now and then how far it is, and may raise to stop.

    ``data``: a path or several (their blank nodes are kept apart), ``bytes`` of N-Triples or
    N-Quads, an rdflib graph or dataset, a pyoxigraph store or dataset, or an iterable of triples
    whose terms are N-Triples strings, rdflib's or pyoxigraph's. Named graphs are read as one.
    Duplicates stay. Raises ``ParseFailure``, ``InputError`` or ``UnknownName``.
    """
    if isinstance(data, str | os.PathLike):
        return _read_files([data], terms, watch)
    if isinstance(data, bytes | bytearray):
        return Lines(terms, "the given bytes", quads=True).read(_pieces(io.BytesIO(data)))
    if convert.is_graph(data):
        if hasattr(data, "store"):  # rdflib
            return _Tokens(terms, watch).read(convert.graph_terms(data))
        return Lines(terms, "the store", quads=True).read(convert.store_lines(data))
    items = iter(data)
    first = next(items, None)
    if first is None:
        return np.empty((3, 0), np.int64).T
    items = chain([first], items)
    if isinstance(first, str | os.PathLike):
        return _read_files(list(items), terms, watch)
    if hasattr(first, "graph_name"):  # pyoxigraph's quads
        items = (quad.triple for quad in items)
    return read_triples(items, terms, watch)


def read_triples(triples: Iterable[Any], terms: Terms, watch: Watch = None) -> Ids:
    """The triples as an ``n x 3`` array; terms are N-Triples strings, rdflib's or pyoxigraph's."""

    def flat() -> Iterator[list[Term]]:
        rest = iter(triples)
        while batch := list(islice(rest, _BATCH)):
            found = [
                term if type(term) is str else convert.term_of(term)
                for row in batch
                for term in row
            ]
            if len(found) != 3 * len(batch):
                raise InputError("a triple is three terms; something given has another length")
            yield found

    return _Tokens(terms, watch).read(flat())


def triples(data: Any) -> Iterator[Triple]:
    """The triples of ``data`` as strings, without duplicates; see :func:`read`."""
    terms = Terms()
    rows = np.unique(read(data, terms), axis=0)
    for at in range(0, len(rows), _BATCH):
        columns = (terms.tokens(column) for column in rows[at : at + _BATCH].T)
        yield from zip(*columns, strict=True)


def _read_files(paths: list[Any], terms: Terms, watch: Watch) -> Ids:
    parts: list[Ids] = []
    for given in paths:
        path = Path(given)
        extension = convert.format_of(path)
        with convert.open_binary(path) as file:
            plain = convert.FORMATS[extension] in convert.LINES
            lines = Lines(terms, str(path), quads=extension != "nt", watch=watch)
            if len(terms) or not plain:  # labels of another file, or random ones
                lines.scope = _Scope(_free_prefix(terms))
            base = path.resolve().as_uri()
            text = _pieces(file) if plain else convert.quad_lines(file, extension, str(path), base)
            try:
                parts.append(lines.read(text))
            except (OSError, EOFError) as error:
                raise InputError(f"{path} cannot be read: {error}") from None
    return _joined(parts)


def _joined(parts: list[Ids]) -> Ids:
    """The parts, each ``n x 3``, as one array whose columns are contiguous."""
    if len(parts) == 1:
        return parts[0]
    out = np.empty((3, sum(map(len, parts))), np.int64)
    at = 0
    while parts:
        part = parts.pop(0)  # let go of each part once it is copied
        out[:, at : at + len(part)] = part.T
        at += len(part)
    return out.T


@dataclass(slots=True)
class _Tokens:
    """A reader of terms that are Python strings, three for each triple."""

    terms: Terms
    watch: Watch = None
    known: dict[Term, int] = field(default_factory=dict)  # -1: left to the parser
    count: int = 0

    def read(self, batches: Iterator[list[Term]]) -> Ids:
        return _joined([self._batch(flat) for flat in batches])

    def _batch(self, flat: list[Term]) -> Ids:
        """The triples of a flat list of terms; those not plainly right are parsed."""
        if len(self.known) > _MOST_KNOWN:
            self.known.clear()
        new = [token for token in dict.fromkeys(flat) if token not in self.known]
        self.known.update(zip(new, self._numbers(new), strict=True))
        ids = np.fromiter(map(self.known.__getitem__, flat), np.int64, len(flat))
        s, p, o = ids[0::3], ids[1::3], ids[2::3]
        good = well_placed(self.terms, s, p, o)
        rows = np.stack([s[good], p[good], o[good]]).T
        odd = [tuple(flat[3 * i : 3 * i + 3]) for i in np.flatnonzero(~good).tolist()]
        self.count += len(good)
        if self.watch:
            self.watch(f"read {self.count:,} triples")
        return _joined([rows, self._parsed(odd)]) if odd else rows

    def _numbers(self, new: list[Term]) -> list[int]:
        try:
            return intern_checked(self.terms, *spans(new)).tolist() if new else []
        except ValueError:  # a line break or half a character: the parser says what it thinks
            return [-1] * len(new)

    def _parsed(self, odd: list[tuple[Term, ...]]) -> Ids:
        found: list[Triple] = []
        for row in odd:
            text = " ".join((*row, "."))
            try:
                found += convert.parse_lines(text.encode(), quads=False)
            except (SyntaxError, ValueError) as error:
                raise convert.failure(f"the triple {text[:-2]}", error, None) from None
        return _interned(self.terms, found)


def _interned(terms: Terms, triples: list[Triple]) -> Ids:
    """Triples in canonical form as numbers."""
    return terms.intern_many(t for row in triples for t in row).reshape(-1, 3)


def intern_checked(terms: Terms, buffer: Bytes, starts: Ids, lengths: Ids) -> Ids:
    """The number of each text, -1 where a new text is not plainly a term in canonical form."""
    hashes = hash_spans(buffer, starts, lengths)
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
    """Whether each triple is known and has no literal before its object, nor a blank property."""
    kinds = terms.kinds
    if not len(kinds):
        return np.zeros(len(s), np.bool_)
    return (s >= 0) & (p >= 0) & (o >= 0) & (kinds[s] < LITERAL) & (kinds[p] == IRI)


@dataclass(slots=True)
class _Scope:
    """New names for the blank nodes of one file, in order of appearance."""

    prefix: str
    labels: Terms = field(default_factory=Terms)

    def renamed(self, buffer: Bytes, starts: Ids, lengths: Ids) -> tuple[Bytes, Ids, Ids]:
        """The texts with new blank nodes, in a longer buffer where there are any."""
        blank = np.flatnonzero(buffer[starts] == ord("_"))
        if not len(blank):
            return buffer, starts, lengths
        numbers = self.labels.intern_spans(buffer, starts[blank], lengths[blank])
        used, which = np.unique(numbers, return_inverse=True)
        names, places, sizes = spans([f"_:{self.prefix}{n}" for n in used.tolist()])
        starts, lengths = starts.copy(), lengths.copy()
        starts[blank], lengths[blank] = places[which] + len(buffer), sizes[which]
        return np.concatenate([buffer, names]), starts, lengths


def _free_prefix(terms: Terms) -> str:
    """A beginning of labels that no blank node has so far."""
    labels = terms.tokens(np.flatnonzero(terms.kinds == BLANK))
    for n in range(len(labels) + 1):
        prefix = f"f{n}b" if n else "b"
        if not any(label.startswith(prefix, 2) for label in labels):
            return prefix
    raise AssertionError("one more prefix than labels: one is free")


@dataclass(slots=True)
class Lines:
    """A reader of N-Triples or N-Quads text from one source."""

    terms: Terms
    name: str
    quads: bool
    scope: _Scope | None = None
    line: int = 1  # of the chunk's first line
    watch: Watch = None

    def read(self, pieces: Iterator[bytes]) -> Ids:
        return _joined([self._chunk(buffer) for buffer in _whole_lines(pieces)])

    def _chunk(self, buffer: Bytes) -> Ids:
        """The triples of some lines, the last of which ends with a line break."""
        gaps = np.flatnonzero(buffer[:-PAD] <= 32)
        breaks = np.flatnonzero(buffer[gaps] == 10)
        before = np.append(-1, breaks[:-1])
        begins = np.append(0, gaps[breaks[:-1]] + 1)
        rows = np.flatnonzero(breaks - before >= 4)  # s, p, o, the dot: at least four gaps
        first, last = before[rows], breaks[rows]
        a, b, z = gaps[first + 1], gaps[first + 2], gaps[last - 1]
        dotted = (buffer[z + 1] == ord(".")) & (gaps[last] == z + 2)
        for gap in (a, b, z):
            dotted &= (buffer[gap] == 32) | (buffer[gap] == 9)
        if not dotted.all():
            rows, first, last, a, b, z = (x[dotted] for x in (rows, first, last, a, b, z))
        if self.quads:
            y = gaps[last - 2]
            named = (y > b) & (buffer[y + 1] == ord("<")) & (buffer[z - 1] == ord(">"))
            named &= (buffer[y] == 32) & (buffer[y - 1] != 32)
            z = np.where(named, y, z)
        begin = begins[rows]
        starts = np.concatenate([begin, a + 1, b + 1])
        lengths = np.concatenate([a, b, z]) - starts
        text = buffer
        if self.scope:
            text, starts, lengths = self.scope.renamed(buffer, starts, lengths)
        ids = intern_checked(self.terms, text, starts, lengths)
        n = len(rows)
        s, p, o = ids[:n], ids[n : 2 * n], ids[2 * n :]
        good = well_placed(self.terms, s, p, o)
        found = np.stack([s, p, o]).T if good.all() else np.stack([s[good], p[good], o[good]]).T
        odd = np.ones(len(breaks), np.bool_)
        odd[rows[good]] = False
        if odd.any():
            slow = self._parsed(buffer, begins, gaps[breaks], np.flatnonzero(odd))
            found = _joined([found, slow])
        self.line += len(breaks)
        if self.watch:
            self.watch(f"read {self.line:,} lines of {self.name}")
        return found

    def _parsed(self, buffer: Bytes, begins: Ids, ends: Ids, odd: Ids) -> Ids:
        """The triples of the lines that numpy was not sure of, read by pyoxigraph."""
        size = ends[odd] + 1 - begins[odd]
        text = np.empty(int(size.sum()) + PAD, np.uint8)
        copy_spans(buffer, begins[odd], size, text, np.cumsum(size) - size)
        try:
            found = convert.parse_lines(text[:-PAD].tobytes(), self.quads)
        except (SyntaxError, ValueError):
            for n in odd.tolist():  # the parser may notice a broken line only in the next one
                try:
                    convert.parse_lines(buffer[begins[n] : ends[n]].tobytes(), self.quads)
                except (SyntaxError, ValueError) as error:
                    raise convert.failure(self.name, error, self.line + n) from None
            raise
        if self.scope and found:
            buffer, starts, lengths = self.scope.renamed(*spans([t for row in found for t in row]))
            return self.terms.intern_spans(buffer, starts, lengths).reshape(-1, 3)
        return _interned(self.terms, found)


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[Bytes]:
    """The text again in padded buffers of whole lines; a last line break is added if missing."""
    kept: list[bytes] = []
    for piece in pieces:
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield padded(b"".join((*kept, memoryview(piece)[:cut])))
            kept = []
        kept.append(piece[cut:])
    if rest := b"".join(kept):
        yield padded(rest + b"\n")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece
