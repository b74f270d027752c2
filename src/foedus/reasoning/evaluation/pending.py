"""Pending plans: those that could derive nothing yet, because a relation they read is empty.

Most of an ontology says nothing about the data at hand, so most solutions never become plans. A
solution waits for the first relation that its plan would read which is empty and which no plan
concludes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from foedus.reasoning.planning.plan import LIST, Named, Pairs, PlanKey, RuleTemplate
from foedus.reasoning.storage.columns import Ids, counted, spread


class Special(NamedTuple):
    """A plan that its solution alone does not determine, with its premises and conclusion."""

    key: PlanKey
    reads: list[int]  # the codes of its premises
    body: list[Named]
    head: Named | None
    values: dict[str, int]
    pairs: Pairs | None = None


class Waiting(NamedTuple):
    """One pending solution, and the turn in which its template was solved."""

    template: RuleTemplate
    turn: int
    found: Ids | Special


class WaitingRows(NamedTuple):
    """Many pending solutions at once; ``waits`` has the code that each waits for, sorted."""

    template: RuleTemplate
    turn: int
    waits: Ids
    rows: Ids


class Pending:
    """Which relations are active, that is, may hold something; and what waits for the others."""

    def __init__(self) -> None:
        self.active: set[int] = set()
        self._waiting: dict[int, list[Waiting]] = defaultdict(list)
        self._rows: list[WaitingRows] = []
        self._activated: list[int] = []

    def reset(self, active: set[int]) -> None:
        """Drop all that is pending; these relations are active."""
        self.active, self._rows, self._activated = active, [], []
        self._waiting.clear()

    def activate(self, code: int) -> None:
        """Make a relation active: what waits for it becomes due."""
        if code not in self.active:
            self.active.add(code)
            self._activated.append(code)

    def first_empty(self, codes: Iterable[int]) -> int | None:
        """The first of these relations that is not active; None if all are."""
        for code in codes:
            if code not in self.active:
                return code
        return None

    def wait(self, code: int, template: RuleTemplate, found: Ids | Special) -> None:
        """Let a solution wait for a relation."""
        self._waiting[code].append(Waiting(template, template.turn, found))

    def wait_all(self, template: RuleTemplate, waits: Ids, rows: Ids) -> None:
        """Let solutions wait, each for the relation in ``waits``, which is sorted."""
        self._rows.append(WaitingRows(template, template.turn, waits, rows))

    def due(self) -> Iterator[tuple[RuleTemplate, Ids | Special]]:
        """The solutions whose relations are now active, but for those of outdated turns."""
        while self._activated:
            codes, self._activated = self._activated, []
            self._rows = [some for some in self._rows if some.turn == some.template.turn]
            fresh = np.array(codes)
            for template, _, waits, rows in self._rows:
                first, counts = counted(waits, fresh, fresh)
                if counts.any():
                    yield template, rows[spread(first, counts)[1]]
            for code in codes:
                for template, turn, found in self._waiting.pop(code, ()):
                    if turn == template.turn:
                        yield template, found


def demand_of(code: Any) -> Any:
    """The code to wait for until a class that is computed on demand is read."""
    return code - LIST
