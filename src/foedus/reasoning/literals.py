"""Literals by value: which are one, which are of a datatype, which are of none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.reasoning.columns import NONE, Ids, pack
from foedus.reasoning.datatypes import DATATYPES, Key, in_datatype, is_ill_typed, value_key
from foedus.reasoning.dictionary import LITERAL, TYPED, Terms
from foedus.reasoning.equality import Equality
from foedus.reasoning.rules import RuleSet
from foedus.terms import literal


class Literals:
    """What the literals of a dictionary stand for, found out once for each."""

    def __init__(self, rules: RuleSet, terms: Terms) -> None:
        self.terms = terms
        self.known = "dt-type2" in rules
        self.by_value = "dt-eq" in rules
        self.keys: dict[Key, int] = {}
        self.ill: list[int] = []
        self._first = self._read = len(terms)  # what comes before is named by rules
        self._named = {
            number: key
            for number in np.flatnonzero(terms.kinds == TYPED).tolist()
            if (key := value_key(terms.token(number))) is not None
        }
        self.alias: dict[int, int] = {}  # literals that rules name: what the data writes instead
        self._strings: dict[int, str] = {}  # typed strings: the plain literal of the same value

    def equal(self, occurs: Callable[[int], bool]) -> Ids:
        """Pairs of new literals and those of the same value, as keys.

        ``occurs`` says whether the data holds a literal that rules name.
        """
        terms = self.terms
        start, self._read = self._read, len(terms)
        pairs: list[tuple[int, int]] = []
        typed = start + np.flatnonzero(terms.kinds[start:] == TYPED)
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
            if other not in (None, number) and self.alias.get(number) is None:
                assert other is not None
                if occurs(number):
                    pairs.append((number, other))
                    self.alias[number] = number
                else:
                    self.alias[number] = other
        for number, token in self._strings.items():
            plain = terms.find(token)
            if plain is not None and (plain >= start or number >= start):
                pairs.append((min(plain, number), max(plain, number)))
        if not pairs or not self.by_value:
            return NONE
        both = np.array(pairs, np.int64)
        return pack(both[:, 0], both[:, 1])

    def is_datatype(self, number: int) -> bool:
        """Whether a class is a datatype whose literals the rules know."""
        return self.known and self.terms.token(number) in DATATYPES

    def of(self, datatype: int, equality: Equality, occurs: Callable[[int], bool]) -> Ids:
        """The literals of the data that a datatype holds, by representative, sorted."""
        terms = self.terms
        name = terms.token(datatype)
        if not self.is_datatype(datatype):
            return NONE
        numbers = np.flatnonzero(terms.kinds >= LITERAL)
        members = [
            number
            for number, token in zip(numbers.tolist(), terms.tokens(numbers), strict=True)
            if in_datatype(token, name) and (number >= self._first or occurs(number))
        ]
        found = np.array(members, np.int64)
        return np.unique(equality.rep[found]) if len(found) else found
