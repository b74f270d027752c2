"""Triples sorted into relations, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.storage.columns import LOW, SHIFT, Ids, pack, sort_unique, turned

#: Triples that are taken apart at once: as many as the processor's caches hold.
_CHUNK = 1 << 17


def partition(parts: Iterable[Ids], type_: int, limit: int | None = None) -> dict[int, Ids]:
    """Keys by relation code from ``n x 3`` arrays of term numbers, which may still be being read.

    Each array found is sorted and holds no key twice. ``type_`` is the number of rdf:type. Raises
    ``LimitReached`` before far more than ``limit`` distinct triples are held.
    """
    codes: list[int] = []
    held: list[list[Ids]] = []  # the keys of each
    ranks = np.zeros(1, np.int32)  # of property p at 2p, of class o at 2o + 1; counted from 1
    count = 0
    for s, p, o in _chunks(parts):
        typed = np.flatnonzero(p == type_)
        groups = p << 1
        groups[typed] = (o[typed] << 1) + 1
        if (top := int(groups.max())) >= len(ranks):
            grown = np.zeros(len(ranks) + top, np.int32)
            grown[: len(ranks)] = ranks
            ranks = grown
        mine = ranks[groups]
        if not mine.all():
            new = sort_unique(groups[mine == 0])
            ranks[new] = np.arange(len(new)) + len(codes) + 1
            codes += [~(group >> 1) if group & 1 else group >> 1 for group in new.tolist()]
            held += [[] for _ in range(len(new))]
            mine = ranks[groups]
        keys = pack(s, o)
        keys[typed] = s[typed]
        short = mine.astype(np.uint16) if len(codes) < 1 << 16 else mine  # is sorted by counting
        keys = keys[np.argsort(short, kind="stable")]
        counts = np.bincount(mine)
        ends = counts.cumsum()
        for rank in np.flatnonzero(counts).tolist():
            held[rank - 1].append(keys[ends[rank] - counts[rank] : ends[rank]])
        count += len(keys)
        if limit is not None and count > 2 * limit:  # by then some may stand there twice
            held = [[_joined(some)] for some in held]
            count = sum(len(keys) for (keys,) in held)
            if count > limit:
                raise LimitReached.triples(limit)
    found = dict(zip(codes, map(_joined, held), strict=True))
    return {code: found[code] for code in sorted(codes, key=lambda code: (code < 0, abs(code)))}


def _chunks(parts: Iterable[Ids]) -> Iterator[Ids]:
    """Some triples at a time, column by column."""
    for part in parts:
        size = max(_CHUNK, len(part) >> 6)
        yield from (part[at : at + size].T for at in range(0, len(part), size))


def _joined(parts: list[Ids]) -> Ids:
    """All keys, sorted, each once; the list is used up."""
    keys = np.concatenate(parts)
    parts.clear()
    return sort_unique(keys)


def rows_of(code: int, keys: Ids, type_: int) -> Ids:
    """The keys of a relation as an ``n x 3`` array of terms."""
    rows = np.empty((3, len(keys)), np.int64)
    if code < 0:
        rows[0], rows[1], rows[2] = keys, type_, ~code
    else:
        rows[0], rows[1], rows[2] = keys >> SHIFT, code, keys & LOW
    return rows.T


def by_object(keys: Ids) -> Iterator[tuple[int, Ids]]:
    """Sorted keys of rdf:type as class codes with their members."""
    by_class = turned(keys)
    objects = by_class >> SHIFT
    begin = 0
    for end in [*(np.flatnonzero(objects[1:] != objects[:-1]) + 1).tolist(), len(keys)]:
        yield ~int(objects[begin]), by_class[begin:end] & LOW
        begin = end
