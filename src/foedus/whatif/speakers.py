"""Which claims cannot both hold, and which only seem to, while nobody is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from foedus.explain.origins import ARTICLE, claim_contents, place
from foedus.explain.steps import Passage
from foedus.language.prose import full, quotation
from foedus.reasoning.proofs.alternatives import size
from foedus.reasoning.proofs.hypothetical import Hypothesis
from foedus.resources import internal
from foedus.short import short_repr
from foedus.store.files import read_text
from foedus.terms import Term, Triple, text_of
from foedus.whatif.compare import contradiction
from foedus.whatif.graph import Graph

#: How it was found out that two statements pull apart, in the order in which they are told.
HOW = {
    "rules": "Cannot both hold, by the rules",
    "things": "Exclude each other, but are not said of the same",
    "times": "Only seem to contradict, because their times differ",
    "noted": "Noted when the text was read",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a disagreement: who, where, in which words; ``says`` is what by the graph.

    A public record has no words here: ``says`` then names it.
    """

    speakers: tuple[str, ...] = ()
    place: str = ""
    words: str = ""
    says: str = ""

    def __str__(self) -> str:
        says = full(self.says) if self.says else ""
        quoted = quotation(self.place, self.words, self.speakers) if self.place else ""
        return " ".join(filter(None, (says, quoted)))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Statements that pull apart, in a sentence; ``how`` that was found out is a key of `HOW`.

    ``kind`` is what the reading of the text called it, and ``remark`` what it said; or, where it
    was computed, the rule and why the two can stand side by side.
    """

    how: str
    sentence: str
    sides: tuple[Side, ...]
    kind: str = ""
    remark: str = ""

    __repr__ = short_repr


def disagreements(graph: Graph) -> tuple[Disagreement, ...]:
    """What speakers contradict each other, or the article, in. The graph is left as it is.

    By the rules: what all claims say is supposed, and each contradiction that comes of it told
    with the words it rests on. Claims that exclude each other may be said of different things,
    and what is told of times that do not meet can both be so. What neither shows is told as the
    reading of the text noted it.
    """
    found = _Search(graph)
    every = [*found.by_rules(), *found.of_others(), *found.noted()]
    return tuple(sorted(every, key=lambda d: (list(HOW).index(d.how), d.kind)))


class _Search:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.explainer = graph, graph.explainer
        self.claims = claim_contents(graph.view)
        self.told: set[frozenset[Term]] = set()
        self.times: dict[Term, list[dict[str, Term]]] = {}
        for row in self._ask("times"):
            self.times.setdefault(row["thing"], []).append(row)

    def _ask(self, name: str) -> Iterator[dict[str, Term]]:
        text = read_text(internal("build") / f"{name}.rq")
        return self.graph.view.query(text).dicts()

    def by_rules(self) -> Iterator[Disagreement]:
        """The contradictions that come of what is claimed, and of what is told of the same."""
        explainer = self.explainer
        believed = {t: explainer.origins.believing(*claims) for t, claims in self.claims.items()}
        supposed = Hypothesis(believed, explainer.rules, explainer.find, self.graph.proof)
        seen: set[object] = set()
        for proof in sorted(supposed.contradictions(), key=size):
            told = contradiction(proof, explainer, believed)
            if told.rests_on in seen:
                continue
            seen.add(told.rests_on)
            stated = sorted(told.rests_on)
            things = [who for t in stated if (who := self.claims.get(t) or self._stated_in(t))]
            self.told |= {frozenset(pair) for pair in product(*things)}
            claims = [thing[0] for thing in things if explainer.origins.speaker_of(thing[0])]
            why = self._apart(*((c, "") for c in claims)) if len(things) == len(claims) == 2 else ""
            sides = tuple(_side_of(says, passages) for says, passages in told.sides)
            how, remark = ("times", why) if why else ("rules", f"({told.rule})")
            yield Disagreement(how, told.sentence, sides, remark=remark)

    def _stated_in(self, triple: Triple) -> tuple[Term, ...]:
        """The passages that state a triple."""
        return tuple(g for g in self.graph.graphs(triple) if g in self.explainer.origins.passages)

    def of_others(self) -> Iterator[Disagreement]:
        """Claims that would exclude each other if they were said of the same."""
        label = self.explainer.phrases.label
        for row in self._ask("opposed"):
            pair = frozenset((row["one"], row["other"]))
            if pair in self.told:
                continue
            self.told.add(pair)
            names = {n: label(t) for n, t in row.items()}
            yield Disagreement(
                "things",
                f"{names['a']} {names['says']} {names['b']}, "
                f"or {names['x']} {names['denies']} {names['y']}",
                (self._side(row["one"]), self._side(row["other"])),
                remark=f"The one is said of {names['a']} and {names['b']}, the other of "
                f"{names['x']} and {names['y']}, who lead them.",
            )

    def noted(self) -> Iterator[Disagreement]:
        """What the reading of the text set down, and whether the times alone explain it."""
        for row in self._ask("report-tensions"):
            if frozenset((row["one"], row["other"])) in self.told:
                continue
            one = self._side(row["one"], row.get("oneWords"))
            other = self._side(row["other"], row.get("otherWords"))
            why = self._apart((row["one"], one.words), (row["other"], other.words))
            remark = text_of(row["remark"]) if "remark" in row else ""
            label, kind = text_of(row["label"]), text_of(row["kind"])
            yield Disagreement(
                "times" if why else "noted", label, (one, other), "" if why else kind, why or remark
            )

    def _apart(self, *sides: tuple[Term, str]) -> str:
        """How the times of two statements do not meet; empty where they do, or are not known."""
        pairs = list(product(*(self._times(thing, words) for thing, words in sides)))
        if not pairs or any(_meet(*pair) for pair in pairs):
            return ""
        one, other = (self.explainer.phrases.label(row["time"]) for row in pairs[0])
        return f"The one speaks of {one}, the other of {other}."

    def _times(self, thing: Term, words: str) -> list[dict[str, Term]]:
        """The times of which a claim speaks, or a passage by these words."""
        rows = self.times.get(thing, [])
        said = ((row, text_of(row["words"]) if "words" in row else words) for row in rows)
        return [row for row, text in said if words in text or text in words]

    def _side(self, thing: Term, words: Term | None = None) -> Side:
        told = self.explainer.origins.words_of(thing)
        if not told:
            return Side((ARTICLE,), place(thing), text_of(words) if words else "")
        return Side(told[0].speakers, told[0].place, text_of(words) if words else told[0].quote)


def _side_of(says: str, passages: tuple[Passage, ...]) -> Side:
    """A side of what is computed, with the first of its passages."""
    for p in passages[:1]:
        return Side(p.speakers, p.place, p.quote, says)
    return Side(says=says)


def _meet(one: dict[str, Term], other: dict[str, Term]) -> bool:
    """Whether two times can overlap; an open bound goes on."""
    return not any(
        "latest" in a and "earliest" in b and text_of(a["latest"]) < text_of(b["earliest"])
        for a, b in ((one, other), (other, one))
    )
