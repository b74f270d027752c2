"""Triples in columns, one relation per property and one per class.

A relation of a property holds the keys of its pairs, that of a class its members. Keys arrive in
layers: a layer is sorted, holds no key twice and none of another layer, and carries the step at
which it was found. Layers are never merged in place, so they say how old a triple is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Final

import numpy as np

from foedus.reasoning.rows.columns import (
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
    in_order,
    inserted,
    minus,
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

#: For look-ups, few keys are joined whatever their layers. Of many, short layers are where there
#: are at least so many layers; those that come after, where there are more than so many, so that
#: each is at least twice as long as the next.
_SHELVES, _LOOSE = 3, 2

#: How a layer came about, where it was not a rule.
GIVEN, REWRITTEN, SEVERAL = "", "=", "+"


class Layer:
    """Keys that a relation received at one step; ``origin`` is the rule that gave them.

    Keys that are removed are noted down, and taken out of the columns when they have become many
    or the columns are wanted as they are: so a change of a few keys copies none.
    """

    __slots__ = ("_back", "_gone", "_keys", "_scans", "origin", "step")

    def __init__(self, step: int, keys: Ids, origin: str) -> None:
        self.step, self.origin = step, origin
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


def among(probes: Ids, layers: Iterable[Layer]) -> Mask:
    """For each probe whether it is in one of some layers."""
    found = np.zeros(len(probes), np.bool_)
    for layer in layers:
        found |= layer.has(probes)
    return found


def beyond(keys: Ids, layers: Iterable[Layer]) -> Ids:
    """Those of the sorted keys that are in none of some layers."""
    for layer in layers:
        if not len(keys):
            break
        keys = keys[~layer.has(keys)]
    return keys


class Relation:
    """The pairs of a property or the members of a class, in layers.

    ``dead`` holds layers of keys that were replaced when two of their terms became one; proofs
    want them, nothing else does.
    """

    __slots__ = (
        "_full",
        "_full_of",
        "_long",
        "_shelves",
        "_shelves_of",
        "_size",
        "_size_of",
        "code",
        "dead",
        "layers",
    )

    def __init__(self, code: int) -> None:
        self.code = code
        self.layers: list[Layer] = []
        self.dead: list[Layer] = []
        self._full: Ids = NONE
        self._full_of = 0
        self._size = self._size_of = 0  # keys, of so many layers
        self._shelves: list[Layer] = []
        self._shelves_of = 0
        self._long = -1  # shelves that are long layers; negative: too few keys to tell them apart

    @property
    def unary(self) -> bool:
        """Whether this is a class."""
        return self.code < 0

    def __len__(self) -> int:
        layers = self.layers
        if self._size_of != len(layers):
            known = self._size_of if self._size_of < len(layers) else 0
            self._size = sum(map(len, layers[known:]), self._size if known else 0)
            self._size_of = len(layers)
        return self._size

    @property
    def step(self) -> int:
        """The step of the newest layer, -1 if there is none."""
        return self.layers[-1].step if self.layers else -1

    @property
    def full(self) -> Ids:
        """All keys, sorted."""
        layers = self.layers
        if len(layers) == 1:
            return layers[0].keys
        if self._full_of != len(layers):
            if self._full_of and self._full_of < len(layers):
                parts = [self._full, *(layer.keys for layer in layers[self._full_of :])]
            else:
                parts = [layer.keys for layer in layers]
            self._full = in_order(np.concatenate(parts)) if parts else NONE
            self._full_of = len(layers)
        return self._full

    @property
    def shelves(self) -> list[Layer]:
        """The layers for look-ups, for which it is no matter how old a key is: few, where layers
        are many. Joined ones have no step."""
        layers, shelves = self.layers, self._shelves
        if len(layers) < 2:
            return layers
        if self._shelves_of == len(layers):
            return shelves
        total = len(self)
        if len(layers) < _SHELVES and total > _SMALL:
            return layers
        if self._long < 0:
            most = max(max(map(len, layers)) >> 3, total >> 5, _SMALL)
            shelves[:] = [layer for layer in layers if len(layer) > most]
            if total > _SMALL:
                self._long = len(shelves)
            short = [layer.keys for layer in layers if len(layer) <= most]
            if short:
                shelves.append(Layer(-1, in_order(np.concatenate(short)), SEVERAL))
            self._shelves_of = len(layers)
        for layer in layers[self._shelves_of :]:
            shelves.append(layer)
            while len(shelves) > self._long + _LOOSE and (2 * len(shelves[-1]) >= len(shelves[-2])):
                both = np.concatenate([shelves.pop().keys, shelves.pop().keys])
                shelves.append(Layer(-1, in_order(both), SEVERAL))
        self._shelves_of = len(layers)
        return shelves

    def before(self, step: int) -> list[Layer]:
        """The layers of earlier steps."""
        return [layer for layer in self.layers if layer.step < step]

    def since(self, step: int) -> Ids:
        """The keys found after a step; sorted only if they came at one."""
        layers = self.layers
        if not layers or layers[-1].step <= step:
            return NONE
        if layers[0].step > step:
            return self.full
        fresh = [layer.keys for layer in takewhile(lambda x: x.step > step, reversed(layers))]
        return fresh[0] if len(fresh) == 1 else np.concatenate(fresh)

    def append(self, step: int, keys: Ids, origin: str = GIVEN) -> None:
        """Take in sorted keys that are not yet here."""
        if len(keys):
            self.layers.append(Layer(step, keys, origin))

    def forget(self, changed: Layer | None = None) -> None:
        """Drop what can be computed again: all, or what the keys of one layer went into."""
        self._full, self._full_of = NONE, 0
        self._size = self._size_of = 0
        if changed not in self._shelves:
            self._shelves, self._shelves_of, self._long = [], 0, -1

    def holds(self, key: int) -> bool:
        """Whether a key is here."""
        return any(layer.holds(key) for layer in self.shelves)

    def new(self, keys: Ids) -> Ids:
        """Those of the sorted keys that are not here."""
        return beyond(keys, self.shelves)
