"""A result as people look at it in a notebook: a table in HTML, or a frame of pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any, Protocol

from foedus.errors import UsageError
from foedus.store.convert import rdflib_term
from foedus.terms import Term, Triple, is_literal, text_of

#: Rows that a notebook shows; the rest is counted.
ROWS = 100


class Rows(Protocol):
    """What is needed of a result; `foedus.store.query.Result` has it."""

    @property
    def kind(self) -> str: ...
    @property
    def variables(self) -> tuple[str, ...]: ...
    @property
    def rows(self) -> tuple[tuple[Term | None, ...], ...]: ...
    @property
    def boolean(self) -> bool | None: ...
    @property
    def triples(self) -> tuple[Triple, ...]: ...


def html(result: Rows, label: Callable[[Term], str] = str) -> str:
    """The rows of a result as a table, whatever is in them shown as text."""
    heads, rows = columns(result)
    told = [[label(t) if t else "" for t in row] for row in rows[:ROWS]]
    if result.kind == "boolean":
        told = [[str(result.boolean).lower()]]
    lines = [_row("th", heads), *(_row("td", row) for row in told)]
    more = f"<p>and {len(rows) - ROWS:,} more</p>" if len(rows) > ROWS else ""
    return f"<table>{''.join(lines)}</table>{more}"


def frame(result: Rows, label: Callable[[Term], str]) -> Any:
    """The rows of a result as a ``pandas.DataFrame``: literals as values, all else by its label.

    Raises `UsageError` where pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise UsageError(
            "to_pandas needs pandas, which is not installed: pip install pandas"
        ) from None
    heads, rows = columns(result)
    values = [[_value(t, label) for t in row] for row in rows]
    if result.kind == "boolean":
        values = [[result.boolean]]
    return pandas.DataFrame(values, columns=heads)


def columns(result: Rows) -> tuple[list[str], Sequence[tuple[Term | None, ...]]]:
    """The heads of a result's columns, and its rows; an ASK has one head and no row of terms."""
    if result.kind == "triples":
        return ["subject", "predicate", "object"], result.triples
    return [*result.variables] if result.kind == "rows" else ["answer"], result.rows


def _row(cell: str, texts: Sequence[str]) -> str:
    return f"<tr>{''.join(_cells(cell, texts))}</tr>"


def _cells(cell: str, texts: Sequence[str]) -> Iterator[str]:
    return (f"<{cell}>{escape(text)}</{cell}>" for text in texts)


def _value(term: Term | None, label: Callable[[Term], str]) -> Any:
    """A number, a truth, a date as Python has it; text for what Python does not have."""
    if term is None or not is_literal(term):
        return label(term) if term else None
    made: Any = rdflib_term(term)
    value = made.toPython()
    return text_of(term) if value is made else value
