"""What speakers contradict each other in, as text, JSON or Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from foedus.language.prose import full
from foedus.render.safe import for_markdown, for_text
from foedus.whatif.speakers import HOW, Disagreement

#: Name and version of the JSON form.
FORMAT = "foedus-contradictions/1"


def as_text(found: tuple[Disagreement, ...]) -> str:
    """The disagreements for a person, by how they were found out."""
    return "\n".join(_told(for_text(found))).strip() + "\n"


def as_json(found: tuple[Disagreement, ...]) -> dict[str, Any]:
    """The disagreements as plain data."""
    return {"format": FORMAT, "disagreements": [asdict(d) for d in found]}


def as_markdown(found: tuple[Disagreement, ...]) -> str:
    """The disagreements as a Markdown document."""
    lines = ["# What does not sit well together"]
    for line in _told(for_markdown(found)):
        is_head = line[:1] not in ("", "-", " ")
        text = f"## {line.removesuffix(':')}\n" if is_head else line
        lines.append(f"  > {line.strip()}  " if line.startswith(" ") else text)
    return "\n".join(lines) + "\n"


def _told(found: tuple[Disagreement, ...]) -> Iterator[str]:
    for how, head in HOW.items():
        mine = [d for d in found if d.how == how]
        for kind in dict.fromkeys(d.kind for d in mine):
            yield ""
            yield f"{head}: {kind}" if kind else f"{head}:"
            for one in (d for d in mine if d.kind == kind):
                yield f"- {full(one.sentence)} {one.remark}".rstrip()
                yield from (f"    {side}" for side in one.sides)
