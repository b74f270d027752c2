"""A report as one Markdown document."""

from __future__ import annotations

from collections.abc import Iterator

from foedus.report.content import Answered, Report
from foedus.report.html import lead
from foedus.safe_text import markdown, reworded
from foedus.whatif import HOW
from foedus.why import Step
from foedus.why.forms import said_by
from foedus.why.rows import RowSupport


def render(report: Report) -> str:
    """The report in Markdown; proofs are nested lists."""
    report = reworded(report, markdown)
    lines = [f"# {report.title}", "", lead(report), "", "## Questions and answers", ""]
    for topic, answers in report.topics:
        lines += [f"### {topic.lstrip('0123456789 ').capitalize()}", ""]
        for answered in answers:
            lines += _answer(answered)
    lines += ["## The article, as it was read", "", *_article(report)]
    lines += ["## What follows, and why", ""]
    for name, steps in report.derived:
        lines += [f"### {name[:1].upper() + name[1:]}", ""]
        for step in steps:
            lines += [*_step(step, 0), ""]
    if report.tensions:
        lines += ["## What does not sit well together", ""]
        for tension in report.tensions:
            sides = " / ".join(map(str, tension.sides))
            found = HOW[tension.how] + (f", {tension.kind}" if tension.kind else "")
            lines += [f"- **{tension.sentence}** ({found}): {sides}. {tension.remark}"]
        lines.append("")
    if report.background:
        lines += ["## Public records used", ""]
        lines += [f"- **{title}**: {citation}" for title, citation in report.background]
    return "\n".join(lines).rstrip() + "\n"


def _answer(found: Answered) -> Iterator[str]:
    yield f"**{found.words}** `{found.slug}`"
    yield ""
    if found.assumes:
        yield f"*Assuming that {found.assumes}*"
        yield ""
    if found.boolean:
        yield f"- yes ({_ground(found.supports[0])})"
    elif not found.rows:
        yield "- not stated"
    for row, support in zip(found.rows, found.supports, strict=False):
        yield f"- {' | '.join(row)} ({_ground(support)})"
    yield ""


def _ground(support: RowSupport) -> str:
    places = dict.fromkeys(p.place for p in support.passages())
    return "; ".join([str(support.basis), *([", ".join(places)] if places else [])])


def _article(report: Report) -> Iterator[str]:
    for read in report.article:
        text = "".join(f"**{p.text}**" if "claim" in p.kinds else p.text for p in read.pieces)
        yield f"**{read.passage.place.capitalize()}.** {text.replace('****', '')}"
        yield ""
        yield from (f"- {fact[:1].upper()}{fact[1:]}." for fact in read.facts)
        yield from (f"- claim of {said_by(c.speakers)}: {c.label}" for c in read.claims)
        yield from (f"- doubtful: “{n.words}”. {n.remark}" for n in read.notes)
        if read.nothing:
            yield f"- no facts: {read.nothing}"
        yield ""


def _step(step: Step, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if step.rule:
        yield f"{pad}- {step.because[:1].upper()}{step.because[1:]}. *({step.rule})*"
        below = (p for p in step.premises if not p.structure and not p.is_meaning())
        for premise in below:
            yield from _step(premise, depth + 1)
        return
    origin = step.origin
    words = [f"{p.place}: “{p.quote}”" for p in origin.passages] if origin else []
    words += origin.sources if origin else ()
    yield f"{pad}- {step.sentence[:1].upper()}{step.sentence[1:]}. {'; '.join(words)}".rstrip()
