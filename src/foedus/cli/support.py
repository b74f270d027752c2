"""What the rows of an answer rest on, printed: ``ask --why`` and ``query --why``."""

from __future__ import annotations

import csv
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from foedus.cli.output import Format, bold, dim, markdown, terminal_width
from foedus.explain.forms import said_by
from foedus.provenance.search import MEMBERS
from foedus.safe_text import one_line, reworded
from foedus.store.budget import within
from foedus.terms import Term, Triple

if TYPE_CHECKING:
    from foedus.explain.explainer import Explainer
    from foedus.explain.rows import RowSupport, Support
    from foedus.store.query import Result

#: Name and version of the JSON form.
FORMAT = "foedus-support/1"
#: Widest line, in characters, where no terminal says otherwise.
WIDTH = 100


def show_support(
    explainer: Explainer, sparql: str, result: Result, form: Format, seconds: float | None = None
) -> None:
    """Print each row with its basis, the triples that it rests on, and their words.

    ``seconds`` bounds how long these may be sought.
    """
    supports = within(seconds, lambda: explainer.support_of(sparql, result), "the explanation")
    rows: list[tuple[Term | None, ...]] = [*result.rows, *result.triples] or [()]
    label = explainer.phrases.label
    cells = [[label(t) if t else "" for t in row] for row in rows]
    if result.kind == "boolean":
        cells = [["true" if result.boolean else "false"]]
    heads = list(result.variables) or ["answer"]
    if result.kind == "triples":
        heads = ["subject", "predicate", "object"]
    if form is Format.json:
        told = [_as_json(*row) for row in zip(rows, cells, supports, strict=True)]
        body = {"format": FORMAT, "columns": heads, "rows": told}
        print(json.dumps(body, ensure_ascii=False, indent=2))
    elif form is Format.table:
        width = terminal_width() or WIDTH
        plumbing = explainer.phrases.is_plumbing
        rows_told = zip(map(tuple, cells), supports, strict=True)
        lines = (_lines(*reworded(row, one_line), width, plumbing) for row in rows_told)
        print("\n\n".join("\n".join(told) for told in lines))
    else:
        heads += ["basis", "words"]
        table = [[*c, str(s.basis), _words(s)] for c, s in zip(cells, supports, strict=True)]
        if form is Format.md:
            print(markdown(heads, table))
        else:
            mark = "," if form is Format.csv else "\t"
            csv.writer(sys.stdout, delimiter=mark, lineterminator="\n").writerows([heads, *table])


def _words(support: RowSupport) -> str:
    return " / ".join(f"{p.place}: “{p.quote}”" for p in support.passages())


def _lines(
    cells: Sequence[str], support: RowSupport, width: int, plumbing: Callable[[Triple], bool]
) -> Iterator[str]:
    yield f"{bold(' · '.join(filter(None, cells)))}  {dim(f'[{support.basis}]')}"
    quoted: set[str] = set()
    told = [p for p in support.supports if not (p.step.triple and plumbing(p.step.triple))]
    for part in sorted(told or support.supports, key=_weight):
        rule = f" ({part.step.rule})" if part.step.rule else ""
        sentence = part.step.sentence
        line = f"{sentence[:1].upper()}{sentence[1:]}. [{part.basis}]{rule}"
        yield from textwrap.wrap(line, width, initial_indent="  - ", subsequent_indent="    ")
        if part.step.origin and part.step.origin.kind == "store":
            yield "      the store states it, and this graph does not say why"
        for passage in part.passages():
            if passage.quote not in quoted:
                quoted.add(passage.quote)
                words = f"{passage.place} ({said_by(passage.speakers)}): “{passage.quote}”"
                yield from textwrap.wrap(
                    words, width, initial_indent=" " * 6, subsequent_indent=" " * 6
                )
    if not support.complete:
        yield f"  - it has more members; these are the triples of the first {MEMBERS:,}."
    if not (support.supports or support.assumptions):
        yield "  - it rests on the query alone."
    for text in support.assumptions:
        taken = f"taken for granted: {text}."
        yield from textwrap.wrap(taken, width, initial_indent="  - ", subsequent_indent="    ")


def _weight(part: Support) -> tuple[bool, str]:
    """What is derived goes first: it says most."""
    return part.step.rule is None, part.step.sentence


def _as_json(row: tuple[Term | None, ...], cells: list[str], support: RowSupport) -> dict[str, Any]:
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
                "words": [
                    {
                        "place": p.place,
                        "quote": p.quote,
                        "start": p.start,
                        "end": p.end,
                        "speakers": list(p.speakers),
                    }
                    for p in part.passages()
                ],
            }
            for part in support.supports
        ],
    }
