"""A file put into a running store: what was there answers until the new is whole.

Into empty graphs the file is streamed as it is. A graph that an earlier load of the same data set
filled is replaced: by one PUT where the store does that in one transaction, otherwise beside it and
then moved into place by one update. Graphs of others are never touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from foedus.errors import FoedusError, InputError, ParseFailure, Unreachable
from foedus.remote.batches import Batch, Lines, Tally, ahead
from foedus.remote.endpoint import Endpoint
from foedus.remote.holding import Holding, target
from foedus.remote.kept import Kept
from foedus.remote.plan import Into, Plan, called, make_plan
from foedus.remote.record import DEFAULT, Load, Source
from foedus.remote.sparql import template
from foedus.remote.wire import Wire
from foedus.terms import Term

#: Up to so many triples the store is asked to count what it holds.
_COUNTED = 250_000

#: Hears how much of the load is done: triples sent, and of how many.
Progress = Callable[[int, int], None]

_AGAIN = "run the same command again to complete it"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did: triples in each graph (None: the default graph), seconds, tries, notes."""

    graphs: Mapping[Term | None, int]
    sent: int
    seconds: float
    retried: int
    notes: tuple[str, ...] = ()


def load(
    path: Path,
    to: Endpoint,
    wire: Wire,
    into: Into | None = None,
    *,
    source: Source | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> LoadReport:
    """Put a ``.nt`` or ``.nq`` file into a store; doing it twice leaves the same store.

    What an earlier load of the same ``source`` put there is replaced; it is the file's own place
    unless something else is said. Unless ``into`` names a place, the file's default graph goes to
    the store's default graph, if nobody else uses that and queries read it alone, otherwise to
    ``src:view`` or a graph of its own. ``tell`` hears what will be gone, before it is. Memory does
    not grow with the file. Raises `Unreachable` that says what the store holds now, or that not all
    of it can be seen there, `UsageError`, `InputError`.
    """
    started = time.perf_counter()
    work = _Load(Lines(path), wire, Holding(to, wire), progress)
    work.holding.answers()
    if to.triples != "application/n-triples":  # what reads it as something else may misread it
        work.lines.check()
    work.holding.look()
    plan = make_plan(work.lines, work.holding, into or Into(), source or Source.of(path))
    if tell:
        for words in plan.goes:
            tell(words)
    try:
        work.run(plan)
    except Unreachable as error:
        try:
            work.lines.check()
        except ParseFailure as cause:
            raise InputError(f"{cause}; {error}") from None
        raise
    notes = Kept(work.lines, plan.places, work.holding).compare(work.held)
    took = time.perf_counter() - started
    return LoadReport(work.held, work.sent, took, wire.retried, (*plan.notes, *notes))


@dataclass(slots=True)
class _Load:
    lines: Lines
    wire: Wire
    holding: Holding
    progress: Progress | None
    sent: int = 0
    tally: Tally = field(default_factory=Tally)
    held: Mapping[Term | None, int] = field(default_factory=dict)

    @property
    def to(self) -> Endpoint:
        """The store, as it was found to be."""
        return self.holding.to

    def run(self, plan: Plan) -> None:
        """Carry the plan out."""
        # The record first, so that a load cut short is known as ours.
        self._note(plan.underway, *plan.others)
        one = len(set(plan.places.values())) == 1 and not self.lines.has_graphs
        put = one and self.to.whole and self.to.graphs is not None
        long = self.lines.size > self.to.batch and not self.to.bulk
        if put and (plan.replaced or (long and not plan.adds)):
            self._put(plan, *plan.places.values())
        elif plan.replaced or plan.stale:
            self._swap(plan)
        else:
            self._fill(plan)

    def _fill(self, plan: Plan) -> None:
        """Stream into graphs that are empty, or that are to be added to."""
        try:
            self._stream(plan.places, bulk=self.lines.size > self.to.batch)
            self._close(plan)
        except FoedusError as error:
            raise Unreachable(
                f"{error}; {self.sent:,} of {sum(self.lines.graphs.values()):,} triples were sent "
                f"and what was there before is untouched; {_AGAIN}"
            ) from error

    def _put(self, plan: Plan, target: Term | None) -> None:
        """Replace one graph by one request."""

        def body() -> Iterator[bytes]:
            self.sent, self.tally = 0, Tally()
            for batch in ahead(self.lines.triples(1 << 22, self.tally)):
                yield batch.body
                self._count(batch)

        try:
            self.wire.send("PUT", self.holding.url(target), body, {"Content-Type": self.to.triples})
        except FoedusError as error:
            raise Unreachable(f"{error}; the old data still answers; {_AGAIN}") from error
        if plan.stale:
            self.holding.drop(*sorted(plan.stale, key=called))
        self._close(plan)

    def _swap(self, plan: Plan) -> None:
        """Stream beside the old graphs, then move everything into place in one update."""
        staged = {g: _staging(place) for g, place in plan.places.items()}
        try:
            self.holding.drop(*staged.values())
            self._stream(staged, bulk=self.lines.size > self.to.batch)
            counts = self.holding.counts(set(staged.values()))
            lost = [g for g, many in counts.items() if not many]
            if lost:
                raise Unreachable(f"the store took the triples of {called(lost[0])} and holds none")
        except FoedusError as error:
            raise Unreachable(f"{error}; the old data still answers; {_AGAIN}") from error
        moves = [template("drop.ru", graph=target(g)) for g in sorted(plan.stale, key=called)]
        for source, stage in staged.items():
            graph = plan.places[source]
            name = "default-swap.ru" if graph is None else "swap.ru"
            moves.append(template(name, stage=stage, graph=graph or ""))
        try:
            self.holding.update(*moves)
        except FoedusError as error:
            raise Unreachable(f"{error}; {self._progress_of(plan, staged)}") from error
        self._close(plan)
        for source, stage in staged.items():
            place = plan.places[source]
            if self.held[place] < counts[stage]:
                raise Unreachable(
                    f"{called(place)} holds {self.held[place]:,} triples and was sent "
                    f"{counts[stage]:,}: the store lost some in moving them; {_AGAIN}"
                )

    def _progress_of(self, plan: Plan, staged: Mapping[Term | None, Term]) -> str:
        """Which graphs were replaced before the update failed.

        Most stores do all of an update or nothing; Virtuoso stops in the middle where its client
        is gone, so a graph that still waits may be half replaced there.
        """
        try:
            waiting = self.holding.occupied(set(staged.values()))
        except FoedusError:
            return f"whether the graphs were replaced cannot be seen now; {_AGAIN}"
        todo = [called(plan.places[g]) for g, stage in staged.items() if stage in waiting]
        done = [called(plan.places[g]) for g, stage in staged.items() if stage not in waiting]
        return (
            f"replaced: {', '.join(done) or 'none'}; "
            f"not yet, or not wholly: {', '.join(todo) or 'none'}; {_AGAIN}"
        )

    def _close(self, plan: Plan) -> None:
        """See that everything is there, and write down what the store holds now."""
        self.held = self._counts(plan)
        lost = [g for g, many in self.held.items() if not many]
        if lost:
            raise Unreachable(f"the store took the triples of {called(lost[0])} and holds none")
        load = plan.load
        if load.default == 0:
            load = replace(load, default=self.held.get(None) or self.holding.counts({None})[None])
        self._note(load)

    def _counts(self, plan: Plan) -> Mapping[Term | None, int]:
        """Triples in each graph: counted by the store, unless that takes long and is known."""
        targets = set(plan.places.values())
        known = None if self.lines.has_graphs else self.tally.distinct
        if known is None or known <= _COUNTED or plan.adds:
            return self.holding.counts(targets)
        return {g: known if g in self.holding.occupied(targets) else 0 for g in targets}

    def _note(self, *loads: Load) -> None:
        self.holding.note(self.holding.record().having(*loads))

    def _stream(self, places: Mapping[Term | None, Term | None], bulk: bool) -> None:
        """Send every batch of the file to its place."""
        self.sent, self.tally = 0, Tally()
        extra = self.to.bulk if bulk else ""
        for place, batch in ahead(self._batches(places)):
            if self.to.graphs is None:
                name = "insert.ru" if place is None else "insert-into.ru"
                self.holding.update(template(name, graph=place or "", triples=batch.body.decode()))
            elif batch.graph is None and self.lines.has_graphs and self.to.quads:
                url = self.to.quads + (f"?{extra}" if extra else "")
                self.wire.send("POST", url, batch.body, {"Content-Type": "application/n-quads"})
            else:
                url = self.holding.url(place) + (f"&{extra}" if extra else "")
                self.wire.send("POST", url, batch.body, {"Content-Type": self.to.triples})
            self._count(batch)

    def _batches(
        self, places: Mapping[Term | None, Term | None]
    ) -> Iterator[tuple[Term | None, Batch]]:
        if not self.lines.has_graphs:
            place = places[None]
            return ((place, batch) for batch in self.lines.triples(self.to.batch, self.tally))
        together = self.to.quads is not None
        return ((b.graph, b) for b in self.lines.quads(places, self.to.batch, together))

    def _count(self, batch: Batch) -> None:
        self.sent += batch.triples
        if self.progress:
            self.progress(self.sent, sum(self.lines.graphs.values()))


def _staging(place: Term | None) -> Term:
    """Where the new content of a graph waits; the same for every try, so a try cleans up."""
    return f"{(place or DEFAULT)[:-1]}.loading>"
