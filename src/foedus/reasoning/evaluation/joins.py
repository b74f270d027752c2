"""Joins on columns: a table of bindings that is extended premise by premise.

A table has a column per variable. A premise whose variables are all bound filters its rows
(semi-join); one with a new variable multiplies them. The join order is chosen once per plan. The
size of a result is known before it is materialized, and refused if it is too large.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.planning.plan import LIST, Premise, RulePlan
from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    SHIFT,
    Ids,
    Mask,
    pack,
    pieces,
    sort_unique,
    spread,
    union,
    within,
)
from foedus.reasoning.storage.relation import Relation, among

_EMPTY = Relation(0)
_ROWS = 1 << 28  # the most rows of a result of two columns
_OFTEN = 64  # premises joined between two looks at the clock


@dataclass(slots=True)
class Database:
    """What plans are joined with: relations by code, lists, equality."""

    relations: dict[int, Relation]
    members: Callable[[int], Ids]  # of a list, in all its readings
    same: int  # the code of owl:sameAs where the union-find stands for it, else no code
    terms: Callable[[], Ids]  # all that equal themselves, sorted
    rows: int = _ROWS
    tick: Callable[[], None] = field(default=lambda: None)

    def relation(self, code: int) -> Relation:
        """The relation with a code; an empty one if there is none."""
        return self.relations.get(code, _EMPTY)

    def check(self, rows: int, columns: int = 2) -> None:
        """Raise LimitReached for too large a result; the more columns, the fewer rows."""
        self.tick()
        if rows * max(columns, 2) > 2 * self.rows:
            raise LimitReached(
                f"one step would make {rows:,} rows, more than the "
                f"{2 * self.rows // max(columns, 2):,} allowed; "
                "nothing was written. Try fewer rules, or a higher limit"
            )


class Table:
    """Bindings: a column for each variable, all of one length. Its methods change the table."""

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
        """Keep these rows, in this order; a row may be repeated."""
        for name, column in self.columns.items():
            self.columns[name] = column.take(rows)
        self.size = len(rows)

    def empty(self) -> None:
        """Drop all rows."""
        self.take(NONE)
        self.size = 0

    def cross(self, name: int, values: Ids, database: Database) -> None:
        """The Cartesian product with the values of a new variable."""
        if not self.columns and self.size == 1:
            self.columns[name], self.size = values, len(values)
            return
        database.check(self.size * len(values), len(self.columns) + 1)
        size = self.size
        self.take(np.repeat(np.arange(size), len(values)))
        self.columns[name] = np.tile(values, size)

    def narrow(self, gone: set[int], more: bool) -> None:
        """Project columns away; if more is to be joined, drop duplicate rows too."""
        if not gone:
            return
        for name in gone:
            self.columns.pop(name, None)
        if not self.columns:
            self.size = min(self.size, 1)
        elif more and self.size > 1:
            names_left = list(self.columns)
            if len(names_left) == 1:
                values = sort_unique(self.columns[names_left[0]])
                self.columns[names_left[0]], self.size = values, len(values)
            elif len(names_left) == 2:
                keys = sort_unique(pack(self.columns[names_left[0]], self.columns[names_left[1]]))
                self.columns = {names_left[0]: keys >> SHIFT, names_left[1]: keys & LOW}
                self.size = len(keys)


#: Each premise with the variables that are still needed after it, and those no longer needed.
Order = list[tuple[Premise, set[int], set[int]]]


def join_order(body: Sequence[Premise], start: int, wanted: set[int]) -> Order:
    """A join order: the given premise first, then greedily the one with most variables bound."""
    named = [{t for t in premise[1:] if t < 0} for premise in body]
    order = [start, *_others(body, named, start)]
    last = {t: place for place in order for t in named[place]}
    out: Order = []
    held: set[int] = set()
    for place in order:
        gone = {t for t in named[place] if last[t] == place} - wanted
        held = (held | named[place]) - gone
        out.append((body[place], held, gone))
    return out


def _others(body: Sequence[Premise], named: Sequence[set[int]], start: int) -> Iterable[int]:
    """The positions of the other premises, the cheapest first; a heap, as there may be many."""
    others = [place for place in range(len(body)) if place != start]
    if len(others) < 2:
        return others
    bound = set(named[start])

    def cost(place: int) -> tuple[int, int, int]:
        code, s, o = body[place]
        free = sum(t < 0 and t not in bound for t in ((s,) if code < 0 else (s, o)))
        linked = s in bound or o in bound
        if code == LIST and s < 0 and s not in bound:
            return 9, 0, place
        return free + (0 if linked or not free else 2), 0 if code < 0 else 1, place

    having: dict[int, list[int]] = defaultdict(list)
    for place in others:
        for t in named[place]:
            having[t].append(place)
    costs = {place: cost(place) for place in others}
    left = list(costs.values())
    heapq.heapify(left)
    chosen: dict[int, None] = {}
    while left:
        known = heapq.heappop(left)
        place = known[-1]
        if place in chosen or known != costs[place]:
            continue  # an outdated cost
        chosen[place] = None
        for t in named[place] - bound:
            bound.add(t)
            for other in having[t]:
                if other not in chosen:
                    costs[other] = cost(other)
                    heapq.heappush(left, costs[other])
    return chosen


def join_body(
    plan: RulePlan, database: Database, wanted: set[int], start: int, fresh: Ids | None
) -> Table:
    """The bindings of a plan's body, with premise ``start`` restricted to the ``fresh`` keys.

    ``fresh`` None is the whole relation. The table has the ``wanted`` variables.
    """
    key = start
    if plan.orders is None:
        plan.orders = {}
    order = plan.orders.get(key)
    if order is None:
        order = plan.orders[key] = join_order(plan.body, start, wanted)
    assert isinstance(order, list)
    table = Table()
    for number, (premise, names, gone) in enumerate(order):
        if number % _OFTEN == _OFTEN - 1:
            database.tick()
        if number == 0 and fresh is not None:
            first(table, premise, fresh)
        else:
            extend(table, premise, names, database)
        if not table.size:
            for name in wanted:
                table.columns[name] = NONE
            break
        table.narrow(gone, number + 1 < len(order))
    return table


def columns_of(columns: dict[int, Ids], *terms: int) -> list[Ids]:
    """The columns of some arguments: of a variable, or a constant repeated."""
    size = len(next(iter(columns.values()))) if columns else 1
    return [columns[t] if t < 0 else np.full(size, t) for t in terms]


def keys_of(columns: dict[int, Ids], head: Premise) -> Ids:
    """The keys that rows derive for a head, one for each row, unsorted."""
    code, s, o = head
    return columns_of(columns, s)[0] if code < 0 else pack(*columns_of(columns, s, o))


def first(table: Table, premise: Premise, keys: Ids) -> None:
    """Start a table with some keys of a premise."""
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


def extend(table: Table, premise: Premise, wanted: set[int], database: Database) -> None:
    """Join one more premise to a table."""
    code, s, o = premise
    if code == LIST:
        _list(table, s, o, database)
        return
    if code == database.same:
        _same(table, s, o, database)
        return
    relation = database.relation(code)
    if not relation.deltas:
        table.empty()
    elif code < 0:
        _unary(table, s, relation, database)
    else:
        _binary(table, s, o, relation, wanted, database)


def _unary(table: Table, x: int, relation: Relation, database: Database) -> None:
    if x >= 0:
        if not relation.holds(x):
            table.empty()
    elif x in table.columns:
        table.keep(member(table.columns[x], relation))
    else:
        table.cross(x, relation.full, database)


def member(probes: Ids, relation: Relation) -> Mask:
    """For each term whether it is in a class."""
    size = len(relation)
    if len(probes) > 256 and len(probes) * 8 > size:
        top = int(probes.max())
        marks = np.zeros(max(top, int(max(x.keys[-1] for x in relation.segments))) + 1, np.bool_)
        for delta in relation.segments:
            marks[delta.keys] = True
        found: Mask = marks[probes]
        return found
    return among(probes, relation.segments)


def _binary(
    table: Table, s: int, o: int, relation: Relation, wanted: set[int], database: Database
) -> None:
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
            table.keep(among(probes, relation.segments))
    elif s_known or o_known:
        known, free = (s, o) if s_known else (o, s)
        if known >= 0:
            table.cross(free, beside(relation, s, o), database)
            return
        probes = columns[known]
        beside_them = [delta.neighbours(probes, s_known) for delta in relation.segments]
        if free not in wanted:
            some = beside_them[0][2] > 0
            for _, _, counts in beside_them[1:]:
                some |= counts > 0
            table.keep(some)
            columns[free] = np.zeros(table.size, np.int64)
            return
        total = sum(int(counts.sum()) for _, _, counts in beside_them)
        kept = {name: column for name, column in columns.items() if name in wanted}
        database.check(total, len(kept) + 1)
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
            table.cross(s, keys[keys >> SHIFT == keys & LOW] & LOW, database)
        elif not columns and table.size == 1:
            columns[s], columns[o], table.size = keys >> SHIFT, keys & LOW, len(keys)
        else:
            table.cross(s, keys, database)
            columns[o] = columns[s] & LOW
            columns[s] = columns[s] >> SHIFT


def beside(relation: Relation, s: int, o: int) -> Ids:
    """What a property relates to a given subject (s >= 0) or object: sorted and unique."""
    given = np.array([s if s >= 0 else o])
    return union([delta.touching(given, s >= 0) & LOW for delta in relation.segments])


def _list(table: Table, s: int, o: int, database: Database) -> None:
    heads = table.columns.get(s) if s < 0 else np.array([s])
    assert heads is not None, "a list is asked for before its head is known"
    kinds = sort_unique(heads.copy())
    lists = [database.members(head) for head in kinds.tolist()]
    sizes = np.array([len(x) for x in lists])
    starts = np.cumsum(sizes) - sizes
    values = np.concatenate(lists) if lists else NONE
    which = np.searchsorted(kinds, heads)
    rows, places = spread(starts[which], sizes[which])
    if s >= 0:
        rows, places = np.repeat(np.arange(table.size), len(values)), np.tile(places, table.size)
    if o >= 0 or o in table.columns:
        asked = np.full(table.size, o) if o >= 0 else table.columns[o]
        table.take(sort_unique(rows[asked[rows] == values[places]]))
        return
    table.take(rows)
    table.columns[o] = values[places]


def _same(table: Table, s: int, o: int, database: Database) -> None:
    """Join with equality over representatives: each equals itself and nothing else."""
    columns = table.columns
    known_s, known_o = s >= 0 or s in columns, o >= 0 or o in columns
    if not known_s and not known_o:
        table.cross(s, database.terms(), database)
        columns[o] = columns[s]
    elif known_s and known_o:
        left = columns[s] if s < 0 else np.full(table.size, s)
        right = columns[o] if o < 0 else np.full(table.size, o)
        table.keep((left == right) & within(left, database.terms()))
    else:
        known, free = (s, o) if known_s else (o, s)
        values = columns[known] if known < 0 else np.full(table.size, known)
        table.keep(within(values, database.terms()))
        columns[free] = columns[known] if known < 0 else np.full(table.size, known)
