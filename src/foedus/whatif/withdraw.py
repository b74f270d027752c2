"""What a name of a sentence, a source or a claim stands for, when it is to be left out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from foedus.errors import UnknownName, UsageError
from foedus.explain.origins import place
from foedus.language.spelling import near
from foedus.terms import Quad, Term, text_of
from foedus.whatif.graph import Graph

_PASSAGE = re.compile(r"(?:.*/)?(s|h|t|sentence|heading|title)?\s*0*(\d*)")
_KINDS = {"s": "sentence", "h": "heading", "t": "title"}


class Withdrawals:
    """Finds what is withdrawn with a sentence, a source or a claim of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.origins = graph.explainer.origins

    def quads(self, name: str) -> tuple[list[Quad], str]:
        """What is withdrawn with a name, and a line that says so.

        Raises `UnknownName` with the near ones.
        """
        stated = self.graph.stated()
        if passage := self._passage(name):
            told = _told_in(stated, passage)
            line = f"without {self.origins.passages[passage][0].quoted(by=False)}"
            return [q for q in stated if q[3] == passage or q[0] in told], line
        if source := self._source(name):
            inside = f"{source[:-1]}/"
            line = f"without {self._title(source)}"
            return [q for q in stated if q[3] and (q[3] == source or q[3].startswith(inside))], line
        if claim := self._claim(name):
            label = self.graph.names.label(claim)
            return [q for q in stated if claim in (q[0], q[3])], f"without the claim that {label}"
        raise UnknownName("sentence, source or claim", name, self._near(name), self._hint())

    def _passage(self, name: str) -> Term | None:
        found = _PASSAGE.fullmatch(name.strip())
        if not found:
            return None
        wanted = f"{_KINDS.get(found[1], found[1] or 'sentence')} {found[2]}".strip()
        return next((p for p in sorted(self.origins.passages) if place(p) == wanted), None)

    def _source(self, name: str) -> Term | None:
        """The source of that slug or title, or the only one that starts so."""
        wanted = name.strip().casefold()
        called = {s: (_last(s).casefold(), self._title(s).casefold()) for s in self._sources()}
        whole = [s for s, names in called.items() if wanted in (*names, s[1:-1])]
        start = [s for s, names in called.items() if any(n.startswith(wanted) for n in names)]
        found = whole or (start if len(wanted) > 2 else [])
        return found[0] if len(found) == 1 else None

    def _sources(self) -> list[Term]:
        articles = {p[0].source_iri for p in self.origins.passages.values()}
        return sorted({*articles, *self.origins.records} - {""})

    def _title(self, source: Term) -> str:
        found = self.origins.records.get(source)
        return found[0] if found else self.graph.names.label(source)

    def _claim(self, name: str) -> Term | None:
        try:
            found = self.graph.names.resolve(name)
        except (UnknownName, UsageError):
            return None
        return found if found in self.origins.claims else None

    def _near(self, name: str) -> list[str]:
        things = [*self.origins.passages, *self._sources()]
        claims = [self.graph.names.label(c) for c in self.origins.claims]
        return near(name, [*map(_last, things), *claims])

    def _hint(self) -> str:
        places = (place(p) for p in self.origins.passages)
        last = max((int(p.split()[1]) for p in places if p.startswith("sentence ")), default=0)
        return f"the sentences are s01 to s{last:02}"


def _last(thing: Term) -> str:
    """The last part of an IRI."""
    return text_of(thing).rstrip("/").rpartition("/")[2]


def _told_in(stated: Iterable[Quad], passage: Term) -> set[Term]:
    """The passage itself, and the records, claims and notes that speak of it."""
    return {passage} | {s for s, _, o, _ in stated if o == passage}
