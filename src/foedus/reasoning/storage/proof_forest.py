"""The proof forest of the union-find: which terms were merged, in which round, by which rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foedus.reasoning.storage.columns import NONE, Ids, Mask


@dataclass(frozen=True, slots=True)
class Link:
    """A merge of two terms in a round, by a rule ('' if the equality was asserted)."""

    a: int
    b: int
    round: int
    rule: str


class ProofForest:
    """Merges as four columns, in the order found; ``rule`` holds indices into ``rules``."""

    def __init__(self) -> None:
        self.a, self.b, self.round, self.rule = NONE, NONE, NONE, NONE
        self.rules: list[str] = []
        self._ends: tuple[Ids, Ids] | None = None
        self._around: dict[int, list[Link]] = {}

    def __len__(self) -> int:
        return len(self.a)

    def number(self, rule: str) -> int:
        """The index of a rule in ``rules``, to which it is added if it is new."""
        if rule not in self.rules:
            self.rules.append(rule)
        return self.rules.index(rule)

    def by(self, rule: str) -> Mask:
        """A mask over the merges: those that a rule derived."""
        found: Mask = self.rule == (self.rules.index(rule) if rule in self.rules else -1)
        return found

    def append(self, a: Ids, b: Ids, round: int, rule: Ids) -> None:
        """Add the merges of one round."""
        self._set(
            np.concatenate([self.a, a]),
            np.concatenate([self.b, b]),
            np.concatenate([self.round, np.full(len(a), round)]),
            np.concatenate([self.rule, rule]),
        )

    def keep(self, mask: Mask) -> None:
        """Keep only the merges that a mask marks."""
        self._set(self.a[mask], self.b[mask], self.round[mask], self.rule[mask])

    def _set(self, a: Ids, b: Ids, round: Ids, rule: Ids) -> None:
        self.a, self.b, self.round, self.rule = a, b, round, rule
        self._ends, self._around = None, {}

    def around(self, term: int) -> list[Link]:
        """The merges that a term takes part in."""
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
