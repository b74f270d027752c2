"""A proof in sentences, down to the words in the sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape

from foedus.language.phrases import Phrases
from foedus.language.prose import quotation
from foedus.reasoning.proofs.sentences import because, refuse_deep
from foedus.reasoning.rules.proof import Proof
from foedus.reasoning.rules.table import RuleSet
from foedus.short import short_repr
from foedus.terms import Term, Triple


@dataclass(frozen=True, slots=True)
class Passage:
    """Words in a source: where they stand, and who says them, nearest first."""

    iri: Term
    place: str
    quote: str
    start: int | None = None
    end: int | None = None
    source: str = ""
    source_iri: Term = ""
    speakers: tuple[str, ...] = ()

    def told_by(self, speakers: tuple[str, ...]) -> Passage:
        """The same words with a chain of speakers."""
        return replace(self, speakers=speakers)

    def quoted(self, by: bool = True, again: bool = False) -> str:
        """The words after their place and, with ``by``, their speakers; see `quotation`."""
        return quotation(self.place, self.quote, self.speakers if by else (), again)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an asserted triple comes from.

    ``kind`` is ``article`` (said in the article's own voice), ``background`` (a public record,
    named by ``sources``), ``meaning`` (the ontology), ``belief`` (somebody's claim, taken at their
    word), ``record`` (made by the build, about the texts) or ``added`` (by the user).
    """

    kind: str
    passages: tuple[Passage, ...] = ()
    sources: tuple[str, ...] = ()
    believed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a proof in words: what holds, by which rule or by whose words."""

    triple: Triple | None
    sentence: str
    rule: str | None = None
    because: str = ""
    origin: Origin | None = None
    premises: tuple[Step, ...] = ()
    structure: bool = False

    __repr__ = short_repr

    def _repr_html_(self) -> str:
        return "".join(_html(self, set()))

    def walk(self) -> Iterator[Step]:
        """This step and all below it, each once."""
        waiting, seen = [self], {id(self)}
        while waiting:
            step = waiting.pop()
            yield step
            for premise in reversed(step.premises):
                if id(premise) not in seen:
                    seen.add(id(premise))
                    waiting.append(premise)

    def leaves(self) -> tuple[Step, ...]:
        """The asserted triples at the bottom, axioms included, each once."""
        found = {s.triple: s for s in self.walk() if s.rule is None}
        return tuple(found.values())

    def passages(self) -> tuple[Passage, ...]:
        """The words at the bottom, each once, in the order of the text."""
        found = {p: None for s in self.leaves() if s.origin for p in s.origin.passages}
        return tuple(sorted(found, key=lambda p: (p.source, p.start or 0)))

    def tree(self, meanings: bool = True) -> Iterator[tuple[Step, int]]:
        """What a reader is shown from here down, each step with how many are above it.

        Without ``meanings``, what rests on the meaning of words alone is left out below.
        """
        waiting = [(self, 0)]
        while waiting:
            step, depth = waiting.pop()
            yield step, depth
            below = [p for p in step.shown() if meanings or not p.is_meaning()]
            waiting += [(premise, depth + 1) for premise in reversed(below)]

    def shown(self) -> list[Step]:
        """The premises that a reader is shown: words before meanings, no bookkeeping."""
        return sorted((p for p in self.premises if not p.structure), key=Step.is_meaning)

    def is_meaning(self) -> bool:
        """Whether it rests on the meaning of words alone."""
        return all(s.origin is not None and s.origin.kind == "meaning" for s in self.leaves())

    def words(self) -> frozenset[Triple]:
        """The asserted triples at the bottom that are not the ontology's."""
        return frozenset(
            s.triple
            for s in self.leaves()
            if s.triple and s.origin is not None and s.origin.kind != "meaning"
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is to be said of one triple: its proofs, smallest first; or why there is none.

    ``independent`` is how many of the proofs rest on words of their own. ``remarks`` are further
    sentences: that it is only claimed, and by whom; what would follow with the background.
    Without a proof, ``misses`` are the rules that could have given it, and ``known`` is what is
    stated of its subject and object. ``when`` says of what does not hold on the graph's day when
    it did, or will.
    """

    triple: Triple
    sentence: str
    proofs: tuple[Step, ...] = ()
    remarks: tuple[str, ...] = ()
    misses: tuple[Miss, ...] = ()
    known: tuple[Step, ...] = ()
    when: str = ""

    __repr__ = short_repr

    @property
    def independent(self) -> int:
        return independent(self.proofs)

    def _repr_html_(self) -> str:
        told = [proof._repr_html_() for proof in self.proofs]
        if not told:
            absent = f"Nothing states that {self.sentence}, and nothing that is stated entails it."
            told = [f"<p>{escape(absent)}</p>"]
        told += [f"<p>{escape(remark)}</p>" for remark in self.remarks]
        for miss in self.misses:
            lacks = f"{miss.says} ({miss.rule}); missing: {'; '.join(miss.missing)}"
            told.append(f"<p>{escape(lacks)}</p>")
        return "".join(told)


@dataclass(frozen=True, slots=True)
class Miss:
    """A rule that could have given a triple: what was found for it, and what is missing."""

    rule: str
    says: str
    found: tuple[Step, ...]
    missing: tuple[str, ...]


def explain(
    proof: Proof,
    phrases: Phrases,
    rules: RuleSet,
    origin: Callable[[Triple], Origin | None],
) -> Step:
    """A proof in words, step by step as it is.

    Args:
        proof: as a closure made it.
        phrases: names and sentences for the graph.
        rules: the table that the proof's rules stand in.
        origin: where an asserted triple comes from.

    Raises LimitReached for a proof of more than 200 steps one below the other.
    """
    refuse_deep(proof)
    told: dict[Triple | None, Step] = {}

    def step(proof: Proof) -> Step:
        triple = proof.triple
        sentence = phrases.sentence(triple) if triple else ""
        if proof.rule is None:
            source = origin(triple) if triple else None
            hidden = bool(triple and phrases.is_plumbing(triple))
            return Step(triple, sentence, origin=source, structure=hidden)
        said = because(proof, rules, phrases)
        premises = tuple(told[p.triple] for p in proof.premises)
        return Step(triple, sentence or said, proof.rule, said, None, premises)

    for part in proof.walk():
        if part.triple not in told:
            told[part.triple] = step(part)
    return told[proof.triple]


def _html(root: Step, seen: set[Triple]) -> Iterator[str]:
    """A step as the item of a list, with those that it rests on below it; each is told once."""
    rule = f" <small>({escape(root.rule)})</small>" if root.rule else ""
    again = root.rule is not None and root.triple in seen
    said = root.sentence if again else root.because or root.sentence
    yield f"<ul><li>{escape(said[:1].upper() + said[1:])}.{' (as shown)' if again else rule}"
    if root.triple:
        seen.add(root.triple)
    for words in root.origin.passages if root.origin else ():
        yield f"<blockquote>{escape(words.place)}: “{escape(words.quote)}”</blockquote>"
    for premise in () if again else root.premises:
        if not premise.structure:
            yield from _html(premise, seen)
    yield "</li></ul>"


def independent(proofs: Iterable[Step]) -> int:
    """How many proofs share no words with one counted before; axioms are common ground."""
    used: set[Triple] = set()
    count = 0
    for proof in proofs:
        words = proof.words()
        if not words & used:
            used |= words
            count += 1
    return count
