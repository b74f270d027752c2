"""Which terms are one: a representative for each, and the links that made them one.

The representative is the smallest number, so terms that rules name stay what they are. Links form
a forest: the path between two terms is the reason why they are one, and since a link is only made
between terms that were not yet one, it is also the earliest reason.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from foedus.reasoning.storage import relation as tuning
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
    each,
    inserted,
    pack,
    pieces,
    sort_inplace,
    sort_unique,
    spread,
    swap,
    union,
    without,
)
from foedus.reasoning.storage.links import Link, Links
from foedus.reasoning.storage.relation import Delta, Relation

#: All of a delta is read at once where it is no more than ``FEW`` times as long.
_SHORT = 64


class Equality:
    """Terms that are one. ``rep[t]`` stands for t; terms beyond its end stand for themselves."""

    def __init__(self) -> None:
        self.rep: Ids = NONE
        self.links = Links()
        self.changes = 0  # how often anything became one, or was parted
        self.changed: Ids = NONE  # all terms that are not their own representative, sorted
        self._several: Mask | None = None
        self._names: Ids | None = None
        self._places: Places | None = None  # of each representative, among the names
        self._asked = 0  # for the names of so many, one by one

    def __bool__(self) -> bool:
        return len(self.links) > 0

    def grow(self, count: int) -> None:
        """Make room for terms."""
        if count > len(self.rep):
            rep = np.arange(count)
            rep[: len(self.rep)] = self.rep
            self.rep = rep
            self._several = self._places = None

    def of(self, term: int) -> int:
        """The representative of a term."""
        return int(self.rep[term]) if term < len(self.rep) else term

    def represented(self, terms: Ids) -> Ids:
        """Those of some terms that others stand for."""
        found: Ids = terms[self.rep[terms] != terms]
        return found

    def union(self, a: Ids, b: Ids, round: int, rules: list[tuple[int, str]]) -> Ids:
        """Make pairs one; the terms whose representative changed, sorted.

        ``rules`` says which rule gave the pairs: each item is the end of a run, and its rule.
        """
        ends = np.array([end for end, _ in rules])
        numbers = np.array([self.links.number(rule) for _, rule in rules])
        linked: list[Ids] = []
        changed: list[Ids] = []
        others = self.changed if self._names is None else None  # that may follow
        while True:
            left, right = self.rep[a], self.rep[b]
            open_ = np.flatnonzero(left != right)
            if not len(open_):
                break
            if others is None:
                others = self.classes(np.concatenate([left[open_], right[open_]])) & LOW
            high = np.maximum(left[open_], right[open_])
            low = np.minimum(left[open_], right[open_])
            order = np.lexsort((open_, low, high))
            ranked = high[order]
            pick = np.ones(len(ranked), np.bool_)
            pick[1:] = ranked[1:] != ranked[:-1]
            chosen = order[pick]
            linked.append(open_[chosen])
            self.rep[high[chosen]] = low[chosen]
            changed.append(high[chosen])
            followers = np.concatenate([others, *changed])
            followers = followers[self.marked(high[chosen])[self.rep[followers]]]
            while True:  # every term points to its root again
                root = self.rep[self.rep[followers]]
                if np.array_equal(root, self.rep[followers]):
                    break
                self.rep[followers] = root
        if not changed:
            return NONE
        pairs = np.concatenate(linked)
        kinds = numbers[np.searchsorted(ends, pairs, side="right")]
        self.links.append(a[pairs], b[pairs], round, kinds)
        new = sort_unique(np.concatenate(changed))
        self._renew(union([self.changed, new]), np.concatenate([new, self.rep[new]]), True)
        return new

    def part(self, terms: Ids) -> None:
        """Let terms stand for themselves again: whole classes of those that were one."""
        if not len(terms):
            return
        gone = self.represented(terms)
        self.rep[terms] = terms
        self.links.keep(~self.marked(terms)[self.links.a])
        self._renew(without(self.changed, gone), terms, False)

    def _renew(self, changed: Ids, about: Ids, joined: bool) -> None:
        """Take note of which terms are not their own representatives, and whose classes changed:
        they were joined, or parted."""
        self.changes += 1
        self.changed = changed
        self._places = None
        self._asked = 0
        if self._several is not None:
            self._several = self._several.copy()  # the old one may still be wanted
            self._several[about] = joined
        if self._names is not None:
            rows = self.classes(about)
            some = sort_unique(np.concatenate([rows & LOW, about]))
            some = some[self.several[some]]
            left = without(self._names, rows)
            self._names = inserted(left, sort_inplace(pack(self.rep[some], some)))

    def classes(self, reps: Ids) -> Ids:
        """The terms that some representatives stand for, each beside its own, as sorted keys.

        Of those that stand for themselves alone there is none.
        """
        lows = sort_unique(reps << SHIFT)
        first, counts = counted(self.names, lows, lows | LOW)
        return self.names.take(spread(first, counts)[1])

    def about(self, marks: Mask, keys: Ids, unary: bool) -> Mask:
        """Which keys hold a marked term."""
        if unary:
            return marks[keys]
        return each(keys, lambda some: marks[some >> SHIFT] | marks[some & LOW])

    def moved(self, keys: Ids, unary: bool) -> Mask:
        """Which keys hold a term by what is not its representative."""
        return each(keys, lambda some: self.mapped(some, unary) != some)

    def marked(self, terms: Ids) -> Mask:
        """Some terms, marked among all."""
        marks = np.zeros(len(self.rep), np.bool_)
        marks[terms] = True
        return marks

    def concerned(self, delta: Delta, terms: Ids, marks: Mask, unary: bool) -> Ids:
        """The keys of a delta that hold one of some terms, sorted and marked; sorted."""
        if max(len(terms), _SHORT) * tuning.FEW < len(delta):
            if unary:
                return terms[delta.has(terms)]
            here, there = (delta.touching(terms, forward) for forward in (True, False))
            return sort_unique(np.concatenate([here, swap(there)])) if len(there) else here
        return delta.keys[self.about(marks, delta.keys, unary)]

    def mapped(self, keys: Ids, unary: bool) -> Ids:
        """Keys with representatives in the place of terms, not sorted."""
        if unary:
            return self.rep.take(keys)
        return pack(self.rep.take(keys >> SHIFT), self.rep.take(keys & LOW))

    # What a representative stands for

    @property
    def names(self) -> Ids:
        """The terms that are one with others, each beside its representative, as sorted keys."""
        if self._names is None:
            involved = np.flatnonzero(self.several)
            self._names = np.sort(pack(self.rep[involved], involved))
        return self._names

    def same(self, term: int) -> list[int]:
        """All terms that are one with a term, itself included, sorted."""
        rep = self.of(term)
        low, top = self.names.searchsorted([rep << SHIFT, (rep + 1) << SHIFT]).tolist()
        return (self.names[low:top] & LOW).tolist() if low < top else [term]

    def expanded(self, reps: Ids) -> tuple[Ids, Ids]:
        """Every term that each representative stands for: the rows, and the terms."""
        names = self.names
        self._asked += len(reps)
        if self._places is None and self._asked * tuning.FEW < len(self.rep):
            first, counts = counted(names, reps << SHIFT, reps << SHIFT | LOW)
        else:
            if self._places is None:
                self._places = bounds(names, len(self.rep))
            first, counts = bounded(self._places, reps)
        alone = np.flatnonzero(counts == 0)
        if len(alone) == len(reps):
            return np.arange(len(reps)), reps
        counts[alone] = 1
        rows, places = spread(first, counts)
        found = names.take(places, mode="clip") & LOW
        found[np.cumsum(counts)[alone] - 1] = reps[alone]
        return rows, found

    def expand(self, keys: Ids, unary: bool) -> Ids:
        """Keys for every term that theirs stand for, sorted."""
        if not self.links or not len(keys):
            return keys
        parts: list[Ids] = []
        alone = True
        for part in pieces(len(keys)):
            some = keys[part]
            hit = self.about(self.several, some, unary)
            if hit.any():
                parts += [some[~hit], self.forms(some[hit], unary)[1]]
                alone = False
            else:
                parts.append(some)
        return keys if alone else sort_inplace(np.concatenate(parts))

    def forms(self, keys: Ids, unary: bool) -> tuple[Ids, Ids]:
        """Every form that keys have with the names of their terms: the rows, and the forms."""
        rows, left = self.expanded(keys if unary else keys >> SHIFT)
        if unary:
            return rows, left
        again, right = self.expanded((keys & LOW).take(rows))
        return rows.take(again), pack(left.take(again), right)

    @property
    def several(self) -> Mask:
        """Whether a term is one with others."""
        if self._several is None:
            self._several = np.zeros(len(self.rep), np.bool_)
            self._several[self.changed] = self._several[self.rep[self.changed]] = True
        return self._several

    # Why two terms are one

    def path(self, a: int, b: int, before: int) -> list[Link] | None:
        """The links from a to b of rounds before a given one, in order; None if there are none."""
        came: dict[int, Link | None] = {a: None}
        waiting = deque([a])
        while waiting:
            here = waiting.popleft()
            if here == b:
                break
            for link in self.links.around(here):
                there = link.b if link.a == here else link.a
                if link.round < before and there not in came:
                    came[there] = link
                    waiting.append(there)
        if b not in came:
            return None
        path: list[Link] = []
        here = b
        while (last := came[here]) is not None:
            path.append(last)
            here = last.a if last.b == here else last.b
        return path[::-1]

    def rewrite(
        self, relations: dict[int, Relation], gone: Ids, special: int, since: int = -1
    ) -> list[tuple[int, Ids]]:
        """Take keys with terms that are gone out of their relations; what they become, by code.

        ``special`` is a code whose relation has a meaning of its own (owl:sameAs) and is left.
        Deltas up to the round ``since`` are known to hold no such keys.
        """
        marks = self.marked(gone)
        out: list[tuple[int, Ids]] = []
        for code, relation in list(relations.items()):
            if code == special or not relation.deltas:
                continue
            term = ~code if code < 0 else code
            renamed = bool(marks[term])
            touched = False
            kept = []
            for delta in relation.deltas:
                if delta.round <= since:
                    kept.append(delta)
                    continue
                moved = delta.keys if renamed else self.concerned(delta, gone, marks, code < 0)
                if len(moved):
                    touched = True
                    relation.dead.append(Delta(delta.round, moved, delta.origin))
                    new = int(self.rep[term])
                    out.append((~new if code < 0 else new, self.mapped(moved, code < 0)))
                    delta.remove(moved)
                if len(delta):
                    kept.append(delta)
            if touched:
                relation.deltas = kept
                relation.forget()
        return out
