"""When triples hold: intervals carried from what has a beginning and an end to what follows.

A *situation* (a membership, an obligation, a tenure) is a term with a span. What is asserted of it
holds during its span; everything else that is asserted holds always. A conclusion holds where all
of a rule's premises hold together, and over all the ways in which it follows: intervals meet at a
rule, and are united over its applications. A *lasting* property or class tells of what happened
(fought against, signed, succeeded): once its premises have held, each at its time, it holds for
good.

Computed by semi-naive evaluation of the same plans over labelled keys, after the closure itself is
known (Walega et al., DatalogMTL; Wang et al., MeTeoR, are the general case). So the slice on a day
is the closure of what is there on that day; the tests hold the one against the other.

Which terms are one is so always, even where it was found out from a situation. Limits: what the
ontology says cannot hang on a situation, and no thing may be one with a literal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from foedus.errors import UsageError
from foedus.reasoning.closure import Closure
from foedus.reasoning.encoding.dictionary import LITERAL
from foedus.reasoning.encoding.reading import strings
from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.evaluation.filters import apply_tests
from foedus.reasoning.evaluation.joins import join_body, keys_of
from foedus.reasoning.planning.plan import LIST, Premise, RulePlan
from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    SHIFT,
    Ids,
    Mask,
    counted,
    spread,
    union,
    within,
)
from foedus.reasoning.storage.partition import by_object
from foedus.reasoning.storage.relation import among
from foedus.terms import Term, Triple

#: Before and after every day that a span names.
FIRST: Final = -(1 << 62)
LAST: Final = 1 << 62

#: From a day on, until another (exclusive).
Span = tuple[int, int]
ALWAYS: Final[tuple[Span, ...]] = ((FIRST, LAST),)


class Labels(NamedTuple):
    """Keys with the ranks of the days from and until which they hold: three ``int64`` columns,
    sorted by key and start; the rows of a key neither overlap nor touch."""

    keys: Ids
    starts: Ids
    ends: Ids


class Validity:
    """The valid time of each triple of a closure.

    ``spans`` has the span of each situation, in days or any other whole numbers; ``lasting`` the
    properties and classes of what happened; ``always`` those that tell what a situation is, whose
    asserted triples do not end with it. ``fluents`` hold when they follow from situations, even
    where they are asserted outright: that says that they hold, and the situation says when.

    Raises `UsageError` beyond the limits.
    """

    def __init__(
        self,
        closure: Closure,
        spans: Mapping[Term, Span],
        lasting: Iterable[Term] = (),
        always: Iterable[Term] = (),
        fluents: Iterable[Term] = (),
    ) -> None:
        self._closure, self._engine = closure, closure.engine
        self._labels: dict[int, Labels] = {}
        self._plans: dict[int, RulePlan] = {}
        self._days = np.array(sorted({FIRST, LAST, *(d for span in spans.values() for d in span)}))
        self._top = len(self._days) - 1
        self._lasting, self._rigid = self._numbers(lasting), self._numbers(always)
        self._fluents = self._numbers(fluents)
        numbers = self._find(spans)
        self._first = np.zeros(len(self._engine.terms), np.int64)
        self._last = np.full(len(self._engine.terms), self._top)
        self._marks = np.zeros(len(self._engine.terms), np.bool_)
        for number, span in zip(numbers, spans.values(), strict=True):
            if number >= 0:
                self._first[number], self._last[number] = self._days.searchsorted(span)
                self._marks[number] = True
        self._always = self._timeless()
        self._run(self._asserted())
        self._run(self._outright())
        if self._engine.agenda.schema & self._labels.keys():
            raise UsageError(
                "what the ontology says cannot begin or end; keep them clear of situations"
            )

    # -- asked ---------------------------------------------------------------------------------

    def of(self, triple: Triple) -> tuple[Span, ...]:
        """The spans in which a triple holds, in their order; none if it never does."""
        coded = self._closure.coded(triple)
        if coded is None or not self._closure.holds(triple):
            return ()
        code, keys = self._mapped(coded[0], np.array([coded[1]]))
        if code == self._engine.database.same or self._holds_always(code, keys)[0]:
            return ALWAYS
        labels = self._labels.get(code)
        if labels is None:
            return ()
        low, high = labels.keys.searchsorted([keys[0], keys[0] + 1]).tolist()
        starts, ends = self._days[labels.starts[low:high]], self._days[labels.ends[low:high]]
        return tuple(zip(starts.tolist(), ends.tolist(), strict=True))

    def holds(self, triple: Triple, first: int, last: int | None = None) -> bool:
        """Whether a triple holds on a day, or on some day from one to another, both included."""
        last = first if last is None else last
        return any(start <= last and first < end for start, end in self.of(triple))

    def on(self, code: int, keys: Ids, first: int, last: int) -> Mask:
        """For each key of a property or class, as the closure has it, whether it holds on some day
        from the first to the last, both included."""
        code, keys = self._mapped(code, keys)
        found = self._holds_always(code, keys)
        labels = self._labels.get(code)
        if labels is not None and len(keys):
            starts, ends = self._days[labels.starts], self._days[labels.ends]
            found |= within(keys, np.unique(labels.keys[(starts <= last) & (first < ends)]))
        return found

    def lapsed(self, properties: Iterable[Term], first: int, last: int) -> Iterator[Triple]:
        """The derived triples of some properties that hold on no day from the first to the last."""
        for code in sorted(n for n in self._find(properties) if n >= 0):
            keys = self._closure.derived_keys(code)
            gone = keys[~self.on(code, keys, first, last)]
            yield from strings(self._engine.terms, code, gone, self._engine.vocabulary.type)

    # -- what is given -------------------------------------------------------------------------

    def _find(self, terms: Iterable[Term]) -> list[int]:
        find = self._engine.terms.find
        return [-1 if (n := find(term)) is None else n for term in terms]

    def _numbers(self, terms: Iterable[Term]) -> set[int]:
        """The codes of some properties or classes."""
        found = {self._engine.equality.of(n) for n in self._find(terms) if n >= 0}
        return found | {~n for n in found}

    def _timeless(self) -> Engine:
        """The closure of all that is not asserted of a situation, and of which terms are one."""
        engine = self._engine
        made = Engine(engine.rules, engine.terms, tuning=engine.tuning)
        given = {code: keys[~self._timed(code, keys)] for code, keys in self._given(fluent=False)}
        rep, same = engine.equality.rep, engine.database.same
        moved = np.flatnonzero(rep != np.arange(len(rep)))
        literal = engine.terms.kinds >= LITERAL
        if (literal[moved] != literal[rep[moved]]).any():
            raise UsageError("a thing that is one with a literal has no beginning and no end")
        given[same] = union([given.get(same, NONE), np.sort(moved << SHIFT | rep[moved])])
        made.load({code: keys for code, keys in given.items() if len(keys)})
        made.run()
        return made

    def _timed(self, code: int, keys: Ids) -> Mask:
        """Which keys are asserted of a situation, and end with it."""
        if self._engine.equality.of(~code if code < 0 else code) in self._rigid:
            return np.zeros(len(keys), np.bool_)
        return self._engine.equality.about(self._marks, keys, code < 0)

    def _given(self, fluent: bool) -> Iterator[tuple[int, Ids]]:
        """What is asserted of fluents, or of all others."""
        for code, keys in self._closure.asserted_keys.items():
            if (self._engine.equality.of(~code if code < 0 else code) in self._fluents) == fluent:
                yield code, keys

    def _asserted(self) -> dict[int, list[Labels]]:
        """What is asserted of situations, each with its span."""
        found: dict[int, list[Labels]] = defaultdict(list)
        for code, keys in self._given(fluent=False):
            timed = keys[self._timed(code, keys)]
            if len(timed):
                code, labels = self._spanned(code, timed)
                found[code].append(labels)
        return found

    def _outright(self) -> dict[int, list[Labels]]:
        """The asserted fluents that do not follow from situations."""
        found: dict[int, list[Labels]] = defaultdict(list)
        for given, keys in self._given(fluent=True):
            code, (keys, starts, ends) = self._spanned(given, keys)
            known = self._labels.get(code)
            keep = ~self._holds_always(code, keys)
            if known is not None:
                keep &= ~np.isin(keys, known.keys)
            found[code].append(Labels(keys[keep], starts[keep], ends[keep]))
        return found

    def _spanned(self, code: int, keys: Ids) -> tuple[int, Labels]:
        """Asserted keys with the time of the situations in them, by representatives."""
        s, o = (keys, keys) if code < 0 else (keys >> SHIFT, keys & LOW)
        starts = np.maximum(self._first[s], self._first[o])
        ends = np.minimum(self._last[s], self._last[o])
        code, keys = self._mapped(code, keys)
        return code, Labels(keys, starts, ends)

    def _mapped(self, code: int, keys: Ids) -> tuple[int, Ids]:
        """A code and keys with representatives in the place of terms."""
        of = self._engine.equality.of
        return ~of(~code) if code < 0 else of(code), self._engine.equality.mapped(keys, code < 0)

    # -- what follows --------------------------------------------------------------------------

    def _run(self, found: dict[int, list[Labels]]) -> None:
        """Label what follows, round by round, until nothing is new."""
        agenda, same = self._engine.agenda, self._engine.database.same
        while fresh := self._taken(found):
            found = defaultdict(list)
            for code, labels in fresh.items():
                for plan in dict.fromkeys(agenda.readers.get(code, ())):
                    if plan.head is None or plan.head[0] == same:
                        continue
                    for number, premise in enumerate(plan.body):
                        if premise[0] == code:
                            self._fire(plan, number, labels, found)

    def _taken(self, found: dict[int, list[Labels]]) -> dict[int, Labels]:
        """Take labels in; those that say something new, by code."""
        fresh = {}
        for code, parts in found.items():
            keys, starts, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
            if code in self._lasting:
                ends = np.full(len(keys), self._top)
            keep = (starts < ends) & ~self._holds_always(code, keys)
            more = Labels(keys[keep], starts[keep], ends[keep])
            old = self._labels.get(code)
            both = [more] if old is None else [old, more]
            merged = self._merged(*map(np.concatenate, zip(*both, strict=True)))
            if not len(merged.keys):
                continue
            self._labels[code] = merged
            new = merged if old is None else self._new_labels(merged, old)
            if len(new.keys):
                fresh[code] = new
        return fresh

    def _merged(self, keys: Ids, starts: Ids, ends: Ids) -> Labels:
        """Labels sorted, with what overlaps or touches joined."""
        order = np.lexsort((starts, keys))
        keys, starts, ends = keys[order], starts[order], ends[order]
        if not len(keys):
            return Labels(keys, starts, ends)
        another = np.ones(len(keys), np.bool_)
        another[1:] = keys[1:] != keys[:-1]
        offset = another.cumsum() * (self._top + 1)  # so that each key's ends are above the last's
        reach = np.maximum.accumulate(ends + offset)
        first = another.copy()
        first[1:] |= starts[1:] + offset[1:] > reach[:-1]
        heads = np.flatnonzero(first)
        lasts = np.append(heads[1:], len(keys)) - 1
        return Labels(keys[heads], starts[heads], (reach - offset)[lasts])

    def _new_labels(self, labels: Labels, old: Labels) -> Labels:
        """The labels that are not among old ones, row by row."""

        def ranks(some: Labels) -> Ids:
            places = labels.keys.searchsorted(some.keys)
            return (places * (self._top + 1) + some.starts) * (self._top + 1) + some.ends

        keep = ~np.isin(ranks(labels), ranks(old))
        return Labels(*(column[keep] for column in labels))

    def _holds_always(self, code: int, keys: Ids) -> Mask:
        """Which keys hold whatever the day."""
        relation = self._always.relations.get(code)
        found = among(keys, relation.segments if relation is not None else ())
        if code < 0 and self._engine.literals.is_datatype(~code):
            found |= self._engine.terms.kinds[keys] >= LITERAL  # what a literal is, it always is
        return found

    def _fire(
        self, plan: RulePlan, number: int, labels: Labels, found: dict[int, list[Labels]]
    ) -> None:
        """What a plan gives from labels of one of its premises, and when."""
        engine, head = self._engine, plan.head
        assert head is not None
        whole = self._plans.get(id(plan))
        if whole is None:  # a plan with its own order of joins: all variables are wanted
            whole = self._plans[id(plan)] = plan.like(plan.body, head)
            whole.values = plan.values
        names = {term for premise in plan.body for term in premise[1:] if term < 0}
        keys = np.unique(labels.keys)
        table = join_body(whole, engine.database, names | plan.wanted, number, keys)
        if not table.size:
            return
        columns = apply_tests(plan, table, engine)
        size = table.size
        lasting = head[0] in self._lasting
        rows, starts, ends = np.arange(size), np.zeros(size, np.int64), np.full(size, self._top)
        order = [number, *(n for n in range(len(plan.body)) if n != number)]
        for n in order:
            code = plan.body[n][0]
            if code in (LIST, engine.database.same):
                continue
            known = labels if n == number else self._labels.get(code)
            mine = _keys(columns, plan.body[n], size).take(rows)
            if known is None:
                again, places = np.flatnonzero(self._holds_always(code, mine)), None
            else:
                again, places = self._met(code, mine, known, n == number)
            rows, starts, ends = rows[again], starts[again], ends[again]
            if known is not None and places is not None:
                timed = places >= 0
                at = places[timed]
                starts[timed] = np.maximum(starts[timed], known.starts[at])
                if not lasting:
                    ends[timed] = np.minimum(ends[timed], known.ends[at])
        made = _keys(columns, head, size).take(rows)
        keep = starts < ends
        made, starts, ends = made[keep], starts[keep], ends[keep]
        for code, part in self._routed(head[0], made):
            found[code].append(Labels(made[part], starts[part], ends[part]))

    def _met(self, code: int, keys: Ids, labels: Labels, only: bool) -> tuple[Ids, Ids]:
        """Each key's labels: the row of the key, and the place of the label, -1 for *always*.

        With ``only``, keys that hold always are left out: they have no labels.
        """
        first, counts = counted(labels.keys, keys, keys)
        rows, places = spread(first, counts)
        if only:
            return rows, places
        bare = np.flatnonzero(counts == 0)
        bare = bare[self._holds_always(code, keys[bare])]
        return np.concatenate([rows, bare]), np.concatenate([places, np.full(len(bare), -1)])

    def _routed(self, code: int, keys: Ids) -> Iterator[tuple[int, slice | Ids]]:
        """Where keys belong: the class is found with the member."""
        if code != self._engine.vocabulary.type:
            yield code, slice(None)
            return
        for klass, _ in by_object(np.unique(keys)):
            yield klass, np.flatnonzero(keys & LOW == ~klass)


def _keys(columns: dict[int, Ids], premise: Premise, size: int) -> Ids:
    """The keys of a premise or a head, row by row."""
    found = keys_of(columns, premise)
    return found if len(found) == size else np.full(size, found[0])
