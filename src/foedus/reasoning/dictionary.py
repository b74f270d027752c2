"""Terms as numbers: a two-way dictionary that holds millions of terms without a Python object each.

A term's text lies in one byte buffer, every text followed by a space; its number is its place in
that buffer's index. Numbers are dense, start at 0 and never change. A term is found through a hash
table of 64-bit hashes; texts are always compared, so two terms never share a number, and the few
that share a hash wait in an ordinary ``dict``.

Bytes are read 32 at a time: numpy copies an item of 32 bytes as fast as one of 8, from any
address, so hashing, comparing and copying texts cost nanoseconds per term. Buffers handed to these
functions therefore need ``PAD`` spare bytes behind the last text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
Words: TypeAlias = NDArray[np.uint64]
Mask: TypeAlias = NDArray[np.bool_]

IRI: Final = 0
BLANK: Final = 1
LITERAL: Final = 2  #: a plain or language-tagged literal, which cannot be ill-typed
TYPED: Final = 3  #: a literal with a datatype other than xsd:string; ``kind >= LITERAL`` is both

PAD: Final = 64
_BLOCK: Final = 32
_BATCH: Final = 1 << 16
_LONG: Final = 1 << 12  # texts longer than this go one by one: few, and the blocks would be many
_M64: Final = (1 << 64) - 1
_FACTORS: Final = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64
)
_STEP: Final = np.uint64(0xFF51AFD7ED558CCD)
_PY_STEP, _PY_FACTORS = int(_STEP), [int(factor) for factor in _FACTORS]
_KEEP: Final = np.array(  # _KEEP[n]: the mask of a block's first n bytes
    [[(1 << 8 * max(0, min(8, n - 8 * w))) - 1 for w in range(4)] for n in range(_BLOCK + 1)],
    np.uint64,
)
_KIND: Final = np.full(256, IRI, np.uint8)
_KIND[ord("_")], _KIND[ord('"')] = BLANK, LITERAL


def blocks(buffer: Bytes) -> NDArray[np.void]:
    """The buffer as overlapping items of 32 bytes, one at every address."""
    return np.ndarray((len(buffer) - _BLOCK + 1,), f"V{_BLOCK}", buffer, 0, (1,))


def _tile(lengths: Ids) -> Iterator[tuple[Any, Ids | int]]:
    """Which texts have an n-th block, and where in the text it starts.

    Blocks lie 32 bytes apart, the last one ends with the text (so it may overlap the one before),
    and a text shorter than a block has one that reaches behind it. Texts that are very long have
    none: they go one by one.
    """
    yield slice(None), 0
    longest = int(lengths.max(initial=0))
    for offset in range(_BLOCK, min(longest, _LONG), _BLOCK):
        live = np.flatnonzero((lengths > offset) & (lengths <= _LONG))
        yield live, np.minimum(lengths[live] - _BLOCK, offset)


def hash_spans(buffer: Bytes, starts: Ids, lengths: Ids) -> Words:
    """The hash of each text ``buffer[start : start + length]``."""
    view = blocks(buffer)
    hashes = lengths.astype(np.uint64) * _STEP
    for live, offset in _tile(lengths):
        words = view[starts[live] + offset].view(np.uint64).reshape(-1, 4)
        if isinstance(offset, int):
            short = np.flatnonzero(lengths < _BLOCK)
            words[short] &= _KEEP[lengths[short]]
        words ^= words >> np.uint64(29)
        words *= _FACTORS
        words ^= words >> np.uint64(32)
        mixed = words[:, 0] + words[:, 1] + words[:, 2] + words[:, 3]
        hashes[live] = (hashes[live] ^ mixed) * _STEP
    for i in np.flatnonzero(lengths > _LONG).tolist():
        hashes[i] = hash(buffer[starts[i] : starts[i] + lengths[i]].tobytes()) & _M64
    hashes ^= hashes >> np.uint64(32)
    return hashes


def hash_text(text: bytes) -> int:
    """The hash of one text; equal to what :func:`hash_spans` gives."""
    size = len(text)
    if size > _LONG:
        long = hash(text) & _M64
        return long ^ long >> 32
    value = size * _PY_STEP & _M64
    for offset in range(0, max(size, 1), _BLOCK):
        at = max(min(offset, size - _BLOCK), 0)
        mixed = 0
        for w in range(4):
            word = int.from_bytes(text[at + 8 * w : at + 8 * w + 8], "little")
            word = (word ^ word >> 29) * _PY_FACTORS[w] & _M64
            mixed += word ^ word >> 32
        value = (value ^ mixed & _M64) * _PY_STEP & _M64
    return value ^ value >> 32


def same_spans(a: Bytes, a_starts: Ids, b: Bytes, b_starts: Ids, lengths: Ids) -> Mask:
    """Whether the texts of equal length at two places are equal, byte for byte."""
    a_view, b_view = blocks(a), blocks(b)
    equal = np.ones(len(lengths), np.bool_)
    for live, offset in _tile(lengths):
        differ = a_view[a_starts[live] + offset].view(np.uint64)
        differ ^= b_view[b_starts[live] + offset].view(np.uint64)
        words = differ.reshape(-1, 4)
        if isinstance(offset, int):
            short = np.flatnonzero(lengths < _BLOCK)
            words[short] &= _KEEP[lengths[short]]
        equal[live] &= (words[:, 0] | words[:, 1] | words[:, 2] | words[:, 3]) == 0
    for i in np.flatnonzero(lengths > _LONG).tolist():
        n = lengths[i]
        one, other = a[a_starts[i] : a_starts[i] + n], b[b_starts[i] : b_starts[i] + n]
        equal[i] = np.array_equal(one, other)
    return equal


def copy_spans(source: Bytes, starts: Ids, lengths: Ids, out: Bytes, places: Ids) -> None:
    """Copy texts to places that follow each other in ``out``.

    A text's last block may spill up to 31 bytes behind it, where the next text or the caller's own
    separator is then written; ``out`` needs ``PAD`` spare bytes.
    """
    if not len(starts):
        return
    needed = (lengths + (_BLOCK - 1)) // _BLOCK
    if needed.max() <= 1:
        blocks(out)[places] = blocks(source)[starts]
        return
    total = int(needed.sum())
    first = np.cumsum(needed) - needed
    step = (np.arange(total) - np.repeat(first, needed)) * _BLOCK
    blocks(out)[np.repeat(places, needed) + step] = blocks(source)[np.repeat(starts, needed) + step]


def padded(text: bytes) -> Bytes:
    """The bytes as an array with ``PAD`` spare bytes behind them."""
    array = np.empty(len(text) + PAD, np.uint8)
    array[: len(text)] = np.frombuffer(text, np.uint8)
    array[len(text) :] = 0
    return array


def spans(tokens: Sequence[str]) -> tuple[Bytes, Ids, Ids]:
    """Tokens as one padded buffer with their starts and lengths in bytes.

    A token in N-Triples form holds no line break, so line breaks can part them.
    """
    text = "\n".join(tokens).encode()
    buffer = padded(text)
    ends = np.append(np.flatnonzero(buffer[: len(text)] == 10), len(text))
    starts = np.append(0, ends[:-1] + 1)
    if len(ends) != len(tokens):
        raise ValueError("a term must not hold a line break; write it as \\n")
    return buffer, starts, ends - starts


class Terms:
    """A growing two-way dictionary of terms and dense numbers.

    >>> terms = Terms()
    >>> terms.intern_many(["<urn:a>", '"1"', "<urn:a>"]).tolist()
    [0, 1, 0]
    >>> terms.token(1), terms.find("<urn:a>"), terms.find("<urn:b>")
    ('"1"', 0, None)
    """

    def __init__(self) -> None:
        self._count = 0
        self._buffer: Bytes = np.zeros(1 << 12, np.uint8)
        self._starts: Ids = np.zeros(1 << 8, np.int64)  # one more than terms: the end of the last
        self._hashes: Words = np.zeros(1 << 8, np.uint64)
        self._kinds: Bytes = np.zeros(1 << 8, np.uint8)
        self._table: NDArray[np.int32] = np.full(1 << 9, -1, np.int32)
        self._collided: dict[bytes, int] = {}  # texts whose hash belongs to another text

    def __len__(self) -> int:
        return self._count

    @property
    def kinds(self) -> Bytes:
        """The kind of each term: ``IRI``, ``BLANK``, ``LITERAL`` or ``TYPED``."""
        return self._kinds[: self._count]

    @property
    def buffer(self) -> Bytes:
        """All texts, each followed by a space; spare bytes behind."""
        return self._buffer

    @property
    def starts(self) -> Ids:
        """Where each text starts in ``buffer``."""
        return self._starts[: self._count]

    @property
    def all_starts(self) -> Ids:
        """``starts`` and, one more, the end of the last text's space."""
        return self._starts[: self._count + 1]

    @property
    def lengths(self) -> Ids:
        """The length of each text in bytes."""
        return self._starts[1 : self._count + 1] - self._starts[: self._count] - 1

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

    def intern(self, token: str) -> int:
        """The number of a term, which is added if it is new."""
        found = self.find(token)
        return int(self.intern_many([token])[0]) if found is None else found

    def token(self, number: int) -> str:
        """The term with this number."""
        return self._text(number).decode()

    def _text(self, number: int) -> bytes:
        return self._buffer[self._starts[number] : self._starts[number + 1] - 1].tobytes()

    # Many terms

    def tokens(self, numbers: Ids) -> list[str]:
        """The terms with these numbers, in their order."""
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
        """The number of each term, new ones added; at most ``2**31`` in all."""
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
        """The number of each text in a padded buffer; new ones are added as they come."""
        hashes = hash_spans(buffer, starts, lengths)
        found = self.find_spans(buffer, starts, lengths, hashes)
        missing = np.flatnonzero(found < 0)
        while len(missing):
            part = hashes[missing]
            first = missing[firsts(part)]
            self.add_spans(buffer, starts[first], lengths[first], hashes[first])
            found[missing] = self.find_spans(buffer, starts[missing], lengths[missing], part)
            missing = missing[found[missing] < 0]  # not empty only where two texts share a hash
        return found

    def find_spans(self, buffer: Bytes, starts: Ids, lengths: Ids, hashes: Words) -> Ids:
        """The number of each text, -1 where it is not in the dictionary."""
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

    def add_spans(self, buffer: Bytes, starts: Ids, lengths: Ids, hashes: Words) -> None:
        """Add texts that are new, in their order; no two may have the same hash."""
        if not len(starts):
            return
        new, end = self._count + len(starts), int(self._starts[self._count])
        places = end + np.cumsum(lengths + 1) - (lengths + 1)
        total = int(places[-1] + lengths[-1] + 1)
        if new >= 1 << 31:
            raise OverflowError("more than two thousand million distinct terms")
        self._buffer = _grown(self._buffer, total + PAD)
        self._starts = _grown(self._starts, new + 1)
        self._hashes = _grown(self._hashes, new)
        self._kinds = _grown(self._kinds, new)
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
            size = 1 << (new * 3).bit_length()
            self._table = np.full(size, -1, np.int32)
            fresh = np.arange(new)
        self._place(fresh)

    def _place(self, numbers: Ids) -> None:
        """Put terms into the hash table; where a hash is taken by another text, remember it."""
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


def firsts(keys: Words) -> Ids:
    """Where each distinct key stands first, in order of appearance."""
    if not len(keys):
        return np.zeros(0, np.int64)
    order = np.argsort(keys)
    ranked = keys[order]
    new = np.flatnonzero(ranked[1:] != ranked[:-1]) + 1
    return np.sort(np.minimum.reduceat(order, np.append(0, new)))


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array, or a copy of it with room for ``size`` items and half as many more."""
    if size <= len(array):
        return array
    grown = np.zeros(size + size // 2, array.dtype)
    grown[: len(array)] = array
    return grown
