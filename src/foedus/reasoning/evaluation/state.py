"""The state of a fixpoint computation: dictionary, relations, equality."""

from __future__ import annotations

import time

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.evaluation.joins import Database
from foedus.reasoning.planning.plan import Vocabulary
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.storage.columns import LOW, SHIFT, Ids, Mask, pieces, sort_unique
from foedus.reasoning.storage.equality import Equality
from foedus.reasoning.storage.lists import Lists
from foedus.reasoning.storage.relation import Relation
from foedus.reasoning.storage.tuning import Tuning


class State:
    """Relations, terms and equality; nothing here changes a relation."""

    rules: RuleSet
    terms: Terms
    vocabulary: Vocabulary
    relations: dict[int, Relation]
    equality: Equality
    equal: bool  # whether owl:sameAs is rewritten by representatives
    lists: Lists
    database: Database
    tuning: Tuning
    frozen: Ids | None  # the representatives after the first stratum, which ``!=`` compares
    named_same: Ids  # terms of asserted equalities
    round: int  # of the newest delta
    end: float  # the time.monotonic() at which to stop
    seconds: float  # the most that one call may take

    def begin(self, seconds: float | None = None) -> None:
        """Start the clock of a call that may take so many seconds, or as many as the one before."""
        self.seconds = self.seconds if seconds is None else seconds
        self.end = time.monotonic() + self.seconds

    def tick(self) -> None:
        """Raise LimitReached if the time is used up."""
        if time.monotonic() > self.end:
            raise LimitReached("the time is used up; nothing was written. Try a longer timeout")

    def numbers(self, tokens: list[str]) -> Ids:
        """The representatives of terms, which may be new."""
        found = self.terms.intern_many(tokens)
        self.equality.grow(len(self.terms))
        return self.equality.rep[found]

    def occurring(self) -> Ids:
        """The representatives of all terms in triples, sorted: each of them equals itself."""
        if "eq-ref" not in self.rules:
            return sort_unique(self.equality.rep[self.equality.changed])
        marks = np.zeros(len(self.terms), np.bool_)
        marks[self.equality.rep[self.named_same]] = True
        for code, relation in self.relations.items():
            if relation.deltas:
                marks[~code if code < 0 else code] = True
                if code < 0:
                    marks[self.vocabulary.type] = True
            for delta in relation.deltas:
                mark(marks, code, delta.keys)
        return np.flatnonzero(marks)

    def present(self) -> Mask:
        """A mask over all terms: whether it is the subject or object of a triple."""
        marks = np.zeros(len(self.terms), np.bool_)
        marks[self.named_same] = True
        for code, relation in self.relations.items():
            for delta in (*relation.deltas, *relation.superseded):
                mark(marks, code, delta.keys)
        return marks

    def occurs(self, number: int) -> bool:
        """Whether a term is the subject or object of a triple."""
        return any(
            bool((terms == number).any())
            for code, relation in self.relations.items()
            for delta in (*relation.deltas, *relation.superseded)
            for terms in terms_of(code, delta.keys)
        )


def terms_of(code: int, keys: Ids) -> tuple[Ids, ...]:
    """The columns of keys: subjects and objects, or the members of a class."""
    return (keys,) if code < 0 else (keys >> SHIFT, keys & LOW)


def mark(marks: Mask, code: int, keys: Ids) -> None:
    """Mark the terms of keys in ``marks``, a mask over all terms, which is changed."""
    for part in pieces(len(keys)):
        for terms in terms_of(code, keys[part]):
            marks[terms] = True
