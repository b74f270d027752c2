"""Reads a SELECT or ASK query into its tree.

For queries that a SPARQL engine has accepted: what is well formed is read right, what is not may
pass. Grammar: https://www.w3.org/TR/sparql11-query/#sparqlGrammar
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn
from urllib.parse import urljoin

from foedus.errors import ParseFailure
from foedus.sparql.tree import (
    Alternative,
    Bind,
    Exists,
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
    Projection,
    Query,
    Repeat,
    Sequence,
    SubSelect,
    Union,
    Values,
)
from foedus.terms import iri, literal, unescape

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_TOKEN = re.compile(
    r"""(?P<space>[\s]+|\#[^\n]*)
    |(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    |(?P<var>[?$]\w+)
    |(?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<lang>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    |(?P<blank>_:\w(?:[\w.-]*[\w-])?)
    |(?P<pname>(?:[^\W\d_](?:[\w.-]*[\w-])?)?:(?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\.)
        (?:(?:[\w:.-]|%[0-9A-Fa-f]{2}|\\.)*(?:[\w:-]|%[0-9A-Fa-f]{2}|\\.))?)?)
    |(?P<number>(?:\d+\.\d*|\.?\d+)[eE][+-]?\d+|\d*\.\d+|\d+)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>\^\^|&&|\|\||!=|<=|>=|<<|>>|[{}()\[\];,.=<>!|^/*+?-])""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=64)
def parse(text: str) -> Query:
    """The tree of a SELECT or ASK query.

    >>> str(parse("PREFIX e: <http://e/> SELECT ?x { e:a e:p/e:q ?x }").where)
    '{ <http://e/a> (<http://e/p>/<http://e/q>) ?x . }'
    """
    return _Parser(text).document()


class _Parser:
    """A cursor over the tokens, with one method for each production that matters here."""

    def __init__(self, text: str) -> None:
        self.text, self.position, self.blanks = text, 0, 0
        self.prefixes: dict[str, str] = {}
        self.base = ""
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found:
                self._fail(f"cannot read {text[at : at + 20]!r}", at)
            if found.lastgroup != "space":
                self.tokens.append((str(found.lastgroup), found[0], at))
            at = found.end()

    # -- the cursor ----------------------------------------------------------------------------

    def _fail(self, reason: str, at: int | None = None) -> NoReturn:
        if at is None:
            here = min(self.position, len(self.tokens) - 1)
            at = self.tokens[here][2] if self.tokens else 0
        raise ParseFailure("query", reason, self.text.count("\n", 0, at) + 1)

    def _peek(self) -> str:
        """The next token; a keyword in upper case; empty at the end."""
        if self.position >= len(self.tokens):
            return ""
        kind, text, _ = self.tokens[self.position]
        return text.upper() if kind == "word" and text != "a" else text

    def _kind(self) -> str:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else "end"

    def _next(self) -> str:
        token = self._peek()
        self.position += 1
        return token

    def _take(self, *wanted: str) -> bool:
        if self._peek() in wanted:
            self.position += 1
            return True
        return False

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            self._fail(f"expected {wanted!r}, found {self._peek() or 'the end'!r}")

    # -- queries -------------------------------------------------------------------------------

    def document(self) -> Query:
        while self._peek() in ("PREFIX", "BASE"):
            if self._next() == "BASE":
                self.base = self._iri()[1:-1]
            else:
                prefix = self._next().removesuffix(":")
                self.prefixes[prefix] = self._iri()[1:-1]
        if self._take("ASK"):
            self._take("WHERE")
            where = self._group()
            return Query("ASK", self._with_values(where))
        if self._peek() != "SELECT":
            self._fail("only SELECT and ASK have answers that can be explained")
        query = self._select()
        if self._peek():
            self._fail(f"did not expect {self._peek()!r}")
        return query

    def _select(self) -> Query:
        self._expect("SELECT")
        distinct = self._next() if self._peek() in ("DISTINCT", "REDUCED") else ""
        columns: list[Projection] = []
        if not self._take("*"):
            while self._kind() == "var" or self._peek() == "(":
                columns.append(self._projection())
        if self._peek() == "FROM":
            self._fail("FROM is not for a query that is to be explained")
        self._take("WHERE")
        where = self._group()
        group_by: list[Projection | Expression] = []
        having: list[Expression] = []
        order_by: list[Expression] = []
        if self._take("GROUP"):
            self._expect("BY")
            while self._kind() in ("var", "iri", "pname") or self._starts_call():
                group_by.append(self._group_key())
        if self._take("HAVING"):
            while self._starts_call():
                having.append(self._constraint())
        if self._take("ORDER"):
            self._expect("BY")
            while self._kind() == "var" or self._starts_call() or self._peek() in ("ASC", "DESC"):
                order_by.append(self._order_key())
        limits = {"LIMIT": -1, "OFFSET": 0}
        while self._peek() in limits:
            keyword = self._next()
            limits[keyword] = int(self._next())
        return Query(
            "SELECT",
            self._with_values(where),
            tuple(columns),
            distinct,
            tuple(group_by),
            tuple(having),
            tuple(order_by),
            limits["LIMIT"] if limits["LIMIT"] >= 0 else None,
            limits["OFFSET"],
        )

    def _with_values(self, where: Group) -> Group:
        """The group with the query's trailing VALUES, which means the same inside of it."""
        if self._take("VALUES"):
            return Group((self._values(), *where.parts))
        return where

    def _projection(self) -> Projection:
        if self._kind() == "var":
            return Projection(self._variable())
        self._expect("(")
        expression = self._tokens_until("AS")
        self._expect("AS")
        variable = self._variable()
        self._expect(")")
        return Projection(variable, expression)

    def _group_key(self) -> Projection | Expression:
        if self._kind() == "var":
            return Projection(self._variable())
        if self._peek() != "(":
            return self._constraint()
        self._expect("(")
        expression = self._tokens_until("AS", ")")
        key: Projection | Expression = expression
        if self._take("AS"):
            key = Projection(self._variable(), expression)
        self._expect(")")
        return key

    def _order_key(self) -> Expression:
        direction = (self._next(),) if self._peek() in ("ASC", "DESC") else ()
        if self._kind() == "var":
            return Expression((*direction, self._variable()))
        return Expression((*direction, "(", *self._constraint().tokens, ")"))

    # -- groups --------------------------------------------------------------------------------

    def _group(self) -> Group:
        self._expect("{")
        if self._peek() == "SELECT":
            query = self._select()
            self._expect("}")
            return Group((SubSelect(query),))
        parts: list[Part] = []
        readers: dict[str, Callable[[], Part]] = {
            "OPTIONAL": lambda: Optional(self._group()),
            "MINUS": lambda: Minus(self._group()),
            "FILTER": lambda: Filter(self._constraint()),
            "BIND": self._bind,
            "VALUES": self._values,
            "GRAPH": lambda: Graph(self._name(), self._group()),
        }
        while not self._take("}"):
            if self._kind() == "end":
                self._fail("a '}' is missing")
            if self._take("."):
                continue
            if self._peek() == "SERVICE":
                self._fail("SERVICE would reach outside the graph")
            if self._kind() == "word" and self._peek() in readers:
                parts.append(readers[self._next()]())
            elif self._peek() == "{":
                branches = [self._group()]
                while self._take("UNION"):
                    branches.append(self._group())
                if len(branches) > 1:
                    parts.append(Union(tuple(branches)))
                else:
                    inner = branches[0]
                    only = inner.parts[0] if len(inner.parts) == 1 else inner
                    parts.append(only if isinstance(only, SubSelect) else inner)
            else:
                self._triples(parts)
        return Group(tuple(parts))

    def _bind(self) -> Bind:
        found = self._projection()
        return Bind(found.expression or Expression(()), found.variable)

    def _values(self) -> Values:
        variables: list[str] = []
        single = self._kind() == "var"
        if single:
            variables.append(self._variable())
        else:
            self._expect("(")
            while not self._take(")"):
                variables.append(self._variable())
        rows: list[tuple[str | None, ...]] = []
        self._expect("{")
        while not self._take("}"):
            if single:
                rows.append((self._value(),))
                continue
            self._expect("(")
            row: list[str | None] = []
            while not self._take(")"):
                row.append(self._value())
            rows.append(tuple(row))
        return Values(tuple(variables), tuple(rows))

    def _value(self) -> str | None:
        return None if self._take("UNDEF") else self._term()

    # -- expressions ---------------------------------------------------------------------------

    def _starts_call(self) -> bool:
        """Whether an expression in brackets, a built-in call or a function call starts here."""
        if self._peek() in ("(", "EXISTS", "NOT"):
            return True
        if self._peek() in ("HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"):
            return False
        after = self.tokens[self.position + 1][1] if self.position + 1 < len(self.tokens) else ""
        return self._kind() in ("word", "iri", "pname") and after == "("

    def _constraint(self) -> Expression:
        tokens: list[str | Exists] = []
        if self._peek() in ("EXISTS", "NOT"):
            return Expression((self._exists(),))
        if self._peek() != "(":
            tokens.append(self._iri() if self._kind() in ("iri", "pname") else self._next())
        self._expect("(")
        tokens += ["(", *self._tokens_until(")").tokens, ")"]
        self._expect(")")
        return Expression(tuple(tokens))

    def _exists(self) -> Exists:
        negated = self._take("NOT")
        self._expect("EXISTS")
        return Exists(self._group(), negated)

    def _tokens_until(self, *ends: str) -> Expression:
        """The tokens up to one of ``ends`` outside of brackets; the end itself stays."""
        tokens: list[str | Exists] = []
        depth = 0
        while depth or self._peek() not in ends:
            kind, token = self._kind(), self._peek()
            if kind == "end":
                self._fail(f"{' or '.join(map(repr, ends))} is missing")
            if token == "EXISTS" or (token == "NOT" and self._following() == "EXISTS"):
                tokens.append(self._exists())
                continue
            depth += (token == "(") - (token == ")")
            if kind in ("iri", "pname", "string", "number") or token in ("TRUE", "FALSE"):
                tokens.append(self._term())
            elif kind == "var":
                tokens.append(self._variable())
            else:
                tokens.append(self._next())
        return Expression(tuple(tokens))

    def _following(self) -> str:
        after = self.position + 1
        return self.tokens[after][1].upper() if after < len(self.tokens) else ""

    # -- triples -------------------------------------------------------------------------------

    def _triples(self, parts: list[Part]) -> None:
        node = self._peek() in ("[", "(")
        subject = self._node(parts)
        if not (node and self._peek() in (".", "}")):
            self._properties(subject, parts)

    def _properties(self, subject: str, parts: list[Part]) -> None:
        while True:
            predicate = self._path()
            parts.append(Pattern(subject, predicate, self._node(parts)))
            while self._take(","):
                parts.append(Pattern(subject, predicate, self._node(parts)))
            if not self._take(";"):
                return
            while self._take(";"):
                pass
            if self._peek() in (".", "]", "}", ""):
                return

    def _node(self, parts: list[Part]) -> str:
        """A term or variable; what brackets spell out goes to ``parts``."""
        if self._take("["):
            node = self._fresh()
            if not self._take("]"):
                self._properties(node, parts)
                self._expect("]")
            return node
        if self._take("("):
            items: list[str] = []
            while not self._take(")"):
                items.append(self._node(parts))
            rest = iri(_RDF + "nil")
            for item in reversed(items):
                cell = self._fresh()
                parts.append(Pattern(cell, iri(_RDF + "first"), item))
                parts.append(Pattern(cell, iri(_RDF + "rest"), rest))
                rest = cell
            return rest
        if self._kind() == "blank":
            return "?_" + re.sub(r"\W", "_", self._next()[2:])
        return self._variable() if self._kind() == "var" else self._term()

    def _fresh(self) -> str:
        self.blanks += 1
        return f"?_anon{self.blanks}"

    def _path(self) -> Path:
        if self._kind() == "var":
            return self._variable()
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Alternative(tuple(branches))

    def _sequence(self) -> Path:
        steps = [self._step()]
        while self._take("/"):
            steps.append(self._step())
        return steps[0] if len(steps) == 1 else Sequence(tuple(steps))

    def _step(self) -> Path:
        if self._take("^"):
            return Inverse(self._step())
        if self._take("!"):
            return self._negated()
        path: Path
        if self._take("("):
            path = self._path()
            self._expect(")")
        else:
            path = self._verb()
        if self._peek() in ("*", "+", "?"):
            path = Repeat(path, self._next())
        return path

    def _negated(self) -> Negated:
        forward: list[str] = []
        backward: list[str] = []
        grouped = self._take("(")
        while True:
            (backward if self._take("^") else forward).append(self._verb())
            if not (grouped and self._take("|")):
                break
        if grouped:
            self._expect(")")
        return Negated(tuple(forward), tuple(backward))

    def _verb(self) -> str:
        return iri(_RDF + "type") if self._take("a") else self._iri()

    # -- terms ---------------------------------------------------------------------------------

    def _name(self) -> str:
        return self._variable() if self._kind() == "var" else self._iri()

    def _variable(self) -> str:
        if self._kind() != "var":
            self._fail(f"expected a variable, found {self._peek() or 'the end'!r}")
        return "?" + self._next()[1:]

    def _iri(self) -> str:
        kind = self._kind()
        token = self._next()
        if kind == "iri":
            text = unescape(token[1:-1])
            return iri(urljoin(self.base, text) if self.base else text)
        if kind == "pname":
            prefix, _, local = token.partition(":")
            if prefix not in self.prefixes:
                self._fail(f"the prefix '{prefix}:' is not declared")
            return iri(self.prefixes[prefix] + re.sub(r"\\(.)", r"\1", local))
        self._fail(f"expected an IRI, found {token or 'the end'!r}")

    def _term(self) -> str:
        if self._kind() in ("iri", "pname"):
            return self._iri()
        if self._kind() == "string":
            token = self._next()
            quotes = 3 if token[:3] in ('"""', "'" * 3) and len(token) >= 6 else 1
            value = unescape(token[quotes:-quotes])
            if self._kind() == "lang":
                return literal(value, lang=self._next()[1:].lower())
            if self._take("^^"):
                return literal(value, self._iri()[1:-1])
            return literal(value)
        if self._peek() in ("TRUE", "FALSE"):
            return literal(self._next().lower(), _XSD + "boolean")
        sign = self._next() if self._peek() in ("+", "-") else ""
        if self._kind() == "number":
            number = self._next()
            kind = "double" if "e" in number.lower() else "decimal" if "." in number else "integer"
            return literal(sign + number, _XSD + kind)
        self._fail(f"expected a term, found {self._peek() or 'the end'!r}")
