"""Premises solved on columns: a table of bindings that grows and shrinks premise by premise.

A table has a column per variable. A premise whose variables are bound filters its rows; one with a
new variable spreads them. The order of premises is chosen once per plan; the sizes of results are
known, and refused if need be, before they are made.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.plans.plan import LIST, Plan, Premise
from foedus.reasoning.rows.columns import (
    LOW,
    NONE,
    SHIFT,
    Ids,
    Mask,
    pack,
    pieces,
    spread,
    union,
    unique,
    within,
)
from foedus.reasoning.rows.layers import Relation, among

_EMPTY = Relation(0)
_ROWS = 1 << 28
_OFTEN = 64  # premises joined before the clock is looked at


@dataclass(slots=True)
class Data:
    """The relations by code, and what else premises may ask for."""

    relations: dict[int, Relation]
    members: Callable[[int], Ids]  # of a list; every member of every reading
    same: int  # the code of owl:sameAs where it is kept by representatives, else -1
    terms: Callable[[], Ids]  # all that are the same as themselves
    rows: int = _ROWS
    tick: Callable[[], None] = field(default=lambda: None)

    def relation(self, code: int) -> Relation:
        """The relation with a code, which may be empty."""
        return self.relations.get(code, _EMPTY)

    def check(self, rows: int) -> None:
        """Refuse a result that would be too large."""
        self.tick()
        if rows > self.rows:
            raise LimitReached(
                f"one step would make {rows:,} rows, more than the {self.rows:,} allowed; "
                "nothing was written. Try fewer rules, or a higher limit"
            )


class Table:
    """Bindings: a column for each variable, all of one length."""

    __slots__ = ("columns", "size")

    def __init__(self) -> None:
        self.columns: dict[int, Ids] = {}
        self.size = 1

    def keep(self, mask: Mask) -> None:
        """Keep the rows that a mask marks."""
        rows = np.flatnonzero(mask)
        if len(rows) < self.size:
            self.take(rows)

    def take(self, rows: Ids) -> None:
        """Make the table of these rows."""
        for name, column in self.columns.items():
            self.columns[name] = column.take(rows)
        self.size = len(rows)

    def empty(self) -> None:
        """Drop all rows."""
        self.take(NONE)
        self.size = 0

    def cross(self, name: int, values: Ids, data: Data) -> None:
        """Every row with every value."""
        if not self.columns and self.size == 1:
            self.columns[name], self.size = values, len(values)
            return
        data.check(self.size * len(values))
        size = self.size
        self.take(np.repeat(np.arange(size), len(values)))
        self.columns[name] = np.tile(values, size)

    def narrow(self, gone: set[int], more: bool) -> None:
        """Drop columns that nobody wants; if there is more to join, drop repeated rows too."""
        if not gone:
            return
        for name in gone:
            self.columns.pop(name, None)
        if not self.columns:
            self.size = min(self.size, 1)
        elif more and self.size > 1:
            names_left = list(self.columns)
            if len(names_left) == 1:
                values = unique(self.columns[names_left[0]])
                self.columns[names_left[0]], self.size = values, len(values)
            elif len(names_left) == 2:
                keys = unique(pack(self.columns[names_left[0]], self.columns[names_left[1]]))
                self.columns = {names_left[0]: keys >> SHIFT, names_left[1]: keys & LOW}
                self.size = len(keys)


#: Each premise with the variables of the table that are wanted after it, and those no longer so.
Order = list[tuple[Premise, set[int], set[int]]]


def arranged(body: Sequence[Premise], start: int, wanted: set[int]) -> Order:
    """The premises, the given one first, then always one that has most of its variables bound."""
    having: dict[int, list[int]] = defaultdict(list)  # places of the premises with a variable
    for place, premise in enumerate(body):
        for t in variables_of(premise):
            having[t].append(place)
    bound: set[int] = set()

    def cost(premise: Premise) -> tuple[int, int]:
        code, s, o = premise
        free = sum(t < 0 and t not in bound for t in ((s,) if code < 0 else (s, o)))
        linked = s in bound or o in bound
        if code == LIST and s < 0 and s not in bound:
            return 9, 0
        return free + (0 if linked or not free else 2), 0 if code < 0 else 1

    costs: list[tuple[int, int]] = [(-1, 0) if n == start else cost(p) for n, p in enumerate(body)]
    left = [(cost, place) for place, cost in enumerate(costs)]
    heapq.heapify(left)
    chosen: dict[int, None] = {}
    while left:
        known, place = heapq.heappop(left)
        if place in chosen or known != costs[place]:
            continue  # it has become cheaper since
        chosen[place] = None
        for t in variables_of(body[place]) - bound:
            bound.add(t)
            for other in having[t]:
                if other not in chosen:
                    costs[other] = cost(body[other])
                    heapq.heappush(left, (costs[other], other))
    last = {t: place for place in chosen for t in variables_of(body[place])}
    out: Order = []
    held: set[int] = set()
    for place in chosen:
        named = variables_of(body[place])
        gone = {t for t in named if last[t] == place and t not in wanted}
        held = (held | named) - gone
        out.append((body[place], held, gone))
    return out


def variables_of(premise: Premise) -> set[int]:
    """The variables in a premise."""
    return {t for t in premise[1:] if t < 0}


def solve(plan: Plan, data: Data, wanted: set[int], start: int, fresh: Ids | None) -> Table:
    """The bindings of a plan's body; of its premise ``start`` only the fresh keys count."""
    key = start
    if plan.orders is None:
        plan.orders = {}
    order = plan.orders.get(key)
    if order is None:
        order = plan.orders[key] = arranged(plan.body, start, wanted)
    assert isinstance(order, list)
    table = Table()
    for number, (premise, names, gone) in enumerate(order):
        if number % _OFTEN == _OFTEN - 1:
            data.tick()
        if number == 0 and fresh is not None:
            first(table, premise, fresh)
        else:
            extend(table, premise, names, data)
        if not table.size:
            for name in wanted:
                table.columns[name] = NONE
            break
        table.narrow(gone, number + 1 < len(order))
    return table


def placed(columns: dict[int, Ids], *terms: int) -> list[Ids]:
    """What stands for some variables or terms, row by row."""
    size = len(next(iter(columns.values()))) if columns else 1
    return [columns[t] if t < 0 else np.full(size, t) for t in terms]


def keys_of(columns: dict[int, Ids], head: Premise) -> Ids:
    """The keys that rows give for a head, not sorted."""
    code, s, o = head
    return placed(columns, s)[0] if code < 0 else pack(*placed(columns, s, o))


def first(table: Table, premise: Premise, keys: Ids) -> None:
    """Start a table with given keys of a premise."""
    code, s, o = premise
    if code < 0:
        if s < 0:
            table.columns[s] = keys
            table.size = len(keys)
        else:
            table.size = int(bool((keys == s).any()))
        return
    if s >= 0:
        keys = keys[keys >> SHIFT == s]
    if o >= 0:
        keys = keys[keys & LOW == o]
    if s == o and s < 0:
        keys = keys[keys >> SHIFT == keys & LOW]
    table.size = len(keys)
    if s < 0:
        table.columns[s] = keys >> SHIFT
    if o < 0 and o != s:
        table.columns[o] = keys & LOW
    if s >= 0 and o >= 0:
        table.size = min(1, len(keys))


def extend(table: Table, premise: Premise, wanted: set[int], data: Data) -> None:
    """Join one premise to a table."""
    code, s, o = premise
    if code == LIST:
        _list(table, s, o, data)
        return
    if code == data.same:
        _same(table, s, o, data)
        return
    relation = data.relation(code)
    if not relation.layers:
        table.empty()
    elif code < 0:
        _unary(table, s, relation, data)
    else:
        _binary(table, s, o, relation, wanted, data)


def _unary(table: Table, x: int, relation: Relation, data: Data) -> None:
    if x >= 0:
        if not relation.holds(x):
            table.empty()
    elif x in table.columns:
        table.keep(member(table.columns[x], relation))
    else:
        table.cross(x, relation.full, data)


def member(probes: Ids, relation: Relation) -> Mask:
    """For each term whether it is in a class."""
    size = len(relation)
    if len(probes) > 256 and len(probes) * 8 > size:
        top = int(probes.max())
        marks = np.zeros(max(top, int(max(x.keys[-1] for x in relation.shelves))) + 1, np.bool_)
        for layer in relation.shelves:
            marks[layer.keys] = True
        found: Mask = marks[probes]
        return found
    return among(probes, relation.shelves)


def _binary(table: Table, s: int, o: int, relation: Relation, wanted: set[int], data: Data) -> None:
    columns = table.columns
    s_known, o_known = s >= 0 or s in columns, o >= 0 or o in columns
    if s_known and o_known:
        if s >= 0 and o >= 0:
            if not relation.holds(s << SHIFT | o):
                table.empty()
        elif s >= 0 or o >= 0:
            table.keep(within(columns[o if s >= 0 else s], beside(relation, s, o)))
        else:
            probes = pack(columns[s], columns[o])
            if len(columns) == 2 and s != o and table.size > 1 << 12:
                probes.sort()  # searching in order is ten times as fast
                columns[s], columns[o] = probes >> SHIFT, probes & LOW
            table.keep(among(probes, relation.shelves))
    elif s_known or o_known:
        known, free = (s, o) if s_known else (o, s)
        if known >= 0:
            table.cross(free, beside(relation, s, o), data)
            return
        probes = columns[known]
        beside_them = [layer.neighbours(probes, s_known) for layer in relation.shelves]
        if free not in wanted:
            some = beside_them[0][2] > 0
            for _, _, counts in beside_them[1:]:
                some |= counts > 0
            table.keep(some)
            columns[free] = np.zeros(table.size, np.int64)
            return
        total = sum(int(counts.sum()) for _, _, counts in beside_them)
        data.check(total)
        kept = {name: column for name, column in columns.items() if name in wanted}
        made = {name: np.empty(total, np.int64) for name in (*kept, free)}
        at = 0
        for ranked, begin, counts in beside_them:
            for part in pieces(len(counts)):
                rows, places = spread(begin[part], counts[part])
                here = slice(at, at + len(rows))
                for name, column in kept.items():
                    column[part].take(rows, out=made[name][here], mode="clip")
                np.bitwise_and(ranked.take(places), LOW, out=made[free][here])
                at = here.stop
        table.columns, table.size = made, total
    else:
        keys = relation.full
        if s == o:
            table.cross(s, keys[keys >> SHIFT == keys & LOW] & LOW, data)
        elif not columns and table.size == 1:
            columns[s], columns[o], table.size = keys >> SHIFT, keys & LOW, len(keys)
        else:
            table.cross(s, keys, data)
            columns[o] = columns[s] & LOW
            columns[s] = columns[s] >> SHIFT


def beside(relation: Relation, s: int, o: int) -> Ids:
    """What stands beside a given subject (s >= 0) or object in a property, sorted."""
    given = np.array([s if s >= 0 else o])
    return union([layer.touching(given, s >= 0) & LOW for layer in relation.shelves])


def _list(table: Table, s: int, o: int, data: Data) -> None:
    heads = table.columns.get(s) if s < 0 else np.array([s])
    assert heads is not None, "a list is asked for before its head is known"
    kinds = unique(heads.copy())
    lists = [data.members(head) for head in kinds.tolist()]
    sizes = np.array([len(x) for x in lists])
    starts = np.cumsum(sizes) - sizes
    values = np.concatenate(lists) if lists else NONE
    which = np.searchsorted(kinds, heads)
    rows, places = spread(starts[which], sizes[which])
    if s >= 0:
        rows, places = np.repeat(np.arange(table.size), len(values)), np.tile(places, table.size)
    if o >= 0 or o in table.columns:
        asked = np.full(table.size, o) if o >= 0 else table.columns[o]
        table.take(unique(rows[asked[rows] == values[places]]))
        return
    table.take(rows)
    table.columns[o] = values[places]


def _same(table: Table, s: int, o: int, data: Data) -> None:
    """Representatives are the same as themselves, and as nothing else."""
    columns = table.columns
    known_s, known_o = s >= 0 or s in columns, o >= 0 or o in columns
    if not known_s and not known_o:
        table.cross(s, data.terms(), data)
        columns[o] = columns[s]
    elif known_s and known_o:
        left = columns[s] if s < 0 else np.full(table.size, s)
        right = columns[o] if o < 0 else np.full(table.size, o)
        table.keep((left == right) & within(left, data.terms()))
    else:
        known, free = (s, o) if known_s else (o, s)
        values = columns[known] if known < 0 else np.full(table.size, known)
        table.keep(within(values, data.terms()))
        columns[free] = columns[known] if known < 0 else np.full(table.size, known)
