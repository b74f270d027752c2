"""Words of a text as concepts: words of one row of ``words/synonyms.csv`` count as one.

A word that stands in several rows has several concepts; a phrase (*lend a hand*) is read as one
word; a word in no row is a concept of its own, by its stem. Stop words mean nothing here.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

Words = tuple[str, ...]
#: What one word or phrase may mean.
Concepts = frozenset[str]

#: The concept of what people ask and no question here answers: ``words/elsewhere.csv``.
ELSEWHERE = "elsewhere"

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"'s\b|(?<=s)'(?=\s)")
_DOTTED = re.compile(r"\b(?:\w\.){2,}")
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", ""))


def words(text: str) -> list[str]:
    """The words of a text, in lower case, without accents, possessive endings and full stops.

    >>> words("Xi's U.S. côterie")
    ['xi', 'us', 'coterie']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.replace("’", "'"))
        text = "".join(c for c in text if not unicodedata.combining(c))
    text = _POSSESSIVE.sub("", text)
    text = _DOTTED.sub(lambda found: found[0].replace(".", ""), text)
    return [word.casefold() for word in _WORD.findall(text)]


@cache
def stem(word: str) -> str:
    """A word without the commonest endings.

    >>> [stem(word) for word in ("duties", "stopped", "invaded", "voices")]
    ['duty', 'stop', 'invad', 'voic']
    """
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending) + instead
            if ending in ("ing", "ed") and re.search(r"([bdgklmnprt])\1$", word):
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 4 else word


class Wording:
    """Reads words as concepts."""

    def __init__(self) -> None:
        rows: defaultdict[Words, set[str]] = defaultdict(set)
        meanings = [(row[0], entry) for row in table("synonyms.csv") for entry in row]
        meanings += [(ELSEWHERE, entry) for row in table("elsewhere.csv") for entry in row]
        for concept, entry in meanings:
            rows[tuple(map(stem, words(entry)))].add(concept)
        self._rows = {entry: frozenset(heads) for entry, heads in rows.items()}
        self._longest = max(map(len, self._rows))
        self.stop = frozenset(_lines("stop.txt"))
        #: Every word that has a concept or is a stop word, as it is written.
        self.known = self.stop | {w for _, entry in meanings for w in words(entry)}

    def __contains__(self, phrase: Sequence[str]) -> bool:
        return tuple(map(stem, phrase)) in self._rows

    def read(self, text: Sequence[str]) -> Iterator[tuple[int, Concepts]]:
        """Each word or phrase that means something: where it begins, and its concepts."""
        stems = [stem(word) for word in text]
        at = 0
        while at < len(text):
            size = next(
                (
                    n
                    for n in range(min(self._longest, len(text) - at), 0, -1)
                    if tuple(stems[at : at + n]) in self._rows
                ),
                1,
            )
            found = self._rows.get(tuple(stems[at : at + size]))
            if found:
                yield at, found
            elif text[at] not in self.stop:
                yield at, frozenset((stems[at],))
            at += size


def table(name: str) -> list[list[str]]:
    """The rows of a table of words."""
    return [row for row in csv.reader(_text(name).splitlines()) if row]


def _lines(name: str) -> Iterable[str]:
    return _text(name).split()


@cache
def _text(name: str) -> str:
    return files("foedus.language").joinpath("words", name).read_text(encoding="utf-8")
