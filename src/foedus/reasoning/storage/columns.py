"""Operations on columns: ``int64`` arrays of term numbers, or of keys that pack two of them.

A key is ``subject << 32 | object``, so sorted keys are in the order (subject, object). All arrays
are one-dimensional; "sorted" is ascending. No function changes its arguments but ``sort_inplace``
and ``sort_unique``, which use theirs up; results may share memory with arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from foedus.reasoning.storage.tuning import DEFAULT, Tuning

Ids: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.signedinteger[Any]]

SHIFT: Final = 32
LOW: Final = (1 << SHIFT) - 1
NONE: Final[Ids] = np.empty(0, np.int64)

#: A column this many times longer than the keys inserted or removed is copied in slices.
_PIECE: Final = 1 << 10

#: The size of the sample that tells whether an array is nearly sorted.
_SAMPLE: Final = 1 << 10


def pieces(count: int, chunk: int = DEFAULT.chunk) -> Iterator[slice]:
    """Slices that divide ``count`` rows into chunks that fit the caches."""
    return (slice(at, at + chunk) for at in range(0, count, chunk))


def each(keys: Ids, test: Callable[[Ids], Mask], chunk: int = DEFAULT.chunk) -> Mask:
    """A test of every key, computed chunk by chunk: a mask as long as ``keys``."""
    if len(keys) <= chunk:
        return test(keys)
    return np.concatenate([test(keys[part]) for part in pieces(len(keys), chunk)])


def pack(s: Ids, o: Ids) -> Ids:
    """The keys of pairs of terms, given as two columns of equal length; in their order."""
    keys = s << SHIFT
    keys |= o
    return keys


def swap(keys: Ids) -> Ids:
    """The keys with subject and object exchanged: a new, unsorted array."""
    out = np.empty_like(keys)
    halves, exchanged = keys.view(np.uint32), out.view(np.uint32)
    exchanged[::2], exchanged[1::2] = halves[1::2], halves[::2]
    return out


def distinct(ranked: Ids) -> Ids:
    """A sorted array without duplicates; the array itself if it has none."""
    again = ranked[1:] == ranked[:-1]
    if not np.count_nonzero(again):  # mostly
        return ranked
    keep = np.ones(len(ranked), np.bool_)
    np.logical_not(again, out=keep[1:])
    return ranked[keep]


def sort_inplace(keys: Ids) -> Ids:
    """The keys, sorted in place: the argument is changed and returned.

    Keys are computed from sorted columns, so as a rule they come in long sorted runs, which a merge
    sort exploits: on the benchmarks' graphs it is three to fifty times as fast as numpy's default.
    For other arrays the default is up to ten times as fast.
    """
    keys.sort(kind="quicksort" if _scattered(keys) else "stable")
    return keys


def _scattered(keys: Ids) -> bool:
    """Whether more than one in five keys is followed by a smaller one, judged by a sample."""
    step = len(keys) // _SAMPLE
    if step < 4:  # they are too few to matter
        return False
    return 5 * int(np.count_nonzero(keys[1::step] < keys[:-1:step])) > _SAMPLE


def sort_unique(keys: Ids) -> Ids:
    """The distinct keys, sorted. Unlike ``np.unique`` it sorts its argument in place."""
    return distinct(sort_inplace(keys))


def turned(keys: Ids) -> Ids:
    """The keys with subject and object exchanged: a new, sorted array."""
    return sort_inplace(swap(keys))


def union(parts: Sequence[Ids]) -> Ids:
    """The sorted union of sorted, unique arrays; one that is alone is not copied."""
    parts = [part for part in parts if len(part)]
    if len(parts) > 1:
        return sort_unique(np.concatenate(parts))
    return parts[0] if parts else NONE


def within(probes: Ids, ranked: Ids, tuning: Tuning = DEFAULT) -> Mask:
    """For each probe whether it is in a sorted array; probes may be in any order."""
    if not len(ranked) or not len(probes):
        return np.zeros(len(probes), np.bool_)

    def found(some: Ids) -> Mask:
        hit: Mask = ranked.take(located(ranked, some, tuning=tuning), mode="clip") == some
        return hit

    return each(probes, found, tuning.chunk)


def located(
    ranked: Ids, probes: Ids, side: Literal["left", "right"] = "left", tuning: Tuning = DEFAULT
) -> Ids:
    """The insertion point of each probe in a sorted array, as ``np.searchsorted`` gives it.

    Probes are sorted as a rule. Then a batch of them spans a part of the array that fits the
    caches, so the time is linear and does not grow with the array's length. Unsorted probes are
    correct, but slow.
    """
    if len(probes) <= tuning.near or len(ranked) <= tuning.chunk:
        return ranked.searchsorted(probes, side=side)
    found = np.empty(len(probes), np.int64)
    for at in range(0, len(probes), tuning.near):
        some = probes[at : at + tuning.near]
        low = ranked.searchsorted(some.min())
        near = ranked[low : ranked.searchsorted(some.max(), side="right")]
        np.add(near.searchsorted(some, side=side), low, out=found[at : at + tuning.near])
    return found


def minus(keys: Ids, others: Iterable[Ids]) -> Ids:
    """The sorted difference: the keys that are in none of the others; all arrays are sorted."""
    for other in others:
        if not len(keys):
            break
        if len(other):
            keys = keys[~within(keys, other)]
    return keys


def without(ranked: Ids, gone: Ids) -> Ids:
    """A sorted array without some sorted keys, all of which it holds."""
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
    """A sorted array with some sorted keys, none of which it holds."""
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
    """The start and number of the keys from each low to each high (inclusive), in sorted keys."""
    first = located(ranked, lows)
    return first, located(ranked, highs, "right") - first


def bounds(ranked: Ids, top: int) -> Places:
    """The offsets of each subject's keys in a sorted column, for the subjects below ``top``.

    An array of ``top + 1``, as in the CSR format, whose last entry is the end; ``int32`` where that
    is enough, since half the width is half the memory traffic of a look-up.
    """
    places: Places = np.zeros(top + 1, np.int64 if len(ranked) >> 31 else np.int32)
    for part in pieces(len(ranked)):
        subjects = ranked[part] >> SHIFT
        first = int(subjects[0]) + 1
        counts = np.bincount(subjects - subjects[0])
        places[first : first + len(counts)] += counts
    return places.cumsum(dtype=places.dtype, out=places)


def bounded(places: Places, subjects: Ids) -> tuple[Places, Places]:
    """The start and the number of each subject's keys, by the offsets that ``bounds`` gives."""
    begin = places.take(subjects)
    counts = places[1:].take(subjects)
    counts -= begin
    return begin, counts


def spread(first: Places, counts: Places) -> tuple[Ids, Ids]:
    """The ranges (first, count) written out: the number of the range, and each place in it."""
    ends = counts.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    if not total:
        return NONE, NONE
    rows = np.arange(len(counts)).repeat(counts)
    place = np.arange(total)
    place += (first - ends + counts).take(rows)
    return rows, place
