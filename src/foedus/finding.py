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
from foedus.questions import ANY, Parameter, Question
from foedus.terms import Term
from foedus.wording import ELSEWHERE, Concepts, Wording, Words, dates, table, words

#: A question that fits less than this is not what was meant.
ENOUGH = 0.38
#: A question is taken without more ado if it is better than the next one by so much.
AHEAD = 0.01

#: What a word of the text counts that no question has: by itself, as a foreign name, and as one
#: of what is never asked here.
UNKNOWN, FOREIGN, NEVER = 2.0, 6.0, 12.0
#: What a word counts that the question has, but not that way of asking it.
ELSEWAY = 0.6
#: What a concept counts that a way of asking has, and the text has not.
UNSAID = 0.3
#: What it counts for a question that a date, a name, a quoted word was found for a parameter, and
#: against it that none was, or that a name or date is of no use to it.
DATED, NAMED, QUOTED, LEFT = 0.08, 0.04, 0.1, 0.03
#: What a name counts besides against a question whose things it has nothing to do with.
STRAY = 0.15
#: Kinds of things that bear names, whose words mean nothing else: the United States are one state.
_BEARERS = {"person", "state", "organisation"}
#: Parameters that a thing of any kind is a value for.
_ANYTHING = {"thing", "subject", "object"}


@dataclass(frozen=True, slots=True)
class Match:
    """A question that may be meant, the values found for it, and how well it fits (0 to 1)."""

    question: Question
    values: Mapping[str, str]
    score: float


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read from a text; each thing is what a name may stand for, the likely one first."""

    dates: Sequence[str]
    things: Sequence[Sequence[Term]]
    concepts: Sequence[Concepts]
    asked: Concepts
    """All of these together."""
    foreign: float
    """What the words count that no question has."""
    word: str
    """The word that the text speaks of, as in *who mentions the word trust*."""
    quoted: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of asking a question: its concepts, all together and word by word with the weight."""

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
            [_Way(frozenset().union(*way), [(c, self._least(c)) for c in way]) for way in ways]
            for ways in read
        ]
        self._texts: dict[str, Concepts] = {}  # what `_concepts` has read
        self._defaults: dict[str, Term | None] = {}
        named = (p for q in self._questions for p in q.parameters if p.kind == "name")
        self._figures = sorted({t for parameter in named if (t := self._default(parameter))})
        self._names: dict[Words, list[Term]] = {}
        for label, thing in names:
            self._names.setdefault(tuple(words(label)), [thing])
        targets = {tuple(words(label)): [thing] for label, thing in classes} | self._names
        for alias, label in table("aliases.csv"):
            for thing in targets.get(tuple(words(label)), ()):
                meant = self._names.setdefault(tuple(words(alias)), [])
                meant += [thing] if thing not in meant else []
        self._longest = max(map(len, self._names), default=1)
        self._known = self._wording.known.union(
            *self._names, (word for ways in asked for way in ways for word in way)
        )

    def find(self, text: str) -> list[Match]:
        """The questions that may be meant, best first; none where nothing fits."""
        read = self._read(text)
        if not read.concepts and not read.things:
            return []
        rest = self._read(text.replace(read.word, " ")) if read.quoted else read
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
                found.append(Match(question, values, score))
        return sorted(found, key=lambda match: (-match.score, match.question.slug))

    # -- words ---------------------------------------------------------------------------------

    def _likeness(self, read: _Read, way: _Way, whole: Concepts) -> float:
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

    def _read(self, text: str) -> _Read:
        days, rest = dates(text)
        plain = [self._spelled(word) for word in words(rest)]
        things: list[Sequence[Term]] = []
        left: list[str] = []
        at = 0
        while at < len(plain):
            size, meant = self._named(plain[at:], rest)
            if plain[at] == "the" and self._named(plain[at + 1 :], rest)[0] >= size:
                size = 0  # "the North Korean expert" is not "the North"
            if size:
                things.append(meant)
                if not any(self._bears(thing) for thing in meant):
                    left += [w for w in plain[at : at + size] if self._wording.reads(w)]
                at += size
            else:
                left.append(plain[at])
                at += 1
        found, foreign = [], 0.0
        every = (c for text in (plain, left) for _, c in self._wording.read(text))
        if any(ELSEWHERE in concepts for concepts in every):
            foreign += NEVER
        for at, concepts in self._wording.read(left):
            if concepts & self._weights.keys():
                found.append(concepts)
            elif ELSEWHERE not in concepts:
                foreign += self._strange(left[at], left[at - 1] if at else "", text)
        return _Read(days, things, found, frozenset().union(*found), foreign, *_spoken_of(text))

    def _named(self, plain: Sequence[str], text: str) -> tuple[int, Sequence[Term]]:
        """How many words at the beginning are a name, and of what."""
        for size in range(min(self._longest, len(plain)), 0, -1):
            part = tuple(plain[:size])
            if size == 1 and part[0] in self._wording.stop and part[0].upper() not in text:
                continue  # "us" is no country
            for name in (part, (*part[:-1], part[-1].removesuffix("s"))):
                things = self._names.get(name, ())
                if things and "claim" not in self._kinds(things[0]).values():
                    return size, things  # a claim's name is a sentence, with names in it
        return 0, ()

    def _spelled(self, word: str) -> str:
        """A word, or the known one that it is nearly spelled as."""
        if len(word) < 5 or word in self._known or word in self._wording:
            return word
        from rapidfuzz import fuzz, process

        near = (known for known in self._known if known[0] == word[0] and len(known) > 3)
        found = process.extractOne(word, near, scorer=fuzz.ratio, score_cutoff=88)
        return str(found[0]) if found else word

    def _strange(self, word: str, before: str, text: str) -> float:
        """What a word counts that no question has."""
        if before in ("many", "much"):
            return NEVER
        if before in ("which", "what"):
            return FOREIGN
        named = re.search(rf"\w[^\w.?!]+(?-i:[A-Z]){re.escape(word[1:])}", text, re.IGNORECASE)
        return FOREIGN if named and len(word) > 1 and not text.isupper() else UNKNOWN

    def _filled(self, question: Question, read: _Read) -> tuple[dict[str, str], float]:
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
        read: _Read,
    ) -> float:
        """What it counts against a question that names are of no use to it."""
        left = [some for some in free if any(self._bears(thing) for thing in some)]
        if not left:
            return 0.0
        named = [p for p in question.parameters if p.kind == "name"]
        about = [t for p in named if (t := values.get(p.name) or self._default(p))] or self._figures
        strays = sum(not any(self._linked(t, a) for t in some for a in about) for some in left)
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

    def _bears(self, thing: Term) -> bool:
        """Whether a thing bears its name, as a person or a state does."""
        return not _BEARERS.isdisjoint(self._kinds(thing).values())

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


_QUOTED = [
    re.compile(r"""['"‘“](?P<word>[\w -]+)['"’”]"""),
    re.compile(r"\b(?:word|term|keyword|expression) (?P<word>[\w-]+)", re.IGNORECASE),
    re.compile(r"\b(?:mention|contain)(?:s|ed|ing)? (?P<word>[\w-]+)\W*$", re.IGNORECASE),
]
_ABOUT = re.compile(r"\b(?:about|of|on) (?:the )?(?P<word>[\w-]+)\W*$", re.IGNORECASE)


def _spoken_of(text: str) -> tuple[str, bool]:
    """The word that a text speaks of, if any, and whether the text quotes it."""
    for pattern in _QUOTED:
        if found := pattern.search(text):
            return found["word"], True
    found = _ABOUT.search(text)
    return (found["word"] if found else ""), False
