"""Spans: texts in one byte buffer, each given by offset and length; hashed and compared in bulk.

Bytes are read in blocks of 32: numpy copies an item of 32 bytes as fast as one of 8, from any
address, so hashing, comparing and copying a text costs nanoseconds. Buffers passed to these
functions therefore need ``PAD`` spare bytes after the last text. Starts and lengths are ``int64``
arrays of equal length, in any order; no argument is changed unless it is called ``out``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from foedus.reasoning.storage.columns import sort_inplace

Ids: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
Hashes: TypeAlias = NDArray[np.uint64]
Mask: TypeAlias = NDArray[np.bool_]

PAD: Final = 64
_BLOCK: Final = 32
_LONG: Final = 1 << 12  # longer texts are few, have many blocks, and are processed one by one
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


def blocks(buffer: Bytes) -> NDArray[np.void]:
    """A view of the buffer as overlapping items of 32 bytes, one at every address."""
    return np.ndarray((len(buffer) - _BLOCK + 1,), f"V{_BLOCK}", buffer, 0, (1,))


def _tile(lengths: Ids) -> Iterator[tuple[Any, Ids | int]]:
    """For n = 0, 1, ...: which texts have an n-th block, and its offset in the text.

    Blocks lie 32 bytes apart. The last one ends with the text, so it may overlap the one before; a
    text shorter than a block has one that extends beyond it. Very long texts have no blocks.
    """
    yield slice(None), 0
    longest = int(lengths.max(initial=0))
    for offset in range(_BLOCK, min(longest, _LONG), _BLOCK):
        live = np.flatnonzero((lengths > offset) & (lengths <= _LONG))
        yield live, np.minimum(lengths[live] - _BLOCK, offset)


def hash_spans(buffer: Bytes, starts: Ids, lengths: Ids) -> Hashes:
    """The 64-bit hash of each text ``buffer[start : start + length]``, in their order."""
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
    """The hash of one text, equal to that of :func:`hash_spans`."""
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
    """A mask: whether pairs of texts of equal length are equal byte by byte."""
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
    """Copy texts to ascending places in ``out``, which is changed.

    A text's last block may spill up to 31 bytes beyond it, where the next text or the caller's
    separator is written afterwards; ``out`` needs ``PAD`` spare bytes.
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
    """The bytes as a new array with ``PAD`` zero bytes after them."""
    array = np.empty(len(text) + PAD, np.uint8)
    array[: len(text)] = np.frombuffer(text, np.uint8)
    array[len(text) :] = 0
    return array


def spans(tokens: Sequence[str]) -> tuple[Bytes, Ids, Ids]:
    """Tokens without line breaks as one padded buffer, with starts and lengths in bytes."""
    return lines_as_spans("\n".join(tokens), len(tokens))


def lines_as_spans(text: str, count: int) -> tuple[Bytes, Ids, Ids]:
    """The same for tokens joined by line breaks; ValueError if there are not ``count`` of them."""
    coded = text.encode()
    buffer = padded(coded)
    ends = np.append(np.flatnonzero(buffer[: len(coded)] == 10), len(coded))
    starts = np.append(0, ends[:-1] + 1)
    if len(ends) != count:
        raise ValueError("a term must not hold a line break; write it as \\n")
    return buffer, starts, ends - starts


def firsts(keys: Hashes) -> Ids:
    """The index of the first occurrence of each distinct key, in any order.

    All keys are written to a hash table from the last to the first, so that the first occurrence
    stays in its slot; keys that lost their slot to another key are written again.
    """
    left = np.arange(len(keys))
    size = 1 << (2 * len(keys)).bit_length()
    table = np.empty(size, np.int64)
    slots = (keys & np.uint64(size - 1)).astype(np.int64)
    found: list[Ids] = []
    while len(left):
        at = slots[left]
        table[at[::-1]] = left[::-1]
        there = table[at]
        found.append(left[there == left])
        left = left[keys[there] != keys[left]]
    return sort_inplace(np.concatenate(found)) if found else left
