"""What a group of a query binds, tests and denies."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import TypeAlias

from foedus.sparql.tree import (
    Alternative,
    Bind,
    Expression,
    Filter,
    Graph,
    Group,
    Inverse,
    Minus,
    Negated,
    Optional,
    Part,
    Path,
    Pattern,
    Query,
    Sequence,
    SubSelect,
    Union,
    Values,
    is_variable,
)
from foedus.terms import Term, is_literal

#: Variables (``?x``) and what they stand for; None: known to be unbound.
Row: TypeAlias = Mapping[str, Term | None]


def own(group: Group) -> set[str]:
    """The variables that a group binds, at any depth that is visible outside."""
    found: set[str] = set()
    for part in group.parts:
        if isinstance(part, Pattern):
            found |= part.variables()
        elif isinstance(part, Group):
            found |= own(part)
        elif isinstance(part, Optional | Graph):
            found |= own(part.group)
            if isinstance(part, Graph) and is_variable(part.name):
                found.add(part.name)
        elif isinstance(part, Union):
            found = found.union(*map(own, part.branches))
        elif isinstance(part, Bind):
            found.add(part.variable)
        elif isinstance(part, SubSelect):
            found |= set(visible(part.query))
    return found


def given(group: Group) -> dict[str, Term]:
    """What a group's VALUES of a single row say: the parameters of a question."""
    found: dict[str, Term] = {}
    for part in group.parts:
        if isinstance(part, Values) and len(part.rows) == 1:
            row = zip(part.variables, part.rows[0], strict=True)
            found |= {variable: term for variable, term in row if term}
    return found


def visible(query: Query) -> Iterator[str]:
    """The columns of a sub-select."""
    return iter(sorted({c.variable for c in query.columns} or own(query.where)))


def within(group: Group, solution: Row) -> Row:
    """The part of a solution that the variables a group names can agree with."""
    seen = _seen(group)
    return {v: t for v, t in solution.items() if t and v in seen}


def _seen(group: Group) -> set[str]:
    """The variables that a group and its expressions name, those within EXISTS too."""
    expressions = list(_expressions(group))
    tested = (_seen(test.group) for e in expressions for test in e.tests())
    return own(group).union(*(e.variables() for e in expressions), *tested)


def _expressions(group: Group) -> Iterator[Expression]:
    return (p.expression for p in group.parts if isinstance(p, Filter | Bind))


def certain(parts: Iterable[Part]) -> set[str]:
    """The variables that these parts bind in every solution."""
    found: set[str] = set()
    for part in parts:
        if isinstance(part, Pattern):
            found |= part.variables()
        elif isinstance(part, Group):
            found |= certain(part.parts)
        elif isinstance(part, Graph):
            found |= certain(part.group.parts) | ({part.name} if is_variable(part.name) else set())
        elif isinstance(part, Values):
            columns = zip(part.variables, zip(*part.rows, strict=True), strict=False)
            found |= {variable for variable, column in columns if None not in column}
        elif isinstance(part, Union):
            found |= set.intersection(*(certain(branch.parts) for branch in part.branches))
    return found


def mentioned(group: Group, but: Part) -> set[str]:
    """The variables that a group uses at any depth, outside of one of its parts."""
    found: set[str] = set()
    for part in group.parts:
        if part is but:
            continue
        if isinstance(part, Pattern):
            found |= part.variables()
        elif isinstance(part, Group):
            found |= mentioned(part, but)
        elif isinstance(part, Optional | Minus | Graph):
            found |= mentioned(part.group, but)
        elif isinstance(part, Union):
            found = found.union(*(mentioned(branch, but) for branch in part.branches))
        elif isinstance(part, Filter | Bind):
            tested = (mentioned(test.group, but) for test in part.expression.tests())
            found = found.union(part.expression.variables(), *tested)
        elif isinstance(part, SubSelect):
            found |= set(visible(part.query))
    return found


def alone(part: Optional, group: Group) -> set[str]:
    """The variables that only an OPTIONAL may bind, as far as the parts before it in its group."""
    at = next(i for i, other in enumerate(group.parts) if other is part)
    return own(part.group) - certain(group.parts[:at])


#: Functions whose value is another one each time, by chance or by the clock.
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
        elif isinstance(part, Group):
            found |= _computed_from(functions, part.parts)
        elif isinstance(part, Graph | Optional):
            found |= _computed_from(functions, part.group.parts)
        elif isinstance(part, Union):
            found = found.union(*(_computed_from(functions, b.parts) for b in part.branches))
        elif isinstance(part, SubSelect):
            found |= varying(part.query, functions) & set(visible(part.query))
    return found


def without_chance(query: Query) -> Query:
    """The query without the filters that chance decides: of a row that was given, they held."""
    drawn = varying(query, _CHANCE)

    def calm(part: Part) -> Iterator[Part]:
        if not isinstance(part, Filter) or not (
            _CHANCE & part.expression.words() or drawn & part.expression.variables()
        ):
            yield part

    return replace(query, where=_rewritten(query.where, calm))


def is_limited(group: Group) -> bool:
    """Whether filters let only some values through: more than that things differ."""
    if any(map(denies, group.parts)):
        return True
    words = {w for p in group.parts if isinstance(p, Filter) for w in p.expression.words()}
    return any(not is_variable(w) for w in words - {"!=", "&&", "(", ")"})


def is_monotone(group: Group) -> bool:
    """Whether more triples can only give more solutions: nothing asks for what is absent."""
    for part in group.parts:
        if isinstance(part, Group):
            plain = is_monotone(part)
        elif isinstance(part, Graph):
            plain = is_monotone(part.group)
        elif isinstance(part, Union):
            plain = all(map(is_monotone, part.branches))
        elif isinstance(part, Filter | Bind):
            plain = not any(part.expression.tests())
        else:
            plain = isinstance(part, Pattern | Values)
        if not plain:
            return False
    return True


def denies(part: Part) -> bool:
    return isinstance(part, Minus) or (
        isinstance(part, Filter) and any(e.negated for e in part.expression.tests())
    )


def denials(group: Group) -> Iterator[Group]:
    """What must be absent for the group to be met."""
    for part in group.parts:
        if isinstance(part, Minus):
            yield part.group
        elif isinstance(part, Filter):
            yield from (e.group for e in part.expression.tests() if e.negated)


def filled(group: Group, solution: Row) -> Iterator[Pattern]:
    """The patterns of a group with what is known put in."""
    for part in group.parts:
        if isinstance(part, Pattern):
            predicate = part.predicate
            if isinstance(predicate, str):
                predicate = solution.get(predicate) or predicate
            subject = solution.get(part.subject) or part.subject
            if not is_literal(subject):
                yield Pattern(subject, predicate, solution.get(part.object) or part.object)
        elif isinstance(part, Group):
            yield from filled(part, solution)
        elif isinstance(part, Graph | Optional):
            yield from filled(part.group, solution)
        elif isinstance(part, Union):
            for branch in part.branches:
                yield from filled(branch, solution)
        elif isinstance(part, SubSelect):
            yield from filled(part.query.where, solution)


def spread(group: Group) -> Group:
    """The group with its paths written out as far as the members of a group can be counted by them.

    ``a/b`` joins, ``a|b`` and ``!a`` give one solution for each way; the others are sets.
    """
    return _rewritten(group, _spread)


def _spread(part: Part) -> Iterator[Part]:
    if isinstance(part, Pattern):
        yield from _written_out(part.subject, part.predicate, part.object)
    else:
        yield part


def _rewritten(group: Group, change: Callable[[Part], Iterable[Part]]) -> Group:
    """The group with each part changed, those deeper inside too."""
    return Group(tuple(out for part in group.parts for out in change(_deeper(part, change))))


def _deeper(part: Part, change: Callable[[Part], Iterable[Part]]) -> Part:
    if isinstance(part, Group):
        return _rewritten(part, change)
    if isinstance(part, Optional):
        return Optional(_rewritten(part.group, change))
    if isinstance(part, Graph):
        return Graph(part.name, _rewritten(part.group, change))
    if isinstance(part, Union):
        return Union(tuple(_rewritten(branch, change) for branch in part.branches))
    return part


def _written_out(s: str, path: Path, o: str) -> Iterator[Part]:
    if isinstance(path, Inverse):
        yield from _written_out(o, path.path, s)
    elif isinstance(path, Sequence):
        stops = [s, *(_fresh(path, s, o, i) for i in range(1, len(path.paths))), o]
        for i, step in enumerate(path.paths):
            yield from _written_out(stops[i], step, stops[i + 1])
    elif isinstance(path, Alternative):
        yield Union(tuple(Group(tuple(_written_out(s, p, o))) for p in path.paths))
    elif isinstance(path, Negated):
        step = _fresh(path, s, o, 0)
        ways = [(s, o, path.forward)] if path.forward else []
        ways += [(o, s, path.backward)] if path.backward else []
        yield Union(
            tuple(
                Group((Pattern(a, step, b), Filter(Expression((step, "NOT", "IN", *_set(out))))))
                for a, b, out in ways
            )
        )
    else:
        yield Pattern(s, path, o)


def _set(terms: tuple[str, ...]) -> list[str]:
    return ["(", *" , ".join(terms).split(), ")"]


def _fresh(path: Path, s: str, o: str, number: int) -> str:
    """A variable of a path's own: the same text gives the same path."""
    return f"?_step{number}_{zlib.crc32(f'{s} {path} {o}'.encode()):x}"
