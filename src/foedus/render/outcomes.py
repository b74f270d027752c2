"""An outcome as text, JSON or Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from foedus.language.prose import capital, full
from foedus.render.proofs import passages_json
from foedus.render.safe import for_markdown, for_text
from foedus.whatif.compare import Change, Changed, Contradiction, Outcome

#: Name and version of the JSON form.
FORMAT = "foedus-what-if/1"
#: Triples of one list that are told as text; the rest is counted.
SHOWN = 30


def as_text(outcome: Outcome, bold: Callable[[str], str] = str) -> str:
    """The outcome for a person: what goes, what comes, what contradicts, which answers change."""
    outcome = for_text(outcome)
    lines = [f"What if: {text}" for text in outcome.supposed]
    if not (outcome.lost or outcome.gained or outcome.answers or outcome.contradictions):
        return "\n".join([*lines, "", "Nothing changes."]) + "\n"
    lines += _changes(f"No longer so ({len(outcome.lost)})", "-", outcome.lost, bold)
    lines += _changes(f"Newly so ({len(outcome.gained)})", "+", outcome.gained, bold)
    for contradiction in outcome.contradictions:
        lines += ["", bold("A contradiction:"), *sides(contradiction)]
    count = len(outcome.answers)
    lines += ["", bold(f"Answers that change: {count} of {outcome.asked} questions")]
    for changed in outcome.answers:
        lines += ["", f"{changed.slug}: {changed.words}"]
        lines += _rows(changed)
    return "\n".join(lines) + "\n"


def _changes(
    head: str, sign: str, changes: tuple[Change, ...], bold: Callable[[str], str]
) -> Iterator[str]:
    """What follows first, each with its reason; then what is stated, under where it is."""
    if not changes:
        return
    yield from ("", bold(head))
    shown = changes[:SHOWN]
    for change in shown:
        if change.derived:
            yield f"{sign} {full(change.sentence)}"
            yield f"    {change.reason}"
    for reason in dict.fromkeys(c.reason for c in shown if not c.derived):
        yield f"  {capital(reason)}:"
        yield from (f"{sign} {full(c.sentence)}" for c in shown if c.reason == reason)
    if len(changes) > SHOWN:
        yield f"  ... and {len(changes) - SHOWN} more (--format json has them all)"


def sides(found: Contradiction) -> Iterator[str]:
    """The lines that tell a contradiction: what excludes what, and the words of each side."""
    yield f"{full(found.sentence)} ({found.rule})"
    for sentence, passages in found.sides:
        yield f"  {full(sentence)}"
        for passage in passages:
            yield f"    {passage.quoted()}"


def _rows(changed: Changed) -> Iterator[str]:
    for sign, rows in (("-", changed.lost), ("+", changed.gained)):
        for row in rows:
            yield f"  {sign} {' | '.join(row)}"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain data."""

    def changes(every: tuple[Change, ...]) -> list[dict[str, Any]]:
        return [
            {"triple": list(c.triple), "sentence": c.sentence, "reason": c.reason} for c in every
        ]

    return {
        "format": FORMAT,
        "supposed": list(outcome.supposed),
        "lost": changes(outcome.lost),
        "gained": changes(outcome.gained),
        "contradictions": [
            {
                "sentence": c.sentence,
                "rule": c.rule,
                "sides": [
                    {"sentence": sentence, "words": passages_json(passages)}
                    for sentence, passages in c.sides
                ],
            }
            for c in outcome.contradictions
        ],
        "asked": outcome.asked,
        "answers": [
            {
                "question": c.slug,
                "columns": list(c.columns),
                "lost": [list(row) for row in c.lost],
                "gained": [list(row) for row in c.gained],
            }
            for c in outcome.answers
        ],
    }


def as_markdown(outcome: Outcome) -> str:
    """The outcome as a Markdown document."""
    outcome = for_markdown(outcome)
    lines = ["# What if", "", *(f"- {text}" for text in outcome.supposed), ""]
    for head, changes in (("No longer so", outcome.lost), ("Newly so", outcome.gained)):
        if changes:
            lines += [f"## {head} ({len(changes)})", ""]
            lines += [f"- {full(c.sentence)} *{c.reason}*" for c in changes]
            lines.append("")
    for contradiction in outcome.contradictions:
        first, *rest = sides(contradiction)
        lines += [
            "## A contradiction",
            "",
            first,
            "",
            *(f"> {line.strip()}  " for line in rest),
            "",
        ]
    lines += [f"## Answers that change: {len(outcome.answers)} of {outcome.asked} questions", ""]
    for changed in outcome.answers:
        lines += [f"### {changed.words}", ""]
        lines += [f"- {line.strip()[0]} {line.strip()[2:]}" for line in _rows(changed)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
