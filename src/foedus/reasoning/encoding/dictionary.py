"""Dictionary encoding: a bijection of terms and dense integers, without a Python object per term.

The terms' UTF-8 texts lie in one byte buffer, each followed by a space; a term's number is its
index in that buffer. Numbers are dense, start at 0 and never change. Terms are found through an
open-addressing table of 64-bit hashes. Texts are always compared, so two terms never share a
number; the few whose hashes collide are kept in an ordinary ``dict``. Literature: Neumann & Weikum,
RDF-3X, VLDB 2008.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foedus.reasoning.encoding.spans import (
    PAD,
    Bytes,
    Hashes,
    Ids,
    copy_spans,
    firsts,
    hash_spans,
    hash_text,
    same_spans,
    spans,
)
from foedus.reasoning.storage.columns import pieces

IRI: Final = 0
BLANK: Final = 1
LITERAL: Final = 2  #: a plain or language-tagged literal, which cannot be ill-typed
TYPED: Final = 3  #: a literal with a datatype other than xsd:string; ``kind >= LITERAL`` is both

_BATCH: Final = 1 << 16
_KIND: Final = np.full(256, IRI, np.uint8)
_KIND[ord("_")], _KIND[ord('"')] = BLANK, LITERAL


class Terms:
    """A growing dictionary of terms.

    >>> terms = Terms()
    >>> terms.intern_many(["<urn:a>", '"1"', "<urn:a>"]).tolist()
    [0, 1, 0]
    >>> terms.token(1), terms.find("<urn:a>"), terms.find("<urn:b>")
    ('"1"', 0, None)
    """

    def __init__(self) -> None:
        self._count = 0
        self._buffer: Bytes = np.zeros(1 << 12, np.uint8)
        self._starts: Ids = np.zeros(1 << 8, np.int64)  # one more than there are terms
        self._hashes: Hashes = np.zeros(1 << 8, np.uint64)
        self._kinds: Bytes = np.zeros(1 << 8, np.uint8)
        self._table: NDArray[np.int32] = np.full(1 << 9, -1, np.int32)
        self._collided: dict[bytes, int] = {}  # texts that have the hash of an earlier text

    def copy(self) -> Terms:
        """Another dictionary of the same terms with the same numbers."""
        made = Terms()
        made.__dict__.update({name: copy(held) for name, held in self.__dict__.items()})
        return made

    def __len__(self) -> int:
        return self._count

    @property
    def kinds(self) -> Bytes:
        """The kind of each term, ``uint8``: ``IRI``, ``BLANK``, ``LITERAL`` or ``TYPED``."""
        return self._kinds[: self._count]

    @property
    def buffer(self) -> Bytes:
        """The texts of all terms, each followed by a space, and spare bytes after the last."""
        return self._buffer

    @property
    def all_starts(self) -> Ids:
        """The offset of each text in ``buffer``, and the end of the last text's space."""
        return self._starts[: self._count + 1]

    # One term

    def find(self, token: str) -> int | None:
        """The number of a term, or None if it is not in the dictionary."""
        text = token.encode()
        value = hash_text(text)
        mask = len(self._table) - 1
        at = value & mask
        while (held := int(self._table[at])) >= 0:
            if int(self._hashes[held]) == value:
                return held if self._text(held) == text else self._collided.get(text)
            at = at + 1 & mask
        return None

    def token(self, number: int) -> str:
        """The term with this number."""
        return self._text(number).decode()

    def _text(self, number: int) -> bytes:
        return self._buffer[self._starts[number] : self._starts[number + 1] - 1].tobytes()

    # Many terms

    def tokens(self, numbers: Ids) -> list[str]:
        """The terms with these numbers, in their order; numbers may repeat."""
        if not len(numbers):
            return []
        starts = self._starts[numbers]
        lengths = self._starts[numbers + 1] - starts - 1
        places = np.cumsum(lengths + 1) - (lengths + 1)
        total = int(places[-1] + lengths[-1])
        out = np.empty(total + PAD, np.uint8)
        copy_spans(self._buffer, starts, lengths, out, places)
        out[places[1:] - 1] = 10
        return out[:total].tobytes().decode().split("\n")

    def intern_many(self, tokens: Iterable[str]) -> Ids:
        """The number of each term, ``int64``; new ones are added. OverflowError at ``2**31``."""
        parts: list[Ids] = []
        rest = iter(tokens)
        while batch := list(islice(rest, _BATCH)):
            parts.append(self.intern_spans(*spans(batch)))
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def find_many(self, tokens: Sequence[str]) -> Ids:
        """The number of each term, -1 where it is not in the dictionary."""
        if not tokens:
            return np.zeros(0, np.int64)
        buffer, starts, lengths = spans(tokens)
        return self.find_spans(buffer, starts, lengths, hash_spans(buffer, starts, lengths))

    def intern_spans(self, buffer: Bytes, starts: Ids, lengths: Ids) -> Ids:
        """The number of each text in a padded buffer; new ones are added in order of appearance."""
        hashes = hash_spans(buffer, starts, lengths)
        found = self.find_spans(buffer, starts, lengths, hashes)
        missing = np.flatnonzero(found < 0)
        while len(missing):
            part = hashes[missing]
            first = missing[firsts(part)]
            self.add_spans(buffer, starts[first], lengths[first], hashes[first])
            found[missing] = self.find_spans(buffer, starts[missing], lengths[missing], part)
            missing = missing[found[missing] < 0]  # empty unless hashes collided
        return found

    def find_spans(self, buffer: Bytes, starts: Ids, lengths: Ids, hashes: Hashes) -> Ids:
        """The number of each text with these hashes, -1 where it is not in the dictionary."""
        if not self._count:
            return np.full(len(starts), -1, np.int64)
        mask = np.uint64(len(self._table) - 1)
        at = (hashes & mask).astype(np.int64)
        found = self._table[at].astype(np.int64)
        open_ = np.flatnonzero((found >= 0) & (self._hashes[found] != hashes))
        while len(open_):
            at[open_] = at[open_] + 1 & int(mask)
            found[open_] = held = self._table[at[open_]].astype(np.int64)
            open_ = open_[(held >= 0) & (self._hashes[held] != hashes[open_])]
        hit = np.flatnonzero(found >= 0)
        held = found[hit]
        here = self._starts[held]
        fits = self._starts[held + 1] - here - 1 == lengths[hit]
        fits &= same_spans(self._buffer, here, buffer, starts[hit], lengths[hit])
        for i in hit[~fits].tolist():
            text = buffer[starts[i] : starts[i] + lengths[i]].tobytes()
            found[i] = self._collided.get(text, -1)
        return found

    def add_spans(self, buffer: Bytes, starts: Ids, lengths: Ids, hashes: Hashes) -> None:
        """Add new texts in their order; their hashes must be distinct."""
        if not len(starts):
            return
        new, end = self._count + len(starts), int(self._starts[self._count])
        places = end + np.cumsum(lengths + 1) - (lengths + 1)
        total = int(places[-1] + lengths[-1] + 1)
        if new >= 1 << 31:
            raise OverflowError("more than two thousand million distinct terms")
        self._make_room(new, total)
        copy_spans(buffer, starts, lengths, self._buffer, places)
        self._buffer[places[1:] - 1] = 32
        self._buffer[total - 1] = 32
        self._starts[self._count + 1 : new] = places[1:]
        self._starts[new] = total
        self._hashes[self._count : new] = hashes
        kinds = _KIND[self._buffer[places]]
        kinds[(kinds == LITERAL) & (self._buffer[places + lengths - 1] == ord(">"))] = TYPED
        self._kinds[self._count : new] = kinds
        fresh = np.arange(self._count, new)
        self._count = new
        if new * 2 > len(self._table):
            held = self._table[self._table >= 0]  # in the order of their new slots
            fresh = np.concatenate([held, fresh])
            self._table = np.full(1 << (new * 3).bit_length(), -1, np.int32)
        for part in pieces(len(fresh)):
            self._place(fresh[part])

    def _make_room(self, terms: int, size: int) -> None:
        """Reserve memory for so many terms, and so many bytes of text."""
        least = {"_buffer": size + PAD, "_starts": terms + 1, "_hashes": terms, "_kinds": terms}
        for name, count in least.items():
            held = len(getattr(self, name))
            if count <= held:
                continue
            more = count + count // 4 - held
            try:  # the system may extend a long array without a copy
                getattr(self, name).resize(held + more)
            except ValueError:  # another array shares its memory
                setattr(self, name, np.pad(getattr(self, name), (0, more)))

    def _place(self, numbers: Ids) -> None:
        """Insert terms into the hash table, or, if their hash is taken, among the collided ones."""
        mask = len(self._table) - 1
        at = (self._hashes[numbers] & np.uint64(mask)).astype(np.int64)
        while len(numbers):
            held = self._table[at]
            free = held < 0
            self._table[at[free]] = numbers[free]
            taken = ~free & (self._hashes[held] == self._hashes[numbers])
            for number in numbers[taken].tolist():
                self._collided[self._text(number)] = number
            left = np.flatnonzero((self._table[at] != numbers) & ~taken)
            numbers, at = numbers[left], at[left] + ~free[left] & mask
