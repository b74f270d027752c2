"""Terms that are one, while triples are withdrawn: what was said under each name, who stays one.

Triples are kept under one name for each thing, the representative. So what is withdrawn under one
name may still be said under another; and two terms may only have been one because of what goes.
A class of names that rests on such a triple is *parted*: what was said of it by another name goes,
with what only followed from that; what was said of the representative alone stays. What is asserted
of the other names comes back, and the rules find anew which of them are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from foedus.reasoning.fixpoint.engine import Engine
from foedus.reasoning.rows.columns import LOW, NONE, Ids, Mask, in_order, union, unique, within
from foedus.reasoning.rows.layers import REWRITTEN, Layer, Relation
from foedus.reasoning.words.dictionary import LITERAL

_MOST = 1 << 22  # names of keys that are written out


class Rebuild(Exception):
    """The change touches what can only be found by starting over."""


class Parting:
    """The classes of names as they were before a withdrawal, and those that are parted."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        equality, terms = engine.equality, engine.terms
        self.some = bool(equality)
        self.rep = equality.rep
        self.several = equality.several
        self.values = np.zeros(len(self.rep), np.bool_)  # representatives of literals among them
        self.parted = np.zeros(len(self.rep), np.bool_)  # representatives
        self.fresh: list[Ids] = []  # parted since last asked
        self.apart: Ids = NONE  # all terms of parted classes, once that is settled
        self._linked: dict[str, Mask] = {}
        self._renamed: dict[tuple[Relation, int], Ids] = {}  # of how many dead layers
        self.valued = False
        if self.some:
            among = np.flatnonzero(self.several)
            values = among[terms.kinds[among] >= LITERAL]
            self.values[self.rep[values]] = True
            self.valued = len(values) > 0
            if self.several[list(engine.vocabulary.numbers)].any():
                raise Rebuild

    # Keys

    def current(self, code: int, keys: Ids) -> Ids:
        """Keys with the representatives' names, sorted."""
        return unique(self.engine.equality.mapped(keys, code < 0)) if self.some else keys

    def check(self, code: int, keys: Ids) -> None:
        """Start over if keys are about literals that are one with others, or their code is one."""
        if self.some and self.several[~code if code < 0 else code]:
            raise Rebuild
        if self.valued and self.of(self.values, code, keys).any():
            raise Rebuild  # which literals there are may change

    def of(self, marks: Mask, code: int, keys: Ids) -> Mask:
        """For each key whether it holds a marked term."""
        return self.engine.equality.about(marks, keys, code < 0)

    def forms(self, code: int, keys: Ids) -> tuple[Ids, Ids]:
        """Every form of keys, with its row, if they are not too many."""
        rows, forms = self.engine.equality.forms(keys, code < 0)
        if len(rows) > _MOST:
            raise Rebuild
        return rows, forms

    def shaken(self, relation: Relation, layer: Layer, keys: Ids) -> Mask:
        """Which keys of a layer no other reason may hold in place.

        They were found under other names: what was made of them then is not known.
        """
        if not self.some or not len(keys):
            return np.zeros(len(keys), np.bool_)
        if layer.origin == REWRITTEN:
            return np.ones(len(keys), np.bool_)
        return self.renamed(relation, keys, -1)

    def renamed(self, relation: Relation, keys: Ids, after: int) -> Mask:
        """Which keys were found under another name, too, after a step."""
        dead = [layer for layer in relation.dead if layer.step > after]
        if not dead or not len(keys):
            return np.zeros(len(keys), np.bool_)
        if (relation, len(dead)) not in self._renamed:
            older = np.concatenate([layer.keys for layer in dead])
            now = unique(self.engine.equality.mapped(older, relation.unary))
            self._renamed[relation, len(dead)] = now
        return within(keys, self._renamed[relation, len(dead)])

    # Classes

    def part(self, rule: str, reps: Ids) -> None:
        """Part the classes of some terms that a rule may have made one."""
        if not self.some:
            return
        if rule not in self._linked:
            marks = self._linked[rule] = np.zeros(len(self.rep), np.bool_)
            links = self.engine.equality.links
            linked = links.a[links.by(rule)]
            marks[linked] = marks[self.rep[linked]] = True
        marks = self._linked[rule]
        self.part_all(reps[marks[reps]])

    def part_all(self, reps: Ids) -> None:
        """Part classes, given by their representatives."""
        reps = unique(reps[self.several[reps] & ~self.parted[reps]])
        if not len(reps):
            return
        if self.values[reps].any() or self.engine.frozen is not None:
            raise Rebuild
        self.parted[reps] = True
        self.fresh.append(reps)

    def about_parted(self) -> Iterator[tuple[int, Ids]]:
        """The keys that were said under other names of classes parted since this was last asked,
        as they are called now, by code."""
        engine, equality = self.engine, self.engine.equality
        names = equality.classes(np.concatenate(self.fresh)) & LOW
        self.fresh = []
        if self.parted[self.rep[self._constants()]].any():
            raise Rebuild
        others = in_order(equality.represented(names))
        marks = equality.marked(others)
        for code, relation in list(engine.relations.items()):
            parts = [equality.concerned(x, others, marks, code < 0) for x in relation.dead]
            keys = union(parts)
            if len(keys):
                if code in engine.agenda.schema:
                    raise Rebuild
                yield code, self.current(code, keys)

    def _constants(self) -> Ids:
        """The terms that plans name, and all properties and classes."""
        found = self.engine.agenda.constants.union(self.engine.vocabulary.numbers)
        found |= {~c if c < 0 else c for c in self.engine.relations}
        return np.fromiter(found, np.int64, len(found))

    def settle(self, gone: dict[int, Ids], asserted: dict[int, Ids]) -> dict[int, Ids]:
        """Forget what keys that went were called, part the classes; what is asserted of them."""
        engine, equality = self.engine, self.engine.equality
        back: dict[int, Ids] = {}
        if not self.some:
            return back
        for code, forms in (*self._called(gone, unary=True), *self._called(gone, unary=False)):
            relation = engine.relations[code]
            for dead in relation.dead:
                hit = forms[dead.has(forms)]
                if len(hit):
                    dead.remove(hit)
            relation.dead = [dead for dead in relation.dead if len(dead)]
            given = forms[within(forms, asserted.get(code, NONE))]
            if len(given):
                back[code] = given
        self.apart = in_order(equality.classes(np.flatnonzero(self.parted)) & LOW)
        engine.cleared = equality.represented(self.apart), engine.step
        equality.part(self.apart)  # in place: ``rep`` is no longer as it was
        return back

    def _called(self, gone: dict[int, Ids], unary: bool) -> Iterator[tuple[int, Ids]]:
        """All that keys of classes, or of properties, were called, by code and sorted."""
        codes = [code for code in gone if (code < 0) == unary]
        if not codes:
            return
        keys = np.concatenate([gone[code] for code in codes])
        whose = np.repeat(np.arange(len(codes)), [len(gone[code]) for code in codes])
        named = self.of(self.several, codes[0], keys)
        rows, forms = self.forms(codes[0], keys[named])
        ends = whose[named][rows].searchsorted(np.arange(len(codes) + 1)).tolist()
        for code, (start, end) in zip(codes, pairwise(ends), strict=True):
            if start < end:
                yield code, in_order(forms[start:end])
