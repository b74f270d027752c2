"""Transitive closure of a relation, and strongly connected components.

Short chains are followed one edge per round by joins on sorted columns. Where that does not end
soon, the graph is condensed to its strongly connected components, and each component takes the
reach of its successors, in reverse topological order: as rows of a bit matrix while there are few
of them, as arrays otherwise. Literature: Tarjan 1972; Nuutila 1995.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.reasoning.storage.columns import (
    LOW,
    SHIFT,
    Ids,
    Mask,
    minus,
    pack,
    sort_inplace,
    sort_unique,
    spread,
)
from foedus.reasoning.storage.relation import GIVEN, Delta
from foedus.reasoning.storage.tuning import DEFAULT, Tuning


def transitive_closure(
    edges: Ids,
    check: Callable[[int], None],
    start: Ids | None = None,
    tuning: Tuning = DEFAULT,
) -> Ids:
    """The transitive closure of sorted, unique keys (edges): sorted and unique.

    With ``start``, sorted keys too, at least what follows from these by edges. ``check`` is called
    with the size of each intermediate result and may refuse it by raising.
    """
    fresh = edges if start is None else start
    full = [fresh]
    links = Delta(-1, edges, GIVEN, tuning)
    for _ in range(tuning.rounds):
        _, first, counts = links.neighbours(fresh & LOW, forward=True)
        total = int(counts.sum())
        check(total)
        if total > 8 * len(fresh) + 1000:
            break  # many paths to the same nodes
        probe, place = spread(first, counts)
        found = (fresh & ~LOW).take(probe) | edges.take(place) & LOW
        fresh = minus(sort_unique(found), full)
        if not len(fresh):
            return sort_inplace(np.concatenate(full)) if len(full) > 1 else full[0]
        full.append(fresh)
    return _reach(edges, check, tuning)


def _reach(edges: Ids, check: Callable[[int], None], tuning: Tuning) -> Ids:
    """The transitive closure by strongly connected components."""
    nodes = sort_unique(np.concatenate([edges >> SHIFT, edges & LOW]))
    s, o = np.searchsorted(nodes, edges >> SHIFT), np.searchsorted(nodes, edges & LOW)
    component, count = components(len(nodes), s, o)
    between = sort_unique(pack(component[s], component[o]))
    loops = np.zeros(count, np.bool_)
    loops[(between >> SHIFT)[between >> SHIFT == between & LOW]] = True
    between = between[between >> SHIFT != between & LOW]
    after = np.searchsorted(between >> SHIFT, np.arange(count + 1)).tolist()
    follow = _bits if count <= tuning.components else _sets
    return follow(nodes, component, loops, after, (between & LOW).tolist(), check)


def _bits(
    nodes: Ids,
    component: Ids,
    loops: Mask,
    after: list[int],
    targets: list[int],
    check: Callable[[int], None],
) -> Ids:
    """Reachability between components as a bit matrix, successors first."""
    count = len(loops)
    rows = np.zeros((count, (count + 7) // 8), np.uint8)
    for c in range(count):
        if c & 255 == 0:  # the time may be used up
            check(0)
        row = rows[c]
        for d in targets[after[c] : after[c + 1]]:
            row |= rows[d]
            row[d >> 3] |= 128 >> (d & 7)
        if loops[c]:
            row[c >> 3] |= 128 >> (c & 7)
    out: list[Ids] = []
    total, size = 0, max(1, (1 << 24) // len(nodes))
    for at in range(0, len(nodes), size):
        block = np.unpackbits(rows[component[at : at + size]], axis=1, count=count)
        block = np.take(block, component, axis=1).view(np.bool_)
        sizes = np.count_nonzero(block, axis=1)
        total += int(sizes.sum())
        check(total)
        ends = np.flatnonzero(block)
        ends -= np.repeat(np.arange(len(block)) * len(nodes), sizes)
        keys = np.repeat(nodes[at : at + size] << SHIFT, sizes)
        keys |= nodes[ends]
        out.append(keys)
    return np.concatenate(out)


def _sets(
    nodes: Ids,
    component: Ids,
    loops: Mask,
    after: list[int],
    targets: list[int],
    check: Callable[[int], None],
) -> Ids:
    """Reachability between components as sorted arrays, where a bit matrix would be too large."""
    count = len(loops)
    order = np.argsort(component, kind="stable")
    starts = np.searchsorted(component[order], np.arange(count + 1))
    sizes = np.diff(starts)
    reach: list[Ids] = []
    out: list[Ids] = []
    total = 0
    for c in range(count):
        later = targets[after[c] : after[c + 1]]
        check(sum(len(reach[d]) for d in later))
        parts = [np.array([c] * int(loops[c]) + later, np.int64), *(reach[d] for d in later)]
        reach.append(sort_unique(np.concatenate(parts)))
        _, place = spread(starts[reach[c]], sizes[reach[c]])
        members, ends = order[starts[c] : starts[c + 1]], order[place]
        total += len(members) * len(ends)
        check(total)
        out.append((nodes[members][:, None] << SHIFT | nodes[ends]).ravel())
    return sort_inplace(np.concatenate(out))


def components(count: int, s: Ids, o: Ids) -> tuple[Ids, int]:
    """The strongly connected component of each node: numbers from 0 in reverse topological order.

    Edges go from ``s`` to ``o``, and never lead to a component of a higher number. With the number
    of components.
    """
    order = np.argsort(s, kind="stable")
    targets = o[order].tolist()
    starts = np.searchsorted(s[order], np.arange(count + 1)).tolist()
    component, found = tarjan(count, starts, targets)
    return np.array(component, np.int64), found


def tarjan(count: int, starts: list[int], targets: list[int]) -> tuple[list[int], int]:
    """Tarjan's algorithm without recursion.

    The successors of node n are ``targets[starts[n] : starts[n + 1]]``. The component of
    each node, and the number of components.
    """
    index, low = [0] * count, [0] * count
    component = [-1] * count
    at = starts[:count]
    stack: list[int] = []
    clock = found = 0
    for root in range(count):
        if index[root]:
            continue
        clock += 1
        index[root] = low[root] = clock
        stack.append(root)
        path = [root]
        while path:
            node = path[-1]
            if at[node] < starts[node + 1]:
                to = targets[at[node]]
                at[node] += 1
                if not index[to]:
                    clock += 1
                    index[to] = low[to] = clock
                    stack.append(to)
                    path.append(to)
                elif component[to] < 0 and index[to] < low[node]:
                    low[node] = index[to]
                continue
            path.pop()
            if path and low[node] < low[path[-1]]:
                low[path[-1]] = low[node]
            if low[node] == index[node]:
                while True:
                    member = stack.pop()
                    component[member] = found
                    if member == node:
                        break
                found += 1
    return component, found
