"""Datatype rules over columns: which literals are equal, in which datatypes, or ill-typed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.reasoning.encoding.dictionary import LITERAL, TYPED, Terms
from foedus.reasoning.encoding.spans import Hashes
from foedus.reasoning.encoding.values import KNOWN, declared, hashes_of, plainly_in, values_of
from foedus.reasoning.rules.datatypes import (
    DATATYPES,
    contradictory,
    holds_texts,
    in_datatype,
    includes,
    value_key,
)
from foedus.reasoning.rules.numerals import ValueKey
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    Ids,
    Mask,
    minus,
    pack,
    sort_unique,
    union,
    within,
)
from foedus.reasoning.storage.equality import Equality
from foedus.terms import Term, literal


class Literals:
    """The values of the data's literals, each computed once.

    The first ``named`` terms of the dictionary are those that rules name. The dictionary may also
    hold literals of earlier data; these are ``absent`` until they are met again.
    """

    def __init__(self, rules: RuleSet, terms: Terms, named: int) -> None:
        self.terms = terms
        self.known = "dt-type2" in rules
        self.by_value = "dt-eq" in rules
        typed = np.flatnonzero(terms.kinds == TYPED)
        self.ill: Ids = NONE
        self.absent = typed[typed >= named]
        self.alias: dict[int, int] = {}  # literals that rules name: their spelling in the data
        self._read = len(terms)
        self._first_new = named
        self._hashes: Hashes = np.empty(0, np.uint64)  # of the literals' values, sorted
        self._holders: Ids = NONE  # the literals, in the same order
        numbers = typed[typed < named].tolist()
        keys = {number: value_key(terms.token(number)) for number in numbers}
        self._named = {number: key for number, key in keys.items() if key is not None}
        self._strings: dict[int, str] = {}  # typed strings: the plain literal of equal value

    def equal(self, parts: dict[int, Ids], occurs: Callable[[int], bool]) -> Ids:
        """Pairs of literals of equal value, one of them among the new triples ``parts``: keys."""
        terms = self.terms
        start, self._read = self._read, len(terms)
        typed = start + np.flatnonzero(terms.kinds[start:] == TYPED)
        if len(self.absent):
            objects = [keys & LOW for code, keys in parts.items() if code >= 0]
            objects.append(np.array([~code for code in parts if code < 0], np.int64))
            met = [some[terms.kinds[some] == TYPED] for some in objects]
            back = sort_unique(np.concatenate([NONE, *met]))
            back = back[within(back, self.absent)]
            self.absent = minus(self.absent, [back])
            typed = np.concatenate([back, typed])
        values = values_of(terms, typed)
        self.ill = union([self.ill, np.sort(typed[values.ill])])
        pairs = self._paired(typed[values.known], values.hashes[values.known])
        others = {number for _, number in pairs}
        for place, key in values.parsed:
            number = int(typed[place])
            if key[0] == "string" and number not in others:
                self._strings[number] = literal(str(key[1]), lang=str(key[2]) if key[2:] else None)
        for number, key in self._named.items():
            other = self._holder(key)
            if other is None or other == number or self.alias.get(number) == number:
                continue
            if _met(number, parts) or (number not in self.alias and occurs(number)):
                pairs.append((number, other))
                self.alias[number] = number
            else:
                self.alias[number] = other
        for number, token in self._strings.items():
            plain = terms.find(token)
            if plain is not None and plain != number and (_met(plain, parts) or occurs(plain)):
                pairs.append((min(plain, number), max(plain, number)))
        if not pairs or not self.by_value:
            return NONE
        both = np.array(pairs, np.int64)
        return pack(both[:, 0], both[:, 1])

    def _paired(self, numbers: Ids, hashes: Hashes) -> list[tuple[int, int]]:
        """Add literals by their values' hashes; pairs of an earlier literal and an equal one."""
        order = hashes.argsort(kind="stable")
        hashes, numbers = hashes[order], numbers[order]
        lows, highs = (self._hashes.searchsorted(hashes, side) for side in ("left", "right"))
        alike = highs > lows
        again = np.flatnonzero(hashes[1:] == hashes[:-1])
        alike[again] = alike[again + 1] = True
        pairs: list[tuple[int, int]] = []
        firsts: dict[ValueKey | None, int] = {}
        for at in np.flatnonzero(alike).tolist():
            if not at or hashes[at] != hashes[at - 1]:
                held = self._holders[lows[at] : highs[at]].tolist()
                firsts = {self._key(number): number for number in reversed(held)}
            number = int(numbers[at])
            first = firsts.setdefault(self._key(number), number)
            if first != number:
                pairs.append((first, number))
        self._hashes = np.insert(self._hashes, highs, hashes)
        self._holders = np.insert(self._holders, highs, numbers)
        return pairs

    def _key(self, number: int) -> ValueKey | None:
        return value_key(self.terms.token(number))

    def _holder(self, key: ValueKey) -> int | None:
        """A literal of the data with this value; None if there is none."""
        if not len(self._holders):
            return None
        value = hashes_of([key])
        low, high = (int(self._hashes.searchsorted(value, side)[0]) for side in ("left", "right"))
        found = (n for n in self._holders[low:high].tolist() if self._key(n) == key)
        return next(found, None)

    def is_named(self, numbers: Ids) -> bool:
        """Whether rules name the value of one of these literals."""
        named = set(self._named.values())
        return any(value_key(token) in named for token in self.terms.tokens(numbers))

    def forget(self, numbers: Ids) -> None:
        """Take note that these literals, which are sorted, left the data."""
        gone = numbers[self.terms.kinds[numbers] == TYPED]
        self.absent = union([self.absent, gone])
        keep = ~within(self._holders, gone)
        self._hashes, self._holders = self._hashes[keep], self._holders[keep]
        lost = set(gone.tolist())
        self._strings = {n: token for n, token in self._strings.items() if n not in lost}
        self.alias = {n: other for n, other in self.alias.items() if other not in lost}

    def is_datatype(self, number: int) -> bool:
        """Whether a class is a datatype that the rules know."""
        named = number < self._first_new  # all known datatypes are among the rules' terms
        return self.known and named and self.terms.token(number) in DATATYPES

    def of(self, datatype: int, equality: Equality, marks: Mask) -> Ids:
        """The marked literals that a datatype contains, as representatives: sorted and unique."""
        if not self.is_datatype(datatype):
            return NONE
        name, kinds = self.terms.token(datatype), self.terms.kinds
        typed = self._typed_in(name, np.flatnonzero(marks & (kinds == TYPED)))
        texts = self._texts_in(name, np.flatnonzero(marks & (kinds == LITERAL)))
        return sort_unique(equality.rep[np.concatenate([typed, texts])])

    def _typed_in(self, name: Term, typed: Ids) -> Ids:
        """Those of some typed literals that a datatype contains."""
        late = typed >= self._read  # made by rules, not yet evaluated
        keep = late | ~within(typed, self.ill)
        typed, asked = typed[keep], late[keep]
        written = declared(self.terms, typed)
        inside = np.zeros(len(typed), np.bool_)
        for kind in sort_unique(written[written >= 0]).tolist():
            mine = written == kind
            if includes([KNOWN[kind]], name):
                inside |= mine
            elif not contradictory([KNOWN[kind], name]):
                some = np.flatnonzero(mine)
                plain = plainly_in(self.terms, typed[some], written[some], KNOWN.index(name))
                inside[some[plain]] = True
                asked[some[~plain]] = True
        one_by_one = np.flatnonzero(asked)
        tokens = self.terms.tokens(typed[one_by_one])
        inside[one_by_one] = [bool(in_datatype(token, name)) for token in tokens]
        return typed[inside]

    def _texts_in(self, name: Term, texts: Ids) -> Ids:
        """Those of some plain or language-tagged literals that a datatype contains."""
        held = holds_texts(name)
        if held is None:
            marks = [bool(in_datatype(token, name)) for token in self.terms.tokens(texts)]
            return texts[np.array(marks, np.bool_)]
        if not any(held):
            return NONE
        plain = self.terms.buffer[self.terms.all_starts[texts + 1] - 2] == ord('"')
        return texts[np.where(plain, *held)]


def _met(number: int, parts: dict[int, Ids]) -> bool:
    """Whether new triples have a term as a class member or an object."""
    return any(
        bool((keys == number).any() if code < 0 else (keys & LOW == number).any())
        for code, keys in parts.items()
    )
