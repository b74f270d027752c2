"""Vertical partitioning: triples divided into one relation per property and one per class.

Literature: Abadi et al., Scalable semantic web data management using vertical partitioning, VLDB
2007.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.storage.columns import LOW, SHIFT, Ids, pack, sort_unique, turned

#: The triples of a chunk: as many as fit the processor's caches.
_CHUNK = 1 << 17


def partition(parts: Iterable[Ids], type_: int, limit: int | None = None) -> dict[int, Ids]:
    """The keys of each relation, by its code: a property's number, ``~number`` of a class.

    ``parts`` are ``n x 3`` arrays of term numbers, which may still be being read. Each array
    returned is sorted and unique. ``type_`` is the number of rdf:type. Raises ``LimitReached``
    before far more than ``limit`` distinct triples are in memory.
    """
    codes: list[int] = []
    held: list[list[Ids]] = []  # the keys of each code
    #: The place of a code in ``codes``, from 1: that of property p at 2p, of class o at 2o + 1.
    ranks = np.zeros(1, np.int32)
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
        short = mine.astype(np.uint16) if len(codes) < 1 << 16 else mine  # for a radix sort
        keys = keys[np.argsort(short, kind="stable")]
        counts = np.bincount(mine)
        ends = counts.cumsum()
        for rank in np.flatnonzero(counts).tolist():
            held[rank - 1].append(keys[ends[rank] - counts[rank] : ends[rank]])
        count += len(keys)
        if limit is not None and count > 2 * limit:  # some of them may be duplicates
            held = [[_joined(some)] for some in held]
            count = sum(len(keys) for (keys,) in held)
            if count > limit:
                raise LimitReached.triples(limit)
    found = dict(zip(codes, map(_joined, held), strict=True))
    return {code: found[code] for code in sorted(codes, key=lambda code: (code < 0, abs(code)))}


def _chunks(parts: Iterable[Ids]) -> Iterator[Ids]:
    """The parts in chunks, each as three columns."""
    for part in parts:
        size = max(_CHUNK, len(part) >> 6)
        yield from (part[at : at + size].T for at in range(0, len(part), size))


def _joined(parts: list[Ids]) -> Ids:
    """The sorted and unique union of arrays in any order; the list is emptied."""
    keys = np.concatenate(parts)
    parts.clear()
    return sort_unique(keys)


def rows_of(code: int, keys: Ids, type_: int) -> Ids:
    """The keys of a relation as an ``n x 3`` array of term numbers, in their order."""
    rows = np.empty((3, len(keys)), np.int64)
    if code < 0:
        rows[0], rows[1], rows[2] = keys, type_, ~code
    else:
        rows[0], rows[1], rows[2] = keys >> SHIFT, code, keys & LOW
    return rows.T


def by_object(keys: Ids) -> Iterator[tuple[int, Ids]]:
    """Sorted keys of rdf:type as pairs: the code of a class, and its members, sorted."""
    by_class = turned(keys)
    objects = by_class >> SHIFT
    begin = 0
    for end in [*(np.flatnonzero(objects[1:] != objects[:-1]) + 1).tolist(), len(keys)]:
        yield ~int(objects[begin]), by_class[begin:end] & LOW
        begin = end
