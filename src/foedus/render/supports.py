"""The rows of an answer with what each rests on: ``ask --why`` and ``query --why``."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, assert_never

from foedus.language.prose import full
from foedus.provenance.search import MEMBERS
from foedus.render.proofs import passages_json
from foedus.render.safe import for_text
from foedus.render.tables import Format, as_json, columns, listing
from foedus.terms import Term, Triple

if TYPE_CHECKING:
    from foedus.explain.rows import RowSupport, Support
    from foedus.language.phrases import Phrases
    from foedus.store.query import Result

#: Name and version of the JSON form.
FORMAT = "foedus-support/1"
#: Widest line, in characters, where no terminal says otherwise.
WIDTH = 100


def render(
    result: Result,
    supports: Sequence[RowSupport],
    phrases: Phrases,
    form: Format,
    width: int | None = None,
    bold: Callable[[str], str] = str,
    dim: Callable[[str], str] = str,
) -> str:
    """Each row with its basis, the triples that it rests on, and their words.

    ``supports`` has one for each row or triple of the result; ``bold`` and ``dim`` style a table.
    """
    rows: list[tuple[Term | None, ...]] = [*result.rows, *result.triples]
    cells = [[phrases.label(t) if t else "" for t in row] for row in rows]
    heads = list(columns(result))
    if result.kind == "boolean":
        heads, rows, cells = ["answer"], [()], [["true" if result.boolean else "false"]]
    match form:
        case Format.json:
            told = [_row_json(*row) for row in zip(rows, cells, supports, strict=True)]
            return as_json(format=FORMAT, columns=heads, rows=told)
        case Format.table:
            plumbing = phrases.is_plumbing
            both = zip(cells, supports, strict=True)
            lines = (_lines(*row, width or WIDTH, plumbing, bold, dim) for row in both)
            return "\n\n".join("\n".join(told) for told in lines)
        case Format.csv | Format.tsv | Format.md:
            table = [[*c, str(s.basis), _words(s)] for c, s in zip(cells, supports, strict=True)]
            return listing([*heads, "basis", "words"], table, form)
        case _:
            assert_never(form)


def _words(support: RowSupport) -> str:
    return " / ".join(p.quoted(by=False) for p in support.passages())


def _lines(
    cells: Sequence[str],
    support: RowSupport,
    width: int,
    plumbing: Callable[[Triple], bool],
    bold: Callable[[str], str] = str,
    dim: Callable[[str], str] = str,
) -> Iterator[str]:
    cells, support = for_text((tuple(cells), support))
    yield f"{bold(' · '.join(filter(None, cells)))}  {dim(f'[{support.basis}]')}"
    quoted: set[str] = set()
    told = [p for p in support.supports if not (p.step.triple and plumbing(p.step.triple))]
    for part in sorted(told or support.supports, key=_weight):
        rule = f" ({part.step.rule})" if part.step.rule else ""
        yield from _item(f"{full(part.step.sentence)} [{part.basis}]{rule}", width)
        if part.step.origin and part.step.origin.kind == "store":
            yield "      the store states it, and this graph does not say why"
        for p in part.passages():
            if p.quote not in quoted:
                quoted.add(p.quote)
                pad = " " * 6
                yield from textwrap.wrap(
                    p.quoted(), width, initial_indent=pad, subsequent_indent=pad
                )
    if not support.complete:
        yield f"  - it has more members; these are the triples of the first {MEMBERS:,}."
    if not (support.supports or support.assumptions):
        yield "  - it rests on the query alone."
    for text in support.assumptions:
        yield from _item(f"taken for granted: {text}.", width)


def _item(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  - ", subsequent_indent="    ")


def _weight(part: Support) -> tuple[bool, str]:
    """What is derived goes first: it says most."""
    return part.step.rule is None, part.step.sentence


def _row_json(
    row: tuple[Term | None, ...], cells: list[str], support: RowSupport
) -> dict[str, Any]:
    return {
        "terms": list(row),
        "labels": cells,
        "basis": str(support.basis),
        "entailed": support.basis.entailed,
        "claimed_by": list(support.basis.claimed),
        "background": list(support.basis.background),
        "by_default": support.basis.default,
        "assumptions": list(support.assumptions),
        "ways": support.ways,
        "complete": support.complete,
        "triples": [
            {
                "triple": list(part.step.triple or ()),
                "sentence": part.step.sentence,
                "basis": str(part.basis),
                "rule": part.step.rule,
                "words": passages_json(part.passages()),
            }
            for part in support.supports
        ],
    }
