"""What a speaker's claims say, as the triples that they would be if he were believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from foedus.errors import UnknownName
from foedus.language.names import Names
from foedus.language.spelling import near
from foedus.resources import internal
from foedus.store.files import read_text
from foedus.store.query import QuadStore
from foedus.terms import Quad, Term, Triple

#: The word that believes every speaker.
EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Content:
    """One triple that a claim contains, and whose claim it is."""

    claim: Term
    speaker: Term
    triple: Triple

    @property
    def quad(self) -> Quad:
        """The triple in the graph of its claim."""
        return (*self.triple, self.claim)


def contents(store: QuadStore, prefixes: Mapping[str, str]) -> tuple[Content, ...]:
    """What all claims in a store contain, in the order of the claims."""
    text = read_text(internal("build") / "content.rq")
    rows = store.query(text, prefixes=prefixes).dicts()
    return tuple(
        Content(row["claim"], row["speaker"], (row["s"], row["p"], row["o"])) for row in rows
    )


def believed(
    store: QuadStore, names: Names, prefixes: Mapping[str, str], speakers: Iterable[str]
) -> tuple[Content, ...]:
    """What the claims of these speakers contain; ``everyone`` stands for all of them.

    Raises `UnknownName` for a name that is nobody's, or of somebody who claims nothing.
    """
    found = contents(store, prefixes)
    who = {c.speaker for c in found}
    chosen: set[Term] = set()
    for name in speakers:
        if name.casefold() == EVERYONE:
            chosen |= who
            continue
        speaker = None
        with suppress(UnknownName):
            speaker = names.resolve(name)
        if speaker is None or speaker not in who:
            others = sorted(names.label(w) for w in who)
            raise UnknownName(
                "speaker", name, near(name, others), f"claims are by {', '.join(others)}"
            )
        chosen.add(speaker)
    return tuple(c for c in found if c.speaker in chosen)
