"""The history of an engine's relations: triple patterns over what was known before a round.

Keys that were rewritten when terms merged are still here, as they were found. Terms are not
replaced by representatives here; equalities are answered from the merges of the union-find.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.rules.rdf_list import readings, triples_of
from foedus.reasoning.storage.columns import (
    LOW,
    SHIFT,
    Ids,
    Mask,
    counted,
    pack,
    sort_unique,
    spread,
    swap,
    union,
)
from foedus.reasoning.storage.relation import Delta, among

Fact = tuple[int, int, int]
EVER = 1 << 60


class Index(NamedTuple):
    """The keys of many deltas, sorted, with duplicates; the position and round of each."""

    keys: Ids
    places: Ids
    rounds: Ids
    deltas: list[Delta]

    def between(self, low: int, high: int, before: int) -> Ids:
        """The keys from one to another (exclusive) of rounds before a given one, sorted."""
        a, b = self.keys.searchsorted([low, high]).tolist()
        found: Ids = self.keys[a:b][self.rounds[a:b] < before]
        return found


class History:
    """Look-ups in an engine's relations; valid until the engine changes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        vocabulary = engine.vocabulary
        self.type, self.same = vocabulary.type, vocabulary.same
        self.different = vocabulary.different
        self.equal = engine.equal
        self._classes: list[int] | None = None
        self._indices: dict[tuple[int, bool], Index | None] = {}

    def deltas(self, code: int) -> Iterator[Delta]:
        """All deltas of a relation, superseded ones included, oldest first."""
        relation = self.engine.relations.get(code)
        if relation is not None:
            if relation.superseded:
                yield from sorted((*relation.superseded, *relation.deltas), key=lambda x: x.round)
            else:
                yield from relation.deltas

    def index(self, code: int, back: bool = False) -> Index | None:
        """The index of a relation (ends exchanged if ``back``); None if it has few deltas."""
        if (code, back) not in self._indices:
            found, deltas = None, list(self.deltas(code))
            if len(deltas) > self.engine.tuning.indexed:
                keys = np.concatenate([delta.keys for delta in deltas])
                keys = swap(keys) if back else keys
                places = np.repeat(np.arange(len(deltas)), [len(delta) for delta in deltas])
                order = np.lexsort((places, keys))
                rounds = np.array([delta.round for delta in deltas])[places]
                found = Index(keys[order], places[order], rounds[order], deltas)
            self._indices[code, back] = found
        return self._indices[code, back]

    def find(self, code: int, key: int) -> Delta | None:
        """The oldest delta that holds a key."""
        index = self.index(code)
        if index is not None:
            at = int(index.keys.searchsorted(key))
            held = at < len(index.keys) and int(index.keys[at]) == key
            return index.deltas[int(index.places[at])] if held else None
        for delta in self.deltas(code):
            if delta.holds(key):
                return delta
        return None

    def held(self, code: int, keys: Ids, before: int) -> Iterator[tuple[Delta, int]]:
        """The keys that were known before a round, each with every such delta that holds it."""
        index = self.index(code)
        if index is None:
            for delta in self.deltas(code):
                if delta.round < before:
                    mine = keys[delta.has(keys)]
                    yield from ((delta, key) for key in mine.tolist())
            return
        for at in spread(*counted(index.keys, keys, keys))[1].tolist():
            delta = index.deltas[int(index.places[at])]
            if delta.round < before:
                yield delta, int(index.keys[at])

    def round(self, row: Fact) -> int | None:
        """The round in which a triple was found in this very form; None if it was not."""
        code, key = self.coded(row)
        delta = self.find(code, key)
        return delta.round if delta is not None else None

    def coded(self, row: Fact) -> tuple[int, int]:
        """The relation code and the key of a triple."""
        s, p, o = row
        return (~o, s) if p == self.type else (p, s << SHIFT | o)

    def has(self, row: Fact, before: int) -> bool:
        """Whether a triple was known before a round."""
        s, p, o = row
        if p == self.same and self.equal:
            return self.one(s, o, before)
        code, key = self.coded(row)
        delta = self.find(code, key)
        return delta is not None and delta.round < before

    def one(self, s: int, o: int, before: int) -> bool:
        """Whether two terms were known to be equal before a round."""
        equality = self.engine.equality
        if s == o:
            return True
        return equality.of(s) == equality.of(o) and equality.path(s, o, before) is not None

    def members(self, code: int, before: int) -> Ids:
        """The members of a class before a round: sorted and unique."""
        return union([delta.keys for delta in self.deltas(code) if delta.round < before])

    def objects(self, p: int, s: int, before: int) -> Ids:
        """The objects of a subject before a round, for a property other than rdf:type; sorted."""
        if p == self.same and self.equal:
            others = self.engine.equality.same(s)
            return np.array([o for o in others if self.one(s, o, before)], np.int64)
        return self._beside(p, s, before, back=False)

    def subjects(self, p: int, o: int, before: int) -> Ids:
        """The subjects of an object before a round, likewise."""
        if p == self.same and self.equal:
            return self.objects(p, o, before)
        return self._beside(p, o, before, back=True)

    def _beside(self, p: int, term: int, before: int, back: bool) -> Ids:
        """The objects of a subject, or the subjects of an object, before a round; sorted."""
        index = self.index(p, back)
        if index is not None:
            return sort_unique(index.between(term << SHIFT, (term + 1) << SHIFT, before) & LOW)
        some = np.array([term])
        deltas = [delta for delta in self.deltas(p) if delta.round < before]
        return union([delta.touching(some, not back) & LOW for delta in deltas])

    def classes(self, x: int, before: int) -> list[int]:
        """The classes of a term before a round."""
        if self._classes is None:
            self._classes = [code for code in self.engine.relations if code < 0]
        return [~code for code in self._classes if self.has((x, self.type, ~code), before)]

    def pairs(self, p: int, before: int) -> Ids:
        """All keys of a property before a round: sorted and unique."""
        if p == self.same and self.equal:
            links = self.engine.equality.forest
            keys = pack(links.a, links.b)[links.round < before]
            return sort_unique(np.concatenate([keys, swap(keys)]))
        return union([delta.keys for delta in self.deltas(p) if delta.round < before])

    def properties(self) -> list[int]:
        """Every property that has, or had, a triple."""
        found = [
            code
            for code, r in self.engine.relations.items()
            if code >= 0 and (r.deltas or r.superseded)
        ]
        return found + [self.same] * (self.equal and bool(self.engine.equality))

    def match(self, s: int | None, p: int | None, o: int | None, before: int) -> Iterator[Fact]:
        """All triples that matched a pattern before a round; None matches any term."""
        if p is None:
            for q in [*self.properties(), self.type]:
                yield from self.match(s, q, o, before)
        elif p == self.type:
            if o is not None:
                found = [s] if s is not None else self.members(~o, before).tolist()
                yield from ((x, p, o) for x in found if s is None or self.has((x, p, o), before))
            elif s is not None:
                yield from ((s, p, c) for c in self.classes(s, before))
            else:
                for code in [code for code in self.engine.relations if code < 0]:
                    yield from self.match(None, p, ~code, before)
        elif s is not None and o is not None:
            if self.has((s, p, o), before):
                yield s, p, o
        elif s is not None:
            yield from ((s, p, x) for x in self.objects(p, s, before).tolist())
        elif o is not None:
            yield from ((x, p, o) for x in self.subjects(p, o, before).tolist())
        else:
            for key in self.pairs(p, before).tolist():
                yield key >> SHIFT, p, key & LOW

    def filter(self, values: Ids, s: int | None, p: int, o: int | None, before: int) -> Mask:
        """A mask: the values that complete a known triple, in whichever place is None."""
        if p == self.same and self.equal:
            other = s if s is not None else o
            assert other is not None
            return np.array([self.one(other, x, before) for x in values.tolist()], np.bool_)
        if p == self.type:
            if s is not None:
                return np.array([self.has((s, p, c), before) for c in values.tolist()], np.bool_)
            assert o is not None
            code, keys = ~o, values
        else:
            code = p
            keys = (s << SHIFT | values) if s is not None else (values << SHIFT | (o or 0))
        index = self.index(code)
        if index is not None:
            at = np.minimum(index.keys.searchsorted(keys), len(index.keys) - 1)
            held: Mask = (index.keys[at] == keys) & (index.rounds[at] < before)
            return held
        return among(keys, (delta for delta in self.deltas(code) if delta.round < before))

    # Lists

    @cached_property
    def _cells(self) -> list[dict[int, list[tuple[int, int]]]]:
        """By cell, its members, and its tails, each with the round in which it was found."""
        tables: list[dict[int, list[tuple[int, int]]]] = [{}, {}]
        vocabulary = self.engine.vocabulary
        for table, code in zip(tables, (vocabulary.first, vocabulary.rest), strict=True):
            for delta in self.deltas(code):
                for key in delta.keys.tolist():
                    table.setdefault(key >> SHIFT, []).append((key & LOW, delta.round))
        return tables

    def readings(
        self, head: int, before: int
    ) -> Iterator[tuple[tuple[int, ...], tuple[Fact, ...]]]:
        """Members and cells of a list before a round, once for each reading."""
        vocabulary = self.engine.vocabulary
        firsts, rests = self._cells

        def contents(cell: int) -> Iterator[tuple[int, int]]:
            return product(
                [f for f, round in firsts.get(cell, ()) if round < before],
                [r for r, round in rests.get(cell, ()) if round < before],
            )

        words = vocabulary.first, vocabulary.rest, vocabulary.nil
        for reading in readings(head, vocabulary.nil, contents, self.engine.terms.token):
            yield reading[0], triples_of(reading, *words)
