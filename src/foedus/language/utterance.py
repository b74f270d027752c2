"""What somebody says who asks: its concepts, the names of things in it, the dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from foedus.language.wording import ELSEWHERE, Concepts, Wording, Words, table, words
from foedus.terms import Term

#: What a word of the text counts that no question has: by itself, after *which*, as a foreign
#: name, and as one of what is never asked here.
UNKNOWN, ASKED, FOREIGN, NEVER = 2.0, 4.0, 6.0, 12.0
#: Kinds of things that bear names, whose words mean nothing else: the United States are one state.
BEARERS = {"person", "state", "organisation"}
_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name[:3]: number for number, name in enumerate(_MONTHS.split(), 1)}
_NAMED = rf"(?P<month>{'|'.join(rf'{name}|{name[:3]}' for name in _MONTHS.split())}|sept)\.?"
_DECADES = "twenties thirties forties fifties sixties seventies eighties nineties"
#: A year that is part of a name (*the 1961 pact*), and no answer to *when?*
_NAME = re.compile(
    r"(?<=\bthe )\d{4}\b(?![-–/])|(?<=treaty of )\d{4}|(?<=pact of )\d{4}", re.IGNORECASE
)
_DATES = [
    re.compile(r"\b(?P<edtf>\d{4}-(?:0[1-9]|1[0-2])(?:-\d\d)?|\d{3}X|\d{4}/\d{4})\b"),
    re.compile(r"\b(?P<first>\d{4}) ?[-–] ?(?P<last>\d{2}(?:\d\d)?)\b"),
    re.compile(
        r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)?[ /.-](?:of )?"
        rf"{_NAMED},?(?: of)?[ /-](?P<year>\d{{4}})\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_NAMED} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?:of )?(?P<year>\d{{4}})\b",
        re.IGNORECASE,
    ),
    re.compile(rf"\b{_NAMED},? (?:of )?(?P<year>\d{{4}})\b", re.IGNORECASE),
    re.compile(r"\b(?P<decade>\d{3})0'?s\b"),
    re.compile(rf"\bthe (?P<named_decade>{'|'.join(_DECADES.split())})\b", re.IGNORECASE),
    re.compile(r"\b(?P<year>1[0-9]{3}|20[0-9]{2})\b"),
]
_QUOTED = [
    re.compile(r"""['"‘“](?P<word>[\w -]+)['"’”]"""),
    re.compile(
        r"\b(?:word|term|keyword|expression) (?!(?:for|of|in|is|that)\b)(?P<word>[\w-]+)",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:mention|contain)(?:s|ed|ing)? (?P<word>[\w-]+)\W*$", re.IGNORECASE),
]
_ABOUT = re.compile(r"\b(?:about|of|on) (?:the )?(?P<word>[\w-]+)\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a text says; each thing is what a name may stand for, the likely one first."""

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


class Reader:
    """Reads what somebody says, for questions of this vocabulary and these concepts."""

    def __init__(
        self,
        wording: Wording,
        names: Iterable[tuple[str, Term]],
        classes: Iterable[tuple[str, Term]],
        kinds: Callable[[Term], Mapping[Term, str]],
        vocabulary: Iterable[str],
        concepts: Iterable[str],
    ) -> None:
        self._wording, self._kinds, self._concepts = wording, kinds, frozenset(concepts)
        self._names: dict[Words, list[Term]] = {}
        for label, thing in names:
            self._names.setdefault(tuple(words(label)), [thing])
        targets = {tuple(words(label)): [thing] for label, thing in classes} | self._names
        for alias, label in table("aliases.csv"):
            for thing in targets.get(tuple(words(label)), ()):
                meant = self._names.setdefault(tuple(words(alias)), [])
                meant += [thing] if thing not in meant else []
        self._longest = max(map(len, self._names), default=1)
        self._known = wording.known.union(vocabulary, *self._names)

    def read(self, text: str) -> Utterance:
        """What a text says."""
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
                if not any(bears(self._kinds(thing)) for thing in meant):
                    left += self._meaning(plain[at : at + size])
                at += size
            else:
                left.append(plain[at])
                at += 1
        found, foreign = [], 0.0
        every = (c for text in (plain, left) for _, c in self._wording.read(text))
        if any(ELSEWHERE in concepts for concepts in every):
            foreign += NEVER
        for at, concepts in self._wording.read(left):
            if concepts & self._concepts:
                found.append(concepts)
            elif ELSEWHERE not in concepts:
                foreign += self._strange(left[at], left[at - 1] if at else "", text)
        return Utterance(days, things, found, frozenset().union(*found), foreign, *_spoken_of(text))

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

    def _meaning(self, name: Sequence[str]) -> Sequence[str]:
        """The words of a name that mean something besides, such as the *war* in Korean War."""
        if name in self._wording:
            return name
        return [word for word in name if [word] in self._wording or word in self._wording.stop]

    def _spelled(self, word: str) -> str:
        """A word, or the known one that it is nearly spelled as."""
        if len(word) < 5 or word in self._known or [word] in self._wording:
            return word
        from rapidfuzz import fuzz, process

        near = sorted(known for known in self._known if known[0] == word[0] and len(known) > 3)
        found = process.extractOne(word, near, scorer=fuzz.ratio, score_cutoff=88)
        return str(found[0]) if found else word

    def _strange(self, word: str, before: str, text: str) -> float:
        """What a word counts that no question has."""
        if before in ("many", "much"):
            return NEVER
        if before in ("which", "what"):
            return ASKED
        named = re.search(rf"\w[^\w.?!]+(?-i:[A-Z]){re.escape(word[1:])}", text, re.IGNORECASE)
        return FOREIGN if named and len(word) > 1 and not text.isupper() else UNKNOWN


def bears(kinds: Mapping[Term, str]) -> bool:
    """Whether a thing of these kinds bears its name, as a person or a state does."""
    return not BEARERS.isdisjoint(kinds.values())


def dates(text: str) -> tuple[list[str], str]:
    """The dates in a text as EDTF, in their order, and the text without them.

    >>> dates("on 3 May 1995, or in the 1930s")
    (['1995-05-03', '193X'], 'on           , or in the      ')
    """
    found: list[tuple[int, str]] = []
    text = _NAME.sub(lambda match: " " * len(match[0]), text)
    for pattern in _DATES:

        def take(match: re.Match[str]) -> str:
            found.append((match.start(), _edtf(match.groupdict())))
            return " " * len(match[0])

        text = pattern.sub(take, text)
    return [date for _, date in sorted(found)], text


def _edtf(parts: dict[str, str | None]) -> str:
    if edtf := parts.get("edtf"):
        return edtf
    if decade := parts.get("decade"):
        return decade + "X"
    if decade := parts.get("named_decade"):
        return f"19{_DECADES.split().index(decade.lower()) + 2}X"
    if first := parts.get("first"):
        last = parts["last"] or ""
        return f"{first}/{first[: 4 - len(last)]}{last}"
    made = parts["year"] or ""
    if month := parts.get("month"):
        made += f"-{_MONTH[month[:3].lower()]:02}"
    if day := parts.get("day"):
        made += f"-{int(day):02}"
    return made


def _spoken_of(text: str) -> tuple[str, bool]:
    """The word that a text speaks of, if any, and whether the text quotes it."""
    for pattern in _QUOTED:
        if found := pattern.search(text):
            return found["word"], True
    found = _ABOUT.search(text)
    return (found["word"] if found else ""), False
