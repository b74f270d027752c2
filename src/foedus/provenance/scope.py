"""What a group of a query names and tests, and what it looks for once values are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from foedus.sparql.tree import (
    Filter,
    Group,
    Minus,
    Optional,
    Part,
    Pattern,
    SubSelect,
    Values,
    is_variable,
)
from foedus.terms import Term, is_literal

#: Variables (``?x``) and what they stand for; None: known to be unbound.
Row: TypeAlias = Mapping[str, Term | None]


def given(group: Group) -> dict[str, Term]:
    """What a group's VALUES of a single row say: the parameters of a question."""
    found: dict[str, Term] = {}
    for part in group.parts:
        if isinstance(part, Values) and len(part.rows) == 1:
            row = zip(part.variables, part.rows[0], strict=True)
            found |= {variable: term for variable, term in row if term}
    return found


def within(group: Group, solution: Row) -> Row:
    """The part of a solution that the variables a group names can agree with."""
    seen = _seen(group)
    return {v: t for v, t in solution.items() if t and v in seen}


def _seen(group: Group) -> set[str]:
    """The variables that a group and its expressions name, those within EXISTS too."""
    expressions = [e for part in group.parts for e in part.expressions()]
    tested = (_seen(test.group) for e in expressions for test in e.tests())
    return group.binds().union(*(e.variables() for e in expressions), *tested)


def mentioned(group: Group, but: Part) -> set[str]:
    """The variables that a group uses at any depth, outside of one of its parts."""
    found: set[str] = set()
    for part in group.parts:
        if part is but:
            continue
        if isinstance(part, Pattern | SubSelect):
            found |= part.binds()
        groups = [*part.groups()]
        if isinstance(part, Minus):
            groups.append(part.group)
        for expression in part.expressions():
            found |= expression.variables()
            groups += (test.group for test in expression.tests())
        found = found.union(*(mentioned(inner, but) for inner in groups))
    return found


def alone(part: Optional, group: Group) -> set[str]:
    """The variables that only an OPTIONAL may bind, as far as the parts before it in its group."""
    at = next(i for i, other in enumerate(group.parts) if other is part)
    return part.binds() - Group(group.parts[:at]).certain()


def is_limited(group: Group) -> bool:
    """Whether filters let only some values through: more than that things differ."""
    if any(part.denied() for part in group.parts):
        return True
    words = {w for p in group.parts if isinstance(p, Filter) for w in p.expression.words()}
    return any(not is_variable(w) for w in words - {"!=", "&&", "(", ")"})


def is_monotone(group: Group) -> bool:
    """Whether more triples can only give more solutions: nothing asks for what is absent."""
    return all(
        part.monotone
        and not any(any(expression.tests()) for expression in part.expressions())
        and all(map(is_monotone, part.groups()))
        for part in group.parts
    )


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
        for inner in (part.query.where,) if isinstance(part, SubSelect) else part.groups():
            yield from filled(inner, solution)
