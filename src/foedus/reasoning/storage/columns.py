"""Sorted columns of numbers: the keys ``subject << 32 | object`` of pairs, or single terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.signedinteger[Any]]

SHIFT: Final = 32
LOW: Final = (1 << SHIFT) - 1
NONE: Final[Ids] = np.empty(0, np.int64)

#: So many times as many keys are copied piece by piece when some are put in or taken out.
_PIECE: Final = 1 << 10

#: So many rows fit the processor's caches, with what is made of them.
_CHUNK: Final = 1 << 15

#: So many keys are looked for at once, in the part of a column where they lie.
_NEAR: Final = 1 << 12

#: So many keys tell whether an array is nearly sorted.
_SAMPLE: Final = 1 << 10


def pieces(count: int) -> Iterator[slice]:
    """So many rows, in parts that the caches hold."""
    return (slice(at, at + _CHUNK) for at in range(0, count, _CHUNK))


def each(keys: Ids, test: Callable[[Ids], Mask]) -> Mask:
    """What a test says of each key; of many, it is asked part by part."""
    if len(keys) <= _CHUNK:
        return test(keys)
    return np.concatenate([test(keys[part]) for part in pieces(len(keys))])


def pack(s: Ids, o: Ids) -> Ids:
    """Keys of pairs."""
    keys = s << SHIFT
    keys |= o
    return keys


def swap(keys: Ids) -> Ids:
    """The keys with subject and object exchanged, not sorted."""
    out = np.empty_like(keys)
    halves, exchanged = keys.view(np.uint32), out.view(np.uint32)
    exchanged[::2], exchanged[1::2] = halves[1::2], halves[::2]
    return out


def distinct(ranked: Ids) -> Ids:
    """A sorted array without repetitions."""
    again = ranked[1:] == ranked[:-1]
    if not np.count_nonzero(again):  # mostly
        return ranked
    keep = np.ones(len(ranked), np.bool_)
    np.logical_not(again, out=keep[1:])
    return ranked[keep]


def sort_inplace(keys: Ids) -> Ids:
    """The keys, sorted where they are: the array is used up.

    They are made from sorted columns, so as a rule they come in long runs, which merging uses: on
    the benchmarks' graphs three to fifty times as fast as numpy's default. For others the default
    is up to ten times as fast.
    """
    keys.sort(kind="quicksort" if _scattered(keys) else "stable")
    return keys


def _scattered(keys: Ids) -> bool:
    """Whether of many keys one in five or more stands before a smaller one, told from a sample."""
    round = len(keys) // _SAMPLE
    if round < 4:  # they are too few to matter
        return False
    return 5 * int(np.count_nonzero(keys[1::round] < keys[:-1:round])) > _SAMPLE


def sort_unique(keys: Ids) -> Ids:
    """Sorted, each once; the array is used up."""
    return distinct(sort_inplace(keys))


def turned(keys: Ids) -> Ids:
    """The keys with subject and object exchanged, sorted."""
    return sort_inplace(swap(keys))


def union(parts: Sequence[Ids]) -> Ids:
    """All keys of sorted arrays that hold none twice, sorted, each once."""
    parts = [part for part in parts if len(part)]
    if len(parts) > 1:
        return sort_unique(np.concatenate(parts))
    return parts[0] if parts else NONE


def within(probes: Ids, ranked: Ids) -> Mask:
    """For each probe whether it is in a sorted array."""
    if not len(ranked) or not len(probes):
        return np.zeros(len(probes), np.bool_)
    return each(probes, lambda some: ranked.take(located(ranked, some), mode="clip") == some)


def located(ranked: Ids, probes: Ids, side: Literal["left", "right"] = "left") -> Ids:
    """Where each probe belongs in a sorted array.

    Probes are sorted as a rule. Then some of them lie in a part of the array that the caches hold,
    which makes the time linear where it would grow with the array's length.
    """
    if len(probes) <= _NEAR or len(ranked) <= _CHUNK:
        return ranked.searchsorted(probes, side=side)
    found = np.empty(len(probes), np.int64)
    for at in range(0, len(probes), _NEAR):
        some = probes[at : at + _NEAR]
        low = ranked.searchsorted(some.min())
        near = ranked[low : ranked.searchsorted(some.max(), side="right")]
        np.add(near.searchsorted(some, side=side), low, out=found[at : at + _NEAR])
    return found


def minus(keys: Ids, others: Iterable[Ids]) -> Ids:
    """Sorted keys that are in none of the sorted others."""
    for other in others:
        if not len(keys):
            break
        if len(other):
            keys = keys[~within(keys, other)]
    return keys


def without(ranked: Ids, gone: Ids) -> Ids:
    """A sorted array less sorted keys that are all in it."""
    if not len(gone):
        return ranked
    if len(gone) * _PIECE > len(ranked):
        keep = np.ones(len(ranked), np.bool_)
        for part in pieces(len(gone)):
            keep[located(ranked, gone[part])] = False
        return ranked[keep]
    at = ranked.searchsorted(gone).tolist()
    bounds = zip([0, *(i + 1 for i in at)], [*at, len(ranked)], strict=True)
    return np.concatenate([ranked[a:b] for a, b in bounds])


def inserted(ranked: Ids, new: Ids) -> Ids:
    """A sorted array and sorted keys that are not in it."""
    if len(new) * _PIECE > len(ranked):
        return sort_inplace(np.concatenate([ranked, new]))
    parts, last = [], 0
    for number, place in enumerate(ranked.searchsorted(new).tolist()):
        parts += [ranked[last:place], new[number : number + 1]]
        last = place
    return np.concatenate([*parts, ranked[last:]])


def holds(ranked: Ids, key: int) -> bool:
    """Whether a sorted array holds a key."""
    at = int(ranked.searchsorted(key))
    return at < len(ranked) and int(ranked[at]) == key


def counted(ranked: Ids, lows: Ids, highs: Ids) -> tuple[Ids, Ids]:
    """Where the keys from each low to each high (inclusive) begin, and how many there are."""
    first = located(ranked, lows)
    return first, located(ranked, highs, "right") - first


def bounds(ranked: Ids, top: int) -> Places:
    """Where the keys of each subject below ``top`` begin, and after the last where they end.

    Half as wide as keys if it can be: that is half as much to fetch when places are looked up.
    """
    places: Places = np.zeros(top + 1, np.int64 if len(ranked) >> 31 else np.int32)
    for part in pieces(len(ranked)):
        subjects = ranked[part] >> SHIFT
        first = int(subjects[0]) + 1
        counts = np.bincount(subjects - subjects[0])
        places[first : first + len(counts)] += counts
    return places.cumsum(dtype=places.dtype, out=places)


def bounded(places: Places, subjects: Ids) -> tuple[Places, Places]:
    """Where the keys of some subjects begin, and how many there are, by their bounds."""
    begin = places.take(subjects)
    counts = places[1:].take(subjects)
    counts -= begin
    return begin, counts


def spread(first: Places, counts: Places) -> tuple[Ids, Ids]:
    """Each probe's number repeated per hit, and the place of each hit."""
    ends = counts.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    if not total:
        return NONE, NONE
    rows = np.arange(len(counts)).repeat(counts)
    place = np.arange(total)
    place += (first - ends + counts).take(rows)
    return rows, place
