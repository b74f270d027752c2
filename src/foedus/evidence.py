"""What a row of a query rests on: the triples that give it, and what had to be absent.

The store that answered is asked again, for the row alone: the same query without its DISTINCT,
grouping and limits, the row's values set, a marker in each OPTIONAL and UNION branch. What comes
back says how each pattern was met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from foedus.errors import UsageError
from foedus.sparql import parse
from foedus.sparql.narrow import Narrowed, correlated, inside
from foedus.sparql.scope import (
    Row,
    denials,
    denies,
    filled,
    given,
    is_tested,
    own,
    spread,
    visible,
)
from foedus.sparql.tree import (
    Bind,
    Expression,
    Filter,
    Graph,
    Group,
    Minus,
    Optional,
    Part,
    Pattern,
    Projection,
    Query,
    SubSelect,
    Union,
    Values,
    is_variable,
)
from foedus.sparql.walk import shortest
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple

#: Ways that are compared before the best one is taken.
WAYS = 32
#: Members of a group that are listed.
MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that is not stated, and that the row takes as not so.

    ``kind`` is ``not stated`` (NOT EXISTS, MINUS, an OPTIONAL tested for emptiness), ``total``
    (a count or a sum, a largest or a smallest), ``order`` (the first of a sorted list) or
    ``no answer`` (an ASK that is false, a query without rows). ``patterns`` are what was looked
    for, with what was known filled in.
    """

    kind: str
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The triples that give a row, the absences it assumes, and in how many other ways it holds.

    ``graphs`` names the graph of a triple found by GRAPH. ``ways`` counts the solutions behind
    the row, up to `WAYS`; for a grouped row, the members. ``complete`` is False when a group had
    more members than `MEMBERS`.
    """

    triples: tuple[Triple, ...]
    absences: tuple[Absence, ...] = ()
    graphs: Mapping[Triple, Term] = field(default_factory=dict)
    ways: int = 1
    complete: bool = True


def evidence(
    query: str | Query,
    row: Row,
    graph: QuadStore,
    cost: Callable[[Triple], float] = lambda _: 0.0,
) -> Evidence:
    """What one row of a SELECT, or the ``true`` of an ASK (an empty row), rests on.

    Args:
        query: as it was asked, its parameters filled in.
        row: the row's variables, with or without question mark; a missing one is not asked about.
        graph: where it was asked.
        cost: what a triple adds to the price of a way; the cheapest way is taken.

    Returns:
        Evidence whose triples alone, asked the same query, give the row again.

    Raises:
        ParseFailure: a query that is not well formed.
        UsageError: a CONSTRUCT or a DESCRIBE.
    """
    tree = parse(query) if isinstance(query, str) else query
    if tree.form not in ("SELECT", "ASK"):
        raise UsageError(f"a {tree.form} has no rows; ask what a triple rests on")
    asked = {v if is_variable(v) else f"?{v}": t for v, t in row.items()}
    return _Search(graph, cost).row(tree, asked)


def evidence_of(
    query: str,
    triple: Triple,
    graph: QuadStore,
    cost: Callable[[Triple], float] = lambda _: 0.0,
) -> Evidence:
    """What one triple of a CONSTRUCT or a DESCRIBE rests on.

    For a CONSTRUCT, what a row that makes it rests on: the pattern asked for that row alone. A
    DESCRIBE tells triples of the graph, each of which rests on itself.
    """
    tree = parse(query)
    for made in tree.template:
        row: dict[str, Term | None] = {}
        parts = zip((made.subject, made.predicate, made.object), triple, strict=True)
        if all(row.setdefault(str(a), t) == t if is_variable(str(a)) else a == t for a, t in parts):
            asked = {v: t for v, t in row.items() if v in own(tree.where)}
            found = _Search(graph, cost).row(replace(tree, form="SELECT", template=()), asked)
            if found.ways:
                return found
    return Evidence((triple,))


@dataclass(slots=True)
class _Support:
    """What has been gathered for one solution."""

    triples: dict[Triple, Term | None] = field(default_factory=dict)
    absences: dict[Absence, None] = field(default_factory=dict)
    #: Ends of paths without steps: nodes of the graph, which a triple must show.
    nodes: set[Term] = field(default_factory=set)

    def merge(self, other: _Support) -> None:
        self.triples.update(other.triples)
        self.absences.update(other.absences)
        self.nodes |= other.nodes


@dataclass(slots=True)
class _Search:
    graph: QuadStore
    cost: Callable[[Triple], float]
    complete: bool = True

    def _rows(self, query: str) -> Iterator[dict[str, Term]]:
        return self.graph.solutions(query)

    # -- a row ---------------------------------------------------------------------------------

    def row(self, query: Query, row: Row) -> Evidence:
        support, ways = self.support(query, row)
        for node in sorted(support.nodes.difference(*support.triples)):
            either = chain(self.graph.match(s=node), self.graph.match(o=node))
            support.triples |= dict.fromkeys(islice(either, 1))
        graphs = {t: g for t, g in support.triples.items() if g}
        found = tuple(support.triples)
        return Evidence(found, tuple(support.absences), graphs, ways, self.complete)

    def support(self, query: Query, row: Row, loose: bool = False) -> tuple[_Support, int]:
        """The gathered support of a row, and the number of ways or members.

        ``loose``: the values may come from elsewhere, so that an unbound variable agrees.
        """
        where, row = self._plain(query, row)
        narrowed = Narrowed(row, loose)
        limit = MEMBERS + 1 if query.is_grouped() else WAYS
        rows = map(_named, self._rows(narrowed.query(where, limit)))
        solutions = (solution for solution in rows if _agrees(solution, row, loose))
        total = _Support()
        if query.is_grouped():
            members = list(solutions)
            self.complete = self.complete and len(members) <= MEMBERS
            for solution in members[:MEMBERS]:
                self._gather(where, {**row, **solution}, narrowed.marks, total)
            if query.is_total():
                patterns = tuple(filled(where, {**given(where), **row}))
                total.absences[Absence("total", patterns)] = None
            ways = len(members)
        else:
            best: tuple[tuple[float, int, list[Triple]], _Support] | None = None
            ways = 0
            for solution in solutions:
                way = _Support()
                self._gather(where, {**row, **solution}, narrowed.marks, way)
                ways += 1
                price = len(way.absences) + sum(map(self.cost, way.triples))
                rank = (price, len(way.triples), sorted(way.triples))
                if best is None or rank < best[0]:
                    best = (rank, way)
            if best:
                total = best[1]
            else:
                # Of a filter or an alternative the patterns alone do not tell what is not so.
                plain = all(isinstance(p, Pattern | Values) for p in where.parts)
                sought = filled(where, {**given(where), **row}) if plain else ()
                total.absences[Absence("no answer", tuple(sought))] = None
        if query.limit is not None and query.order_by:
            total.absences[Absence("order")] = None
        return total, ways

    def _plain(self, query: Query, row: Row) -> tuple[Group, Row]:
        """The pattern behind the rows, computed columns as BIND, and the row's values in it."""
        binds: list[Part] = []
        known = dict(row)
        if query.is_grouped():
            keys = [_key(i, k) for i, k in enumerate(query.group_by)]
            if not all(k.variable in row for k in keys):
                known |= self._keys(query, keys, row)
            binds += [Bind(k.expression, k.variable) for k in keys if k.expression]
            known = {k.variable: known.get(k.variable) for k in keys}
        else:
            binds += [Bind(c.expression, c.variable) for c in query.columns if c.expression]
        where = spread(query.where) if query.is_grouped() else query.where
        return Group((*where.parts, *binds)), known

    def _keys(self, query: Query, keys: list[Projection], row: Row) -> Row:
        """The group's keys, where the query does not show them all."""
        shown = {c.variable for c in query.columns}
        extra = tuple(Projection(k.variable) for k in keys if k.variable not in shown)
        asked = replace(
            query, columns=query.columns + extra, group_by=tuple(keys), distinct="", order_by=()
        )
        rows = map(_named, self._rows(str(replace(asked, limit=None, offset=0))))
        found = next((r for r in rows if _agrees(r, row)), {})
        return {k.variable: found.get(k.variable) for k in keys}

    # -- one solution --------------------------------------------------------------------------

    def _gather(
        self,
        group: Group,
        solution: Row,
        marks: Mapping[int, str],
        into: _Support,
        name: Term | None = None,
    ) -> None:
        """Add what each part of a group rests on, for one solution."""
        for part in group.parts:
            if isinstance(part, Pattern):
                for triple in self._instances(part, solution, into):
                    into.triples.setdefault(triple, name)
            elif isinstance(part, Group):
                self._gather(part, solution, marks, into, name)
            elif isinstance(part, Graph):
                there = solution.get(part.name) if is_variable(part.name) else part.name
                self._gather(part.group, solution, marks, into, there)
            elif isinstance(part, Optional):
                if solution.get(marks[id(part.group)]):
                    self._gather(part.group, solution, marks, into, name)
                elif is_tested(group, own(part.group)):
                    into.absences[Absence("not stated", tuple(filled(part.group, solution)))] = None
            elif isinstance(part, Union):
                for branch in part.branches:
                    if solution.get(marks[id(branch)]):
                        self._gather(branch, solution, marks, into, name)
            elif isinstance(part, SubSelect):
                columns = {c.variable for c in part.query.columns} or set(visible(part.query))
                known = {v: solution.get(v) for v in sorted(columns)}
                query = replace(part.query, where=inside(name, part.query.where))
                into.merge(self.support(query, known, loose=True)[0])
            elif isinstance(part, Minus):
                self._absent(inside(name, part.group), solution, into)
            elif isinstance(part, Filter | Bind):
                self._tests(part.expression, solution, into, name)

    def _tests(
        self, expression: Expression, solution: Row, into: _Support, name: Term | None
    ) -> None:
        """What EXISTS found, and what NOT EXISTS did not."""
        for test in expression.tests():
            group = inside(name, test.group)
            found, ways = self._met(group, solution)
            if ways and not test.negated:
                into.merge(found)
            elif not ways and test.negated:
                self._absent(group, solution, into)

    def _met(self, group: Group, solution: Row) -> tuple[_Support, int]:
        """The support of an EXISTS, whose variables are those of the solution around it."""
        inner, row = correlated(group, solution)
        return self.support(Query("ASK", inner), row)

    def _absent(self, group: Group, solution: Row, into: _Support) -> None:
        """Record an absence; where it hinges on a second one ("all ... have"), what met that."""
        into.absences[Absence("not stated", tuple(filled(group, solution)))] = None
        inner = list(denials(group))
        if not inner:
            return
        bare, row = correlated(Group(tuple(p for p in group.parts if not denies(p))), solution)
        for met in map(_named, self._rows(Narrowed(row).query(bare, MEMBERS))):
            for denial in inner:
                found, ways = self._met(denial, {**solution, **met})
                if ways:
                    into.merge(found)

    def _instances(self, pattern: Pattern, solution: Row, into: _Support) -> tuple[Triple, ...]:
        """The triple that a pattern became, or the steps of its path."""
        s, o = _value(pattern.subject, solution), _value(pattern.object, solution)
        if s is None or o is None:
            return ()
        if isinstance(pattern.predicate, str):
            p = _value(pattern.predicate, solution)
            return ((s, p, o),) if p else ()
        steps = shortest(pattern.predicate, s, o, self.graph.match)
        if not steps:
            into.nodes.add(s)
        return steps or ()


def _named(row: Mapping[str, Term]) -> dict[str, Term]:
    return {f"?{v}": t for v, t in row.items()}


def _agrees(solution: Row, row: Row, loose: bool = False) -> bool:
    return all(solution.get(v) == t or (loose and solution.get(v) is None) for v, t in row.items())


def _value(term: str, solution: Row) -> Term | None:
    return solution.get(term) if is_variable(term) else term


def _key(number: int, key: Projection | Expression) -> Projection:
    return key if isinstance(key, Projection) else Projection(f"?_key{number}", key)
