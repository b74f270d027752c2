"""What a row of a query rests on: the triples that give it, and what had to be absent.

The store that answered is asked again, for the row alone: the same query without its DISTINCT,
grouping and limits, the row's values set, a marker in each OPTIONAL and UNION branch. What comes
back says how each pattern was met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice, product
from typing import TypeAlias

from foedus.errors import UsageError
from foedus.sparql import deep, parse
from foedus.sparql.narrow import Narrowed, correlated, inside, outcomes
from foedus.sparql.scope import (
    Row,
    alone,
    denials,
    denies,
    filled,
    given,
    is_limited,
    is_monotone,
    mentioned,
    own,
    spread,
    varying,
    visible,
    within,
    without_chance,
)
from foedus.sparql.tree import (
    Bind,
    Exists,
    Expression,
    Filter,
    Group,
    Minus,
    Optional,
    Part,
    Pattern,
    Projection,
    Query,
    SubSelect,
    Values,
    is_variable,
)
from foedus.sparql.walk import shortest
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple, is_blank

#: Ways that are compared before the best one is taken.
WAYS = 32
#: Members of a group that are listed.
MEMBERS = 10_000
#: EXISTS in one expression of which it is asked which of them decide.
TESTS = 5


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that is not stated, and that the row takes as not so.

    ``kind`` is ``not stated`` (NOT EXISTS, MINUS, an OPTIONAL tested for emptiness), ``total``
    (a count or a sum, a largest or a smallest), ``order`` (the first of a sorted list) or
    ``no answer`` (an ASK that is false, a query without rows). ``patterns`` are what was looked
    for, with what was known filled in; ``limited`` says that not all of it would have counted,
    but what a filter lets through.
    """

    kind: str
    patterns: tuple[Pattern, ...] = ()
    limited: bool = False


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
        Evidence whose triples alone, asked the same query, give the row again; but for OFFSET,
        as the rows before it are not among them.

    Raises:
        ParseFailure: a query that is not well formed.
        UsageError: a CONSTRUCT or a DESCRIBE.
    """
    with deep():
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
    with deep():
        tree = parse(query)
        for made in tree.template:
            row: dict[str, Term | None] = {}
            parts = zip((made.subject, made.predicate, made.object), triple, strict=True)
            if all(
                row.setdefault(str(a), t) == t if is_variable(str(a)) else a == t for a, t in parts
            ):
                asked = {v: t for v, t in row.items() if v in own(tree.where)}
                found = _Search(graph, cost).row(replace(tree, form="SELECT", template=()), asked)
                if found.ways:
                    return found
        return Evidence((triple,))


#: A row that the store gave: what is not bound is not in it.
Solution: TypeAlias = dict[str, Term]


@dataclass(slots=True)
class _Support:
    """What has been gathered for one solution."""

    triples: dict[Triple, Term | None] = field(default_factory=dict)
    absences: dict[Absence, None] = field(default_factory=dict)
    #: Ends of paths without steps: nodes of a graph, which a triple of it must show.
    nodes: set[tuple[Term, Term | None]] = field(default_factory=set)

    def merge(self, other: _Support) -> None:
        self.triples.update(other.triples)
        self.absences.update(other.absences)
        self.nodes |= other.nodes


@dataclass(slots=True)
class _Search:
    graph: QuadStore
    cost: Callable[[Triple], float]
    complete: bool = True

    def _rows(
        self, narrowed: Narrowed, where: Group, limit: int = MEMBERS
    ) -> Iterator[dict[str, Term]]:
        text, pinned = narrowed.query(where, limit), narrowed.pinned(where)
        return map(_named, self.graph.solutions(text, pinned))

    # -- a row ---------------------------------------------------------------------------------

    def row(self, query: Query, row: Row) -> Evidence:
        support, ways = self.support(query, row)
        self._show_nodes(support)
        graphs = {t: g for t, g in support.triples.items() if g}
        found = tuple(support.triples)
        return Evidence(found, tuple(support.absences), graphs, ways, self.complete)

    def support(
        self, query: Query, row: Row, loose: bool = False, outside: Set[str] = frozenset()
    ) -> tuple[_Support, int]:
        """The gathered support of a row, and the number of ways or members.

        ``loose``: the values may come from elsewhere, so that an unbound variable agrees.
        ``outside``: the variables that are used around the query, where it is a sub-select.
        """
        changing = varying(query)
        query = without_chance(query)
        where, row = self._plain(query, {v: t for v, t in row.items() if v not in changing})
        used = query.uses() | (outside & set(visible(query)))
        narrowed = Narrowed(row, loose)
        limit = MEMBERS + 1 if query.is_grouped() else WAYS
        solutions = self._solutions(narrowed, where, limit)
        total = _Support()
        if query.is_grouped():
            members = list(solutions)
            self.complete = self.complete and len(members) <= MEMBERS
            for solution in members[:MEMBERS]:
                self._gather(where, narrowed, {**row, **solution}, total, used)
                self._sum(query, row, {**row, **solution}, total)
            self._settle(where, narrowed, members, total)
            if query.is_total():
                patterns = tuple(filled(where, {**given(where), **row}))
                total.absences[Absence("total", patterns)] = None
            ways = len(members)
        else:
            best: tuple[tuple[float, int, list[Triple]], _Support] | None = None
            ways = 0
            for solution in islice(solutions, WAYS):
                way = _Support()
                self._gather(where, narrowed, {**row, **solution}, way, used)
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

    def _solutions(self, narrowed: Narrowed, where: Group, limit: int) -> Iterator[Solution]:
        rows = self._rows(narrowed, where, limit)
        agreed = (row for row in rows if _agrees(row, narrowed.row, narrowed.loose))
        return islice(agreed, limit)

    def _settle(
        self, where: Group, narrowed: Narrowed, members: list[Solution], into: _Support
    ) -> None:
        """Add what keeps out the solutions that the support alone has beyond the members."""
        if is_monotone(where):
            return
        known = {frozenset(solution.items()) for solution in members}
        before = -1
        while before < len(into.triples):
            self._show_nodes(into)
            before = len(into.triples)
            alone = _Search(QuadStore.of((*t, g) for t, g in into.triples.items()), self.cost)
            for solution in alone._solutions(narrowed, where, MEMBERS):
                if frozenset(solution.items()) not in known:
                    self._keep_out(where, narrowed, {**narrowed.row, **solution}, into)

    def _show_nodes(self, support: _Support) -> None:
        """Have a triple name each end of a path without steps."""
        shown = {(t[i], name) for t, name in support.triples.items() for i in (0, 2)}
        for node, name in sorted(support.nodes - shown, key=str):
            match = partial(self.graph.match, graph=name)
            for triple in islice(chain(match(s=node), match(o=node)), 1):
                support.triples.setdefault(triple, name)

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
        rows = map(_named, self.graph.solutions(str(replace(asked, limit=None, offset=0)), {}))
        found = next((r for r in rows if _agrees(r, row)), {})
        return {k.variable: found.get(k.variable) for k in keys}

    # -- one solution --------------------------------------------------------------------------

    def _gather(
        self,
        where: Group,
        narrowed: Narrowed,
        solution: Row,
        into: _Support,
        used: Set[str],
    ) -> None:
        """Add what each part of the pattern rests on, for one solution."""
        for part, group, name in narrowed.taken(where, solution):
            if isinstance(part, Pattern):
                for triple in self._instances(part, solution, into, name):
                    into.triples.setdefault(triple, name)
            elif isinstance(part, Optional):
                # An empty column says no more than that it is empty; what else uses it does.
                empty = alone(part, group)
                if empty & (mentioned(where, part) | used):
                    without = {v: t for v, t in solution.items() if v not in empty}
                    into.absences[_not_stated(part.group, without)] = None
                self._denied(part.group, solution, into, name)
            elif isinstance(part, SubSelect):
                query, known = _inner(part.query, solution, name)
                around = mentioned(where, part) | used
                into.merge(self.support(query, known, loose=True, outside=around)[0])
            elif isinstance(part, Minus):
                if within(part.group, solution):  # else it takes nothing away
                    self._absent(part.group, solution, into, name)
            elif isinstance(part, Filter | Bind):
                self._tests(part, solution, into, name)

    def _sum(self, query: Query, keys: Row, member: Row, into: _Support) -> None:
        """Add what the columns of a grouped query found for one member, or did not."""
        columns = (c.expression for c in query.columns if c.expression)
        for expression in (*columns, *query.having):
            for test, summed in zip(expression.tests(), expression.summed(), strict=True):
                solution = member if summed else {v: member.get(v) for v in keys}
                self._count(test, self._met(test.group, solution), solution, into, None)

    def _tests(self, part: Filter | Bind, solution: Row, into: _Support, name: Term | None) -> None:
        """What EXISTS found, or did not, as far as that decides what the expression gives."""
        tests = list(part.expression.tests())
        met = [self._met(inside(name, test.group), solution) for test in tests]
        decisive = self._decisive(part, [ways > 0 for _, ways in met], solution)
        for test, found, decides in zip(tests, met, decisive, strict=True):
            if decides:
                self._count(test, found, solution, into, name)

    def _count(
        self,
        test: Exists,
        found: tuple[_Support, int],
        solution: Row,
        into: _Support,
        name: Term | None,
    ) -> None:
        support, ways = found
        if ways:
            into.merge(support)
        else:
            self._absent(test.group, solution, into, name)

    def _decisive(self, part: Filter | Bind, met: list[bool], solution: Row) -> list[bool]:
        """Of each EXISTS in an expression, whether another answer could make another value.

        The store is asked what the expression gives for all answers. It cannot be asked of blank
        nodes, nor of very many; then each is taken to decide.
        """
        known = [solution.get(v) for v in part.expression.variables()]
        if len(part.expression.tokens) == 1 or len(met) > TESTS or any(map(_is_blank, known)):
            return [True] * len(met)
        answers = list(product((False, True), repeat=len(met)))
        text = outcomes(part.expression, answers, solution, truth=isinstance(part, Filter))
        row = next(self.graph.solutions(text, {}))
        given = {answer: row.get(f"_out{i}") for i, answer in enumerate(answers)}
        other = [a for a in answers if given[a] != given[tuple(met)]]
        changed = [{i for i, truth in enumerate(a) if truth != met[i]} for a in other]
        least = [c for c in changed if not any(d < c for d in changed)]
        return [any(i in c for c in least) for i in range(len(met))]

    def _met(self, group: Group, solution: Row) -> tuple[_Support, int]:
        """The support of an EXISTS, whose variables are those of the solution around it."""
        inner, row = correlated(group, solution)
        return self.support(Query("ASK", inner), row)

    def _absent(self, group: Group, solution: Row, into: _Support, name: Term | None) -> None:
        into.absences[_not_stated(group, solution)] = None
        self._denied(group, solution, into, name)

    def _denied(self, group: Group, solution: Row, into: _Support, name: Term | None) -> None:
        """Where an absence hinges on a second one ("all ... have"), add what met that."""
        inner = list(denials(group))
        if not inner:
            return
        rest = Group(tuple(p for p in group.parts if not denies(p)))
        bare, row = correlated(inside(name, rest), solution)
        for met in self._rows(Narrowed(row), bare):
            for denial in inner:
                self._add_if_met(inside(name, denial), {**solution, **met}, into)

    def _keep_out(self, where: Group, narrowed: Narrowed, solution: Row, into: _Support) -> None:
        """Add what makes this no solution of the graph, though it is one of the support alone.

        Its patterns hold in both; so a test or an OPTIONAL finds what the support does not have.
        """
        for part, _, name in narrowed.taken(where, solution):
            if isinstance(part, Optional | Minus):
                self._add_if_met(inside(name, part.group), solution, into)
            elif isinstance(part, Filter | Bind):
                for test in part.expression.tests():
                    self._add_if_met(inside(name, test.group), solution, into)
            elif isinstance(part, SubSelect):
                self._settle_query(part.query, solution, into, name)

    def _settle_query(self, query: Query, solution: Row, into: _Support, name: Term | None) -> None:
        """Have the support give for a sub-select no other rows than the graph does."""
        query, known = _inner(query, solution, name)
        if query.is_grouped():
            computed = {c.variable for c in query.columns if c.expression}
            keys = {v: t for v, t in known.items() if v not in computed}
            into.merge(self.support(query, keys, loose=True)[0])
            return
        where, row = self._plain(query, known)
        narrowed = Narrowed(row, loose=True)
        self._settle(where, narrowed, list(self._solutions(narrowed, where, MEMBERS)), into)

    def _add_if_met(self, group: Group, solution: Row, into: _Support) -> None:
        found, ways = self._met(group, solution)
        if ways:
            into.merge(found)

    def _instances(
        self, pattern: Pattern, solution: Row, into: _Support, name: Term | None
    ) -> tuple[Triple, ...]:
        """The triple that a pattern became, or the steps of its path."""
        s, o = _value(pattern.subject, solution), _value(pattern.object, solution)
        if s is None or o is None:
            return ()
        if isinstance(pattern.predicate, str):
            p = _value(pattern.predicate, solution)
            return ((s, p, o),) if p else ()
        steps = shortest(pattern.predicate, s, o, partial(self.graph.match, graph=name))
        if not steps:
            into.nodes.add((s, name))
        return steps or ()


def _inner(query: Query, solution: Row, name: Term | None) -> tuple[Query, Row]:
    """A sub-select within the named graph around it, and what is known of its columns."""
    known = {v: solution.get(v) for v in visible(query)}
    return replace(query, where=inside(name, query.where)), known


def _not_stated(group: Group, solution: Row) -> Absence:
    return Absence("not stated", tuple(filled(group, solution)), is_limited(group))


def _named(row: Mapping[str, Term]) -> dict[str, Term]:
    return {f"?{v}": t for v, t in row.items()}


def _agrees(solution: Row, row: Row, loose: bool = False) -> bool:
    return all(solution.get(v) == t or (loose and solution.get(v) is None) for v, t in row.items())


def _is_blank(term: Term | None) -> bool:
    return term is not None and is_blank(term)


def _value(term: str, solution: Row) -> Term | None:
    return solution.get(term) if is_variable(term) else term


def _key(number: int, key: Projection | Expression) -> Projection:
    return key if isinstance(key, Projection) else Projection(f"?_key{number}", key)
