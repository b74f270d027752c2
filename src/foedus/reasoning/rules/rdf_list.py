"""RDF lists: the members of an ``rdf:List``, once for each way to read it.

A list is well formed if each of its cells has one ``rdf:first`` and one ``rdf:rest``. Other lists
are read too, because the rules ask only for cells that lead to ``rdf:nil``: a cell with two members
or two tails gives several readings. No reading visits a cell twice, and cells that do not lead to
``rdf:nil`` are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import TypeAlias, TypeVar

from foedus.errors import LimitReached

T = TypeVar("T", bound=Hashable)

#: The members of a list, and the cells that hold them, in the same order.
Reading: TypeAlias = tuple[tuple[T, ...], tuple[T, ...]]

#: The most steps spent on one list, beyond visiting each of its cells once.
_STEPS = 1 << 20


def readings(
    head: T,
    nil: T,
    contents: Callable[[T], Iterable[tuple[T, T]]],
    name: Callable[[T], str] = str,
) -> Iterator[Reading[T]]:
    """The readings of a list, one for each distinct sequence of members.

    ``contents`` gives the (member, tail) pairs of a cell. The number of readings may double with
    every cell: LimitReached, with the list's ``name``, is raised where reading takes too long.

    >>> cells = {1: [("a", 2), ("b", 2)], 2: [("c", 0)]}
    >>> list(readings(1, 0, lambda cell: cells.get(cell, ())))
    [(('a', 'c'), (1, 2)), (('b', 'c'), (1, 2))]
    """
    members: list[T] = []
    cells: dict[T, None] = {}
    here = head
    while here != nil and here not in cells:
        found = [*islice(contents(here), 2)]
        if len(found) != 1:
            yield from _forked(head, nil, contents, name) if found else ()
            return
        ((member, tail),) = found
        members.append(member)
        cells[here] = None
        here = tail
    if here == nil and members:
        yield tuple(members), tuple(cells)


def triples_of(reading: Reading[T], first: T, rest: T, nil: T) -> tuple[tuple[T, T, T], ...]:
    """The ``rdf:first`` and ``rdf:rest`` triples of a reading; the terms of lists are given."""
    members, cells = reading
    found: list[tuple[T, T, T]] = []
    for cell, member, tail in zip(cells, members, (*cells[1:], nil), strict=True):
        found += (cell, first, member), (cell, rest, tail)
    return tuple(found)


def _forked(
    head: T, nil: T, contents: Callable[[T], Iterable[tuple[T, T]]], name: Callable[[T], str]
) -> Iterator[Reading[T]]:
    """The readings of a list with forks: a depth-first search without recursion.

    Each distinct sequence of members has a number, so that a cell reached again by the same
    sequence is not searched again.
    """
    table = _leading(head, nil, contents, name)
    try:
        TopologicalSorter({c: {t for _, t in found} for c, found in table.items()}).prepare()
        circular = False
    except CycleError:
        circular = True
    steps = -len(table)
    numbers: dict[tuple[int, T], int] = {}  # of a sequence: (number of its prefix, last member)
    been: set[tuple[T, int]] = set()  # cells, and the sequence of members that led there
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
            if tail == nil or not circular:  # of paths with the same members, one is enough
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
    head: T, nil: T, contents: Callable[[T], Iterable[tuple[T, T]]], name: Callable[[T], str]
) -> dict[T, list[tuple[T, T]]]:
    """The contents of the cells reachable from the head from which ``nil`` is reachable."""
    table: dict[T, list[tuple[T, T]]] = {}
    before: dict[T, list[T]] = {}
    waiting, branches = [head], 0
    while waiting:
        cell = waiting.pop()
        if cell not in table and cell != nil:
            table[cell] = [*dict.fromkeys(islice(contents(cell), _STEPS))]
            branches += len(table[cell]) - 1
            if branches >= _STEPS - 1:
                raise LimitReached.readings(name(head))
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
