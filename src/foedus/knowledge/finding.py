"""Retrieval: the canned question that somebody means, found by what they ask in words.

Every question has its words, and other ways to ask it (``# asked:`` lines in its file). What is
asked is compared with each of these, concept by concept (see `wording`): rare concepts count more
(inverse document frequency), and what one of the two does not say counts against it (Tversky's
index). Names and dates fill the question's parameters. No model, and nothing is learnt.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from foedus.errors import UsageError
from foedus.knowledge.questions import ANY, Parameter, Question
from foedus.language.utterance import Reader, Utterance, bears
from foedus.language.wording import ELSEWHERE, Concepts, Wording, words
from foedus.terms import Term

#: A question that fits less than this is not what was meant.
ENOUGH = 0.38
#: A question is taken without more ado if it is better than the next one by so much.
AHEAD = 0.01

#: What a word counts that the question has, but not that way of asking it.
ELSEWAY = 0.6
#: What a concept counts that a way of asking has, and the text has not.
UNSAID = 0.3
#: What it counts that a way of asking uses the very same words: it tells *who* from *whom*.
LITERAL = 0.06
#: What it counts for a question that a date, a name, a quoted word was found for a parameter, and
#: against it that none was, or that a name or date is of no use to it.
DATED, NAMED, QUOTED, LEFT = 0.08, 0.04, 0.1, 0.03
#: What a name counts besides against a question whose things it has nothing to do with.
STRAY = 0.15
#: Parameters that a thing of any kind is a value for.
_ANYTHING = {"thing", "subject", "object"}


@dataclass(frozen=True, slots=True)
class Match:
    """A question that may be meant, the values found for it, and how well it fits (0 to 1)."""

    question: Question
    values: Mapping[str, str]
    score: float


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of asking a question: its concepts, all together and word by word with the weight."""

    words: frozenset[str]
    said: Concepts
    weighed: Sequence[tuple[Concepts, float]]


class Finder:
    """Finds questions by words.

    ``names`` and ``classes`` are labels of things and of classes, each with what it stands for;
    ``kinds`` says which classes a thing belongs to, by their IRIs, and what these are called.
    """

    def __init__(
        self,
        questions: Iterable[Question],
        names: Iterable[tuple[str, Term]],
        classes: Iterable[tuple[str, Term]],
        kinds: Callable[[Term], Mapping[Term, str]],
        linked: Callable[[Term, Term], bool],
        resolve: Callable[[str], Term],
    ) -> None:
        self._questions = list(questions)
        self._kinds, self._linked, self._resolve = kinds, linked, resolve
        self._wording = Wording()
        asked = [[words(way) for way in _ways(question)] for question in self._questions]
        read = [
            [[c for _, c in self._wording.read(way) if ELSEWHERE not in c] for way in ways]
            for ways in asked
        ]
        self._whole = [frozenset().union(*(c for way in ways for c in way)) for ways in read]
        counts = Counter(concept for whole in self._whole for concept in whole)
        many = len(self._questions)
        self._weights = {c: math.log(1 + (many - n + 0.5) / (n + 0.5)) for c, n in counts.items()}
        self._ways = [
            [
                _Way(frozenset(way), frozenset().union(*said), [(c, self._least(c)) for c in said])
                for way, said in zip(*both, strict=True)
            ]
            for both in zip(asked, read, strict=True)
        ]
        self._texts: dict[str, Concepts] = {}  # what `_concepts` has read
        self._defaults: dict[str, Term | None] = {}
        named = (p for q in self._questions for p in q.parameters if p.kind == "name")
        self._figures = {t for parameter in named if (t := self._default(parameter))}
        self._reader = Reader(
            self._wording,
            names,
            classes,
            kinds,
            (word for ways in asked for way in ways for word in way),
            self._weights,
        )

    def find(self, text: str) -> list[Match]:
        """The questions that may be meant, best first; none where nothing fits."""
        read = self._reader.read(text)
        if not read.concepts and not read.things:
            return []
        rest = self._reader.read(text.replace(read.word, " ")) if read.quoted else read
        plain = frozenset(words(text))
        found = []
        for question, ways, whole in zip(self._questions, self._ways, self._whole, strict=True):
            speaks = any(parameter.kind == "text" for parameter in question.parameters)
            likeness = max(self._likeness(rest if speaks else read, way, whole) for way in ways)
            values, left = self._filled(question, read)
            score = likeness - left
            for parameter in question.parameters:
                weight = _worth(parameter, read.quoted)
                score += weight if parameter.name in values else -weight
            if likeness >= ENOUGH and score >= ENOUGH:
                literal = max(
                    2 * len(plain & way.words) / (len(plain) + len(way.words)) for way in ways
                )
                found.append(Match(question, values, score + LITERAL * literal))
        return sorted(found, key=lambda match: (-match.score, match.question.slug))

    # -- words ---------------------------------------------------------------------------------

    def _likeness(self, read: Utterance, way: _Way, whole: Concepts) -> float:
        """How like what is asked is to one way of asking a question (0 to 1)."""
        both = elseway = alone = 0.0
        for concepts in read.concepts:
            if common := concepts & way.said:
                both += max(self._weights[c] for c in common)
            elif common := concepts & whole:
                elseway += max(self._weights[c] for c in common)
            else:
                alone += self._least(concepts)
        unsaid = sum(weight for concepts, weight in way.weighed if not concepts & read.asked)
        every = both + elseway + alone + read.foreign + UNSAID * unsaid
        return (both + ELSEWAY * elseway) / every if every else 1.0

    def _least(self, concepts: Concepts) -> float:
        """The weight of a word in doubt: that of the commonest of its concepts."""
        return min(self._weights[c] for c in concepts if c in self._weights)

    # -- names and dates -----------------------------------------------------------------------

    def _filled(self, question: Question, read: Utterance) -> tuple[dict[str, str], float]:
        """Values for a question's parameters, and what the names and dates left over count."""
        values: dict[str, str] = {}
        free, days = list(read.things), list(read.dates)
        wanted = sum(parameter.kind == "date" for parameter in question.parameters)
        while len(days) > max(wanted, 1):
            days.remove(min(days, key=len))  # a day says more than its year
        for parameter in question.parameters:
            if parameter.kind == "date" and days:
                values[parameter.name] = days.pop(0)
            elif parameter.kind == "text" and read.word:
                values[parameter.name] = read.word.lower()
            elif parameter.kind == "name":
                fit = next(
                    ((some, t) for some in free for t in some if self._fits(parameter, t)), None
                )
                if fit:
                    free.remove(fit[0])
                    values[parameter.name] = fit[1]
        return values, self._unused(question, values, free, read) + DATED * len(days)

    def _unused(
        self,
        question: Question,
        values: Mapping[str, str],
        free: Iterable[Sequence[Term]],
        read: Utterance,
    ) -> float:
        """What it counts against a question that names are of no use to it."""
        left = [some for some in free if any(bears(self._kinds(thing)) for thing in some)]
        if not left:
            return 0.0
        named = [p for p in question.parameters if p.kind == "name"]
        about = [t for p in named if (t := values.get(p.name) or self._default(p))]
        if named:
            strays = sum(not any(self._linked(t, a) for t in some for a in about) for some in left)
        else:
            strays = sum(self._figures.isdisjoint(some) for some in left)
        if any(p.name not in values and not self._said(p) & read.asked for p in named):
            strays += 1  # the name is not of what the question is about
        return LEFT * len(left) + STRAY * strays

    def _fits(self, parameter: Parameter, thing: Term) -> bool:
        """Whether a thing is of the kind that a parameter says, or else its default is of."""
        if parameter.name in _ANYTHING:
            return True
        said, kinds = self._said(parameter), self._kinds(thing)
        if any(said & self._concepts(label) for label in kinds.values()):
            return True
        default = self._default(parameter)
        own = self._kinds(default) if default else {}
        if any(said & self._concepts(label) for label in own.values()):
            return False
        return bool(own.keys() & kinds.keys())

    def _default(self, parameter: Parameter) -> Term | None:
        """What a parameter is if nothing is said; None where the graph does not know it."""
        if parameter.default not in self._defaults:
            try:
                known = None if parameter.default == ANY else self._resolve(parameter.default)
            except UsageError:
                known = None
            self._defaults[parameter.default] = known
        return self._defaults[parameter.default]

    def _said(self, parameter: Parameter) -> Concepts:
        return self._concepts(f"{parameter.name} {parameter.about}")

    def _concepts(self, text: str) -> Concepts:
        if text not in self._texts:
            read = self._wording.read(words(text))
            self._texts[text] = frozenset().union(*(concepts for _, concepts in read))
        return self._texts[text]


def _worth(parameter: Parameter, quoted: bool) -> float:
    """What it counts that a parameter has a value; less where anything would do."""
    if parameter.kind == "name":
        return NAMED / 2 if parameter.name in _ANYTHING else NAMED
    if parameter.kind == "text":
        return QUOTED if quoted else 0.0
    return DATED


def _ways(question: Question) -> list[str]:
    """The ways in which a question is asked: its words, its name, and what its file adds."""
    said = re.sub(r"\{\w+\}", " ", question.words)
    return [said, question.slug.replace("-", " "), *question.asked]
