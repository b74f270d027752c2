"""The agenda: which plans read and conclude which relations, and which relations are due."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from itertools import chain

from foedus.reasoning.planning.plan import LIST, RulePlan
from foedus.reasoning.storage.reachability import tarjan


class Agenda:
    """Plans by the relations that they read and conclude.

    A *target* is a relation that some plan concludes. Targets are computed in the order of the
    strongly connected components of their dependencies, those that the ontology consists of
    (``schema``) first, so that most are computed once, after everything that leads to them.
    """

    def __init__(self) -> None:
        self.incoming: dict[int, list[RulePlan]] = defaultdict(list)  # by what they conclude
        self.readers: dict[int, list[RulePlan]] = defaultdict(list)  # by what they read
        self.clashing: list[RulePlan] = []  # those that conclude a contradiction
        self.schema: set[int] = set()  # targets that specialization depends on
        self._due: set[int] = set()
        self._heap: list[tuple[int, int]] = []  # (level, target) of those that are due
        self._levels: dict[int, int] = {}
        self._ordered = False
        self._constants: frozenset[int] | None = None

    def add(self, plan: RulePlan) -> None:
        """Add a plan; its target becomes due."""
        self._constants = None
        for code in plan.reads:
            self.readers[code].append(plan)
        if plan.head is None:
            self.clashing.append(plan)
            return
        self.incoming[plan.head[0]].append(plan)
        self._ordered = False
        self.wake(plan.head[0])

    def drop(self, stale: Callable[[RulePlan], bool]) -> None:
        """Drop the plans that satisfy a condition."""
        for table in (self.incoming, self.readers):
            for code, plans in table.items():
                if any(map(stale, plans)):
                    table[code] = [plan for plan in plans if not stale(plan)]
        self.clashing = [plan for plan in self.clashing if not stale(plan)]
        self._ordered, self._constants = False, None

    def clear(self) -> None:
        """Drop all plans."""
        self.incoming.clear()
        self.readers.clear()
        self.clashing, self._due, self._heap, self._constants = [], set(), [], None

    @property
    def constants(self) -> frozenset[int]:
        """The term numbers that occur in plans."""
        if self._constants is None:
            plans = {*chain.from_iterable(self.readers.values()), *self.clashing}
            self._constants = frozenset(chain.from_iterable(plan.constants for plan in plans))
        return self._constants

    # What is due

    def wake(self, target: int) -> None:
        """Make a target due."""
        if target not in self._due:
            self._due.add(target)
            heapq.heappush(self._heap, (self._levels.get(target, -1), target))

    def tell(self, code: int) -> None:
        """A relation has grown: the targets concluded from it become due."""
        for plan in self.readers.get(code, ()):
            if plan.head is not None:
                self.wake(plan.head[0])

    def next(self) -> int | None:
        """The due target of the lowest level; None if none is due."""
        if not self._ordered:
            self._order()
        while self._heap:
            target = self._heap[0][1]
            if target in self._due:
                return target
            heapq.heappop(self._heap)
        return None

    def done(self, target: int) -> None:
        """Take note that a target is being computed and no longer due."""
        self._due.discard(target)

    def mark_schema(self, seeds: set[int]) -> None:
        """Have these targets, and all that they depend on, computed before all others."""
        found = set(seeds)
        while True:
            more = {
                code
                for target, plans in self.incoming.items()
                if target in found
                for plan in plans
                for code in plan.reads
                if code != LIST
            } - found
            if not more:
                break
            found |= more
        self.schema = found
        self._ordered = False

    def _order(self) -> None:
        """Order the targets topologically by the components of their dependencies, schema first."""
        self._ordered = True
        reads = {
            target: {code for plan in plans for code in plan.reads}
            for target, plans in self.incoming.items()
        }
        place = {code: i for i, code in enumerate({*reads, *chain.from_iterable(reads.values())})}
        starts, targets = [0], []
        for code in place:
            targets += [place[read] for read in reads.get(code, ())]
            starts.append(len(targets))
        levels, _ = tarjan(len(place), starts, targets)
        schema, count = self.schema, len(place) + 1
        self._levels = {
            code: level - (count if code in schema else 0)
            for code, level in zip(place, levels, strict=True)
        }
        self._heap = [(self._levels.get(target, -1), target) for target in self._due]
        heapq.heapify(self._heap)
