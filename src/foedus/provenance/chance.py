"""What a query computes by chance or by the clock, and so otherwise each time it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from foedus.sparql.tree import Bind, Filter, Part, Query, SubSelect

_CHANCE = {"RAND", "UUID", "STRUUID", "BNODE"}
_VARYING = _CHANCE | {"NOW"}


def varying(query: Query, functions: Set[str] = _VARYING) -> set[str]:
    """The variables whose values the same query gives otherwise each time it is asked."""
    columns = (Bind(c.expression, c.variable) for c in query.columns if c.expression)
    return _computed_from(functions, (*query.where.parts, *columns))


def _computed_from(functions: Set[str], parts: Iterable[Part]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        if isinstance(part, Bind):
            if functions & part.expression.words() or found & part.expression.variables():
                found.add(part.variable)
        elif isinstance(part, SubSelect):
            found |= varying(part.query, functions) & part.binds()
        found = found.union(*(_computed_from(functions, g.parts) for g in part.groups()))
    return found


def without_chance(query: Query) -> Query:
    """The query without the filters that chance decides: of a row that was given, they held."""
    drawn = varying(query, _CHANCE)

    def calm(part: Part) -> Iterator[Part]:
        if not isinstance(part, Filter) or not (
            _CHANCE & part.expression.words() or drawn & part.expression.variables()
        ):
            yield part

    return replace(query, where=query.where.rewritten(calm))
