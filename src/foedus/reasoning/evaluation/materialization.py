"""The materialization: all asserted and derived triples of a fixpoint that are not trivial."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from operator import is_

import numpy as np

from foedus.reasoning.encoding.dictionary import IRI, LITERAL
from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    SHIFT,
    Ids,
    Mask,
    each,
    holds,
    inserted,
    minus,
    pack,
    sort_unique,
    union,
    within,
    without,
)


class Materialization:
    """The asserted and derived keys of each relation, expanded from representatives on demand."""

    def __init__(self, engine: Engine, asserted: dict[int, Ids]) -> None:
        self.engine, self.asserted = engine, asserted
        self._derived: dict[int, tuple[tuple[Ids, ...], Ids]] = {}
        self._changes = engine.equality.changes
        self._trivial = engine.trivial
        self._uses: Ids | None = None  # how many asserted triples have each term as object

    def put(self, code: int, keys: Ids) -> None:
        """Take note of newly asserted keys; they are sorted, and none was asserted before."""
        self.asserted[code] = inserted(self.asserted.get(code, NONE), keys)
        if self._uses is not None:
            more = len(self.engine.terms) - len(self._uses)
            if more:
                self._uses = np.pad(self._uses, (0, more))
            _count(self._uses, code, keys, 1)

    def cancel(self, code: int, keys: Ids) -> None:
        """Take note of sorted keys that are no longer asserted; all of them were."""
        self.asserted[code] = without(self.asserted[code], keys)
        if not len(self.asserted[code]):
            del self.asserted[code]
        if self._uses is not None:
            _count(self._uses, code, keys, -1)

    def lost(self, parts: dict[int, Ids]) -> Ids:
        """The literals of these keys that are the object of no asserted triple any more, sorted."""
        terms = sort_unique(np.concatenate([_objects(parts), _classes(parts)]))
        literals = terms[self.engine.terms.kinds[terms] >= LITERAL]
        if not len(literals):
            return NONE
        if self._uses is None:
            self._uses = np.bincount(_objects(self.asserted), minlength=len(self.engine.terms))
            for code in filter(_is_class, self.asserted):
                _count(self._uses, code, self.asserted[code], 1)
        found: Ids = literals[self._uses[literals] == 0]
        return found

    def codes(self) -> list[int]:
        """The codes of all relations that may hold something, under all their names; sorted."""
        engine = self.engine
        called = {code for code, relation in engine.relations.items() if relation.deltas}
        found = called.union(self.asserted)
        if engine.equality:
            same = engine.equality.same
            for code in called:
                found.update([~term for term in same(~code)] if code < 0 else same(code))
            if engine.equal:
                found.update(same(engine.vocabulary.same))
        return sorted(found)

    def all_of(self, code: int) -> Ids:
        """All keys of a relation, trivial ones included: sorted and unique."""
        return self.engine.equality.expand(self._kept(code), code < 0)

    def _kept(self, code: int) -> Ids:
        """All keys of a relation, written with representatives."""
        engine, term = self.engine, ~code if code < 0 else code
        rep = engine.equality.of(term)
        if self.is_equality(code):
            reps = sort_unique(engine.equality.rep[engine.equality.changed])
            return pack(reps, reps)
        relation = engine.relations.get(~rep if code < 0 else rep)
        return relation.full if relation is not None else NONE

    def is_equality(self, code: int) -> bool:
        """Whether a property is owl:sameAs and the union-find stands for it."""
        engine = self.engine
        return code >= 0 and engine.equal and engine.equality.of(code) == engine.vocabulary.same

    def derived(self, code: int) -> Ids:
        """The stored keys that were not asserted: sorted and unique, cached."""
        found = self._derived.get(code)
        if found is None:
            keys = self._beside(code)
            if len(keys):
                keep = self.worth(code, keys)
                keys = keys if keep.all() else keys[keep]
            self._derived[code] = found = self._state(code), keys
        return found[1]

    def _beside(self, code: int) -> Ids:
        """All keys that were not asserted, trivial ones included, sorted."""
        given, relation = self.asserted.get(code, NONE), self.engine.relations.get(code)
        deltas = relation.deltas if relation is not None and not self.engine.equality else ()
        if deltas and deltas[0].keys is given:  # deltas are disjoint
            return union([delta.keys for delta in deltas[1:]])
        keys = self.all_of(code)
        if self.is_equality(code):  # reflexive equalities are not among the keys
            return minus(keys, [given])
        return without(keys, given) if len(keys) > len(given) else NONE  # given is a subset

    def count(self, code: int) -> int:
        """How many stored keys were not asserted, if possible without computing them."""
        kinds, given = self.engine.terms.kinds, self.asserted.get(code, NONE)
        special = code in self._trivial or self.is_equality(code)
        if special or code in self._derived or (code >= 0 and kinds[code] != IRI):
            return len(self.derived(code))
        keys = self._kept(code)
        heads, names = self._weights
        if code < 0:
            return int(heads[keys].sum() - (kinds[given] < LITERAL).sum())
        held = heads[keys >> SHIFT] @ names[keys & LOW]
        return int(held - (kinds[given >> SHIFT] < LITERAL).sum())

    @cached_property
    def _weights(self) -> tuple[Ids, Ids]:
        """The size of each representative's class: of terms that may be subjects, and of all."""
        rep = self.engine.equality.rep
        resources = np.flatnonzero(self.engine.terms.kinds[: len(rep)] < LITERAL)
        return np.bincount(rep[resources], minlength=len(rep)), np.bincount(rep)

    def _state(self, code: int) -> tuple[Ids, ...]:
        """The arrays that the derived keys depend on, to be compared by identity."""
        of = self.engine.equality.of
        relation = self.engine.relations.get(~of(~code) if code < 0 else of(code))
        deltas = relation.deltas if relation is not None else ()
        states = chain.from_iterable(delta.state for delta in deltas)
        return (self.asserted.get(code, NONE), *states)

    def forget(self) -> None:
        """Drop from the cache what may have changed."""
        changes = self.engine.equality.changes
        keep = self._changes == changes
        self._derived = {
            code: (state, keys)
            for code, (state, keys) in self._derived.items()
            if keep and _same(state, self._state(code))
        }
        self._changes = changes
        self.__dict__.pop("_weights", None)

    def worth(self, code: int, keys: Ids) -> Mask:
        """A mask: which derived keys are stored, being neither trivial nor generalized RDF."""
        kinds = self.engine.terms.kinds
        if code >= 0 and kinds[code] != IRI:
            return np.zeros(len(keys), np.bool_)
        keep = each(keys, lambda some: kinds[some if code < 0 else some >> SHIFT] < LITERAL)
        trivial = self._trivial.get(code)
        if trivial is None:
            return keep
        subjects = keys if code < 0 else keys >> SHIFT
        keep &= ~within(subjects, trivial.subjects)
        for s, o in trivial.forms:
            hit = np.ones(len(keys), np.bool_)
            if s is not None:
                hit &= subjects == (keys & LOW if s == -1 else s)
            if o is not None:
                hit &= keys & LOW == o
            keep &= ~hit
        return keep

    def true(self, code: int, key: int) -> bool:
        """Whether a key is asserted or follows, stored or not."""
        engine = self.engine
        if holds(self.asserted.get(code, NONE), key):
            return True
        of, same = engine.equality.of, engine.vocabulary.same
        if code < 0:
            relation, rep = engine.relations.get(~of(~code)), of(key)
        else:
            s, o = of(key >> SHIFT), of(key & LOW)
            if engine.equal and of(code) == same:
                return s == o and (key >> SHIFT != key & LOW or self._occurs(s))
            relation, rep = engine.relations.get(of(code)), s << SHIFT | o
        return relation is not None and relation.holds(rep)

    def _occurs(self, rep: int) -> bool:
        return bool(within(np.array([rep]), self.engine.occurring())[0])

    def holds(self, code: int, key: int) -> bool:
        """Whether a key is stored."""
        if holds(self.asserted.get(code, NONE), key):
            return True
        return self.true(code, key) and bool(self.worth(code, np.array([key]))[0])

    def __iter__(self) -> Iterator[int]:
        return iter(self.codes())


def _objects(parts: dict[int, Ids]) -> Ids:
    """The object of each key of a property, with duplicates."""
    objects = [keys & LOW for code, keys in parts.items() if code >= 0]
    return np.concatenate(objects or [NONE])


def _classes(parts: dict[int, Ids]) -> Ids:
    """The classes among the codes, as terms."""
    return np.array([~code for code in filter(_is_class, parts)], np.int64)


def _is_class(code: int) -> bool:
    return code < 0


def _count(uses: Ids, code: int, keys: Ids, each: int) -> None:
    """Add ``each`` to the uses of each key's object; ``uses`` is changed in place."""
    if _is_class(code):
        uses[~code] += each * len(keys)
    else:
        np.add.at(uses, keys & LOW, each)


def _same(one: tuple[Ids, ...], other: tuple[Ids, ...]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))
