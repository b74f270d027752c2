"""Plans to be that wait: most of an ontology says nothing of the data at hand.

A plan to be waits for the first relation it reads that is empty and that no plan can fill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from foedus.reasoning.plans.plan import LIST, Key, Named, Pairs, Pattern
from foedus.reasoning.rows.columns import Ids, counted, spread


class Special(NamedTuple):
    """A plan to be that a solution's numbers do not say all of; or one for all pairs of a list."""

    key: Key
    reads: list[int]  # the relations of its premises
    body: list[Named]
    head: Named | None
    values: dict[str, int]
    pairs: Pairs | None = None


class Waiting(NamedTuple):
    """One solution, or a special one, with the turn in which its pattern was solved."""

    pattern: Pattern
    turn: int
    found: Ids | Special


class WaitingRows(NamedTuple):
    """Many solutions at once; ``waits`` has what each waits for, sorted."""

    pattern: Pattern
    turn: int
    waits: Ids
    rows: Ids


class Pending:
    """Which relations may hold something, and what waits for the others."""

    def __init__(self) -> None:
        self.active: set[int] = set()
        self._waiting: dict[int, list[Waiting]] = defaultdict(list)
        self._rows: list[WaitingRows] = []
        self._activated: list[int] = []

    def reset(self, active: set[int]) -> None:
        """Drop what waits; these relations may hold something."""
        self.active, self._rows, self._activated = active, [], []
        self._waiting.clear()

    def activate(self, code: int) -> None:
        """A relation may hold something from now on: what waits for that is due."""
        if code not in self.active:
            self.active.add(code)
            self._activated.append(code)

    def first_empty(self, codes: Iterable[int]) -> int | None:
        """The first of some relations that cannot hold anything so far."""
        for code in codes:
            if code not in self.active:
                return code
        return None

    def wait(self, code: int, pattern: Pattern, found: Ids | Special) -> None:
        """Let a solution wait for a relation."""
        self._waiting[code].append(Waiting(pattern, pattern.turn, found))

    def wait_all(self, pattern: Pattern, waits: Ids, rows: Ids) -> None:
        """Let solutions wait, each for its relation; ``waits`` is sorted."""
        self._rows.append(WaitingRows(pattern, pattern.turn, waits, rows))

    def due(self) -> Iterator[tuple[Pattern, Ids | Special]]:
        """What waited for relations that now may hold something, also those activated meanwhile.

        Solutions of a pattern that was solved from the beginning since are left out.
        """
        while self._activated:
            codes, self._activated = self._activated, []
            self._rows = [some for some in self._rows if some.turn == some.pattern.turn]
            fresh = np.array(codes)
            for pattern, _, waits, rows in self._rows:
                first, counts = counted(waits, fresh, fresh)
                if counts.any():
                    yield pattern, rows[spread(first, counts)[1]]
            for code in codes:
                for pattern, turn, found in self._waiting.pop(code, ()):
                    if turn == pattern.turn:
                        yield pattern, found


def demand_of(code: Any) -> Any:
    """What plans wait for that conclude a class which nothing reads so far."""
    return code - LIST
