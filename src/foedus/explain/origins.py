"""Where an asserted triple comes from: whose words, in which sentence, or which record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from foedus.explain.steps import Origin, Passage
from foedus.language.names import Names
from foedus.resources import internal
from foedus.store.files import read_text
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple, expanded, is_iri, text_of

#: What the article is called at the end of a chain of speakers.
ARTICLE = "the article"


class Origins:
    """Tells where triples come from, by the named ``graphs`` that hold them.

    ``added`` are triples of the moment, in no named graph, each with what it was added from.
    """

    def __init__(
        self,
        view: QuadStore,
        graphs: Callable[[Triple], Iterable[Term]],
        names: Names,
        prefixes: Mapping[str, str],
        added: Mapping[Triple, Origin] | None = None,
    ) -> None:
        self.view, self.graphs = view, graphs
        self.names, self.prefixes = names, prefixes
        self.added = dict(added or {})
        self._known: dict[Triple, Origin | None] = {}

    def __call__(self, triple: Triple) -> Origin | None:
        """Where a triple was asserted; None if nowhere."""
        if triple not in self._known:
            found = [o for g in self.graphs(triple) if (o := self._of(g, triple))]
            if triple in self.added:
                found.append(self.added[triple])
            self._known[triple] = _merged(found)
        return self._known[triple]

    def _of(self, graph: Term, triple: Triple) -> Origin | None:
        if graph == expanded("src:derived", self.prefixes):
            return None
        if graph in self.passages:
            return Origin("article", self.passages[graph])
        if self.speaker_of(graph):
            return self.believing(graph)
        if graph in self.records:
            return Origin("background", (), (self.records[graph][0],))
        if graph == self._meaning:
            return Origin("meaning")
        return Origin("record", self.words_of(triple[0]))

    def believing(self, *claims: Term) -> Origin:
        """The origin of what claims say, once their speakers are believed."""
        passages = tuple(p for claim in claims for p in self.claims.get(claim, ()))
        speakers = {name for claim in claims if (name := self.speaker_of(claim))}
        unquoted = (c for c in claims if c not in self.claims)
        said = (t for c in unquoted for t in self.view.match(c, self._speaker))
        titles = (self.records[g][0] for t in said for g in self.graphs(t) if g in self.records)
        return Origin("belief", passages, tuple(dict.fromkeys(titles)), tuple(sorted(speakers)))

    def words_of(self, thing: Term) -> tuple[Passage, ...]:
        """The words that a claim, a mention or a passage quotes, or the passage it stands in."""
        found = self.claims.get(thing) or self.mentions.get(thing) or self.passages.get(thing)
        return found or self.passages.get(self._places.get(thing, ""), ())

    @cached_property
    def _places(self) -> dict[Term, Term]:
        """In which passage a thing stands that is not quoted itself."""
        return {row["thing"]: row["passage"] for row in self._ask("places")}

    def speakers_in(self, triple: Triple) -> tuple[str, ...]:
        """Who makes the claims that a triple is about."""
        found = (self.speaker_of(term) for term in (triple[0], triple[2]))
        return tuple(dict.fromkeys(filter(None, found)))

    def speaker_of(self, thing: Term) -> str | None:
        """Who makes a claim, by name; None where the thing is not a claim."""
        found = next(self.view.match(thing, self._speaker), None) if is_iri(thing) else None
        return self.names.label(found[2]) if found else None

    @cached_property
    def _speaker(self) -> Term:
        return expanded("fo:speaker", self.prefixes)

    # -- what the dataset says of its graphs ---------------------------------------------------

    @cached_property
    def passages(self) -> dict[Term, tuple[Passage, ...]]:
        """Each sentence, title or heading with its words."""
        return self._quoting["passage"]

    @cached_property
    def claims(self) -> dict[Term, tuple[Passage, ...]]:
        """Each claim with the words that make it and its chain of speakers."""
        return self._quoting["claim"]

    @cached_property
    def mentions(self) -> dict[Term, tuple[Passage, ...]]:
        """Each mention with its words."""
        return self._quoting["mention"]

    @cached_property
    def records(self) -> dict[Term, tuple[str, str]]:
        """Title and citation of each public record."""
        found: dict[Term, tuple[str, str]] = {}
        for row in self._ask("records"):
            title = text_of(row["title"]) if "title" in row else self.names.label(row["record"])
            citation = text_of(row["citation"]) if "citation" in row else ""
            found.setdefault(row["record"], (title, citation))
        return found

    @cached_property
    def _meaning(self) -> Term:
        """The ontology's named graph: its namespace without the final sign."""
        return f"<{self.prefixes['fo'].rstrip('#/')}>"

    @cached_property
    def _quoting(self) -> dict[str, dict[Term, tuple[Passage, ...]]]:
        found: dict[str, dict[Term, Passage]] = {"passage": {}, "claim": {}, "mention": {}}
        outlets: dict[Term, list[str]] = {}
        for row in self._ask("passages"):
            thing, kind = row["thing"], text_of(row["kind"])
            chain = outlets.setdefault(thing, [])
            for step in ("speaker", "message", "outlet"):
                name = self.names.label(row[step]) if step in row else ""
                name = f"in {name}" if name and step == "message" else name
                if name and name not in chain:
                    chain.append(name)
            if thing not in found[kind]:
                start, end = (int(text_of(row[n])) if n in row else None for n in ("start", "end"))
                found[kind][thing] = Passage(
                    row["passage"],
                    place(row["passage"]),
                    text_of(row["words"]),
                    start,
                    end,
                    self.names.label(row["source"]) if "source" in row else "",
                    row.get("source", ""),
                )
        return {
            kind: {t: (p.told_by((*outlets[t], ARTICLE)),) for t, p in things.items()}
            for kind, things in found.items()
        }

    def _ask(self, name: str) -> Iterable[dict[str, Term]]:
        return self.view.query(_text(name)).dicts()


def claim_contents(store: QuadStore) -> dict[Triple, tuple[Term, ...]]:
    """What the claims in a store say, as triples, and which claims say it."""
    found: dict[Triple, dict[Term, None]] = {}
    for row in store.query(_text("content")).dicts():
        found.setdefault((row["s"], row["p"], row["o"]), {})[row["claim"]] = None
    return {triple: tuple(claims) for triple, claims in found.items()}


def _text(name: str) -> str:
    return read_text(internal("build") / f"{name}.rq")


def place(passage: Term) -> str:
    """What a passage is called: ``sentence 9`` for the one whose IRI ends in ``s09``.

    >>> place("<http://example.org/s09>"), place("<http://example.org/t>")
    ('sentence 9', 'title')
    """
    last = re.split(r"[/#]", text_of(passage))[-1] if is_iri(passage) else passage
    found = re.fullmatch(r"([sht])(\d*)", last)
    if not found:
        return last
    kind = {"s": "sentence", "h": "heading", "t": "title"}[found[1]]
    return f"{kind} {int(found[2])}" if found[2] else kind


def _merged(found: list[Origin]) -> Origin | None:
    """One origin of several: what the article says before what others say, a belief last."""
    order = ("article", "record", "meaning", "background", "added", "belief")
    found.sort(key=lambda o: order.index(o.kind))
    if not found:
        return None
    alike = [o for o in found if o.kind == found[0].kind]
    passages = {p: None for o in alike for p in o.passages}
    sources = tuple(dict.fromkeys(s for o in alike for s in o.sources))
    believed = tuple(dict.fromkeys(b for o in alike for b in o.believed))
    return Origin(found[0].kind, tuple(passages), sources, believed)
