"""Unmerging: equality classes that lose a merge while triples are withdrawn.

Triples are rewritten to representatives. So what is withdrawn under one name may still hold under
another; and two terms may have been merged only because of what is withdrawn. A class that rests on
such a triple is *unmerged*: what was said of it under other names than the representative is
overdeleted, with what only followed from that; what was said under the representative's name stays.
The assertions about the other names are added again, and the rules find anew which terms are equal.
Literature: Motik et al., Combining rewriting and incremental materialisation maintenance for
datalog programs with equality, IJCAI 2015.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from foedus.reasoning.encoding.dictionary import LITERAL
from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    Ids,
    Mask,
    sort_inplace,
    sort_unique,
    union,
    within,
)
from foedus.reasoning.storage.relation import REWRITTEN, Delta, Relation

_MOST = 1 << 22  # names of keys that are written out


class Rebuild(Exception):
    """The change requires that the closure is computed anew."""


class Unmerge:
    """The equality classes as they were before a withdrawal, and those unmerged since."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        equality, terms = engine.equality, engine.terms
        self.some = bool(equality)
        self.rep = equality.rep
        self.merged = equality.merged
        self.values = np.zeros(len(self.rep), np.bool_)  # representatives of merged literals
        self.unmerged = np.zeros(len(self.rep), np.bool_)  # representatives of unmerged classes
        self.fresh: list[Ids] = []  # those unmerged since `about_unmerged` was last called
        self.separated: Ids = NONE  # all terms of unmerged classes, after `compact`
        self._linked: dict[str, Mask] = {}
        self._renamed: dict[
            tuple[Relation, int], Ids
        ] = {}  # by the number of superseded deltas read
        self.valued = False
        if self.some:
            among = np.flatnonzero(self.merged)
            values = among[terms.kinds[among] >= LITERAL]
            self.values[self.rep[values]] = True
            self.valued = len(values) > 0
            if self.merged[list(engine.vocabulary.numbers)].any():
                raise Rebuild

    # Keys

    def current(self, code: int, keys: Ids) -> Ids:
        """Keys written with representatives: sorted and unique."""
        return sort_unique(self.engine.equality.mapped(keys, code < 0)) if self.some else keys

    def check(self, code: int, keys: Ids) -> None:
        """Raise Rebuild if the relation's name, or a literal in the keys, is merged with others."""
        if self.some and self.merged[~code if code < 0 else code]:
            raise Rebuild
        if self.valued and self.of(self.values, code, keys).any():
            raise Rebuild  # the literals of the data may change

    def of(self, marks: Mask, code: int, keys: Ids) -> Mask:
        """For each key whether it holds a marked term."""
        return self.engine.equality.about(marks, keys, code < 0)

    def forms(self, code: int, keys: Ids) -> tuple[Ids, Ids]:
        """All ways to write keys with equal terms, with their rows; Rebuild if too many."""
        rows, forms = self.engine.equality.forms(keys, code < 0)
        if len(rows) > _MOST:
            raise Rebuild
        return rows, forms

    def shaken(self, relation: Relation, delta: Delta, keys: Ids) -> Mask:
        """A mask: keys derived under other names, which go without a derivability test."""
        if not self.some or not len(keys):
            return np.zeros(len(keys), np.bool_)
        if delta.origin == REWRITTEN:
            return np.ones(len(keys), np.bool_)
        return self.renamed(relation, keys, -1)

    def renamed(self, relation: Relation, keys: Ids, after: int) -> Mask:
        """A mask: keys that were also derived under another name, after a round."""
        superseded = [delta for delta in relation.superseded if delta.round > after]
        if not superseded or not len(keys):
            return np.zeros(len(keys), np.bool_)
        if (relation, len(superseded)) not in self._renamed:
            older = np.concatenate([delta.keys for delta in superseded])
            now = sort_unique(self.engine.equality.mapped(older, relation.unary))
            self._renamed[relation, len(superseded)] = now
        return within(keys, self._renamed[relation, len(superseded)])

    # Classes

    def unmerge_by(self, rule: str, reps: Ids) -> None:
        """Unmerge the classes of these representatives that a rule may have merged."""
        if not self.some:
            return
        if rule not in self._linked:
            marks = self._linked[rule] = np.zeros(len(self.rep), np.bool_)
            links = self.engine.equality.forest
            linked = links.a[links.by(rule)]
            marks[linked] = marks[self.rep[linked]] = True
        marks = self._linked[rule]
        self.unmerge_all(reps[marks[reps]])

    def unmerge_all(self, reps: Ids) -> None:
        """Unmerge classes, given by their representatives."""
        reps = sort_unique(reps[self.merged[reps] & ~self.unmerged[reps]])
        if not len(reps):
            return
        if self.values[reps].any() or self.engine.frozen is not None:
            raise Rebuild
        self.unmerged[reps] = True
        self.fresh.append(reps)

    def about_unmerged(self) -> Iterator[tuple[int, Ids]]:
        """Keys about other names of the classes unmerged since the last call, by code."""
        engine, equality = self.engine, self.engine.equality
        names = equality.classes(np.concatenate(self.fresh)) & LOW
        self.fresh = []
        if self.unmerged[self.rep[self._constants()]].any():
            raise Rebuild
        others = sort_inplace(equality.represented(names))
        marks = equality.marked(others)
        for code, relation in list(engine.relations.items()):
            parts = [equality.concerned(x, others, marks, code < 0) for x in relation.superseded]
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

    def compact(self, gone: dict[int, Ids], asserted: dict[int, Ids]) -> dict[int, Ids]:
        """Split the unmerged classes; the asserted forms of deleted keys, by code."""
        engine, equality = self.engine, self.engine.equality
        back: dict[int, Ids] = {}
        if not self.some:
            return back
        for code, forms in (*self._called(gone, unary=True), *self._called(gone, unary=False)):
            relation = engine.relations[code]
            for superseded in relation.superseded:
                hit = forms[superseded.has(forms)]
                if len(hit):
                    superseded.remove(hit)
            relation.superseded = [
                superseded for superseded in relation.superseded if len(superseded)
            ]
            given = forms[within(forms, asserted.get(code, NONE))]
            if len(given):
                back[code] = given
        self.separated = sort_inplace(equality.classes(np.flatnonzero(self.unmerged)) & LOW)
        engine.cleared = equality.represented(self.separated), engine.round
        equality.split(self.separated)  # in place: ``rep`` is no longer as it was
        return back

    def _called(self, gone: dict[int, Ids], unary: bool) -> Iterator[tuple[int, Ids]]:
        """All forms of keys of classes, or of properties, by code; sorted."""
        codes = [code for code in gone if (code < 0) == unary]
        if not codes:
            return
        keys = np.concatenate([gone[code] for code in codes])
        whose = np.repeat(np.arange(len(codes)), [len(gone[code]) for code in codes])
        named = self.of(self.merged, codes[0], keys)
        rows, forms = self.forms(codes[0], keys[named])
        ends = whose[named][rows].searchsorted(np.arange(len(codes) + 1)).tolist()
        for code, (start, end) in zip(codes, pairwise(ends), strict=True):
            if start < end:
                yield code, sort_inplace(forms[start:end])
