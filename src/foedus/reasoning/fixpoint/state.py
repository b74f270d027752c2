"""What a closure holds while it is made: terms, relations, and which terms are one."""

from __future__ import annotations

import time

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.plans.joins import Data
from foedus.reasoning.plans.plan import Vocabulary
from foedus.reasoning.rows.columns import LOW, SHIFT, Ids, Mask, pieces, unique
from foedus.reasoning.rows.equality import Equality
from foedus.reasoning.rows.layers import Relation
from foedus.reasoning.rows.lists import Lists
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.words.dictionary import Terms


class State:
    """Relations, terms and equality; nothing here changes a relation."""

    rules: RuleSet
    terms: Terms
    vocabulary: Vocabulary
    relations: dict[int, Relation]
    equality: Equality
    equal: bool  # whether owl:sameAs is kept by representatives
    lists: Lists
    data: Data
    frozen: Ids | None  # representatives that `!=` respects
    named_same: Ids  # terms of asserted equalities
    step: int  # of the newest layer
    end: float  # when the time is used up
    seconds: float  # that a piece of work may take

    def begin(self, seconds: float | None = None) -> None:
        """Start a piece of work that may take so many seconds, or as many as the one before."""
        self.seconds = self.seconds if seconds is None else seconds
        self.end = time.monotonic() + self.seconds

    def tick(self) -> None:
        """Stop if the time is used up."""
        if time.monotonic() > self.end:
            raise LimitReached("the time is used up; nothing was written. Try a longer timeout")

    def numbers(self, tokens: list[str]) -> Ids:
        """The representatives of terms, which may be new."""
        found = self.terms.intern_many(tokens)
        self.equality.grow(len(self.terms))
        return self.equality.rep[found]

    def occurring(self) -> Ids:
        """Representatives of all terms in the triples, sorted: each is the same as itself."""
        if "eq-ref" not in self.rules:
            return unique(self.equality.rep[self.equality.changed])
        marks = np.zeros(len(self.terms), np.bool_)
        marks[self.equality.rep[self.named_same]] = True
        for code, relation in self.relations.items():
            if relation.layers:
                marks[~code if code < 0 else code] = True
                if code < 0:
                    marks[self.vocabulary.type] = True
            for layer in relation.layers:
                mark(marks, code, layer.keys)
        return np.flatnonzero(marks)

    def present(self) -> Mask:
        """For each term whether it stands in the data as subject or object."""
        marks = np.zeros(len(self.terms), np.bool_)
        marks[self.named_same] = True
        for code, relation in self.relations.items():
            for layer in (*relation.layers, *relation.dead):
                mark(marks, code, layer.keys)
        return marks

    def occurs(self, number: int) -> bool:
        """Whether a term stands in the data as subject or object."""
        return any(
            bool((terms == number).any())
            for code, relation in self.relations.items()
            for layer in (*relation.layers, *relation.dead)
            for terms in terms_of(code, layer.keys)
        )


def terms_of(code: int, keys: Ids) -> tuple[Ids, ...]:
    """The subjects and objects of a property's keys, or the members of a class."""
    return (keys,) if code < 0 else (keys >> SHIFT, keys & LOW)


def mark(marks: Mask, code: int, keys: Ids) -> None:
    """Mark the terms of some keys among all terms."""
    for part in pieces(len(keys)):
        for terms in terms_of(code, keys[part]):
            marks[terms] = True
