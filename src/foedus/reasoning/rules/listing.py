"""The members of an RDF list, once for each way to read it.

A list is well formed if each of its cells has one member and one tail. Others are read too, as the
rules ask for nothing but cells that lead to ``rdf:nil``: a cell with two members or tails gives
several readings. No reading comes to a cell twice, and cells that lead nowhere count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias, TypeVar

from foedus.errors import LimitReached

T = TypeVar("T", bound=Hashable)

#: The members of a list, and the cells that they stand in.
Reading: TypeAlias = tuple[tuple[T, ...], tuple[T, ...]]

#: So many cells are passed and members noted to read one list, beyond what each takes once.
_STEPS = 1 << 20


def readings(
    head: T,
    nil: T,
    contents: Callable[[T], Iterable[tuple[T, T]]],
    name: Callable[[T], str] = str,
) -> Iterator[Reading[T]]:
    """The readings of a list that differ in their members, each with cells to read it from.

    ``contents`` gives each member and tail of a cell. Raises LimitReached, with the list's
    ``name``, where reading takes too long: the ways to read a list may double with every cell.

    >>> cells = {1: [("a", 2), ("b", 2)], 2: [("c", 0)]}
    >>> list(readings(1, 0, lambda cell: cells.get(cell, ())))
    [(('a', 'c'), (1, 2)), (('b', 'c'), (1, 2))]
    """
    members: list[T] = []
    cells: dict[T, None] = {}
    here = head
    while here != nil and here not in cells:
        found = [*contents(here)]
        if len(found) != 1:
            yield from _forked(head, nil, contents, name) if found else ()
            return
        ((member, tail),) = found
        members.append(member)
        cells[here] = None
        here = tail
    if here == nil and members:
        yield tuple(members), tuple(cells)


def _forked(
    head: T, nil: T, contents: Callable[[T], Iterable[tuple[T, T]]], name: Callable[[T], str]
) -> Iterator[Reading[T]]:
    table = _leading(head, nil, contents)
    try:
        TopologicalSorter({c: {t for _, t in found} for c, found in table.items()}).prepare()
        circular = False
    except CycleError:
        circular = True
    steps = -len(table)
    numbers: dict[tuple[int, T], int] = {}  # of rows of members: that of a shorter one, and one
    been: set[tuple[T, int]] = set()  # cells, and the row of members that led there
    cells, on_path, members, rows = [head], {head}, list[T](), [0]
    branches = [iter(table.get(head, ()))]
    while branches:
        for member, tail in branches[-1]:
            row = numbers.setdefault((rows[-1], member), len(numbers) + 1)
            steps += 1 if tail != nil else len(cells)
            if steps > _STEPS:
                raise LimitReached.readings(name(head))
            if tail in on_path or (tail, row) in been:
                continue
            if tail == nil or not circular:  # where ways meet with the same members, one is enough
                been.add((tail, row))
            if tail == nil:
                yield (*members, member), tuple(cells)
                continue
            members.append(member)
            cells.append(tail)
            on_path.add(tail)
            rows.append(row)
            branches.append(iter(table[tail]))
            break
        else:
            branches.pop()
            on_path.remove(cells.pop())
            rows.pop()
            if members:
                members.pop()


def _leading(
    head: T, nil: T, contents: Callable[[T], Iterable[tuple[T, T]]]
) -> dict[T, list[tuple[T, T]]]:
    """The contents of the cells that lead from the head to the end, of those that do."""
    table: dict[T, list[tuple[T, T]]] = {}
    before: dict[T, list[T]] = {}
    waiting = [head]
    while waiting:
        cell = waiting.pop()
        if cell not in table and cell != nil:
            table[cell] = [*dict.fromkeys(contents(cell))]
            for _, tail in table[cell]:
                before.setdefault(tail, []).append(cell)
                waiting.append(tail)
    leading, waiting = {nil}, [nil]
    while waiting:
        for cell in before.get(waiting.pop(), ()):
            if cell not in leading:
                leading.add(cell)
                waiting.append(cell)
    return {
        cell: [(member, tail) for member, tail in found if tail in leading]
        for cell, found in table.items()
        if cell in leading
    }
