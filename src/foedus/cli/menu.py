"""The canned questions as a menu, and for the shell's completion."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from foedus.cli.common import say
from foedus.cli.output import Format, bold, dim, listing, terminal_width
from foedus.errors import UnknownName, UsageError
from foedus.finding import AHEAD
from foedus.questions import read_questions
from foedus.resources import folders
from foedus.safe_text import one_line

if TYPE_CHECKING:
    from foedus.finding import Match
    from foedus.knowledge import KnowledgeGraph


def menu(data: Path | None, format: Format) -> None:
    """Print the canned questions by topic."""
    topic = None
    rows = []
    for q in read_questions(folders(data).queries).values():
        takes = " ".join(f"{p.name}={p.spoken}" for p in q.parameters)
        row = [q.topic, q.slug, q.words, takes]
        rows.append([one_line(cell) for cell in row] if format is Format.table else row)
    heads = ["topic", "question", "words", "values"]
    if format is not Format.table:
        print(listing(heads, rows, format))
    else:
        wide = max((len(row[1]) for row in rows), default=0)
        room = terminal_width()
        for row in rows:
            if row[0] != topic:
                topic = row[0]
                print(f"\n{bold(topic.upper())}" if topic else "")
            line = f"  {row[1]:<{wide}}  {row[2]}"
            tail = f"  [{row[3]}]" if row[3] else ""
            fits = room is None or len(line) + len(tail) <= room
            print(line + (dim(tail) if fits else f"\n  {'':<{wide}}{dim(tail)}"))


def in_words(question: str) -> bool:
    """Whether a question is asked in words, and not by its name."""
    return " " in question.strip() or question.strip().endswith("?")


def meant(graph: KnowledgeGraph, words: str) -> tuple[str, dict[str, str]]:
    """The name and the values of the question that words ask; says how to ask it exactly.

    Raises `UnknownName` where no question fits, `UsageError` that names the nearest three where it
    is not clear which is meant.
    """
    found = graph.find(words)
    if not found:
        raise UnknownName(
            "question", words, hint="none of those there are fits; 'foedus ask' lists them"
        )
    exactly = [_command(graph, match) for match in found[:3]]
    if len(found) > 1 and found[0].score - found[1].score < AHEAD:
        raise UsageError(f"{words!r} may be one of these; ask it exactly: {'; '.join(exactly)}")
    say(f"asking: {exactly[0]}")
    best = found[0]
    return best.question.slug, {n: graph.names.short(v) for n, v in best.values.items()}


def _command(graph: KnowledgeGraph, match: Match) -> str:
    """The command line that asks just this."""
    words = ["foedus", "ask", match.question.slug]
    words += [
        f"{name}={one_line(graph.names.label(value))}" for name, value in match.values.items()
    ]
    return shlex.join(words)


def slugs(incomplete: str) -> list[tuple[str, str]]:
    """The questions that begin so, for the shell's completion."""
    known = read_questions(folders().queries).values()
    return [(q.slug, q.words) for q in known if q.slug.startswith(incomplete)]


def choices(context: typer.Context, incomplete: str) -> list[str]:
    """The parameters of the question on the line, for the shell's completion."""
    question = read_questions(folders().queries).get(str(context.params.get("question")))
    names = [f"{p.name}={p.spoken}" for p in question.parameters] if question else []
    return [name for name in names if name.startswith(incomplete)]
