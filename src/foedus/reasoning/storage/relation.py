"""Triples in columns, one relation per property and one per class.

A relation of a property holds the keys of its pairs, that of a class its members. Keys arrive in
deltas: a delta is sorted, holds no key twice and none of another delta, and carries the round at
which it was found. Deltas are never merged in place, so they say how old a triple is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Final

import numpy as np

from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    SHIFT,
    Ids,
    Mask,
    Places,
    bounded,
    bounds,
    counted,
    holds,
    inserted,
    minus,
    sort_inplace,
    spread,
    turned,
    union,
    within,
    without,
)

#: Terms are looked up one by one in so many times as many keys, or more; else all are read.
FEW = 32

#: Where there are at most so many keys and terms to a probe, all terms' places are counted out.
_MANY: Final = 8

#: So few keys are looked for, or put together, in no time that would matter.
_SMALL: Final = 1 << 10

#: Keys that are gone are taken out of their columns when there is one in so many.
_GONE: Final = 64

#: For look-ups, few keys are joined whatever their deltas. Of many, short deltas are where there
#: are at least so many deltas; those that come after, where there are more than so many, so that
#: each is at least twice as long as the next.
_SEGMENTS, _LOOSE = 3, 2

#: How a delta came about, where it was not a rule.
GIVEN, REWRITTEN, SEVERAL = "", "=", "+"


class Delta:
    """Keys that a relation received at one round; ``origin`` is the rule that gave them.

    Keys that are removed are noted down, and taken out of the columns when they have become many
    or the columns are wanted as they are: so a change of a few keys copies none.
    """

    __slots__ = ("_back", "_gone", "_keys", "_scans", "origin", "round")

    def __init__(self, round: int, keys: Ids, origin: str) -> None:
        self.round, self.origin = round, origin
        self._keys, self._gone = keys, NONE
        self._back: Ids | None = None
        self._scans = 0  # for a few objects each, instead of sorting all

    def __len__(self) -> int:
        return len(self._keys) - len(self._gone)

    @property
    def keys(self) -> Ids:
        """All keys, sorted."""
        self._mend()
        return self._keys

    @property
    def state(self) -> tuple[Ids, Ids]:
        """Arrays that are others when the keys are."""
        return self._keys, self._gone

    def has(self, probes: Ids) -> Mask:
        """For each probe whether it is among the keys."""
        found = within(probes, self._keys)
        if len(self._gone):
            found &= ~within(probes, self._gone)
        return found

    def holds(self, key: int) -> bool:
        """Whether a key is here."""
        return holds(self._keys, key) and not holds(self._gone, key)

    def _turned(self, probes: Ids | None = None) -> Ids:
        """The column turned round; given few objects to look for, only theirs, if the rest is not
        yet known."""
        if self._back is None:
            if probes is not None and len(probes) * FEW < len(self._keys) and self._scans < 4:
                self._scans += 1
                marks = np.zeros(int(probes.max()) + 2, np.bool_)
                marks[probes] = True
                hit = marks.take(self._keys & LOW, mode="clip")  # beyond the last is none
                return turned(self._keys[hit])
            self._back = turned(self._keys)
        return self._back

    def neighbours(self, probes: Ids, forward: bool) -> tuple[Ids, Places, Places]:
        """Objects of subjects, or the other way round: the keys, where each begins, how many."""
        most = _MANY * len(probes) - len(self._keys)
        if most > 0 and len(probes) > _SMALL and len(self):
            self._mend()
            ranked = self._keys if forward else self._turned()
            top = max(int(ranked[-1]) >> SHIFT, int(probes.max())) + 1
            if top < most:
                return ranked, *bounded(bounds(ranked, top), probes)
        ranked = self._keys if forward else self._turned(probes)
        lows = probes << SHIFT
        begin, counts = counted(ranked, lows, lows | LOW)
        if len(self._gone):
            rows, places = spread(begin, counts)
            found = ranked.take(places)
            left = ~within(found, self._lost(forward))
            ranked, counts = found[left], np.bincount(rows[left], minlength=len(probes))
            begin = counts.cumsum() - counts
        return ranked, begin, counts

    def touching(self, terms: Ids, forward: bool) -> Ids:
        """The keys with some sorted terms as subjects; or as objects, and then turned round."""
        ranked = self._keys if forward else self._turned(terms)
        lows = terms << SHIFT
        first = ranked.searchsorted(lows)
        here = first < len(ranked)
        here[here] = ranked[first[here]] >> SHIFT == terms[here]
        first = first[here]
        if not len(first):
            return NONE
        counts = ranked.searchsorted(lows[here] | LOW, side="right") - first
        found = ranked.take(spread(first, counts)[1])
        return minus(found, [self._lost(forward)])

    def _lost(self, forward: bool) -> Ids:
        """What is gone, in the order of a column."""
        return self._gone if forward else turned(self._gone)

    def insert(self, keys: Ids) -> None:
        """Take in sorted keys, none of which is here."""
        self._keys = inserted(self.keys, keys)
        if self._back is not None:
            self._back = inserted(self._back, turned(keys))

    def remove(self, keys: Ids) -> None:
        """Drop keys, all of which are here."""
        self._gone = union([self._gone, keys])
        if len(self._gone) * _GONE > len(self._keys):
            self._mend()

    def _mend(self) -> None:
        """Take out of the columns what is gone."""
        if not len(self._gone):
            return
        self._keys = without(self._keys, self._gone)
        if self._back is not None:
            self._back = without(self._back, self._lost(forward=False))
        self._gone = NONE


def among(probes: Ids, deltas: Iterable[Delta]) -> Mask:
    """For each probe whether it is in one of some deltas."""
    found = np.zeros(len(probes), np.bool_)
    for delta in deltas:
        found |= delta.has(probes)
    return found


def beyond(keys: Ids, deltas: Iterable[Delta]) -> Ids:
    """Those of the sorted keys that are in none of some deltas."""
    for delta in deltas:
        if not len(keys):
            break
        keys = keys[~delta.has(keys)]
    return keys


class Relation:
    """The pairs of a property or the members of a class, in deltas.

    ``dead`` holds deltas of keys that were replaced when two of their terms became one; proofs
    want them, nothing else does.
    """

    __slots__ = (
        "_full",
        "_full_of",
        "_long",
        "_segments",
        "_segments_of",
        "_size",
        "_size_of",
        "code",
        "dead",
        "deltas",
    )

    def __init__(self, code: int) -> None:
        self.code = code
        self.deltas: list[Delta] = []
        self.dead: list[Delta] = []
        self._full: Ids = NONE
        self._full_of = 0
        self._size = self._size_of = 0  # keys, of so many deltas
        self._segments: list[Delta] = []
        self._segments_of = 0
        self._long = -1  # segments that are long deltas; negative: too few keys to tell them apart

    @property
    def unary(self) -> bool:
        """Whether this is a class."""
        return self.code < 0

    def __len__(self) -> int:
        deltas = self.deltas
        if self._size_of != len(deltas):
            known = self._size_of if self._size_of < len(deltas) else 0
            self._size = sum(map(len, deltas[known:]), self._size if known else 0)
            self._size_of = len(deltas)
        return self._size

    @property
    def round(self) -> int:
        """The round of the newest delta, -1 if there is none."""
        return self.deltas[-1].round if self.deltas else -1

    @property
    def full(self) -> Ids:
        """All keys, sorted."""
        deltas = self.deltas
        if len(deltas) == 1:
            return deltas[0].keys
        if self._full_of != len(deltas):
            if self._full_of and self._full_of < len(deltas):
                parts = [self._full, *(delta.keys for delta in deltas[self._full_of :])]
            else:
                parts = [delta.keys for delta in deltas]
            self._full = sort_inplace(np.concatenate(parts)) if parts else NONE
            self._full_of = len(deltas)
        return self._full

    @property
    def segments(self) -> list[Delta]:
        """The deltas for look-ups, for which it is no matter how old a key is: few, where deltas
        are many. Joined ones have no round."""
        deltas, segments = self.deltas, self._segments
        if len(deltas) < 2:
            return deltas
        if self._segments_of == len(deltas):
            return segments
        total = len(self)
        if len(deltas) < _SEGMENTS and total > _SMALL:
            return deltas
        if self._long < 0:
            most = max(max(map(len, deltas)) >> 3, total >> 5, _SMALL)
            segments[:] = [delta for delta in deltas if len(delta) > most]
            if total > _SMALL:
                self._long = len(segments)
            short = [delta.keys for delta in deltas if len(delta) <= most]
            if short:
                segments.append(Delta(-1, sort_inplace(np.concatenate(short)), SEVERAL))
            self._segments_of = len(deltas)
        for delta in deltas[self._segments_of :]:
            segments.append(delta)
            while len(segments) > self._long + _LOOSE and (
                2 * len(segments[-1]) >= len(segments[-2])
            ):
                both = np.concatenate([segments.pop().keys, segments.pop().keys])
                segments.append(Delta(-1, sort_inplace(both), SEVERAL))
        self._segments_of = len(deltas)
        return segments

    def before(self, round: int) -> list[Delta]:
        """The deltas of earlier rounds."""
        return [delta for delta in self.deltas if delta.round < round]

    def since(self, round: int) -> Ids:
        """The keys found after a round; sorted only if they came at one."""
        deltas = self.deltas
        if not deltas or deltas[-1].round <= round:
            return NONE
        if deltas[0].round > round:
            return self.full
        fresh = [delta.keys for delta in takewhile(lambda x: x.round > round, reversed(deltas))]
        return fresh[0] if len(fresh) == 1 else np.concatenate(fresh)

    def append(self, round: int, keys: Ids, origin: str = GIVEN) -> None:
        """Take in sorted keys that are not yet here."""
        if len(keys):
            self.deltas.append(Delta(round, keys, origin))

    def forget(self, changed: Delta | None = None) -> None:
        """Drop what can be computed again: all, or what the keys of one delta went into."""
        self._full, self._full_of = NONE, 0
        self._size = self._size_of = 0
        if changed not in self._segments:
            self._segments, self._segments_of, self._long = [], 0, -1

    def holds(self, key: int) -> bool:
        """Whether a key is here."""
        return any(delta.holds(key) for delta in self.segments)

    def new(self, keys: Ids) -> Ids:
        """Those of the sorted keys that are not here."""
        return beyond(keys, self.segments)
