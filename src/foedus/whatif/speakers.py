"""Which claims cannot both hold, and which only seem to, while nobody is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.belief import EVERYONE
from foedus.resources import folder
from foedus.store.files import read_text
from foedus.terms import Term, text_of
from foedus.whatif.compare import Contradiction, believing, contradictions
from foedus.why.origins import ARTICLE, place


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a disagreement: who, where, in which words."""

    speakers: tuple[str, ...]
    place: str
    words: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two statements that were found to pull apart when the text was read.

    ``kind`` says how: a contradiction, or one in appearance only, and ``remark`` why.
    """

    label: str
    kind: str
    sides: tuple[Side, Side]
    remark: str


@dataclass(frozen=True, slots=True)
class Disagreements:
    """``proved`` follow by the rules if both speakers were believed; ``noted`` were read so."""

    proved: tuple[Contradiction, ...]
    noted: tuple[Disagreement, ...]


def disagreements(graph: KnowledgeGraph) -> Disagreements:
    """What speakers contradict each other in. The graph is left as it is.

    Proved are those that clash once everybody is taken at their word. Noted are those that the
    reading of the text set down: contradictions that no rule sees, and those that only seem to be
    ones, because they speak of different times or things.
    """
    trusting = believing(graph, [EVERYONE])
    before = {c.sentence for c in contradictions(graph)}
    proved = tuple(c for c in contradictions(trusting) if c.sentence not in before)
    return Disagreements(proved, tuple(_noted(graph)))


def _noted(graph: KnowledgeGraph) -> Iterator[Disagreement]:
    text = read_text(folder("queries") / "build" / "report-tensions.rq")
    for row in graph.dataset.query(text).dicts():
        one = _side(graph, row["one"], row.get("oneWords"))
        other = _side(graph, row["other"], row.get("otherWords"))
        remark = text_of(row["remark"]) if "remark" in row else ""
        yield Disagreement(text_of(row["label"]), text_of(row["kind"]), (one, other), remark)


def _side(graph: KnowledgeGraph, thing: Term, words: Term | None) -> Side:
    origins = graph.explainer.origins
    told = origins.words_of(thing)
    speakers = told[0].speakers if told else (ARTICLE,)
    return Side(
        speakers,
        told[0].place if told else place(thing),
        text_of(words) if words else (told[0].quote if told else ""),
    )


def as_lines(found: Disagreements) -> Iterator[str]:
    """The disagreements for a person, the proved ones first, then kind by kind."""
    from foedus.whatif.forms import sides
    from foedus.why.forms import said_by

    if found.proved:
        yield "Cannot both hold, by the rules:"
        for proved in found.proved:
            first, *rest = sides(proved)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    for kind in dict.fromkeys(n.kind for n in found.noted):
        yield ""
        yield f"{kind[:1].upper()}{kind[1:]}:"
        for noted in found.noted:
            if noted.kind == kind:
                yield f"- {noted.label[:1].upper()}{noted.label[1:]}. {noted.remark}"
                for side in noted.sides:
                    yield f"    {side.place} ({said_by(side.speakers)}): “{side.words}”"
