"""Names: from what a person types to the one thing it stands for, and from a thing to its label."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass

from foedus.errors import UnknownName, UsageError
from foedus.language.spelling import near as similar
from foedus.terms import Term, compact, expand, is_literal, split_literal, text_of


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a thing. ``rank`` 0 is the one shown; ``kind`` is thing, class or property."""

    thing: Term
    label: str
    language: str | None
    rank: int
    kind: str


class Names:
    """Every name in a graph, looked up in any case.

    >>> names = Names([Name("<http://e.org/NorthKorea>", "North Korea", "en", 0, "thing"),
    ...                Name("<http://e.org/NorthKorea>", "DPRK", None, 1, "thing")],
    ...               {"ex": "http://e.org/"})
    >>> names.resolve("dprk") == names.resolve("ex:NorthKorea") == names.resolve("north-korea")
    True
    >>> names.label("<http://e.org/NorthKorea>")
    'North Korea'
    """

    def __init__(self, names: Iterable[Name], prefixes: Mapping[str, str]) -> None:
        self.prefixes = dict(prefixes)
        self._all = tuple(names)
        self._things: dict[str, list[Name]] = defaultdict(list)
        self._labels: dict[Term, Name] = {}
        for name in self._all:
            self._things[_key(name.label)].append(name)
            shown = self._labels.get(name.thing)
            if shown is None or _order(name) < _order(shown):
                self._labels[name.thing] = name

    @classmethod
    def load(cls, text: str, prefixes: Mapping[str, str]) -> Names:
        """The names that `dump` wrote; raises `ValueError` or `TypeError` if it did not."""
        return cls([Name(*row) for row in json.loads(text)], prefixes)

    def dump(self) -> str:
        """Every name as JSON: a row for each, in the order of the fields of `Name`."""
        return json.dumps([astuple(name) for name in self._all], ensure_ascii=False) + "\n"

    def __repr__(self) -> str:
        return f"<Names of {len(self._labels):,} things>"

    def __contains__(self, thing: object) -> bool:
        return thing in self._labels

    def label(self, term: Term) -> str:
        """What people call a term: an IRI's English label, else its CURIE; a literal's words."""
        if is_literal(term):
            return split_literal(term)[0]
        shown = self._labels.get(term)
        return shown.label if shown else compact(term, self.prefixes)

    def all(self, kind: str) -> Iterator[tuple[str, Term]]:
        """Every name of that kind (thing, class or property), best first, with its IRI."""
        ranked = sorted(self._all, key=lambda name: name.rank)
        return ((name.label, name.thing) for name in ranked if name.kind == kind)

    def short(self, term: Term) -> str:
        """A term's CURIE where a prefix fits, else the term as it is."""
        return compact(term, self.prefixes)

    def resolve(self, text: str, kind: str | None = None) -> Term:
        """The IRI that a label, alias, CURIE or IRI stands for.

        Among things of one name, one of the ``kind`` asked for wins, then individuals, then the
        better rank. Raises `UnknownName` with the near names, `UsageError` where two are as good.
        """
        text = text.strip()
        bare = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        if re.match(r"[a-z][a-z0-9+.-]*:/", bare, re.IGNORECASE):
            return self._known(f"<{bare}>", text)
        curie = expand(text, self.prefixes)
        if curie is not None:
            return self._known(curie, text)
        found = self._things.get(_key(text), [])
        if not found:
            joined = _key(text).replace(" ", "")
            found = [n for t, n in self._labels.items() if _joined(t) == joined]
        if not found:
            raise UnknownName("thing", text, self.near(text))

        def worth(name: Name) -> tuple[bool, bool, int]:
            return name.kind != (kind or name.kind), name.kind != "thing", name.rank

        best = min(map(worth, found))
        things = sorted({n.thing for n in found if worth(n) == best})
        if len(things) > 1:
            raise UsageError(
                f"{text!r} is the name of {len(things)} things; write one of "
                + ", ".join(self.short(t) for t in things)
            )
        return things[0]

    def is_a(self, term: Term, kind: str) -> bool:
        """Whether a term is one of that kind: thing, class or property."""
        return term in self._labels and self._labels[term].kind == kind

    def near(self, text: str, limit: int = 3, kind: str | None = None) -> list[str]:
        """The names that are most like a text, one for each thing (of a kind), best first."""
        found: dict[Term, str] = {}
        every = (n for names in self._things.values() for n in names if kind in (None, n.kind))
        for label in similar(text, (n.label for n in every), limit * 3):
            for name in self._things[_key(label)][:1]:
                found.setdefault(name.thing, label)
        return list(found.values())[:limit]

    def _known(self, term: Term, text: str) -> Term:
        if term in self._labels:
            return term
        near = [self.short(t) for t in self._labels if _joined(t) == _joined(term)]
        if not near:
            near = similar(self.short(term), [self.short(t) for t in self._labels])
        raise UnknownName("thing", text, near)


def _order(name: Name) -> tuple[int, bool, str]:
    return name.rank, name.language not in ("en", None), name.label


def _joined(term: Term) -> str:
    """The last part of an IRI as a key: ``northkorea`` for ``id:NorthKorea``."""
    return _key(re.split(r"[/#]", text_of(term).rstrip("/#"))[-1]).replace(" ", "")


def _key(label: str) -> str:
    """What two spellings of a name have in common: case, accents of width, hyphens, *the*."""
    text = unicodedata.normalize("NFKC", label).casefold()
    text = re.sub(r"[\s\-‐-―_]+", " ", re.sub(r"[\"'’“”.,]", "", text)).strip()
    return text.removeprefix("the ")
