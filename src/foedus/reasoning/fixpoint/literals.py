"""Literals by value: which are one, which are of a datatype, which are of none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.reasoning.rows.columns import LOW, NONE, Ids, Mask, pack, unique
from foedus.reasoning.rows.equality import Equality
from foedus.reasoning.rules.datatypes import (
    DATATYPES,
    Key,
    holds_texts,
    in_datatype,
    is_ill_typed,
    value_key,
)
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.words.dictionary import LITERAL, TYPED, Terms
from foedus.terms import literal


class Literals:
    """What the literals of the data stand for, found out once for each.

    ``named`` terms come first in the dictionary, those that rules name. The dictionary may also
    hold literals that the data held once; they are ``absent`` until they are met again.
    """

    def __init__(self, rules: RuleSet, terms: Terms, named: int) -> None:
        self.terms = terms
        self.known = "dt-type2" in rules
        self.by_value = "dt-eq" in rules
        self.keys: dict[Key, int] = {}
        self.ill: list[int] = []
        self.absent: set[int] = {n for n in _typed(terms) if n >= named}
        self._read = len(terms)
        self._first_new = named
        self._named = {
            number: key
            for number in _typed(terms)
            if number < named and (key := value_key(terms.token(number))) is not None
        }
        self.alias: dict[int, int] = {}  # literals that rules name: what the data writes instead
        self._strings: dict[int, str] = {}  # typed strings: the plain literal of the same value

    def equal(self, parts: dict[int, Ids], occurs: Callable[[int], bool]) -> Ids:
        """Pairs of new literals and those of the same value, as keys.

        ``parts`` are new triples; ``occurs`` says whether the data held a term before.
        """
        terms = self.terms
        start, self._read = self._read, len(terms)
        pairs: list[tuple[int, int]] = []
        typed = start + np.flatnonzero(terms.kinds[start:] == TYPED)
        back: set[int] = set()
        if self.absent:
            for code, keys in parts.items():
                objects = unique(keys & LOW) if code >= 0 else NONE
                back |= self.absent.intersection(objects[terms.kinds[objects] == TYPED].tolist())
            self.absent -= back
            typed = np.concatenate([np.array(sorted(back), np.int64), typed])
        for number, token in zip(typed.tolist(), terms.tokens(typed), strict=True):
            key = value_key(token)
            if key is None:
                if is_ill_typed(token):
                    self.ill.append(number)
                continue
            first = self.keys.setdefault(key, number)
            if first != number:
                pairs.append((first, number))
            elif key[0] == "string":
                self._strings[number] = literal(str(key[1]), lang=str(key[2]) if key[2:] else None)
        for number, key in self._named.items():
            other = self.keys.get(key)
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

    def is_named(self, numbers: Ids) -> bool:
        """Whether rules name the value of one of some literals."""
        named = set(self._named.values())
        return any(value_key(token) in named for token in self.terms.tokens(numbers))

    def forget(self, numbers: Ids) -> None:
        """Take note that the data no longer holds some literals."""
        gone = set(numbers[self.terms.kinds[numbers] == TYPED].tolist())
        self.absent |= gone
        self.keys = {key: n for key, n in self.keys.items() if n not in gone}
        self._strings = {n: token for n, token in self._strings.items() if n not in gone}
        self.alias = {n: other for n, other in self.alias.items() if other not in gone}

    def is_datatype(self, number: int) -> bool:
        """Whether a class is a datatype whose literals the rules know."""
        named = number < self._first_new  # rules name them all
        return self.known and named and self.terms.token(number) in DATATYPES

    def of(self, datatype: int, equality: Equality, marks: Mask) -> Ids:
        """The literals among marked terms that a datatype holds, by representative, sorted."""
        terms = self.terms
        name = terms.token(datatype)
        if not self.is_datatype(datatype):
            return NONE
        texts = holds_texts(name)
        read = np.flatnonzero(marks & (terms.kinds >= (LITERAL if texts is None else TYPED)))
        members = [
            number
            for number, token in zip(read.tolist(), terms.tokens(read), strict=True)
            if in_datatype(token, name)
        ]
        found = np.array(members, np.int64)
        if texts is not None and any(texts):
            some = np.flatnonzero(marks & (terms.kinds == LITERAL))
            plain = terms.buffer[terms.all_starts[some + 1] - 2] == ord('"')
            found = np.concatenate([found, some[np.where(plain, *texts)]])
        return unique(equality.rep[found])


def _met(number: int, parts: dict[int, Ids]) -> bool:
    """Whether new triples hold a term as member or object."""
    return any(
        bool((keys == number).any() if code < 0 else (keys & LOW == number).any())
        for code, keys in parts.items()
    )


def _typed(terms: Terms) -> list[int]:
    found: list[int] = np.flatnonzero(terms.kinds == TYPED).tolist()
    return found
