"""Triples sorted into relations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from foedus.reasoning.columns import LOW, SHIFT, Ids, distinct, pack


def ranked(keys: Ids) -> Ids:
    """Sorted, each once; quick where the keys are sorted already."""
    if len(keys) > 1 and not (keys[1:] >= keys[:-1]).all():
        keys = np.sort(keys)
    return distinct(keys)


def partition(triples: Ids, type_: int, count: int) -> dict[int, Ids]:
    """Keys by relation code from an ``n x 3`` array of term numbers below ``count``.

    Each array is sorted and holds no key twice. ``type_`` is the number of rdf:type.
    """
    if not len(triples):
        return {}
    s, p, o = triples[:, 0], triples[:, 1], triples[:, 2]
    typed = p == type_
    some = bool(typed.any())
    group = np.where(typed, o + count, p) if some else p
    marks = np.zeros(2 * count, np.bool_)
    marks[group] = True
    groups = np.flatnonzero(marks)
    kind = np.uint16 if len(groups) < 1 << 16 else np.int32
    rank = np.zeros(2 * count, kind)
    rank[groups] = np.arange(len(groups), dtype=kind)
    ranks = rank[group]
    order = np.argsort(ranks, kind="stable")
    ends = np.cumsum(np.bincount(ranks, minlength=len(groups))).tolist()
    s, o = s[order], o[order]
    out: dict[int, Ids] = {}
    begin = 0
    for number, end in zip(groups.tolist(), ends, strict=True):
        if number >= count:
            out[~(number - count)] = ranked(s[begin:end])
        else:
            out[number] = ranked(pack(s[begin:end], o[begin:end]))
        begin = end
    return out


def by_object(keys: Ids) -> Iterator[tuple[int, Ids]]:
    """Sorted keys of rdf:type as class codes with their members."""
    swapped = np.sort(((keys & LOW) << SHIFT) | (keys >> SHIFT))
    objects = swapped >> SHIFT
    begin = 0
    for end in [*(np.flatnonzero(objects[1:] != objects[:-1]) + 1).tolist(), len(keys)]:
        yield ~int(objects[begin]), swapped[begin:end] & LOW
        begin = end
