"""Answers compared by value: a bag of rows, whatever way a store writes its numbers and dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from foedus.store.query import Result
from foedus.terms import is_blank, is_literal, split_literal

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = {f"{_XSD}{name}" for name in ("integer", "decimal", "double", "float", "int", "long")}
_NUMBERS |= {f"{_XSD}nonNegativeInteger", f"{_XSD}positiveInteger"}


def value(term: str | None) -> object:
    """What a term stands for: equal values are equal objects."""
    if term is None or not is_literal(term):
        return "blank" if term and is_blank(term) else term
    text, datatype, language = split_literal(term)
    if language:
        return (text, language.lower())
    if datatype in _NUMBERS:
        try:
            return Decimal(text).normalize()
        except InvalidOperation:
            return (text, datatype)
    if datatype == f"{_XSD}boolean":
        return text in {"true", "1"}
    if datatype == f"{_XSD}dateTime":
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return text


def bag(result: Result) -> object:
    """A result without its order, the columns in the order of their names."""
    if result.kind == "boolean":
        return result.boolean
    if result.kind == "triples":
        return Counter(tuple(map(value, triple)) for triple in result.triples)
    order = sorted(range(len(result.variables)), key=lambda i: result.variables[i])
    return (
        tuple(result.variables[i] for i in order),
        rows(tuple(row[i] for i in order) for row in result.rows),
    )


def rows(found: Iterable[Iterable[str | None]]) -> Counter[tuple[object, ...]]:
    """A bag of rows."""
    return Counter(tuple(map(value, row)) for row in found)
