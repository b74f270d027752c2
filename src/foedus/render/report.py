"""A report as one HTML file that needs nothing else, or as one Markdown document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from foedus.explain.rows import Basis, RowSupport
from foedus.explain.steps import Origin, Passage
from foedus.render.pages import html, markdown
from foedus.report.content import Answered, Note, Read, Report
from foedus.whatif import HOW


def as_html(report: Report) -> str:
    """The report as an HTML document."""
    return html("report.html", _FILTERS, report=report, how=HOW)


def as_markdown(report: Report) -> str:
    """The report in Markdown; proofs are nested lists."""
    return markdown("report.md", _FILTERS, report=report, how=HOW)


def lead(report: Report) -> str:
    """One sentence on how much there is."""
    counted = ", ".join(f"{many:,} {what}" for what, many in report.counts)
    believed = f" Believed: {', '.join(report.believed)}." if report.believed else ""
    return f"{counted}.{believed}"


def topic(name: str) -> str:
    """A topic as a heading, without the number that sorts it."""
    return name.lstrip("0123456789 ").capitalize()


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


def kind(basis: Basis) -> str:
    """The badge of a basis: its weakest part."""
    if basis.claimed:
        return "claimed"
    return "default" if basis.default else "entailed" if basis.entailed else "asserted"


def ground(support: RowSupport) -> str:
    """The basis of a row and where its words stand."""
    places = dict.fromkeys(p.place for p in support.passages())
    return "; ".join([str(support.basis), *([", ".join(places)] if places else [])])


def anchor(passage: Passage) -> str:
    """The last part of a passage's IRI."""
    return passage.iri[1:-1].rpartition("/")[2]


def is_heading(read: Read) -> bool:
    """Whether a passage is a title or a heading."""
    return not read.passage.place.startswith("sentence")


def paragraphs(article: Sequence[Read]) -> Iterator[list[Read]]:
    """The sentences of each paragraph; a title or a heading is one of its own."""
    found: list[Read] = []
    for read in article:
        if found and (read.opens or is_heading(read) or is_heading(found[0])):
            yield found
            found = []
        found.append(read)
    if found:
        yield found


def read_from(read: Read) -> str:
    """How much was read from a passage."""
    counted = [
        f"{len(things)} {what}{'' if len(things) == 1 else 's'}"
        for what, things in (("fact", read.facts), ("claim", read.claims), ("doubt", read.notes))
        if things
    ]
    return ", ".join(counted) or "nothing stated"


def noted(note: Note) -> str:
    """A remark on doubtful words in one line."""
    words = f"“{note.words}”: " if note.words else ""
    source = f" ({note.reference})" if note.reference else ""
    return f"{words}{note.kind}. {note.remark}{source}"


def words(origin: Origin) -> list[str]:
    """What a leaf of a proof rests on: quotes with their places, and sources."""
    return [*(passage.quoted(by=False) for passage in origin.passages), *origin.sources]


_FILTERS = {
    f.__name__: f
    for f in (
        *(anchor, ground, is_heading, kind, lead),
        *(noted, paragraphs, read_from, short, topic, words),
    )
}
