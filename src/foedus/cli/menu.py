"""The canned questions as a menu, and for the shell's completion."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from foedus.cli.common import say
from foedus.cli.output import bold, dim, terminal_width
from foedus.errors import UsageError
from foedus.render.tables import Format, listing
from foedus.safe_text import one_line

if TYPE_CHECKING:
    from foedus.knowledge import KnowledgeGraph
    from foedus.knowledge.finding import Match
    from foedus.knowledge.questions import Question
    from foedus.terms import Term


def questions(data: Path | None = None) -> dict[str, Question]:
    """The canned questions by name; what reads them is loaded only where they are asked for."""
    from foedus.knowledge.questions import read_questions
    from foedus.resources import folders

    return read_questions(folders(data).queries)


def menu(data: Path | None, format: Format) -> None:
    """Print the canned questions by topic."""
    topic = None
    rows = []
    for q in questions(data).values():
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

    Raises `UsageError` where no question fits, and where it is not clear which is meant: it names
    the nearest three.
    """
    from foedus.knowledge.finding import AHEAD

    found = graph.find(words)
    if not found:
        raise UsageError(f"no question here fits {words!r}; 'foedus ask' lists those there are")
    values = [_values(graph, match) for match in found[:3]]
    exactly = [
        shlex.join(["foedus", "ask", match.question.slug, *(f"{n}={v}" for n, v in given.items())])
        for match, given in zip(found, values, strict=False)
    ]
    if len(found) > 1 and found[0].score - found[1].score < AHEAD:
        raise UsageError(f"{words!r} may be one of these; ask it exactly: {'; '.join(exactly)}")
    say(f"asking: {one_line(exactly[0])}")
    return found[0].question.slug, values[0]


def _values(graph: KnowledgeGraph, match: Match) -> dict[str, str]:
    """The values of a match as a person would type them."""
    values = dict(match.values)
    for parameter in match.question.parameters:
        if parameter.kind == "name" and parameter.name in values:
            values[parameter.name] = _typed(graph, values[parameter.name])
    return values


def _typed(graph: KnowledgeGraph, thing: Term) -> str:
    """The label of a thing, or its CURIE where the label may mean another one too."""
    label = one_line(graph.names.label(thing))
    try:
        clear = graph.names.resolve(label) == thing
    except UsageError:
        clear = False
    return label if clear else graph.names.short(thing)


def slugs(incomplete: str) -> list[tuple[str, str]]:
    """The questions that begin so, for the shell's completion."""
    known = questions().values()
    return [(q.slug, q.words) for q in known if q.slug.startswith(incomplete)]


def choices(context: typer.Context, incomplete: str) -> list[str]:
    """The parameters of the question on the line, for the shell's completion."""
    question = questions().get(str(context.params.get("question")))
    names = [f"{p.name}={p.spoken}" for p in question.parameters] if question else []
    return [name for name in names if name.startswith(incomplete)]
