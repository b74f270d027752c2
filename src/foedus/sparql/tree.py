"""The parts of a SPARQL query, as frozen values; ``str`` of a part is SPARQL again.

Terms and variables are strings: ``?x``, or a term in N-Triples form (see `foedus.terms`). Prefixes
are gone and blank nodes have become variables, so a part can be moved to another query as it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

_AGGREGATES = {"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"}
#: Aggregates whose value would change if more were known.
_TOTALS = _AGGREGATES - {"SAMPLE"}


def is_variable(term: object) -> bool:
    """Whether a part of a pattern is a variable.

    >>> is_variable("?x"), is_variable("<http://example.org/x>")
    (True, False)
    """
    return isinstance(term, str) and term.startswith("?")


# -- property paths ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inverse:
    """``^path``."""

    path: Path

    def __str__(self) -> str:
        return f"(^{self.path})"


@dataclass(frozen=True, slots=True)
class Sequence:
    """``a / b``."""

    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return f"({'/'.join(map(str, self.paths))})"


@dataclass(frozen=True, slots=True)
class Alternative:
    """``a | b``."""

    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return f"({'|'.join(map(str, self.paths))})"


@dataclass(frozen=True, slots=True)
class Repeat:
    """``path*``, ``path+`` or ``path?``, after its ``sign``."""

    path: Path
    sign: str

    def __str__(self) -> str:
        return f"({self.path}{self.sign})"


@dataclass(frozen=True, slots=True)
class Negated:
    """``!(a | ^b)``: any property but these, forwards and backwards."""

    forward: tuple[str, ...]
    backward: tuple[str, ...]

    def __str__(self) -> str:
        return f"(!({'|'.join([*self.forward, *('^' + p for p in self.backward)])}))"


Path: TypeAlias = str | Inverse | Sequence | Alternative | Repeat | Negated

# -- patterns ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pattern:
    """One triple pattern; ``predicate`` is an IRI, a variable or a path."""

    subject: str
    predicate: Path
    object: str

    def __str__(self) -> str:
        return f"{self.subject} {self.predicate} {self.object} ."

    def variables(self) -> set[str]:
        """The variables that the pattern binds."""
        parts = (self.subject, self.predicate, self.object)
        return {p for p in parts if isinstance(p, str) and is_variable(p)}


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
        return Expression(
            tuple(
                str(next(given) != token.negated).lower() if isinstance(token, Exists) else token
                for token in self.tokens
            )
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """``FILTER expression``."""

    expression: Expression

    def __str__(self) -> str:
        return f"FILTER ({self.expression})"


@dataclass(frozen=True, slots=True)
class Bind:
    """``BIND (expression AS ?variable)``."""

    expression: Expression
    variable: str

    def __str__(self) -> str:
        return f"BIND ({self.expression} AS {self.variable})"


@dataclass(frozen=True, slots=True)
class Values:
    """``VALUES (?a ?b) { (1 UNDEF) }``; None stands for UNDEF."""

    variables: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    def __str__(self) -> str:
        rows = " ".join(f"({' '.join(v or 'UNDEF' for v in row)})" for row in self.rows)
        return f"VALUES ({' '.join(self.variables)}) {{ {rows} }}"


@dataclass(frozen=True, slots=True)
class Optional:
    """``OPTIONAL { ... }``."""

    group: Group

    def __str__(self) -> str:
        return f"OPTIONAL {self.group}"


@dataclass(frozen=True, slots=True)
class Minus:
    """``MINUS { ... }``."""

    group: Group

    def __str__(self) -> str:
        return f"MINUS {self.group}"


@dataclass(frozen=True, slots=True)
class Union:
    """``{ ... } UNION { ... }``."""

    branches: tuple[Group, ...]

    def __str__(self) -> str:
        return " UNION ".join(map(str, self.branches))


@dataclass(frozen=True, slots=True)
class Graph:
    """``GRAPH name { ... }``."""

    name: str
    group: Group

    def __str__(self) -> str:
        return f"GRAPH {self.name} {self.group}"


@dataclass(frozen=True, slots=True)
class SubSelect:
    """A SELECT inside a group."""

    query: Query

    def __str__(self) -> str:
        return f"{{ {self.query} }}"


@dataclass(frozen=True, slots=True)
class Group:
    """``{ ... }``: its parts in the order written."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return f"{{ {' '.join(map(str, self.parts))} }}"

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
