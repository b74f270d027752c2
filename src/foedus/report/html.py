"""A report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from html import escape
from importlib.resources import files
from itertools import chain
from string import Template

import foedus
from foedus.report.content import Answered, Note, Piece, Read, Report
from foedus.safe_text import printable, reworded
from foedus.whatif import HOW, Disagreement
from foedus.why import Passage, Step
from foedus.why.forms import said_by
from foedus.why.rows import RowSupport

#: Quotes that are shown of one row; the rest is counted.
QUOTES = 3


def render(report: Report) -> str:
    """The report as an HTML document."""
    report = reworded(report, partial(printable, keep="\n\t"))
    sections = [
        ("answers", "Questions and answers", chain([_PRINTED], _answers(report))),
        ("article", "The article, as it was read", _article(report)),
        ("derived", "What follows, and why", _derived(report)),
        ("tensions", "What does not sit well together", _tensions(report)),
        ("doubts", "Doubtful words", _doubts(report)),
        ("background", "Public records used", _background(report)),
    ]
    body, contents = [], []
    for name, head, lines in sections:
        content = "\n".join(lines)
        if content:
            contents.append(f'<li><a href="#{name}">{escape(head)}</a></li>')
            body.append(f'<section id="{name}">\n<h2>{escape(head)}</h2>\n{content}\n</section>')
    here = files("foedus.report")
    return Template(here.joinpath("template.html").read_text(encoding="utf-8")).substitute(
        title=escape(report.title),
        style=here.joinpath("style.css").read_text(encoding="utf-8"),
        version=foedus.__version__,
        lead=escape(lead(report)),
        contents="".join(contents),
        body="\n".join(body),
    )


def lead(report: Report) -> str:
    """One sentence on how much there is."""
    counted = ", ".join(f"{many:,} {what}" for what, many in report.counts)
    believed = f" Believed: {', '.join(report.believed)}." if report.believed else ""
    return f"{counted}.{believed}"


def _answers(report: Report) -> Iterator[str]:
    for topic, answers in report.topics:
        yield f"<h3>{escape(topic.lstrip('0123456789 ').capitalize())}</h3>"
        yield from map(_answer, answers)


def _answer(found: Answered) -> str:
    count = short(found)
    lines = [
        f'<details id="q-{escape(found.slug)}"><summary>{escape(found.words)} '
        f'<span class="slug">{escape(count)}</span></summary>'
    ]
    if found.assumes:
        lines.append(f'<p class="meta">Assuming that {escape(found.assumes)}</p>')
    if found.boolean is not None:
        lines += [_support(s) for s in found.supports] if found.boolean else [_EMPTY]
    elif not found.rows:
        lines.append(_EMPTY)
    else:
        heads = "".join(f"<th>{escape(c)}</th>" for c in (*found.columns, "on what ground"))
        lines.append(f"<table><thead><tr>{heads}</tr></thead><tbody>")
        for row, support in zip(found.rows, found.supports, strict=True):
            cells = (
                f'<td data-name="{escape(c)}">{escape(v)}</td>'
                for c, v in zip(found.columns, row, strict=True)
            )
            lines.append(f"<tr>{''.join(cells)}<td>{_support(support)}</td></tr>")
        lines.append("</tbody></table>")
    return "\n".join([*lines, "</details>"])


def short(found: Answered) -> str:
    """The answer in a few words, or how long it is.

    A single row says it whole, a few rows by their first column.
    """
    if found.boolean is not None:
        return "yes" if found.boolean else "not stated"
    if not found.rows:
        return "not stated"
    if len(found.rows) == 1:
        told = " · ".join(filter(None, found.rows[0]))
    else:
        told = "; ".join(dict.fromkeys(row[0] for row in found.rows))
    count = f"{len(found.rows)} row{'' if len(found.rows) == 1 else 's'}"
    return told if len(found.rows) <= 4 and len(told) <= 60 else count


#: Where the quotes are that every row repeats on the screen.
_PRINTED = (
    '<p class="meta printed">On paper a row names the sentences that it rests on; their words are '
    "in the article below. Proofs are folded: the file shows them on a screen.</p>"
)
_EMPTY = '<p class="empty">Not stated. That is not a no.</p>'


def _support(support: RowSupport) -> str:
    basis = support.basis
    kind = "claimed" if basis.claimed else "entailed" if basis.entailed else "asserted"
    kind = "default" if basis.default and not basis.claimed else kind
    passages = support.passages()
    quotes = "".join(map(_quote, passages[:QUOTES]))
    if len(passages) > QUOTES:
        more = "".join(map(_quote, passages[QUOTES:]))
        quotes += f"<details><summary>{len(passages) - QUOTES} more</summary>{more}</details>"
    assumed = "".join(
        f'<p class="meta">Taken for granted: {escape(a)}.</p>' for a in support.assumptions
    )
    return f'<span class="badge {kind}">{escape(str(basis))}</span>{assumed}{quotes}'


def _quote(passage: Passage) -> str:
    name = _anchor(passage)
    speakers = f" {escape(said_by(passage.speakers))}" if len(passage.speakers) > 1 else ""
    return (
        f'<blockquote><b><a href="#{name}">{escape(passage.place)}</a>{speakers}</b> '
        f"<span>“{escape(passage.quote)}”</span></blockquote>"
    )


def _anchor(passage: Passage) -> str:
    return escape(passage.iri[1:-1].rpartition("/")[2])


# -- the article -------------------------------------------------------------------------------


def _article(report: Report) -> Iterator[str]:
    yield (
        '<p class="key"><span><mark class="fact">stated as fact</mark></span>'
        '<span><mark class="claim">claimed by somebody</mark></span>'
        '<span><mark class="doubt">wrong, doubtful or unclear</mark></span></p><article>'
    )
    paragraph: list[str] = []
    for read in report.article:
        is_heading = not read.passage.place.startswith("sentence")
        if paragraph and (read.opens or is_heading):
            yield f"<p>{' '.join(paragraph)}</p>"
            paragraph = []
        if is_heading:
            yield f'<div class="heading" id="{_anchor(read.passage)}">{_marked(read)}</div>'
        else:
            paragraph.append(f'<span id="{_anchor(read.passage)}">{_marked(read)}</span>')
    if paragraph:
        yield f"<p>{' '.join(paragraph)}</p>"
    yield "</article><h3>Sentence by sentence</h3>"
    yield from map(_read, report.article)


def _marked(read: Read) -> str:
    pieces = "".join(map(_piece, read.pieces))
    number = read.passage.place.rpartition(" ")[2]
    name = _anchor(read.passage)
    title = "what was read from it"
    return f'{pieces}<a class="n" href="#read-{name}" title="{title}">{escape(number)}</a>'


def _piece(piece: Piece) -> str:
    if not piece.kinds:
        return escape(piece.text)
    title = escape("\n".join(piece.titles))
    return f'<mark class="{" ".join(piece.kinds)}" title="{title}">{escape(piece.text)}</mark>'


def _read(read: Read) -> str:
    name = _anchor(read.passage)
    counted = [
        f"{len(things)} {what}{'' if len(things) == 1 else 's'}"
        for what, things in (("fact", read.facts), ("claim", read.claims), ("doubt", read.notes))
        if things
    ]
    lines = [
        f'<details id="read-{name}"><summary>{escape(read.passage.place.capitalize())} '
        f'<span class="slug">{escape(", ".join(counted) or "nothing stated")}</span></summary>',
        f'<p class="words">“{escape(read.passage.quote)}” <a href="#{name}">↑</a></p>',
    ]
    if read.nothing:
        lines.append(f'<p class="meta">No facts: {escape(read.nothing)}</p>')
    if read.facts:
        lines.append(_list(map(_full, read.facts), "plain"))
    if read.claims:
        said = (f"{said_by(c.speakers)}: {c.label}. “{c.passage.quote}”" for c in read.claims)
        lines.append(_list(said, "plain claims"))
    lines += (f'<p class="meta">{escape(r)}</p>' for r in read.readings)
    if read.notes:
        lines.append(_list(map(_note, read.notes), "plain notes"))
    return "\n".join([*lines, "</details>"])


def _note(note: Note) -> str:
    words = f"“{note.words}”: " if note.words else ""
    source = f" ({note.reference})" if note.reference else ""
    return f"{words}{note.kind}. {note.remark}{source}"


def _list(items: Iterable[str], kind: str) -> str:
    return f'<ul class="{kind}">{"".join(f"<li>{escape(i)}</li>" for i in items)}</ul>'


# -- proofs ------------------------------------------------------------------------------------


def _derived(report: Report) -> Iterator[str]:
    for name, steps in report.derived:
        yield f"<h3>{escape(name[:1].upper() + name[1:])}</h3>"
        for step in steps:
            yield (
                f"<details><summary>{escape(_full(step.sentence))}</summary>"
                f'<ul class="proof">{_step(step)}</ul></details>'
            )


def _step(step: Step) -> str:
    if step.rule:
        below = sorted((p for p in step.premises if not p.structure), key=Step.is_meaning)
        inner = "".join(map(_step, below))
        rule = f'<span class="rule">({escape(step.rule)})</span>'
        return f"<li>{escape(_full(step.because))} {rule}<ul>{inner}</ul></li>"
    origin = step.origin
    if origin and origin.kind == "meaning":
        return f'<li class="meta">by definition: {escape(step.sentence)}</li>'
    quotes = "".join(map(_quote, origin.passages)) if origin else ""
    source = (
        f'<p class="meta">{escape("; ".join(origin.sources))}</p>'
        if origin and origin.sources
        else ""
    )
    return f"<li>{escape(_full(step.sentence))}{quotes}{source}</li>"


# -- the rest ----------------------------------------------------------------------------------


def _tensions(report: Report) -> Iterator[str]:
    for how, head in HOW.items():
        mine = [t for t in report.tensions if t.how == how]
        if mine:
            yield f"<h3>{escape(head)}</h3>"
            yield from map(_tension, mine)


def _tension(tension: Disagreement) -> str:
    sides = "".join(f"<blockquote>{escape(str(side))}</blockquote>" for side in tension.sides)
    kind = f' <span class="badge default">{escape(tension.kind)}</span>' if tension.kind else ""
    return (
        f'<div class="card"><b>{escape(_full(tension.sentence))}</b>{kind}'
        f'<div class="sides">{sides}</div><p class="meta">{escape(tension.remark)}</p></div>'
    )


def _doubts(report: Report) -> Iterator[str]:
    for read in report.article:
        if read.notes:
            yield (
                f'<p class="meta"><a href="#{_anchor(read.passage)}">'
                f"{escape(read.passage.place.capitalize())}</a></p>"
                f"{_list(map(_note, read.notes), 'plain notes')}"
            )


def _background(report: Report) -> Iterator[str]:
    for title, citation in report.background:
        yield f'<p><b>{escape(title)}</b><br><span class="meta">{escape(citation)}</span></p>'


def _full(text: str) -> str:
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "?", "!")) else start + "."
