"""Reads a query into its tree: the forms of queries, their groups and expressions.

For queries that a SPARQL engine has accepted: what is well formed is read right, what is not may
pass. Grammar: https://www.w3.org/TR/sparql11-query/#sparqlGrammar
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from foedus.sparql.tree import (
    Bind,
    Exists,
    Expression,
    Filter,
    Graph,
    Group,
    Minus,
    Optional,
    Part,
    Projection,
    Query,
    SubSelect,
    Union,
    Values,
)
from foedus.sparql.triples import Triples

#: Calls within calls that are allowed while a query is gone through.
CALLS = 10_000


@lru_cache(maxsize=64)
def parse(text: str) -> Query:
    """The tree of a query; of a DESCRIBE only that it is one.

    >>> str(parse("PREFIX e: <http://e/> SELECT ?x { e:a e:p/e:q ?x }").where)
    '{ <http://e/a> (<http://e/p>/<http://e/q>) ?x . }'
    """
    with deep():
        return _Parser(text).document()


@contextmanager
def deep() -> Iterator[None]:
    """Room for a query as deep as an engine is given one: some twenty calls for each bracket."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, CALLS))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class _Parser(Triples):
    """One method for each production of the grammar that matters here."""

    # -- queries -------------------------------------------------------------------------------

    def document(self) -> Query:
        while self.peek() in ("PREFIX", "BASE"):
            if self.next() == "BASE":
                self.base = self.iri()[1:-1]
            else:
                if self.kind() != "name" or not self.peek().endswith(":"):
                    self.fail(f"expected a prefix and a colon, found {self.peek() or 'the end'!r}")
                prefix = self.next().removesuffix(":")
                self.prefixes[prefix] = self.iri()[1:-1]
        if self.take("ASK"):
            self.take("WHERE")
            where = self._group()
            return Query("ASK", self._with_values(where))
        if self.peek() == "DESCRIBE":
            return Query("DESCRIBE", Group(()))
        if self.take("CONSTRUCT"):
            template = self._group() if self.peek() == "{" else None
            query = self._asked("CONSTRUCT", ())
            made = tuple((template or query.where).patterns())
            query = replace(query, template=made)
        else:
            query = self._select()
        if self.peek():
            self.fail(f"did not expect {self.peek()!r}")
        return query

    def _select(self) -> Query:
        self.expect("SELECT")
        distinct = self.next() if self.peek() in ("DISTINCT", "REDUCED") else ""
        columns: list[Projection] = []
        if not self.take("*"):
            while self.kind() == "variable" or self.peek() == "(":
                columns.append(self._projection())
            if not columns:
                self.fail(f"expected a column or *, found {self.peek() or 'the end'!r}")
        return self._asked("SELECT", tuple(columns), distinct)

    def _asked(self, form: str, columns: tuple[Projection, ...], distinct: str = "") -> Query:
        """What stands after the columns or the template: the pattern and its modifiers."""
        if self.peek() == "FROM":
            self.fail("FROM is not for a query that is to be explained")
        self.take("WHERE")
        where = self._group()
        group_by: list[Projection | Expression] = []
        having: list[Expression] = []
        order_by: list[Expression] = []
        if self.take("GROUP"):
            self.expect("BY")
            while self.kind() in ("variable", "iri", "name") or self._starts_call():
                group_by.append(self._group_key())
            self._some(group_by, "GROUP BY")
        if self.take("HAVING"):
            while self._starts_call():
                having.append(self._constraint())
        if self.take("ORDER"):
            self.expect("BY")
            while (
                self.kind() == "variable" or self._starts_call() or self.peek() in ("ASC", "DESC")
            ):
                order_by.append(self._order_key())
            self._some(order_by, "ORDER BY")
        limits = {"LIMIT": -1, "OFFSET": 0}
        while self.peek() in limits:
            keyword = self.next()
            if not self.peek().isdecimal():
                self.fail(f"expected a number of rows, found {self.peek() or 'the end'!r}")
            limits[keyword] = int(self.next())
        return Query(
            form,
            self._with_values(where),
            columns,
            distinct,
            tuple(group_by),
            tuple(having),
            tuple(order_by),
            limits["LIMIT"] if limits["LIMIT"] >= 0 else None,
            limits["OFFSET"],
        )

    def _some(self, keys: Sequence[object], clause: str) -> None:
        if not keys:
            self.fail(f"expected a key of {clause}, found {self.peek() or 'the end'!r}")

    def _with_values(self, where: Group) -> Group:
        """The group with the query's trailing VALUES, which means the same inside of it."""
        if self.take("VALUES"):
            return Group((self._values(), *where.parts))
        return where

    def _projection(self) -> Projection:
        if self.kind() == "variable":
            return Projection(self.variable())
        self.expect("(")
        expression = self._tokens_until("AS")
        self.expect("AS")
        variable = self.variable()
        self.expect(")")
        return Projection(variable, expression)

    def _group_key(self) -> Projection | Expression:
        if self.kind() == "variable":
            return Projection(self.variable())
        if self.peek() != "(":
            return self._constraint()
        self.expect("(")
        expression = self._tokens_until("AS", ")")
        key: Projection | Expression = expression
        if self.take("AS"):
            key = Projection(self.variable(), expression)
        self.expect(")")
        return key

    def _order_key(self) -> Expression:
        direction = (self.next(),) if self.peek() in ("ASC", "DESC") else ()
        if self.kind() == "variable":
            return Expression((*direction, self.variable()))
        return Expression((*direction, "(", *self._constraint().tokens, ")"))

    # -- groups --------------------------------------------------------------------------------

    def _group(self) -> Group:
        self.expect("{")
        if self.peek() == "SELECT":
            query = self._select()
            self.expect("}")
            return Group((SubSelect(query),))
        parts: list[Part] = []
        readers: dict[str, Callable[[], Part]] = {
            "OPTIONAL": lambda: Optional(self._group()),
            "MINUS": lambda: Minus(self._group()),
            "FILTER": lambda: Filter(self._constraint()),
            "BIND": self._bind,
            "VALUES": self._values,
            "GRAPH": lambda: Graph(self.name(), self._group()),
        }
        while not self.take("}"):
            if self.kind() == "end":
                self.fail("a '}' is missing")
            if self.take("."):
                continue
            if self.peek() == "SERVICE":
                self.fail("SERVICE would reach outside the graph")
            if self.kind() == "word" and self.peek() in readers:
                parts.append(readers[self.next()]())
            elif self.peek() == "{":
                branches = [self._group()]
                while self.take("UNION"):
                    branches.append(self._group())
                if len(branches) > 1:
                    parts.append(Union(tuple(branches)))
                else:
                    inner = branches[0]
                    only = inner.parts[0] if len(inner.parts) == 1 else inner
                    parts.append(only if isinstance(only, SubSelect) else inner)
            else:
                self.triples(parts)
        return Group(tuple(parts))

    def _bind(self) -> Bind:
        found = self._projection()
        return Bind(found.expression or Expression(()), found.variable)

    def _values(self) -> Values:
        variables: list[str] = []
        single = self.kind() == "variable"
        if single:
            variables.append(self.variable())
        else:
            self.expect("(")
            while not self.take(")"):
                variables.append(self.variable())
        rows: list[tuple[str | None, ...]] = []
        self.expect("{")
        while not self.take("}"):
            if single:
                rows.append((self._value(),))
                continue
            self.expect("(")
            row: list[str | None] = []
            while not self.take(")"):
                row.append(self._value())
            if len(row) != len(variables):
                many = f"{len(row)} value{'s' * (len(row) != 1)} for {len(variables)} variables"
                self.fail(f"a row of VALUES has {many}; UNDEF leaves one open")
            rows.append(tuple(row))
        return Values(tuple(variables), tuple(rows))

    def _value(self) -> str | None:
        return None if self.take("UNDEF") else self.term()

    # -- expressions ---------------------------------------------------------------------------

    def _starts_call(self) -> bool:
        """Whether an expression in brackets, a built-in call or a function call starts here."""
        if self.peek() in ("(", "EXISTS", "NOT"):
            return True
        if self.peek() in ("HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"):
            return False
        return self.kind() in ("word", "iri", "name") and self.following() == "("

    def _constraint(self) -> Expression:
        tokens: list[str | Exists] = []
        if self.peek() in ("EXISTS", "NOT"):
            return Expression((self._exists(),))
        if self.peek() != "(":
            tokens.append(self.iri() if self.kind() in ("iri", "name") else self.next())
        self.expect("(")
        tokens += ["(", *self._tokens_until(")").tokens, ")"]
        self.expect(")")
        return Expression(tuple(tokens))

    def _exists(self) -> Exists:
        negated = self.take("NOT")
        self.expect("EXISTS")
        return Exists(self._group(), negated)

    def _tokens_until(self, *ends: str) -> Expression:
        """The tokens up to one of ``ends`` outside of brackets; the end itself stays."""
        tokens: list[str | Exists] = []
        depth = 0
        while depth or self.peek() not in ends:
            kind, token = self.kind(), self.peek()
            if kind == "end":
                self.fail(f"{' or '.join(map(repr, ends))} is missing")
            if token == "EXISTS" or (token == "NOT" and self.following() == "EXISTS"):
                tokens.append(self._exists())
                continue
            depth += (token == "(") - (token == ")")
            if kind in ("iri", "name", "string", "number") or token in ("TRUE", "FALSE"):
                tokens.append(self.term())
            elif kind == "variable":
                tokens.append(self.variable())
            else:
                tokens.append(self.next())
        return Expression(tuple(tokens))
