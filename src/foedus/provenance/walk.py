"""The steps of a property path: the fewest triples that lead from one node to another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from foedus.sparql.tree import Alternative, Inverse, Negated, Path, Repeat, Sequence
from foedus.terms import Find, Term, Triple


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
        if isinstance(path, str):
            self.edges[start].append((_Step(backwards, path), end))
        elif isinstance(path, Inverse):
            self.join(path.path, start, end, not backwards)
        elif isinstance(path, Sequence):
            ordered = path.paths[::-1] if backwards else path.paths
            stops = [start, *(self.state() for _ in ordered[1:]), end]
            for i, part in enumerate(ordered):
                self.join(part, stops[i], stops[i + 1], backwards)
        elif isinstance(path, Alternative):
            for part in path.paths:
                self.join(part, start, end, backwards)
        elif isinstance(path, Repeat):
            before, after = self.state(), self.state()
            self.edges[start].append((None, before))
            self.edges[after].append((None, end))
            self.join(path.path, before, after, backwards)
            if path.sign in "*?":
                self.edges[before].append((None, after))
            if path.sign in "*+":
                self.edges[after].append((None, before))
        elif isinstance(path, Negated):
            for excluded, against in ((path.forward, False), (path.backward, True)):
                if excluded:
                    step = _Step(against != backwards, excluded=frozenset(excluded))
                    self.edges[start].append((step, end))


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
