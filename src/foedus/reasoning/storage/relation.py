"""Columnar relations that grow by deltas: one per property, one per class.

The relation of a property holds keys (subject, object), that of a class its members. A delta is the
sorted, unique array of keys that were new in one round; deltas are disjoint. They are kept apart,
because the round of its delta says how old a triple is, which is what proofs and withdrawals rest
on. Literature: Urbani et al., Column-oriented Datalog materialization (VLog), AAAI 2016.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

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
from foedus.reasoning.storage.tuning import DEFAULT, Tuning

#: The origin of a delta that is not a rule: asserted, rewritten by equality, several rules.
GIVEN, REWRITTEN, SEVERAL = "", "=", "+"


class Delta:
    """The keys that were new to a relation in one round; ``origin`` is the rule that derived them.

    Deleted keys are noted, and purged from the columns only when they are many or the whole column
    is needed, so that deleting a few keys copies nothing.
    """

    __slots__ = ("_back", "_gone", "_keys", "_scans", "_tuning", "origin", "round")

    def __init__(self, round: int, keys: Ids, origin: str, tuning: Tuning = DEFAULT) -> None:
        self.round, self.origin, self._tuning = round, origin, tuning
        self._keys, self._gone = keys, NONE
        self._back: Ids | None = None
        self._scans = 0  # look-ups of a few objects by scanning, without an inverted column

    def __len__(self) -> int:
        return len(self._keys) - len(self._gone)

    @property
    def keys(self) -> Ids:
        """All keys, sorted and unique; not to be changed."""
        self._mend()
        return self._keys

    @property
    def state(self) -> tuple[Ids, Ids]:
        """The arrays behind the keys, which are replaced whenever the keys change."""
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
        """The inverted column, sorted by object; for few probes, maybe only their part of it."""
        if self._back is None:
            if (
                probes is not None
                and len(probes) * self._tuning.few < len(self._keys)
                and self._scans < 4
            ):
                self._scans += 1
                marks = np.zeros(int(probes.max()) + 2, np.bool_)
                marks[probes] = True
                hit = marks.take(self._keys & LOW, mode="clip")  # the last, False, for larger ones
                return turned(self._keys[hit])
            self._back = turned(self._keys)
        return self._back

    def neighbours(self, probes: Ids, forward: bool) -> tuple[Ids, Places, Places]:
        """The objects of subjects, or with ``forward`` False the subjects of objects.

        A sorted column, whose lower halves are the neighbours, and for each probe the start and the
        number of its keys there. Probes may be in any order.
        """
        most = self._tuning.offsets * len(probes) - len(self._keys)
        if most > 0 and len(probes) > self._tuning.small and len(self):
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
        """The keys of sorted subjects, or of objects with ends exchanged: sorted and unique."""
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
        """The deleted keys, sorted by subject, or else by object."""
        return self._gone if forward else turned(self._gone)

    def insert(self, keys: Ids) -> None:
        """Add sorted keys, none of which is here."""
        self._keys = inserted(self.keys, keys)
        if self._back is not None:
            self._back = inserted(self._back, turned(keys))

    def remove(self, keys: Ids) -> None:
        """Delete sorted keys, all of which are here."""
        self._gone = union([self._gone, keys])
        if len(self._gone) * self._tuning.purge > len(self._keys):
            self._mend()

    def _mend(self) -> None:
        """Purge the deleted keys from the columns."""
        if not len(self._gone):
            return
        self._keys = without(self._keys, self._gone)
        if self._back is not None:
            self._back = without(self._back, self._lost(forward=False))
        self._gone = NONE


def among(probes: Ids, deltas: Iterable[Delta]) -> Mask:
    """For each probe whether one of the deltas holds it."""
    found = np.zeros(len(probes), np.bool_)
    for delta in deltas:
        found |= delta.has(probes)
    return found


def not_in(keys: Ids, deltas: Iterable[Delta]) -> Ids:
    """The sorted keys that none of the deltas holds."""
    for delta in deltas:
        if not len(keys):
            break
        keys = keys[~delta.has(keys)]
    return keys


class Relation:
    """The pairs of a property or the members of a class, as deltas in the order of their rounds.

    ``superseded`` holds, as deltas, the keys that were rewritten when terms merged, in their old
    form. Only proofs and withdrawals read them.
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
        "deltas",
        "superseded",
        "tuning",
    )

    def __init__(self, code: int, tuning: Tuning = DEFAULT) -> None:
        self.code, self.tuning = code, tuning
        self.deltas: list[Delta] = []
        self.superseded: list[Delta] = []
        self._full: Ids = NONE
        self._full_of = 0
        self._size = self._size_of = 0  # the number of keys in so many deltas
        self._segments: list[Delta] = []
        self._segments_of = 0
        self._long = -1  # how many segments are long deltas; negative while the relation is small

    @property
    def unary(self) -> bool:
        """Whether this is the relation of a class."""
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
        """All keys, sorted and unique; not to be changed."""
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
        """The keys in fewer deltas, for look-ups; merged ones, as in an LSM tree, have no round."""
        deltas, segments, tuning = self.deltas, self._segments, self.tuning
        if len(deltas) < 2:
            return deltas
        if self._segments_of == len(deltas):
            return segments
        total = len(self)
        if len(deltas) < tuning.segments and total > tuning.small:
            return deltas
        if self._long < 0:
            most = max(max(map(len, deltas)) >> 3, total >> 5, tuning.small)
            segments[:] = [delta for delta in deltas if len(delta) > most]
            if total > tuning.small:
                self._long = len(segments)
            short = [delta.keys for delta in deltas if len(delta) <= most]
            if short:
                segments.append(self._merged(short))
            self._segments_of = len(deltas)
        for delta in deltas[self._segments_of :]:
            segments.append(delta)
            while len(segments) > self._long + tuning.loose and (
                2 * len(segments[-1]) >= len(segments[-2])
            ):
                segments.append(self._merged([segments.pop().keys, segments.pop().keys]))
        self._segments_of = len(deltas)
        return segments

    def _merged(self, parts: list[Ids]) -> Delta:
        return Delta(-1, sort_inplace(np.concatenate(parts)), SEVERAL, self.tuning)

    def before(self, round: int) -> list[Delta]:
        """The deltas of rounds before a given one."""
        return [delta for delta in self.deltas if delta.round < round]

    def since(self, round: int) -> Ids:
        """The keys of rounds after a given one; sorted only if these are of one round."""
        deltas = self.deltas
        if not deltas or deltas[-1].round <= round:
            return NONE
        if deltas[0].round > round:
            return self.full
        fresh = [delta.keys for delta in takewhile(lambda x: x.round > round, reversed(deltas))]
        return fresh[0] if len(fresh) == 1 else np.concatenate(fresh)

    def append(self, round: int, keys: Ids, origin: str = GIVEN) -> None:
        """Add a delta of sorted keys, none of which is here."""
        if len(keys):
            self.deltas.append(Delta(round, keys, origin, self.tuning))

    def forget(self, changed: Delta | None = None) -> None:
        """Drop what is cached: all, or only what depends on the keys of one delta."""
        self._full, self._full_of = NONE, 0
        self._size = self._size_of = 0
        if changed not in self._segments:
            self._segments, self._segments_of, self._long = [], 0, -1

    def holds(self, key: int) -> bool:
        """Whether a key is here."""
        return any(delta.holds(key) for delta in self.segments)

    def new(self, keys: Ids) -> Ids:
        """The sorted keys that are not here."""
        return not_in(keys, self.segments)
