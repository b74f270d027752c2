"""Whether a store shows all that was sent, and its literals as they were sent.

Stores write some literals in their own way. One of equal value (``1`` for ``01``) is no loss; one
that became another (Virtuoso makes ``12`` of the duration ``P1Y``) is told.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from foedus.errors import Unreachable
from foedus.reasoning.rules.datatypes import value_key
from foedus.remote.batches import Lines
from foedus.remote.holding import Holding
from foedus.remote.plan import called
from foedus.store.convert import parse_lines
from foedus.terms import Term, Triple, is_literal, split_literal

#: In files of up to so many triples each is looked at where the store shows fewer.
_COUNTED = 250_000
#: Literals are picked from so many triples: one of each form, so many of a datatype, asked at once.
_LOOKED, _OF_TYPE, _ASKED = 50_000, 40, 100
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Kept:
    """What was sent, to be compared with what the store holds of it."""

    lines: Lines
    places: Mapping[Term | None, Term | None]
    holding: Holding

    def compare(self, held: Mapping[Term | None, int]) -> tuple[str, ...]:
        """What is worth knowing; ``held``: the triples that each place shows.

        Raises `Unreachable` where triples are missing.
        """
        sent: Counter[Term | None] = Counter()
        for graph, many in self.lines.graphs.items():
            sent[self.places[graph]] += many
        fewer = {g: sent[g] - many for g, many in held.items() if many < sent[g]}
        notes = list(self._missing(fewer, held)) if fewer else []
        return (*notes, *self._altered())

    def _missing(
        self, fewer: Mapping[Term | None, int], held: Mapping[Term | None, int]
    ) -> Iterator[str]:
        """Why a place shows fewer triples than there are lines: some are equal, or were lost."""
        if sum(self.lines.graphs.values()) > _COUNTED:
            for place, many in fewer.items():
                yield (
                    f"{called(place)} holds {many:,} triples fewer than were sent: the file "
                    "repeats triples, or the store takes some terms as equal"
                )
            return
        all_ = Counter(place for place, _ in self._triples())
        different = self._count(lambda term: term)
        equal = self._count(lambda term: value_key(term) or term)
        for place in fewer:
            if held[place] < equal[place]:
                raise Unreachable(
                    f"{called(place)} shows {held[place]:,} of the {different[place]:,} triples "
                    "that were sent; look at the store's own log and settings"
                )
            if (repeated := all_[place] - different[place]) > 0:
                yield f"{_many(repeated)} in the file more than once"
            if (taken := different[place] - held[place]) > 0:
                yield f"{_many(taken)} in {called(place)} by another of equal value"

    def _count(self, form: Callable[[Term], object]) -> Counter[Term | None]:
        """How many different triples were sent to each place, their objects in this form."""
        found: defaultdict[Term | None, set[int]] = defaultdict(set)
        for place, (s, p, o) in self._triples():
            found[place].add(hash((s, p, form(o))))
        return Counter({place: len(hashes) for place, hashes in found.items()})

    def _altered(self) -> Iterator[str]:
        """Each datatype of which the store made other literals of those that were sent."""
        picked: defaultdict[Term | None, list[Triple]] = defaultdict(list)
        seen: set[tuple[str | None, str]] = set()
        many: Counter[str | None] = Counter()
        for place, triple in islice(self._triples(), _LOOKED):
            if not triple[2].endswith(">") or not is_literal(triple[2]):
                continue
            text, datatype, _ = split_literal(triple[2])
            key = datatype, _form(text)
            if key not in seen and many[datatype] < _OF_TYPE:
                seen.add(key)
                many[datatype] += 1
                picked[place].append(triple)
        told: set[str | None] = set()
        for place, triples in picked.items():
            for start in range(0, len(triples), _ASKED):
                some = triples[start : start + _ASKED]
                shown = self.holding.objects(place, {(s, p) for s, p, _ in some})
                for s, p, o in some:
                    became = _became(o, sorted(z for x, y, z in shown if (x, y) == (s, p)))
                    _, datatype, _ = split_literal(o)
                    if became is not None and datatype not in told:
                        told.add(datatype)
                        yield f"the store made {became} of {o} (in {s} {p})"

    def _triples(self) -> Iterator[tuple[Term | None, Triple]]:
        """Each triple as it was sent, with its place in the store."""
        if self.lines.has_graphs:
            for batch in self.lines.quads(self.places, _BLOCK, together=False):
                for triple in parse_lines(batch.body, quads=False):
                    yield batch.graph, triple
            return
        for batch in self.lines.triples(_BLOCK):
            for triple in parse_lines(batch.body, quads=False):
                yield self.places[None], triple


def _form(text: str) -> str:
    """What literals have in common that a store treats alike: digits and leading zeros by place.

    >>> _form("-0044-03-15")
    '-0099-09-99'
    """
    return re.sub(r"[1-9]|(?<=[1-9])0", "9", text[:_OF_TYPE])


def _became(sent: Term, shown: list[Term]) -> Term | None:
    """What a store made of a literal, or None where it shows that, or another of equal value."""
    text, datatype, _ = split_literal(sent)
    literals = [term for term in shown if is_literal(term)]
    for term in literals:
        if term == sent:
            return None
        key = value_key(sent)
        if key is not None and split_literal(term)[1] == datatype and value_key(term) == key:
            return None

    def likeness(term: Term) -> tuple[bool, bool]:
        other = split_literal(term)
        return other[0] != text, other[1] != datatype

    return min(literals, key=likeness, default="nothing")


def _many(count: int) -> str:
    return "1 triple stands" if count == 1 else f"{count:,} triples stand"
