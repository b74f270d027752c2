"""The verb tour: what is read, what follows from it, and a few answers with their words."""

from __future__ import annotations

import shlex
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foedus.cli.common import BUILD, DataOption, progress, say, values
from foedus.cli.output import bold, dim, terminal_width
from foedus.cli.verbs import counts, report
from foedus.errors import InputError, UsageError
from foedus.safe_text import one_line

if TYPE_CHECKING:
    from foedus.explain.rows import RowSupport
    from foedus.knowledge import Answer, KnowledgeGraph

#: Widest line of the tour, in characters.
WIDTH = 100
#: Rows of an answer, and quotes of a row, that are shown; the rest is counted.
ROWS, QUOTES = 6, 2


def tour(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write it.")] = BUILD,
    data: DataOption = None,
) -> None:
    """Build, check, and answer a few questions with the words.

    \b
    Examples:
      foedus tour
    """
    from foedus.knowledge import KnowledgeGraph

    start = time.perf_counter()
    with progress("tour") as step:
        made = KnowledgeGraph.build(data, progress=step)
        step("checking")
        findings = made.check(proofs=False)
        try:
            made.save(out)
            made = KnowledgeGraph.open(out, data)  # which has a proof of each triple at hand
        except InputError as error:
            say(f"{error} (the tour goes on without writing)")
    took = time.perf_counter() - start
    for line in (*counts(made), *rules(made)):
        print(line)
    print(f"built and checked in {took:.1f} s: ", end="")
    try:
        report(findings)
    finally:
        for line, answer in answers(made):
            print("\n" + "\n".join(told(made, answer, line)))
    print("\nNext: 'foedus ask' lists the questions; 'foedus ask allies-of state=DPRK' asks one.")


def answers(made: KnowledgeGraph) -> Iterator[tuple[str, Answer]]:
    """The questions of ``queries/tour.txt`` with their answers; another graph may lack a name."""
    from foedus.store.files import read_text

    asked = made.folders.queries / "tour.txt"
    for line in read_text(asked).splitlines() if asked.is_file() else ():
        if line.strip() and not line.startswith("#"):
            slug, *given = shlex.split(line)
            with suppress(UsageError):
                yield line, made.ask(slug, values(given))


def rules(made: KnowledgeGraph) -> Iterator[str]:
    """Which rules gave most of what was derived: those that a proof of it ends with."""
    derived = (t for t in made.view.match() if t not in made.asserted)
    by_rule = Counter(proof.rule for t in derived if (proof := made.proof(t)))
    most = sorted(by_rule.items(), key=lambda item: (-item[1], str(item[0])))[:5]
    if most:
        told = ", ".join(f"{rule} {count}" for rule, count in most)
        yield f"derived by {len(by_rule)} rules, most by {told}"


def told(made: KnowledgeGraph, answer: Answer, asked: str) -> Iterator[str]:
    """The lines that tell an answer: the question, then each row, its basis and its words."""
    wide = min(WIDTH, terminal_width() or WIDTH)
    yield f"{bold(one_line(answer.phrase(made.names)))}  {dim(one_line(f'foedus ask {asked}'))}"
    result = answer.result
    if not result and result.kind == "rows":
        yield "  not stated"
    supports = made.support(answer)
    rows = result.rows if result.kind == "rows" else [None]
    for row, support in list(zip(rows, supports, strict=True))[:ROWS]:
        if row is None:
            said = "true" if result.boolean else "false"
        else:
            said = cells([made.names.label(term) for term in row if term is not None], support)
        yield from wrapped(said, "  ", "    ", wide)
        yield from words(support, answer.question.assumes, wide)
    if len(rows) > ROWS:
        yield f"  and {len(rows) - ROWS} more"


def cells(labels: list[str], support: RowSupport) -> str:
    """A row on one line, without the cells that only repeat its quotes."""
    quotes = {passage.quote for passage in support.passages()}
    return " · ".join(label for label in labels if label not in quotes) or " · ".join(labels)


def words(support: RowSupport, assumes: str, wide: int) -> Iterator[str]:
    """The basis of a row, what it assumes, and its quotes."""
    yield from wrapped(f"{support.basis}", "      ", "      ", wide)
    assumption = assumes if support.assumptions else ""
    if assumption:
        yield from wrapped(f"assuming: {assumption}", "      ", "      ", wide)
    passages = support.passages()
    for passage in passages[:QUOTES]:
        yield from wrapped(passage.quoted(by=False), "      ", "        ", wide)
    if len(passages) > QUOTES:
        yield f"      and {len(passages) - QUOTES} more passages"


def wrapped(text: str, first: str, rest: str, wide: int) -> list[str]:
    """A text in lines that fit."""
    return textwrap.wrap(one_line(text), wide, initial_indent=first, subsequent_indent=rest)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(tour)
