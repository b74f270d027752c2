"""What of a closure holds on a day: fluents come and go, all else stays.

The ontology says with ``fo:temporalKind`` which classes begin and end, which properties hold for
a time (*fluents*), and which tell of what happened, and hold from then on. The times of situations
are read from what the graph says of them already. A situation holds

- *surely* from the latest day on which it may have begun until the earliest on which it may have
  ended, that one not included;
- *possibly* from the earliest day on which it may have begun through the latest on which it may
  have ended.

No known beginning or end is an open one. Of several times of one beginning, each narrows the
others; where they exclude each other, all are possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from foedus.knowledge.material import build_query
from foedus.language.dates import day, days, written
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple, expanded, text_of

if TYPE_CHECKING:
    from foedus.reasoning.temporal.validity import Span, Validity


@dataclass(frozen=True, slots=True)
class Lasting:
    """From when until when something holds, the end not included: possibly, and surely."""

    possibly: Span
    surely: Span

    def within(self, other: Lasting) -> Lasting:
        """The time that two have in common."""
        return Lasting(
            _common(self.possibly, other.possibly),
            _common(self.surely, other.surely),
        )


class Days:
    """When the derived triples of a closure hold. ``view`` is all of it, in one store."""

    def __init__(self, closure: Any, view: QuadStore, prefixes: Mapping[str, str]) -> None:
        self._closure, self._view = closure, view
        kinds = _kinds(view)

        def of(curie: str) -> frozenset[Term]:
            return kinds[expanded(curie, prefixes)]

        self._fluents, self._lasting, self._unchanging = map(
            of, ("fo:Fluent", "fo:Lasting", "fo:Unchanging")
        )

    @cached_property
    def situations(self) -> dict[Term, Lasting]:
        """How long what begins and ends lasts, within what it is a part of."""
        times: dict[Term, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
        for row in self._view.query(build_query("situations")).dicts():
            with suppress(ValueError):  # what is no date tells nothing; a shape says so
                bounds = day(text_of(row["earliest"])), day(text_of(row["latest"]))
                times[row["situation"]][text_of(row["end"])].append(bounds)
        found = {situation: _lasting(known) for situation, known in times.items()}
        wholes = [
            (row["situation"], row["whole"])
            for row in self._view.query(build_query("within")).dicts()
        ]
        changed = True
        while changed:
            changed = False
            for part, whole in wholes:
                if whole in found:
                    now = found.get(part, found[whole]).within(found[whole])
                    changed |= found.get(part) != now
                    found[part] = now
        return found

    @cached_property
    def possibly(self) -> Validity:
        """When each triple holds, as far as that is possible."""
        return self._validity({s: lasting.possibly for s, lasting in self.situations.items()})

    @cached_property
    def surely(self) -> Validity:
        """When each triple holds, as far as that is sure."""
        return self._validity({s: lasting.surely for s, lasting in self.situations.items()})

    def _validity(self, spans: Mapping[Term, Span]) -> Validity:
        from foedus.reasoning.temporal.validity import Validity

        return Validity(self._closure, spans, self._lasting, self._unchanging, self._fluents)

    def lapsed(self, on: str) -> frozenset[Triple]:
        """The derived fluents that hold at no time of an EDTF date."""
        return frozenset(self.possibly.lapsed(self._fluents, *days(on)) if self._fluents else ())

    def there(self, triples: Iterable[Triple], on: str) -> list[Triple]:
        """Of what is asserted, what there is at some time of an EDTF date."""
        first, last = days(on)
        absent = {
            situation
            for situation, known in self.situations.items()
            if not (known.possibly[0] <= last and first < known.possibly[1])
        }
        return [t for t in triples if t[1] in self._unchanging or not {t[0], t[2]} & absent]

    def missed(self, triple: Triple, on: str) -> str:
        """Why a triple does not hold at a time, though it does at another: it ended, or begins.

        Empty where it holds then, or never.
        """
        first, last = days(on)
        spans = self.possibly.of(triple)
        if any(start <= last and first < end for start, end in spans):
            return ""
        ended = [end for _, end in spans if end <= first]
        if ended:
            return f"it ended on {written(ended[-1] - 1)}"
        return f"it begins on {written(spans[0][0])}" if spans else ""


def fluents(view: QuadStore, prefixes: Mapping[str, str]) -> frozenset[Term]:
    """The properties of a graph that hold for a time."""
    return _kinds(view)[expanded("fo:Fluent", prefixes)]


def _kinds(view: QuadStore) -> dict[Term, frozenset[Term]]:
    """The terms of each temporal kind."""
    found: dict[Term, set[Term]] = defaultdict(set)
    for row in view.query(build_query("temporal-kinds")).dicts():
        found[row["kind"]].add(row["term"])
    return defaultdict(frozenset, {kind: frozenset(terms) for kind, terms in found.items()})


def as_of(view: QuadStore) -> str | None:
    """The day of which the sources of a graph speak, in EDTF; None where none says so."""
    return next((text_of(row["edtf"]) for row in view.query(build_query("as-of")).dicts()), None)


def _lasting(known: Mapping[str, list[Span]]) -> Lasting:
    """How long a situation lasts, from the times that are known of its two ends."""
    from foedus.reasoning.temporal.validity import FIRST, LAST

    at = _narrowed(known["at"]) or (FIRST, LAST)
    first, begun = _narrowed(known["start"] or known["not before"]) or (at[0], at[1])
    ended, last = _narrowed(known["end"]) or (at[0], at[1])
    if not known["at"]:
        begun = begun if known["start"] or known["not before"] else FIRST
        ended = ended if known["end"] else LAST
    return Lasting((first, min(last, LAST - 1) + 1), (begun, ended))


def _narrowed(times: Iterable[Span]) -> Span | None:
    """The time that several have in common; where they have none, the one around them all."""
    times = [*times]
    if not times:
        return None
    first, last = max(a for a, _ in times), min(b for _, b in times)
    return (first, last) if first <= last else (min(a for a, _ in times), max(b for _, b in times))


def _common(one: Span, other: Span) -> Span:
    return max(one[0], other[0]), min(one[1], other[1])
