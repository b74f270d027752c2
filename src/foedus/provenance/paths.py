"""Property paths: written out as patterns, or walked from one node to another."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from foedus.sparql.paths import Alternative, Inverse, Negated, Path, Repeat, Sequence
from foedus.sparql.tree import Expression, Filter, Group, Part, Pattern, Union
from foedus.terms import Find, Term, Triple


def spread(group: Group) -> Group:
    """The group with its paths written out as far as the members of a group can be counted by them.

    ``a/b`` joins, ``a|b`` and ``!a`` give one solution for each way; the others are sets.
    """
    return group.rewritten(_spread)


def _spread(part: Part) -> Iterator[Part]:
    if isinstance(part, Pattern):
        yield from _written_out(part.subject, part.predicate, part.object)
    else:
        yield part


def _written_out(s: str, path: Path, o: str) -> Iterator[Part]:
    match path:
        case Inverse(inner):
            yield from _written_out(o, inner, s)
        case Sequence(paths):
            stops = [s, *(_fresh(path, s, o, i) for i in range(1, len(paths))), o]
            for i, step in enumerate(paths):
                yield from _written_out(stops[i], step, stops[i + 1])
        case Alternative(paths):
            yield Union(tuple(Group(tuple(_written_out(s, p, o))) for p in paths))
        case Negated(forward, backward):
            step = _fresh(path, s, o, 0)
            ways = [(s, o, forward)] if forward else []
            ways += [(o, s, backward)] if backward else []
            yield Union(tuple(_but(a, step, b, excluded) for a, b, excluded in ways))
        case _:
            yield Pattern(s, path, o)


def _but(s: str, step: str, o: str, excluded: tuple[str, ...]) -> Group:
    """A step that is none of the excluded."""
    listed = ["(", *" , ".join(excluded).split(), ")"]
    return Group((Pattern(s, step, o), Filter(Expression((step, "NOT", "IN", *listed)))))


def _fresh(path: Path, s: str, o: str, number: int) -> str:
    """A variable of a path's own: the same text gives the same path."""
    return f"?_step{number}_{zlib.crc32(f'{s} {path} {o}'.encode()):x}"


@dataclass(frozen=True, slots=True)
class _Step:
    """One triple to cross: a property, or (``excluded``) any but these; backwards or not."""

    backwards: bool
    property: str | None = None
    excluded: frozenset[str] = frozenset()

    def across(self, node: Term, find: Find) -> Iterator[tuple[Term, Triple]]:
        given = (None, self.property, node) if self.backwards else (node, self.property, None)
        for triple in sorted(find(*given)):
            if triple[1] not in self.excluded:
                yield triple[0 if self.backwards else 2], triple


@dataclass(slots=True)
class _Automaton:
    """States joined by steps; a step of None costs nothing."""

    edges: list[list[tuple[_Step | None, int]]] = field(default_factory=list)

    def state(self) -> int:
        self.edges.append([])
        return len(self.edges) - 1

    def join(self, path: Path, start: int, end: int, backwards: bool = False) -> None:
        """Add what leads from ``start`` to ``end`` along the path, or against it."""
        match path:
            case Inverse(inner):
                self.join(inner, start, end, not backwards)
            case Sequence(paths):
                ordered = paths[::-1] if backwards else paths
                stops = [start, *(self.state() for _ in ordered[1:]), end]
                for i, part in enumerate(ordered):
                    self.join(part, stops[i], stops[i + 1], backwards)
            case Alternative(paths):
                for part in paths:
                    self.join(part, start, end, backwards)
            case Repeat(inner, sign):
                before, after = self.state(), self.state()
                self.edges[start].append((None, before))
                self.edges[after].append((None, end))
                self.join(inner, before, after, backwards)
                if sign in "*?":
                    self.edges[before].append((None, after))
                if sign in "*+":
                    self.edges[after].append((None, before))
            case Negated(forward, backward):
                for excluded, against in ((forward, False), (backward, True)):
                    if excluded:
                        step = _Step(against != backwards, excluded=frozenset(excluded))
                        self.edges[start].append((step, end))
            case property:
                self.edges[start].append((_Step(backwards, property), end))


def shortest(path: Path, start: Term, end: Term, find: Find) -> tuple[Triple, ...] | None:
    """The triples of one shortest way from ``start`` to ``end`` along the path, or None.

    >>> graph = [("a", "p", "b"), ("b", "p", "c"), ("c", "p", "d"), ("b", "q", "d")]
    >>> find = lambda *g: [t for t in graph if all(x in (None, y) for x, y in zip(g, t))]
    >>> shortest(Repeat(Alternative(("p", "q")), "+"), "a", "d", find)
    (('a', 'p', 'b'), ('b', 'q', 'd'))
    """
    automaton = _Automaton()
    first, last = automaton.state(), automaton.state()
    automaton.join(path, first, last)
    came: dict[tuple[Term, int], tuple[tuple[Term, int], Triple | None] | None]
    came = {(start, first): None}
    done: set[tuple[Term, int]] = set()
    queue = deque([(start, first)])
    while queue:
        here = queue.popleft()
        if here in done:
            continue
        done.add(here)
        if here == (end, last):
            return _way_back(came, here)
        node, state = here
        for step, target in automaton.edges[state]:
            if step is None:
                # A free move: explored at once, before anything that costs a triple more.
                there = (node, target)
                if there not in done:
                    came[there] = (here, None)
                    queue.appendleft(there)
                continue
            for reached, triple in step.across(node, find):
                there = (reached, target)
                if there not in came:
                    came[there] = (here, triple)
                    queue.append(there)
    return None


def _way_back(
    came: dict[tuple[Term, int], tuple[tuple[Term, int], Triple | None] | None],
    here: tuple[Term, int],
) -> tuple[Triple, ...]:
    way: list[Triple] = []
    before = came[here]
    while before:
        here, triple = before
        if triple:
            way.append(triple)
        before = came[here]
    return tuple(reversed(way))
