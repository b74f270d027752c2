"""From solutions to plans: made when there is something to read, and like ones together.

Most of an ontology says nothing of the data at hand. So a plan to be waits for the first relation
it reads that is empty and that no plan can fill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from foedus.reasoning.fixpoint.compiling import Special, solved
from foedus.reasoning.plans.plan import LIST, Key, Node, Pattern
from foedus.reasoning.plans.prepared import planned, plans_of
from foedus.reasoning.rows.columns import Ids, counted, spread, within

if TYPE_CHECKING:
    from foedus.reasoning.fixpoint.engine import Engine

#: Of more solutions than this, those that wait are found and kept together.
_MANY: Final = 32

#: A plan to be that waits: its pattern, when it was last solved, and its solution or a special one.
Sleeper: TypeAlias = "tuple[Pattern, int, Ids | Special]"

#: Many at once: their pattern, when it was last solved, what each waits for, sorted, and solutions.
Sleepers: TypeAlias = "tuple[Pattern, int, Ids, Ids]"


def instantiate(engine: Engine, pattern: Pattern) -> None:
    """Make the plans of a pattern's new solutions, as far as they have something to read."""
    rows, others = solved(engine, pattern)
    if len(rows):
        make_all(engine, pattern, rows)
    for special in others:
        make_special(engine, pattern, special)


def rouse(engine: Engine) -> None:
    """Make the plans that waited for relations which now may hold something."""
    while engine.roused:
        codes, engine.roused = engine.roused, []
        engine.dormitory = [some for some in engine.dormitory if some[1] == some[0].turn]
        fresh = np.array(codes)
        for pattern, _, waits, rows in engine.dormitory:
            first, counts = counted(waits, fresh, fresh)
            if counts.any():
                make_all(engine, pattern, rows[spread(first, counts)[1]])
        for code in codes:
            for pattern, turn, found in engine.asleep.pop(code, ()):
                if turn != pattern.turn:
                    continue  # solved again since
                if isinstance(found, Special):
                    make_special(engine, pattern, found)
                else:
                    make_all(engine, pattern, found)


def make_all(engine: Engine, pattern: Pattern, rows: Ids) -> None:
    """Make the plans of solutions that say all of them, or let them wait."""
    made, ready = pattern.made, []
    for row in awake(engine, pattern, rows):
        if row not in made:
            made[row] = []
            if is_current(engine, row):
                ready.append(row)
    for row, plan in plans_of(pattern, ready, engine.vocabulary, engine.equal):
        if plan.tests or plan.head is None:
            plan.values = dict(zip(pattern.names, row, strict=True))
        made[row].append(plan)
        engine.add_plan(plan)


def make_special(engine: Engine, pattern: Pattern, special: Special) -> None:
    """Make a plan, or let it wait."""
    key, reads, body, head, values = special
    if key in pattern.made:
        return
    empty = first_empty(engine, reads)
    if empty is not None:
        engine.asleep[empty].append((pattern, pattern.turn, special))
        return
    pattern.made[key] = []
    if not is_current(engine, chain(*body, head or ())):
        return
    plan = planned(pattern, body, head, engine.vocabulary, engine.equal)
    if plan is not None:
        plan.values = values
        pattern.made[key].append(plan)
        engine.add_plan(plan)


def awake(engine: Engine, pattern: Pattern, rows: Ids) -> Iterator[Key]:
    """The solutions that need not wait; the others are put to sleep."""
    reads, target = pattern.reads or (), pattern.target
    unwanted = engine.idle - engine.demanded if target is not None else set()
    if len(rows) > _MANY:
        active = np.fromiter(engine.active, np.int64, len(engine.active))
        active.sort()
        empty = np.full(len(rows), LIST)
        for n, unary in reads:
            codes = ~rows[:, n] if unary else rows[:, n]
            empty = np.where(within(codes, active), empty, codes)
        if target is not None and unwanted:
            codes = ~rows[:, target]
            empty = np.where(within(codes, np.array(sorted(unwanted))), demand_of(codes), empty)
        order = empty.argsort(kind="stable")  # those that need not wait come last
        waits, rows = empty[order], rows[order]
        ready = int(waits.searchsorted(LIST))
        if ready:
            engine.dormitory.append((pattern, pattern.turn, waits[:ready], rows[:ready]))
        yield from map(tuple, rows[ready:].tolist())
        return
    for row in rows.tolist():
        wait = first_empty(engine, [~row[n] if unary else row[n] for n, unary in reads])
        if target is not None and ~row[target] in unwanted:
            wait = demand_of(~row[target])
        if wait is None:
            yield tuple(row)
        else:
            engine.asleep[wait].append((pattern, pattern.turn, np.array([row])))


def demand_of(code: Any) -> Any:
    """What plans wait for that conclude a class which nothing reads so far."""
    return code - LIST


def first_empty(engine: Engine, codes: list[int]) -> int | None:
    """The first of some relations that cannot hold anything so far."""
    for code in codes:
        if code not in engine.active:
            return code
    return None


def is_current(engine: Engine, nodes: Iterable[Node]) -> bool:
    """Whether terms are called by their representatives. If not, another solution does so."""
    equality = engine.equality
    if not equality:
        return True
    return all(equality.of(node) == node for node in nodes if isinstance(node, int) and node >= 0)
