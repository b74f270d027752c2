"""Results as text: a table that fits the terminal, or a format for machines."""

from __future__ import annotations

import csv
import io
import json
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, assert_never

from foedus import safe_text
from foedus.safe_text import one_line
from foedus.terms import Term, is_blank, is_iri, split_literal, split_triple, text_of

if TYPE_CHECKING:
    from foedus.store.query import Result

#: Widest that a column may ask for while others still need room, in characters.
_NARROW = 12


class Format(StrEnum):
    """How a result is printed."""

    table = "table"
    csv = "csv"
    tsv = "tsv"
    json = "json"
    md = "md"


def render(
    result: Result,
    format: Format,
    label: Callable[[Term], str],
    width: int | None = None,
    bold: Callable[[str], str] = str,
) -> str:
    """A result as text. ``table`` and ``md`` show labels; the others are the standard formats.

    csv and tsv are those of SPARQL 1.1 (https://www.w3.org/TR/sparql11-results-csv-tsv/), json is
    that of SPARQL 1.2 (https://www.w3.org/TR/sparql12-results-json/). ``width`` bounds a table, in
    characters; ``bold`` styles its heads.
    """
    if result.kind == "boolean":
        said = "true" if result.boolean else "false"
        return as_json(head={}, boolean=result.boolean) if format is Format.json else said
    names, rows = columns(result), [*result.rows, *result.triples]
    match format:
        case Format.json:
            found = [
                {n: json_term(t) for n, t in zip(names, row, strict=True) if t is not None}
                for row in rows
            ]
            return as_json(head={"vars": list(names)}, results={"bindings": found})
        case Format.tsv:
            head = "\t".join(f"?{name}" for name in names)
            return "\n".join([head, *("\t".join(t or "" for t in row) for row in rows)])
        case Format.csv:
            return listing(names, [[text_of(t) if t else "" for t in row] for row in rows], format)
        case Format.table | Format.md:
            cells = [[label(t) if t is not None else "" for t in row] for row in rows]
            heads = [name.replace("_", " ") for name in names]
            return listing(heads, cells, format, width, bold)
        case _:
            assert_never(format)


def columns(result: Result) -> Sequence[str]:
    """The names of what stands in a result's rows or triples."""
    return ("subject", "predicate", "object") if result.kind == "triples" else result.variables


def listing(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    format: Format,
    width: int | None = None,
    bold: Callable[[str], str] = str,
) -> str:
    """Rows of plain text in any format; json is a list of objects."""
    match format:
        case Format.json:
            found = [dict(zip(heads, row, strict=True)) for row in rows]
            return json.dumps(found, ensure_ascii=False, indent=2)
        case Format.csv:
            return _separated(heads, rows, ",")
        case Format.tsv:
            return _separated(heads, rows, "\t")
        case Format.md:
            return markdown(heads, rows)
        case Format.table:
            return table(heads, rows, width, bold)
        case _:
            assert_never(format)


def _separated(heads: Sequence[str], rows: Sequence[Sequence[str]], mark: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator="\n").writerows([heads, *rows])
    return out.getvalue().rstrip("\n")


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    width: int | None = None,
    bold: Callable[[str], str] = str,
) -> str:
    """Rows in aligned columns under their heads; long cells are wrapped to fit the width.

    >>> print(table(["ally", "since"], [["North Korea", "1961"]]))
    ally         since
    -----------  -----
    North Korea  1961
    """
    body = [[one_line(cell).strip() for cell in row] for row in rows]
    widths = [max(_width(row[i]) for row in [list(heads), *body]) for i in range(len(heads))]
    widths = _fitted(widths, width)
    lines = _row(heads, widths)
    lines = [bold(line) for line in lines] + ["  ".join("-" * w for w in widths)]
    for row in body:
        lines += _row(row, widths)
    return "\n".join(lines)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows as a Markdown table.

    >>> print(markdown(["a"], [["x|y"]]))
    | a |
    | --- |
    | x\\|y |
    """

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(safe_text.markdown(c).strip() for c in cells) + " |"

    rule = "|" + " --- |" * len(heads)
    return "\n".join([line(heads), rule, *map(line, rows)])


def _fitted(widths: list[int], width: int | None) -> list[int]:
    """Widths that add up to the terminal's: the widest columns give way first."""
    room = (width or 10**9) - 2 * (len(widths) - 1)
    fitted = list(widths)
    while sum(fitted) > room and max(fitted) > _NARROW:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    wrapped = [_wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return [
        "  ".join(
            part + " " * (width - _width(part)) for part, width in zip(parts, widths, strict=True)
        ).rstrip()
        for parts in zip_longest(*wrapped, fillvalue="")
    ]


def _wrap(text: str, width: int) -> list[str]:
    if _width(text) <= width:
        return [text]
    half = width if _width(text) == len(text) else max(1, width // 2)  # wide letters take two
    return textwrap.wrap(text, half, break_on_hyphens=False) or [""]


def _width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def as_json(**body: Any) -> str:
    """A JSON object with these members, indented."""
    return json.dumps(body, ensure_ascii=False, indent=2)


def json_term(term: Term) -> dict[str, Any]:
    """A term as SPARQL's results in JSON have it."""
    if triple := split_triple(term):
        names = ("subject", "predicate", "object")
        parts = {name: json_term(part) for name, part in zip(names, triple, strict=True)}
        return {"type": "triple", "value": parts}
    if is_iri(term):
        return {"type": "uri", "value": text_of(term)}
    if is_blank(term):
        return {"type": "bnode", "value": term[2:]}
    value, datatype, language = split_literal(term)
    found = {"type": "literal", "value": value}
    if language:
        found["xml:lang"], _, direction = language.partition("--")
        if direction:
            found["its:dir"] = direction
    elif datatype:
        found["datatype"] = datatype
    return found
