"""The triples as they were before a step: patterns looked up in sorted columns.

Rows that were rewritten when two terms became one are still here, in the form in which they were
found. Everything is a term's own number; nothing here thinks of representatives, except for
equalities, which the links of the forest give.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from foedus.reasoning.fixpoint.engine import Engine
from foedus.reasoning.rows.columns import (
    LOW,
    SHIFT,
    Ids,
    Mask,
    counted,
    pack,
    spread,
    swap,
    union,
    unique,
)
from foedus.reasoning.rows.layers import Layer, among
from foedus.reasoning.rules.listing import readings

Row = tuple[int, int, int]
EVER = 1 << 60

#: Where a relation has more layers, its keys are sorted once, each beside the place of its layer.
_LAYERS = 16


class Index(NamedTuple):
    """The keys of many layers, sorted; for each the place of its layer, and its step."""

    keys: Ids
    places: Ids
    steps: Ids
    layers: list[Layer]

    def between(self, low: int, high: int, before: int) -> Ids:
        """The keys from one to another (exclusive) that were there before a step."""
        a, b = self.keys.searchsorted([low, high]).tolist()
        found: Ids = self.keys[a:b][self.steps[a:b] < before]
        return found


class View:
    """Lookups in an engine's relations, for one state of the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        vocabulary = engine.vocabulary
        self.type, self.same = vocabulary.type, vocabulary.same
        self.different = vocabulary.different
        self.equal = engine.equal
        self._classes: list[int] | None = None
        self._indices: dict[tuple[int, bool], Index | None] = {}

    def layers(self, code: int) -> Iterator[Layer]:
        """All layers of a relation, those of rewritten rows included, oldest first."""
        relation = self.engine.relations.get(code)
        if relation is not None:
            if relation.dead:
                yield from sorted((*relation.dead, *relation.layers), key=lambda x: x.step)
            else:
                yield from relation.layers

    def index(self, code: int, back: bool = False) -> Index | None:
        """The index of a relation, subject and object exchanged if ``back``; None if it has few
        layers, which are looked through one by one."""
        if (code, back) not in self._indices:
            found, layers = None, list(self.layers(code))
            if len(layers) > _LAYERS:
                keys = np.concatenate([layer.keys for layer in layers])
                keys = swap(keys) if back else keys
                places = np.repeat(np.arange(len(layers)), [len(layer) for layer in layers])
                order = np.lexsort((places, keys))
                steps = np.array([layer.step for layer in layers])[places]
                found = Index(keys[order], places[order], steps[order], layers)
            self._indices[code, back] = found
        return self._indices[code, back]

    def find(self, code: int, key: int) -> Layer | None:
        """The oldest layer that holds a key."""
        index = self.index(code)
        if index is not None:
            at = int(index.keys.searchsorted(key))
            held = at < len(index.keys) and int(index.keys[at]) == key
            return index.layers[int(index.places[at])] if held else None
        for layer in self.layers(code):
            if layer.holds(key):
                return layer
        return None

    def held(self, code: int, keys: Ids, before: int) -> Iterator[tuple[Layer, int]]:
        """Those of the keys that were there before a step, each with every layer that holds it."""
        index = self.index(code)
        if index is None:
            for layer in self.layers(code):
                if layer.step < before:
                    mine = keys[layer.has(keys)]
                    yield from ((layer, key) for key in mine.tolist())
            return
        for at in spread(*counted(index.keys, keys, keys))[1].tolist():
            layer = index.layers[int(index.places[at])]
            if layer.step < before:
                yield layer, int(index.keys[at])

    def step(self, row: Row) -> int | None:
        """The step at which a triple was found in just this form."""
        code, key = self.coded(row)
        layer = self.find(code, key)
        return layer.step if layer is not None else None

    def coded(self, row: Row) -> tuple[int, int]:
        """The relation code and key of a triple."""
        s, p, o = row
        return (~o, s) if p == self.type else (p, s << SHIFT | o)

    def has(self, row: Row, before: int) -> bool:
        """Whether a triple was there before a step."""
        s, p, o = row
        if p == self.same and self.equal:
            return self.one(s, o, before)
        code, key = self.coded(row)
        layer = self.find(code, key)
        return layer is not None and layer.step < before

    def one(self, s: int, o: int, before: int) -> bool:
        """Whether two terms were known to be one before a step."""
        equality = self.engine.equality
        if s == o:
            return True
        return equality.of(s) == equality.of(o) and equality.path(s, o, before) is not None

    def members(self, code: int, before: int) -> Ids:
        """The members of a class before a step."""
        return union([layer.keys for layer in self.layers(code) if layer.step < before])

    def objects(self, p: int, s: int, before: int) -> Ids:
        """What a subject had before a step, as objects of a property other than rdf:type."""
        if p == self.same and self.equal:
            others = self.engine.equality.same(s)
            return np.array([o for o in others if self.one(s, o, before)], np.int64)
        return self._beside(p, s, before, back=False)

    def subjects(self, p: int, o: int, before: int) -> Ids:
        """What had an object before a step."""
        if p == self.same and self.equal:
            return self.objects(p, o, before)
        return self._beside(p, o, before, back=True)

    def _beside(self, p: int, term: int, before: int, back: bool) -> Ids:
        """The objects of a subject, or the other way round, before a step; sorted."""
        index = self.index(p, back)
        if index is not None:
            return unique(index.between(term << SHIFT, (term + 1) << SHIFT, before) & LOW)
        some = np.array([term])
        layers = [layer for layer in self.layers(p) if layer.step < before]
        return union([layer.touching(some, not back) & LOW for layer in layers])

    def classes(self, x: int, before: int) -> list[int]:
        """The classes that a term was in before a step."""
        if self._classes is None:
            self._classes = [code for code in self.engine.relations if code < 0]
        return [~code for code in self._classes if self.has((x, self.type, ~code), before)]

    def pairs(self, p: int, before: int) -> Ids:
        """All keys of a property before a step."""
        if p == self.same and self.equal:
            links = self.engine.equality.links
            keys = pack(links.a, links.b)[links.step < before]
            return unique(np.concatenate([keys, swap(keys)]))
        return union([layer.keys for layer in self.layers(p) if layer.step < before])

    def properties(self) -> list[int]:
        """Every property that has or had a row."""
        found = [
            code for code, r in self.engine.relations.items() if code >= 0 and (r.layers or r.dead)
        ]
        return found + [self.same] * (self.equal and bool(self.engine.equality))

    def match(self, s: int | None, p: int | None, o: int | None, before: int) -> Iterator[Row]:
        """All triples of a pattern before a step; None is any."""
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
        """For each value whether it stands in the one open place (None) of a triple."""
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
            held: Mask = (index.keys[at] == keys) & (index.steps[at] < before)
            return held
        return among(keys, (layer for layer in self.layers(code) if layer.step < before))

    # Lists

    @cached_property
    def _cells(self) -> tuple[dict[int, list[tuple[int, int]]], dict[int, list[tuple[int, int]]]]:
        first, rest = self.engine.vocabulary.first, self.engine.vocabulary.rest
        tables: list[dict[int, list[tuple[int, int]]]] = []
        for code in (first, rest):
            table: dict[int, list[tuple[int, int]]] = {}
            for layer in self.layers(code):
                for key in layer.keys.tolist():
                    table.setdefault(key >> SHIFT, []).append((key & LOW, layer.step))
            tables.append(table)
        return tables[0], tables[1]

    def readings(self, head: int, before: int) -> Iterator[tuple[tuple[int, ...], tuple[Row, ...]]]:
        """Members and cells of a list before a step, for every way to read it."""
        vocabulary = self.engine.vocabulary
        firsts, rests = self._cells

        def contents(cell: int) -> Iterator[tuple[int, int]]:
            return product(
                [f for f, step in firsts.get(cell, ()) if step < before],
                [r for r, step in rests.get(cell, ()) if step < before],
            )

        found = readings(head, vocabulary.nil, contents, self.engine.terms.token)
        for members, cells in found:
            rows: list[Row] = []
            for cell, member, tail in zip(
                cells, members, (*cells[1:], vocabulary.nil), strict=True
            ):
                rows += (cell, vocabulary.first, member), (cell, vocabulary.rest, tail)
            yield members, tuple(rows)
