"""Retrieval: the canned question that somebody means, found by what they ask in words.

Every question has its words, and other ways to ask it (``# asked:`` lines in its file). What is
asked is compared with each of these, word by word: rare words count more (inverse document
frequency, as in BM25), and the words of a row of ``synonyms.csv`` count as one. Names and dates
fill the question's parameters. No model, and nothing is learnt.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from foedus.questions import Parameter, Question
from foedus.terms import Term

#: Of what is asked, a question must account for so much, or it is not what was meant.
ENOUGH = 0.42
#: A question is taken without more ado if it is better than the next one by so much.
AHEAD = 0.02

_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]\b)*")
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "and",
        "or",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "there",
        "i",
        "me",
        "my",
        "we",
        "you",
        "your",
        "please",
        "can",
        "could",
        "would",
        "should",
        "will",
        "into",
        "up",
        "so",
        "what",
        "which",
        "how",
        "exactly",
        "than",
        "then",
        "between",
        "s",
        "t",
        "pls",
        "ok",
        "already",
        "still",
        "go",
        "goes",
        "went",
        "get",
        "gets",
        "got",
        "getting",
        "back",
        "any",
        "anywhere",
        "anything",
        "nothing",
        "else",
        "ie",
        "eg",
        "etc",
        "just",
        "really",
        "also",
        "ever",
        "now",
        "am",
        "if",
        "not",
        "no",
        "only",
        "but",
        "out",
        "off",
        "down",
        "them",
        "they",
        "he",
        "she",
        "his",
        "her",
        "him",
        "us",
        "our",
        "their",
        "kind",
        "sort",
        "thing",
        "things",
        "one",
        "two",
        "other",
        "another",
        "each",
        "back",
        "bottom",
        "far",
        "make",
        "made",
        "take",
        "took",
        "came",
        "come",
        "put",
        "very",
        "more",
        "most",
        "much",
        "some",
        "suppose",
        "preparing",
        "feature",
        "print",
        "first",
        "last",
        "time",
    ]
)
_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name[:3]: number for number, name in enumerate(_MONTHS.split(), 1)}
_NAMED = rf"(?P<month>{'|'.join(n + '|' + n[:3] for n in _MONTHS.split())})\.?"
_DATES = [
    re.compile(r"\b(?P<edtf>\d{4}-\d\d(?:-\d\d)?|\d{3}X|\d{4}/\d{4})\b"),
    re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_NAMED},? (?P<year>\d{{4}})\b", re.I
    ),
    re.compile(rf"\b{_NAMED} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})\b", re.I),
    re.compile(rf"\b{_NAMED},? (?P<year>\d{{4}})\b", re.I),
    re.compile(r"\b(?P<decade>\d{3})0s\b"),
    re.compile(r"\b(?P<year>1[0-9]{3}|20[0-9]{2})\b"),
]


@dataclass(frozen=True, slots=True)
class Match:
    """A question that may be meant, the values found for it, and how well it fits (0 to 1)."""

    question: Question
    values: Mapping[str, str]
    score: float
    recall: float


class Finder:
    """Finds questions by words.

    ``names`` are the labels of things, each with what it stands for; ``kinds`` says which classes
    a thing belongs to.
    """

    def __init__(
        self,
        questions: Iterable[Question],
        names: Iterable[tuple[str, Term]],
        kinds: Callable[[Term], Mapping[Term, str]],
        resolve: Callable[[str], Term],
    ) -> None:
        self._questions = list(questions)
        self._kinds, self._resolve = kinds, resolve
        self._phrases = [[_concepts(p) for p in _ways(q)] for q in self._questions]
        self._whole = [frozenset().union(*phrases) for phrases in self._phrases]
        every = {w for q in self._questions for way in _ways(q) for w in _plain(way)} | {*_groups()}
        self._words = sorted(word for word in every if len(word) > 4)
        counts = Counter(word for words in self._whole for word in words)
        many = len(self._questions)
        self._weights = {w: math.log(1 + (many - n + 0.5) / (n + 0.5)) for w, n in counts.items()}
        self._unknown = sorted(self._weights.values())[len(counts) // 2] if counts else 1.0
        self._names: dict[tuple[str, ...], Term] = {}
        for label, thing in names:
            self._names.setdefault(tuple(_plain(label)), thing)
        self._aliases = {tuple(_plain(a)): tuple(_plain(b)) for a, b in _table("aliases.csv")}
        self._longest = max(map(len, self._names), default=1)

    def find(self, text: str) -> list[Match]:
        """The questions that may be meant, best first; none where nothing fits."""
        dates, rest = _dates(text)
        things, words = self._things(rest)
        found = []
        for question, phrases, whole in zip(
            self._questions, self._phrases, self._whole, strict=True
        ):
            recall = self._share(words, whole)
            if recall < ENOUGH:
                continue
            best = max(self._likeness(words, phrase) for phrase in phrases)
            values, left = self._filled(question, things, dates)
            wanted = sum(p.kind == "date" for p in question.parameters)
            score = 0.4 * recall + 0.6 * best - 0.03 * left + 0.04 * len(values)
            score -= 0.08 * max(0, wanted - len(dates))
            found.append(Match(question, values, score, recall))
        return sorted(found, key=lambda m: (-m.score, m.question.slug))

    # -- words ---------------------------------------------------------------------------------

    def _weight(self, words: Iterable[str]) -> float:
        return sum(self._weights.get(word, self._unknown) for word in words)

    def _known(self, word: str) -> str:
        """What a word means here; of a word that no question uses, one that is spelled nearly so."""
        concept = _concept(word)
        if concept in self._weights or len(word) < 5:
            return concept
        from rapidfuzz import fuzz, process

        found = process.extractOne(word, self._words, scorer=fuzz.ratio, score_cutoff=88)
        return _concept(found[0]) if found else concept

    def _share(self, words: frozenset[str], others: frozenset[str]) -> float:
        """How much of some words is among others."""
        whole = self._weight(words)
        return self._weight(words & others) / whole if whole else 0.0

    def _likeness(self, words: frozenset[str], phrase: frozenset[str]) -> float:
        both = self._weight(words & phrase)
        return 2 * both / ((self._weight(words) + self._weight(phrase)) or 1)

    # -- names and dates -----------------------------------------------------------------------

    def _things(self, text: str) -> tuple[list[Sequence[Term]], frozenset[str]]:
        """What the names in a text stand for, each in order of likelihood; the other words."""
        plain = _plain(text)
        things: list[Sequence[Term]] = []
        left: list[str] = []
        at = 0
        while at < len(plain):
            for size in range(min(self._longest, len(plain) - at), 0, -1):
                part = tuple(plain[at : at + size])
                if (
                    size == 1
                    and part[0] in _STOP
                    and not text.isupper()
                    and part[0].upper() not in text
                ):
                    continue
                meant = [
                    self._names[n] for n in (part, self._aliases.get(part, ())) if n in self._names
                ]
                if meant:
                    things.append(meant)
                    left += [w for w in part if w in _groups()]
                    at += size
                    break
            else:
                left.append(plain[at])
                at += 1
        return things, frozenset(self._known(word) for word in left if word not in _STOP)

    def _filled(
        self, question: Question, things: list[Sequence[Term]], dates: list[str]
    ) -> tuple[dict[str, str], int]:
        """Values for a question's parameters, and how many things are left over."""
        values: dict[str, str] = {}
        free, days = list(things), list(dates)
        for parameter in question.parameters:
            if parameter.kind == "date" and days:
                values[parameter.name] = days.pop(0)
            elif parameter.kind == "name":
                fit = next(
                    ((some, t) for some in free for t in some if self._fits(parameter, t)), None
                )
                if fit:
                    free.remove(fit[0])
                    values[parameter.name] = fit[1]
        return values, len(free)

    def _fits(self, parameter: Parameter, thing: Term) -> bool:
        """Whether a thing is of the kind that a parameter's default is of."""
        if parameter.name in ("thing", "subject", "object"):
            return True
        if parameter.default == "any":
            return True
        default = self._resolve(parameter.default)
        own, others = self._kinds(default), self._kinds(thing)
        named = {kind for kind, label in own.items() if parameter.name in label.split()}
        return thing == default or bool((named or own.keys()) & others.keys())


def _dates(text: str) -> tuple[list[str], str]:
    """The dates in a text as EDTF, in their order, and the text without them."""
    found: list[tuple[int, str]] = []
    for pattern in _DATES:

        def take(match: re.Match[str]) -> str:
            parts = match.groupdict()
            if parts.get("edtf"):
                made = parts["edtf"]
            elif parts.get("decade"):
                made = parts["decade"] + "X"
            else:
                made = parts["year"]
                if parts.get("month"):
                    made += f"-{_MONTH[parts['month'][:3].lower()]:02}"
                if parts.get("day"):
                    made += f"-{int(parts['day']):02}"
            found.append((match.start(), made))
            return " " * len(match[0])

        text = pattern.sub(take, text)
    return [date for _, date in sorted(found)], text


def _ways(question: Question) -> list[str]:
    """The ways in which a question is asked: its words, its name, and what its file adds."""
    words = re.sub(r"\{\w+\}", " ", question.words)
    return [words, question.slug.replace("-", " "), *question.asked]


def _plain(text: str) -> list[str]:
    """The words of a text, in lower case and without accents."""
    text = unicodedata.normalize("NFKD", text.replace("’", "'"))
    text = re.sub(r"'s\b", "", "".join(c for c in text if not unicodedata.combining(c)))
    text = re.sub(r"\b((?:\w\.){2,})", lambda m: m[1].replace(".", ""), text)
    return [word.casefold() for word in _WORD.findall(text)]


def _concepts(text: str) -> frozenset[str]:
    return frozenset(_concept(word) for word in _plain(text) if word not in _STOP)


def _concept(word: str) -> str:
    """What a word has in common with its forms and synonyms."""
    groups = _groups()
    return groups.get(word) or groups.get(_stem(word)) or _stem(word)


@cache
def _groups() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _table("synonyms.csv"):
        for word in row:
            found.setdefault(word, row[0])
            found.setdefault(_stem(word), row[0])
    return found


@cache
def _stem(word: str) -> str:
    """A word without the commonest endings."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending) + instead
            break
    return word.removesuffix("e") if len(word) > 4 else word


def _table(name: str) -> list[list[str]]:
    text = files("foedus").joinpath("words", name).read_text(encoding="utf-8")
    return [row for row in csv.reader(text.splitlines()) if row]
