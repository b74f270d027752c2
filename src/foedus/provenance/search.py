"""The search for what a row rests on, from the query down to the triples of each pattern.

The store that answered is asked again, for the row alone: the same query without its DISTINCT,
grouping and limits, the row's values set, a marker in each OPTIONAL and UNION branch. What comes
back says how each pattern was met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice, product
from typing import TypeAlias

from foedus.provenance.chance import varying, without_chance
from foedus.provenance.narrow import Narrowed, correlated, inside, outcomes
from foedus.provenance.paths import shortest, spread
from foedus.provenance.scope import Row, alone, filled, given, is_monotone, mentioned, within
from foedus.provenance.support import Absence, Support
from foedus.sparql.tree import (
    Bind,
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
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple, is_blank

#: Ways that are compared before the best one is taken.
WAYS = 32
#: Members of a group that are listed.
MEMBERS = 10_000
#: EXISTS in one expression of which it is asked which of them decide.
TESTS = 5

#: A row that the store gave: what is not bound is not in it.
Solution: TypeAlias = dict[str, Term]


@dataclass(slots=True)
class Search:
    """Finds in a graph what rows rest on; ``complete`` until a group has too many members."""

    graph: QuadStore
    cost: Callable[[Triple], float]
    complete: bool = True

    def _rows(
        self, narrowed: Narrowed, where: Group, limit: int = MEMBERS
    ) -> Iterator[dict[str, Term]]:
        text, pinned = narrowed.query(where, limit), narrowed.pinned(where)
        return map(_named, self.graph.solutions(text, pinned))

    # -- a row ---------------------------------------------------------------------------------

    def support(
        self, query: Query, row: Row, loose: bool = False, outside: Set[str] = frozenset()
    ) -> tuple[Support, int]:
        """The gathered support of a row, and the number of ways or members.

        ``loose``: the values may come from elsewhere, so that an unbound variable agrees.
        ``outside``: the variables that are used around the query, where it is a sub-select.
        """
        changing = varying(query)
        query = without_chance(query)
        where, row = self._plain(query, {v: t for v, t in row.items() if v not in changing})
        used = query.uses() | (outside & query.visible())
        narrowed = Narrowed(row, loose)
        if query.is_grouped():
            found, ways = self._members(query, where, narrowed, used)
        else:
            found, ways = self._cheapest(where, narrowed, used)
        if query.limit is not None and query.order_by:
            found.absences[Absence("order")] = None
        return found, ways

    def _members(
        self, query: Query, where: Group, narrowed: Narrowed, used: Set[str]
    ) -> tuple[Support, int]:
        """What all members of a group rest on, and how many there are."""
        total, row = Support(), narrowed.row
        members = list(self._solutions(narrowed, where, MEMBERS + 1))
        self.complete = self.complete and len(members) <= MEMBERS
        for solution in members[:MEMBERS]:
            self._gather(where, narrowed, {**row, **solution}, total, used)
            self._sum(query, row, {**row, **solution}, total)
        self._settle(where, narrowed, members, total)
        if query.is_total():
            patterns = tuple(filled(where, {**given(where), **row}))
            total.absences[Absence("total", patterns)] = None
        return total, len(members)

    def _cheapest(self, where: Group, narrowed: Narrowed, used: Set[str]) -> tuple[Support, int]:
        """The cheapest of the solutions behind a row, and how many were compared."""
        row = narrowed.row
        best: tuple[tuple[float, int, list[Triple]], Support] | None = None
        ways = 0
        for solution in self._solutions(narrowed, where, WAYS):
            way = Support()
            self._gather(where, narrowed, {**row, **solution}, way, used)
            ways += 1
            price = len(way.absences) + sum(map(self.cost, way.triples))
            rank = (price, len(way.triples), sorted(way.triples))
            if best is None or rank < best[0]:
                best = (rank, way)
        if best:
            return best[1], ways
        # Of a filter or an alternative the patterns alone do not tell what is not so.
        plain = all(isinstance(p, Pattern | Values) for p in where.parts)
        sought = filled(where, {**given(where), **row}) if plain else ()
        return Support(absences={Absence("no answer", tuple(sought)): None}), ways

    def _solutions(self, narrowed: Narrowed, where: Group, limit: int) -> Iterator[Solution]:
        rows = self._rows(narrowed, where, limit)
        agreed = (row for row in rows if _agrees(row, narrowed.row, narrowed.loose))
        return islice(agreed, limit)

    def _settle(
        self, where: Group, narrowed: Narrowed, members: list[Solution], into: Support
    ) -> None:
        """Add what keeps out the solutions that the support alone has beyond the members."""
        if is_monotone(where):
            return
        known = {frozenset(solution.items()) for solution in members}
        before = -1
        while before < len(into.triples):
            self.show_nodes(into)
            before = len(into.triples)
            alone = Search(QuadStore.of((*t, g) for t, g in into.triples.items()), self.cost)
            for solution in alone._solutions(narrowed, where, MEMBERS):
                if frozenset(solution.items()) not in known:
                    self._keep_out(where, narrowed, {**narrowed.row, **solution}, into)

    def show_nodes(self, support: Support) -> None:
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
        into: Support,
        used: Set[str],
    ) -> None:
        """Add what each part of the pattern rests on, for one solution."""
        for part, group, name in narrowed.taken(where, solution):
            match part:
                case Pattern():
                    for triple in self._instances(part, solution, into, name):
                        into.triples.setdefault(triple, name)
                case Optional(optional):
                    # An empty column says no more than that it is empty; what else uses it does.
                    empty = alone(part, group)
                    if empty & (mentioned(where, part) | used):
                        into.lacks(optional, {v: t for v, t in solution.items() if v not in empty})
                    self._denied(optional, solution, into, name)
                case SubSelect(inner):
                    query, known = _inner(inner, solution, name)
                    around = mentioned(where, part) | used
                    into.merge(self.support(query, known, loose=True, outside=around)[0])
                case Minus(minus):
                    if within(minus, solution):  # else it takes nothing away
                        self._absent(minus, solution, into, name)
                case Filter() | Bind():
                    self._tests(part, solution, into, name)

    def _sum(self, query: Query, keys: Row, member: Row, into: Support) -> None:
        """Add what the columns of a grouped query found for one member, or did not."""
        columns = (c.expression for c in query.columns if c.expression)
        for expression in (*columns, *query.having):
            for test, summed in zip(expression.tests(), expression.summed(), strict=True):
                solution = member if summed else {v: member.get(v) for v in keys}
                self._count(test.group, self._met(test.group, solution), solution, into, None)

    def _tests(self, part: Filter | Bind, solution: Row, into: Support, name: Term | None) -> None:
        """What EXISTS found, or did not, as far as that decides what the expression gives."""
        tests = list(part.expression.tests())
        met = [self._met(inside(name, test.group), solution) for test in tests]
        decisive = self._decisive(part, [ways > 0 for _, ways in met], solution)
        for test, found, decides in zip(tests, met, decisive, strict=True):
            if decides:
                self._count(test.group, found, solution, into, name)

    def _count(
        self,
        tested: Group,
        found: tuple[Support, int],
        solution: Row,
        into: Support,
        name: Term | None,
    ) -> None:
        support, ways = found
        if ways:
            into.merge(support)
        else:
            self._absent(tested, solution, into, name)

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

    def _met(self, group: Group, solution: Row) -> tuple[Support, int]:
        """The support of an EXISTS, whose variables are those of the solution around it."""
        inner, row = correlated(group, solution)
        return self.support(Query("ASK", inner), row)

    def _absent(self, group: Group, solution: Row, into: Support, name: Term | None) -> None:
        into.lacks(group, solution)
        self._denied(group, solution, into, name)

    def _denied(self, group: Group, solution: Row, into: Support, name: Term | None) -> None:
        """Where an absence hinges on a second one ("all ... have"), add what met that."""
        inner = [denied for part in group.parts for denied in part.denied()]
        if not inner:
            return
        rest = Group(tuple(p for p in group.parts if not p.denied()))
        bare, row = correlated(inside(name, rest), solution)
        for met in self._rows(Narrowed(row), bare):
            for denial in inner:
                self._add_if_met(inside(name, denial), {**solution, **met}, into)

    def _keep_out(self, where: Group, narrowed: Narrowed, solution: Row, into: Support) -> None:
        """Add what makes this no solution of the graph, though it is one of the support alone.

        Its patterns hold in both; so a test or an OPTIONAL finds what the support does not have.
        """
        for part, _, name in narrowed.taken(where, solution):
            match part:
                case Optional(group) | Minus(group):
                    self._add_if_met(inside(name, group), solution, into)
                case Filter(expression) | Bind(expression):
                    for test in expression.tests():
                        self._add_if_met(inside(name, test.group), solution, into)
                case SubSelect(query):
                    self._settle_query(query, solution, into, name)

    def _settle_query(self, query: Query, solution: Row, into: Support, name: Term | None) -> None:
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

    def _add_if_met(self, group: Group, solution: Row, into: Support) -> None:
        found, ways = self._met(group, solution)
        if ways:
            into.merge(found)

    def _instances(
        self, pattern: Pattern, solution: Row, into: Support, name: Term | None
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
    known = {v: solution.get(v) for v in sorted(query.visible())}
    return replace(query, where=inside(name, query.where)), known


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
