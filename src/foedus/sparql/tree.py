"""The parts of a SPARQL query, as frozen values; ``str`` of a part is SPARQL again.

Terms and variables are strings: ``?x``, or a term in N-Triples form (see `foedus.terms`). Prefixes
are gone and blank nodes have become variables, so a part can be moved to another query as it is.

Whoever goes through a query asks each part for the groups in it (`Node.groups`) and goes on with
these: only the kinds of parts that are meant need be told apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from foedus.sparql.paths import Path

_AGGREGATES = {"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"}
#: Aggregates whose value would change if more were known.
_TOTALS = _AGGREGATES - {"SAMPLE"}


def is_variable(term: object) -> bool:
    """Whether a part of a pattern is a variable.

    >>> is_variable("?x"), is_variable("<http://example.org/x>")
    (True, False)
    """
    return isinstance(term, str) and term.startswith("?")


# -- patterns ----------------------------------------------------------------------------------


class Node:
    """What every part of a group can be asked, whatever it is."""

    __slots__ = ()

    #: Whether more triples can only give it more solutions, if that is so of its groups and tests.
    monotone: ClassVar[bool] = True

    def groups(self) -> tuple[Group, ...]:
        """The groups in it whose solutions become those of the group around it."""
        return ()

    def around(self, groups: Iterable[Group]) -> Part:
        """The same part with other groups in the places of its `groups`."""
        return self  # type: ignore[return-value]

    def expressions(self) -> tuple[Expression, ...]:
        """The expressions that it computes."""
        return ()

    def denied(self) -> tuple[Group, ...]:
        """The groups that nothing may meet."""
        return ()

    def binds(self) -> set[str]:
        """The variables that it may find a value for, and that are seen outside of it."""
        return set().union(*(group.binds() for group in self.groups()))

    def certain(self) -> set[str]:
        """The variables that have a value in every solution of it."""
        return set()


@dataclass(frozen=True, slots=True)
class Pattern(Node):
    """One triple pattern; ``predicate`` is an IRI, a variable or a path."""

    subject: str
    predicate: Path
    object: str

    def __str__(self) -> str:
        return f"{self.subject} {self.predicate} {self.object} ."

    def binds(self) -> set[str]:
        parts = (self.subject, self.predicate, self.object)
        return {p for p in parts if isinstance(p, str) and is_variable(p)}

    def certain(self) -> set[str]:
        return self.binds()


@dataclass(frozen=True, slots=True)
class Exists:
    """``EXISTS { ... }`` or ``NOT EXISTS { ... }`` within an expression."""

    group: Group
    negated: bool

    def __str__(self) -> str:
        return f"{'NOT ' if self.negated else ''}EXISTS {self.group}"


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression, kept as its tokens: the store computes it, nobody here does."""

    tokens: tuple[str | Exists, ...]

    def __str__(self) -> str:
        text = ""
        for token in map(str, self.tokens):
            tight = token in "()" or text.endswith("(")
            text += token if tight or not text else " " + token
        return text

    def variables(self) -> set[str]:
        """The variables it names, outside of EXISTS."""
        return {t for t in self.tokens if isinstance(t, str) and is_variable(t)}

    def words(self) -> set[str]:
        """Its tokens in upper case, to look for functions and aggregates."""
        return {t.upper() for t in self.tokens if isinstance(t, str)}

    def tests(self) -> Iterator[Exists]:
        """The EXISTS and NOT EXISTS in it."""
        return (t for t in self.tokens if isinstance(t, Exists))

    def summed(self) -> list[bool]:
        """Of each of its tests, whether it stands in an aggregate: asked of every member."""
        found: list[bool] = []
        depth = inside = 0
        for before, token in itertools.pairwise(("", *self.tokens)):
            depth += (token == "(") - (token == ")")
            if token == "(" and isinstance(before, str) and before.upper() in _AGGREGATES:
                inside = inside or depth
            if depth < inside:
                inside = 0
            if isinstance(token, Exists):
                found.append(bool(inside))
        return found

    def answered(self, answers: Iterable[bool]) -> Expression:
        """The expression with the answers of its tests in their places."""
        given = iter(answers)
        tokens = (
            str(next(given) != token.negated).lower() if isinstance(token, Exists) else token
            for token in self.tokens
        )
        return Expression(tuple(tokens))


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """``FILTER expression``."""

    expression: Expression

    def __str__(self) -> str:
        return f"FILTER ({self.expression})"

    def expressions(self) -> tuple[Expression, ...]:
        return (self.expression,)

    def denied(self) -> tuple[Group, ...]:
        return tuple(test.group for test in self.expression.tests() if test.negated)


@dataclass(frozen=True, slots=True)
class Bind(Node):
    """``BIND (expression AS ?variable)``."""

    expression: Expression
    variable: str

    def __str__(self) -> str:
        return f"BIND ({self.expression} AS {self.variable})"

    def expressions(self) -> tuple[Expression, ...]:
        return (self.expression,)

    def binds(self) -> set[str]:
        return {self.variable}


@dataclass(frozen=True, slots=True)
class Values(Node):
    """``VALUES (?a ?b) { (1 UNDEF) }``; None stands for UNDEF. Its values are given, not found."""

    variables: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    def __str__(self) -> str:
        rows = " ".join(f"({' '.join(v or 'UNDEF' for v in row)})" for row in self.rows)
        return f"VALUES ({' '.join(self.variables)}) {{ {rows} }}"

    def certain(self) -> set[str]:
        columns = zip(self.variables, zip(*self.rows, strict=True), strict=False)
        return {variable for variable, column in columns if None not in column}


@dataclass(frozen=True, slots=True)
class Optional(Node):
    """``OPTIONAL { ... }``."""

    group: Group
    monotone: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"OPTIONAL {self.group}"

    def groups(self) -> tuple[Group, ...]:
        return (self.group,)

    def around(self, groups: Iterable[Group]) -> Part:
        return Optional(*groups)


@dataclass(frozen=True, slots=True)
class Minus(Node):
    """``MINUS { ... }``."""

    group: Group
    monotone: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"MINUS {self.group}"

    def denied(self) -> tuple[Group, ...]:
        return (self.group,)


@dataclass(frozen=True, slots=True)
class Union(Node):
    """``{ ... } UNION { ... }``."""

    branches: tuple[Group, ...]

    def __str__(self) -> str:
        return " UNION ".join(map(str, self.branches))

    def groups(self) -> tuple[Group, ...]:
        return self.branches

    def around(self, groups: Iterable[Group]) -> Part:
        return Union(tuple(groups))

    def certain(self) -> set[str]:
        return set.intersection(*(branch.certain() for branch in self.branches))


@dataclass(frozen=True, slots=True)
class Graph(Node):
    """``GRAPH name { ... }``."""

    name: str
    group: Group

    def __str__(self) -> str:
        return f"GRAPH {self.name} {self.group}"

    def groups(self) -> tuple[Group, ...]:
        return (self.group,)

    def around(self, groups: Iterable[Group]) -> Part:
        return Graph(self.name, *groups)

    def binds(self) -> set[str]:
        return self.group.binds() | ({self.name} if is_variable(self.name) else set())

    def certain(self) -> set[str]:
        return self.group.certain() | ({self.name} if is_variable(self.name) else set())


@dataclass(frozen=True, slots=True)
class SubSelect(Node):
    """A SELECT inside a group."""

    query: Query
    monotone: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"{{ {self.query} }}"

    def binds(self) -> set[str]:
        return self.query.visible()


@dataclass(frozen=True, slots=True)
class Group(Node):
    """``{ ... }``: its parts in the order written."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return f"{{ {' '.join(map(str, self.parts))} }}"

    def groups(self) -> tuple[Group, ...]:
        return (self,)

    def around(self, groups: Iterable[Group]) -> Part:
        return next(iter(groups))

    def binds(self) -> set[str]:
        return set().union(*(part.binds() for part in self.parts))

    def certain(self) -> set[str]:
        return set().union(*(part.certain() for part in self.parts))

    def rewritten(self, change: Callable[[Part], Iterable[Part]]) -> Group:
        """The group with each part changed, those deeper inside before those around them."""
        deeper = (part.around(g.rewritten(change) for g in part.groups()) for part in self.parts)
        return Group(tuple(out for part in deeper for out in change(part)))

    def patterns(self) -> Iterator[Pattern]:
        """The triple patterns that stand in this group itself, not deeper."""
        return (p for p in self.parts if isinstance(p, Pattern))


Part: TypeAlias = (
    Pattern | Filter | Bind | Values | Optional | Minus | Union | Graph | SubSelect | Group
)

# -- queries -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Projection:
    """One column: a variable, and the expression it is computed from, if any."""

    variable: str
    expression: Expression | None = None

    def __str__(self) -> str:
        return f"({self.expression} AS {self.variable})" if self.expression else self.variable


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT (``columns`` empty: ``*``), an ASK, a CONSTRUCT or a DESCRIBE.

    ``template`` is what a CONSTRUCT makes; of a DESCRIBE nothing more is kept.
    """

    form: str
    where: Group
    columns: tuple[Projection, ...] = ()
    distinct: str = ""
    group_by: tuple[Projection | Expression, ...] = ()
    having: tuple[Expression, ...] = ()
    order_by: tuple[Expression, ...] = ()
    limit: int | None = None
    offset: int = 0
    template: tuple[Pattern, ...] = ()

    def __str__(self) -> str:
        head = self.form
        if self.form == "SELECT":
            head = f"SELECT {self.distinct} {' '.join(map(str, self.columns)) or '*'}"
        text = f"{head} WHERE {self.where}"
        if self.group_by:
            keys = (str(k) if isinstance(k, Projection) else f"({k})" for k in self.group_by)
            text += f" GROUP BY {' '.join(keys)}"
        if self.having:
            text += f" HAVING {' '.join(f'({h})' for h in self.having)}"
        if self.order_by:
            text += f" ORDER BY {' '.join(map(str, self.order_by))}"
        if self.limit is not None:
            text += f" LIMIT {self.limit}"
        return text + (f" OFFSET {self.offset}" if self.offset else "")

    def _uses(self, functions: set[str]) -> bool:
        expressions = [c.expression for c in self.columns if c.expression]
        return any(functions & e.words() for e in [*expressions, *self.having, *self.order_by])

    def visible(self) -> set[str]:
        """The variables that it gives."""
        return {c.variable for c in self.columns} or self.where.binds()

    def uses(self) -> set[str]:
        """The variables by which its rows are counted, kept, or chosen as the first."""
        found: set[str] = set()
        if self.is_grouped():
            columns = (c.expression for c in self.columns if c.expression)
            found = found.union(*(e.variables() for e in (*columns, *self.having)))
        if self.limit is not None:
            found = found.union(*(e.variables() for e in self.order_by))
        return found

    def is_grouped(self) -> bool:
        """Whether a row stands for a group of solutions."""
        return bool(self.group_by) or self._uses(_AGGREGATES)

    def is_total(self) -> bool:
        """Whether a row sums up all that is stated, so that more could change it."""
        return self._uses(_TOTALS)
