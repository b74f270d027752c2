"""Reads the triples of a query: its terms, its property paths, and what brackets spell out."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from foedus.sparql.lexer import Cursor
from foedus.sparql.paths import Alternative, Inverse, Negated, Path, Repeat, Sequence
from foedus.sparql.tree import Part, Pattern
from foedus.terms import iri, literal, unescape
from foedus.vocab import FIRST, NIL, REST, TYPE, XSD


class Triples(Cursor):
    """Reads one triple after the other, by the prefixes and the base that are known so far."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.blanks = 0
        self.prefixes: dict[str, str] = {}
        self.base = ""

    def triples(self, parts: list[Part]) -> None:
        """Read what is said of one subject, each triple into ``parts``."""
        node = self.peek() in ("[", "(")
        subject = self._node(parts)
        if not (node and self.peek() in (".", "}")):
            self._properties(subject, parts)

    def _properties(self, subject: str, parts: list[Part]) -> None:
        while True:
            predicate = self._path()
            parts.append(Pattern(subject, predicate, self._node(parts)))
            while self.take(","):
                parts.append(Pattern(subject, predicate, self._node(parts)))
            if not self.take(";"):
                return
            while self.take(";"):
                pass
            if self.peek() in (".", "]", "}", ""):
                return

    def _node(self, parts: list[Part]) -> str:
        """A term or variable; what brackets spell out goes to ``parts``."""
        if self.take("["):
            node = self._fresh()
            if not self.take("]"):
                self._properties(node, parts)
                self.expect("]")
            return node
        if self.take("("):
            items: list[str] = []
            while not self.take(")"):
                items.append(self._node(parts))
            rest = NIL
            for item in reversed(items):
                cell = self._fresh()
                parts.append(Pattern(cell, FIRST, item))
                parts.append(Pattern(cell, REST, rest))
                rest = cell
            return rest
        if self.kind() == "blank":
            return "?_" + re.sub(r"\W", "_", self.next()[2:])
        return self.variable() if self.kind() == "variable" else self.term()

    def _fresh(self) -> str:
        self.blanks += 1
        return f"?_anon{self.blanks}"

    def _path(self) -> Path:
        if self.kind() == "variable":
            return self.variable()
        branches = [self._sequence()]
        while self.take("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Alternative(tuple(branches))

    def _sequence(self) -> Path:
        steps = [self._step()]
        while self.take("/"):
            steps.append(self._step())
        return steps[0] if len(steps) == 1 else Sequence(tuple(steps))

    def _step(self) -> Path:
        if self.take("^"):
            return Inverse(self._step())
        if self.take("!"):
            return self._negated()
        path: Path
        if self.take("("):
            path = self._path()
            self.expect(")")
        else:
            path = self._verb()
        if self.peek() in ("*", "+", "?"):
            path = Repeat(path, self.next())
        return path

    def _negated(self) -> Negated:
        forward: list[str] = []
        backward: list[str] = []
        grouped = self.take("(")
        while True:
            (backward if self.take("^") else forward).append(self._verb())
            if not (grouped and self.take("|")):
                break
        if grouped:
            self.expect(")")
        return Negated(tuple(forward), tuple(backward))

    def _verb(self) -> str:
        return TYPE if self.take("a") else self.iri()

    # -- terms ---------------------------------------------------------------------------------

    def name(self) -> str:
        """A variable or an IRI."""
        return self.variable() if self.kind() == "variable" else self.iri()

    def variable(self) -> str:
        """A variable, with its question mark."""
        if self.kind() != "variable":
            self.fail(f"expected a variable, found {self.peek() or 'the end'!r}")
        return "?" + self.next()[1:]

    def iri(self) -> str:
        """An IRI, whether written out or with a prefix."""
        kind = self.kind()
        token = self.next()
        if kind == "iri":
            text = unescape(token[1:-1])
            return iri(urljoin(self.base, text) if self.base else text)
        if kind == "name":
            prefix, _, local = token.partition(":")
            if prefix not in self.prefixes:
                self.fail(f"the prefix '{prefix}:' is not declared")
            return iri(self.prefixes[prefix] + re.sub(r"\\(.)", r"\1", local))
        self.fail(f"expected an IRI, found {token or 'the end'!r}")

    def term(self) -> str:
        """An IRI or a literal."""
        if self.kind() in ("iri", "name"):
            return self.iri()
        if self.kind() == "string":
            token = self.next()
            quotes = 3 if token[:3] in ('"""', "'" * 3) and len(token) >= 6 else 1
            try:
                value = unescape(token[quotes:-quotes])
            except (KeyError, ValueError):
                self.fail(f"the string {token} has an escape that there is not")
            if self.kind() == "language":
                return literal(value, lang=self.next()[1:].lower())
            if self.take("^^"):
                return literal(value, self.iri()[1:-1])
            return literal(value)
        if self.peek() in ("TRUE", "FALSE"):
            return literal(self.next().lower(), XSD + "boolean")
        sign = self.next() if self.peek() in ("+", "-") else ""
        if self.kind() == "number":
            number = self.next()
            kind = "double" if "e" in number.lower() else "decimal" if "." in number else "integer"
            return literal(sign + number, XSD + kind)
        self.fail(f"expected a term, found {self.peek() or 'the end'!r}")
