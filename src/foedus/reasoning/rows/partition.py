"""Triples sorted into relations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from foedus.reasoning.rows.columns import LOW, SHIFT, Ids, in_order, pack, swap, unique

#: Triples that are taken apart at once: as many as the processor's caches hold.
_CHUNK = 1 << 17


def partition(parts: list[Ids], type_: int, count: int) -> dict[int, Ids]:
    """Keys by relation code from ``n x 3`` arrays of term numbers below ``count``.

    Each array found is sorted and holds no key twice. ``type_`` is the number of rdf:type. The list
    of parts is used up: each goes when it is taken apart.
    """
    marks = np.zeros(2 * count, np.bool_)
    for part in parts:
        for _, p, o in _chunks(part):
            marks[_groups(p, o, type_, count)] = True
    groups = np.flatnonzero(marks)
    kind = np.uint16 if len(groups) < 1 << 16 else np.int32
    rank = np.zeros(2 * count, kind)
    rank[groups] = np.arange(len(groups), dtype=kind)
    properties = int(groups.searchsorted(count))
    codes = [g if g < count else count - 1 - g for g in groups.tolist()]
    pieces: list[list[Ids]] = [[] for _ in codes]
    while parts:
        for s, p, o in _chunks(parts.pop(0)):
            ranks = rank[_groups(p, o, type_, count)]
            order = np.argsort(ranks, kind="stable")
            counts = np.bincount(ranks, minlength=len(groups))
            ends = counts.cumsum()
            paired = int(ends[properties - 1]) if properties else 0
            keys = s[order]
            keys[:paired] = pack(keys[:paired], o[order[:paired]])
            for group in np.flatnonzero(counts).tolist():
                end = int(ends[group])
                pieces[group].append(keys[end - int(counts[group]) : end])
    found = map(unique, map(np.concatenate, pieces))
    return dict(zip(codes, found, strict=True))


def _chunks(triples: Ids) -> Iterator[Ids]:
    """Some of the triples at a time, column by column."""
    size = max(_CHUNK, len(triples) >> 6)
    return (triples[at : at + size].T for at in range(0, len(triples), size))


def _groups(p: Ids, o: Ids, type_: int, count: int) -> Ids:
    """A number below ``2 * count`` for each triple's relation: classes after properties."""
    return np.where(p == type_, o + count, p)


def by_object(keys: Ids) -> Iterator[tuple[int, Ids]]:
    """Sorted keys of rdf:type as class codes with their members."""
    swapped = in_order(swap(keys))
    objects = swapped >> SHIFT
    begin = 0
    for end in [*(np.flatnonzero(objects[1:] != objects[:-1]) + 1).tolist(), len(keys)]:
        yield ~int(objects[begin]), swapped[begin:end] & LOW
        begin = end
