"""The canned questions as a menu, and for the shell's completion."""

from __future__ import annotations

from pathlib import Path

import typer

from foedus.cli.output import bold, dim, terminal_width
from foedus.knowledge.questions import read_questions
from foedus.render.tables import Format, listing
from foedus.resources import folders
from foedus.safe_text import one_line


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


def slugs(incomplete: str) -> list[tuple[str, str]]:
    """The questions that begin so, for the shell's completion."""
    known = read_questions(folders().queries).values()
    return [(q.slug, q.words) for q in known if q.slug.startswith(incomplete)]


def choices(context: typer.Context, incomplete: str) -> list[str]:
    """The parameters of the question on the line, for the shell's completion."""
    question = read_questions(folders().queries).get(str(context.params.get("question")))
    names = [f"{p.name}={p.spoken}" for p in question.parameters] if question else []
    return [name for name in names if name.startswith(incomplete)]
