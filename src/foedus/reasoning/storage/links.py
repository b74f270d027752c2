"""The links that made terms one: who was linked to whom, when, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foedus.reasoning.storage.columns import NONE, Ids, Mask


@dataclass(frozen=True, slots=True)
class Link:
    """Two terms found to be one at a round, by a rule ('' if asserted)."""

    a: int
    b: int
    round: int
    rule: str


class Links:
    """Links in columns, in the order found. ``rule`` holds places in ``rules``."""

    def __init__(self) -> None:
        self.a, self.b, self.round, self.rule = NONE, NONE, NONE, NONE
        self.rules: list[str] = []
        self._ends: tuple[Ids, Ids] | None = None
        self._around: dict[int, list[Link]] = {}

    def __len__(self) -> int:
        return len(self.a)

    def number(self, rule: str) -> int:
        """The place of a rule in ``rules``, into which it is put if need be."""
        if rule not in self.rules:
            self.rules.append(rule)
        return self.rules.index(rule)

    def by(self, rule: str) -> Mask:
        """Which links a rule gave."""
        found: Mask = self.rule == (self.rules.index(rule) if rule in self.rules else -1)
        return found

    def append(self, a: Ids, b: Ids, round: int, rule: Ids) -> None:
        """Add links of one round."""
        self._set(
            np.concatenate([self.a, a]),
            np.concatenate([self.b, b]),
            np.concatenate([self.round, np.full(len(a), round)]),
            np.concatenate([self.rule, rule]),
        )

    def keep(self, mask: Mask) -> None:
        """Forget all other links."""
        self._set(self.a[mask], self.b[mask], self.round[mask], self.rule[mask])

    def _set(self, a: Ids, b: Ids, round: Ids, rule: Ids) -> None:
        self.a, self.b, self.round, self.rule = a, b, round, rule
        self._ends, self._around = None, {}

    def around(self, term: int) -> list[Link]:
        """The links that a term is an end of."""
        if term not in self._around:
            if self._ends is None:
                ends = np.concatenate([self.a, self.b])
                order = np.argsort(ends, kind="stable")
                self._ends = ends[order], np.tile(np.arange(len(self)), 2)[order]
            ends, places = self._ends
            low, high = ends.searchsorted([term, term + 1]).tolist()
            self._around[term] = [
                Link(int(self.a[n]), int(self.b[n]), int(self.round[n]), self.rules[self.rule[n]])
                for n in places[low:high].tolist()
            ]
        return self._around[term]
