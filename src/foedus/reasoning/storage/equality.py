"""Equality by rewriting: ``owl:sameAs`` as a union-find with canonical representatives.

The representative of a class is its smallest term number, so terms named by rules tend to stay
representatives. The merges form a forest: the path between two terms is the explanation of why they
are equal, and because a merge is only recorded between terms that were not yet equal, it is also
the earliest one. Literature: Motik et al., Handling owl:sameAs via rewriting, AAAI 2015.
"""

from __future__ import annotations

from collections import deque

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
from foedus.reasoning.storage.proof_forest import Link, ProofForest
from foedus.reasoning.storage.relation import Delta, Relation
from foedus.reasoning.storage.tuning import DEFAULT, Tuning

#: The least number of look-ups in a delta to which its length is compared, see ``Tuning.few``.
_SHORT = 64


class Equality:
    """The union-find: ``rep[t]`` is the representative of t; terms beyond its end are their own.

    ``rep`` is an ``int64`` array indexed by term number, always fully compressed: every entry
    points to the root of its class.
    """

    def __init__(self, tuning: Tuning = DEFAULT) -> None:
        self.rep: Ids = NONE
        self._tuning = tuning
        self.forest = ProofForest()
        self.changes = 0  # how many times classes were merged or split
        self.changed: Ids = NONE  # all terms that are not their own representative, sorted
        self._merged: Mask | None = None
        self._names: Ids | None = None
        self._places: Places | None = None  # the offsets of each representative in ``names``
        self._asked = 0  # how many representatives were looked up in ``names`` without offsets

    def __bool__(self) -> bool:
        return len(self.forest) > 0

    def grow(self, count: int) -> None:
        """Extend ``rep`` to so many terms, each its own representative."""
        if count > len(self.rep):
            rep = np.arange(count)
            rep[: len(self.rep)] = self.rep
            self.rep = rep
            self._merged = self._places = None

    def of(self, term: int) -> int:
        """The representative of a term."""
        return int(self.rep[term]) if term < len(self.rep) else term

    def represented(self, terms: Ids) -> Ids:
        """Those of some terms that are not their own representative, in their order."""
        found: Ids = terms[self.rep[terms] != terms]
        return found

    def union(self, a: Ids, b: Ids, round: int, rules: list[tuple[int, str]]) -> Ids:
        """Merge the classes of pairs; the terms that ceased to be representatives, sorted.

        ``a`` and ``b`` are the two columns of the pairs. ``rules`` says which rule derived which of
        them: each item is the end of a run of pairs, and the rule. ``rep`` is changed in place.
        """
        ends = np.array([end for end, _ in rules])
        numbers = np.array([self.forest.number(rule) for _, rule in rules])
        linked: list[Ids] = []
        changed: list[Ids] = []
        others = self.changed if self._names is None else None  # whose root may change
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
            while True:  # path compression
                root = self.rep[self.rep[followers]]
                if np.array_equal(root, self.rep[followers]):
                    break
                self.rep[followers] = root
        if not changed:
            return NONE
        pairs = np.concatenate(linked)
        kinds = numbers[np.searchsorted(ends, pairs, side="right")]
        self.forest.append(a[pairs], b[pairs], round, kinds)
        new = sort_unique(np.concatenate(changed))
        self._renew(union([self.changed, new]), np.concatenate([new, self.rep[new]]), True)
        return new

    def split(self, terms: Ids) -> None:
        """Split whole classes, given by all their terms; ``rep`` is changed in place."""
        if not len(terms):
            return
        gone = self.represented(terms)
        self.rep[terms] = terms
        self.forest.keep(~self.marked(terms)[self.forest.a])
        self._renew(without(self.changed, gone), terms, False)

    def _renew(self, changed: Ids, about: Ids, joined: bool) -> None:
        """Update the caches about the classes of some terms, which were merged or split."""
        self.changes += 1
        self.changed = changed
        self._places = None
        self._asked = 0
        if self._merged is not None:
            self._merged = self._merged.copy()  # the old one may still be wanted
            self._merged[about] = joined
        if self._names is not None:
            rows = self.classes(about)
            some = sort_unique(np.concatenate([rows & LOW, about]))
            some = some[self.merged[some]]
            left = without(self._names, rows)
            self._names = inserted(left, sort_inplace(pack(self.rep[some], some)))

    def classes(self, reps: Ids) -> Ids:
        """The members of representatives' classes of two or more: sorted (representative, term)."""
        lows = sort_unique(reps << SHIFT)
        first, counts = counted(self.names, lows, lows | LOW)
        return self.names.take(spread(first, counts)[1])

    def about(self, marks: Mask, keys: Ids, unary: bool) -> Mask:
        """For each key whether it holds a marked term; ``marks`` is a mask over all terms."""
        if unary:
            return marks[keys]
        return each(keys, lambda some: marks[some >> SHIFT] | marks[some & LOW])

    def moved(self, keys: Ids, unary: bool) -> Mask:
        """For each key whether it holds a term that is not its own representative."""
        return each(keys, lambda some: self.mapped(some, unary) != some)

    def marked(self, terms: Ids) -> Mask:
        """A new mask over all terms, True for these."""
        marks = np.zeros(len(self.rep), np.bool_)
        marks[terms] = True
        return marks

    def concerned(self, delta: Delta, terms: Ids, marks: Mask, unary: bool) -> Ids:
        """The keys of a delta that hold one of some terms, which ``marks`` marks; sorted."""
        if max(len(terms), _SHORT) * self._tuning.few < len(delta):
            if unary:
                return terms[delta.has(terms)]
            here, there = (delta.touching(terms, forward) for forward in (True, False))
            return sort_unique(np.concatenate([here, swap(there)])) if len(there) else here
        return delta.keys[self.about(marks, delta.keys, unary)]

    def mapped(self, keys: Ids, unary: bool) -> Ids:
        """The keys with each term replaced by its representative: a new array, in their order."""
        if unary:
            return self.rep.take(keys)
        return pack(self.rep.take(keys >> SHIFT), self.rep.take(keys & LOW))

    # The members of classes

    @property
    def names(self) -> Ids:
        """All terms of classes of two or more: sorted keys (representative, term)."""
        if self._names is None:
            involved = np.flatnonzero(self.merged)
            self._names = np.sort(pack(self.rep[involved], involved))
        return self._names

    def same(self, term: int) -> list[int]:
        """All terms equal to a term, itself included, sorted."""
        rep = self.of(term)
        low, top = self.names.searchsorted([rep << SHIFT, (rep + 1) << SHIFT]).tolist()
        return (self.names[low:top] & LOW).tolist() if low < top else [term]

    def expanded(self, reps: Ids) -> tuple[Ids, Ids]:
        """The terms of each representative's class: the row of the representative, and the term."""
        names = self.names
        self._asked += len(reps)
        if self._places is None and self._asked * self._tuning.few < len(self.rep):
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
        """The keys with every term replaced by each member of its class, sorted.

        The array itself where no term has others; it must be free of duplicates, as the result is.
        """
        if not self.forest or not len(keys):
            return keys
        parts: list[Ids] = []
        alone = True
        for part in pieces(len(keys)):
            some = keys[part]
            hit = self.about(self.merged, some, unary)
            if hit.any():
                parts += [some[~hit], self.forms(some[hit], unary)[1]]
                alone = False
            else:
                parts.append(some)
        return keys if alone else sort_inplace(np.concatenate(parts))

    def forms(self, keys: Ids, unary: bool) -> tuple[Ids, Ids]:
        """All ways to write keys with other members of their terms' classes: rows, and keys."""
        rows, left = self.expanded(keys if unary else keys >> SHIFT)
        if unary:
            return rows, left
        again, right = self.expanded((keys & LOW).take(rows))
        return rows.take(again), pack(left.take(again), right)

    @property
    def merged(self) -> Mask:
        """A mask over all terms: whether its class has two terms or more."""
        if self._merged is None:
            self._merged = np.zeros(len(self.rep), np.bool_)
            self._merged[self.changed] = self._merged[self.rep[self.changed]] = True
        return self._merged

    # Explanations

    def path(self, a: int, b: int, before: int) -> list[Link] | None:
        """The merges from a to b, of rounds before a given one; None if there is no path."""
        came: dict[int, Link | None] = {a: None}
        waiting = deque([a])
        while waiting:
            here = waiting.popleft()
            if here == b:
                break
            for link in self.forest.around(here):
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
        """Remove the keys that hold former representatives; what they are rewritten to, by code.

        The keys as they were go to ``relation.superseded``. ``special`` is the code of owl:sameAs,
        whose relation is left alone. Deltas up to the round ``since`` are known to hold no such
        keys.
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
                    relation.superseded.append(
                        Delta(delta.round, moved, delta.origin, self._tuning)
                    )
                    new = int(self.rep[term])
                    out.append((~new if code < 0 else new, self.mapped(moved, code < 0)))
                    delta.remove(moved)
                if len(delta):
                    kept.append(delta)
            if touched:
                relation.deltas = kept
                relation.forget()
        return out
