"""Where each graph of a file goes in a store, decided before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from foedus.errors import UsageError
from foedus.remote.batches import Lines
from foedus.remote.endpoint import named
from foedus.remote.holding import Holding, Record
from foedus.terms import Term

VIEW = named("src:view")


class Mode(Enum):
    """What happens to a graph that is not empty."""

    own = "replaced if an earlier load filled it, otherwise refused"
    replace = "replaced"
    append = "added to"


@dataclass(frozen=True, slots=True)
class Into:
    """Where the user wants it: one graph, the store's default graph, or where it fits best."""

    graph: Term | None = None
    default: bool = False
    mode: Mode = Mode.own

    @property
    def chosen(self) -> bool:
        """Whether the user named the place."""
        return self.graph is not None or self.default


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each graph of the file goes, which places are replaced, and which graphs are dropped.

    None is the default graph, of the file and of the store. ``before``: the places that held
    something, ``record`` is what the store will say
    of itself afterwards.
    """

    places: dict[Term | None, Term | None]
    before: frozenset[Term | None]
    replaced: frozenset[Term | None]
    stale: frozenset[Term | None]
    record: Record
    notes: tuple[str, ...] = ()

    @property
    def adds(self) -> bool:
        """Whether a graph that holds something is added to."""
        return bool(self.before & set(self.places.values()) - self.replaced)

    @property
    def underway(self) -> Record:
        """What the store is to say of itself until all is done."""
        stale = {graph for graph in self.stale if graph is not None}
        default = 0 if None in self.stale else self.record.default
        return replace(self.record, graphs=self.record.graphs | stale, default=default)


def make_plan(lines: Lines, holding: Holding, into: Into) -> Plan:
    """What a load will do; raises `UsageError` where it would touch what belongs to others."""
    if not sum(lines.graphs.values()):
        raise UsageError(f"{lines.path} holds no triple; there is nothing to load")
    if into.default and holding.to.union:
        raise UsageError(
            "this store's default graph is all its graphs together; name one with --graph IRI"
        )
    places = _places(lines, holding.to.union, into)
    before = holding.record()
    held = holding.occupied({*places.values(), *([] if holding.to.union else [None])})
    own = _own(before, held, holding)
    notes: tuple[str, ...] = ()
    crowded = None in held and None not in own
    if None in places.values() and crowded and not into.chosen and into.mode != Mode.append:
        places[None] = VIEW
        held |= holding.occupied({VIEW})
        notes = (f"the store's default graph holds triples of others; the view went to {VIEW}",)
    targets = frozenset(places.values())
    foreign = held & targets - own
    if foreign and into.mode == Mode.own:
        raise UsageError(
            f"{', '.join(sorted(called(g) for g in foreign))} already holds triples that this "
            "command did not put there; --append adds to them, --replace removes them first, "
            "--graph IRI goes elsewhere"
        )
    append = into.mode == Mode.append
    stale = frozenset[Term | None]() if append or into.chosen else own - targets
    ours = (own | (targets - foreign if append else targets)) - stale
    record = Record(
        frozenset(g for g in ours if g is not None),
        _view(before, places, into),
        0 if None in ours else None,
    )
    replaced = frozenset[Term | None]() if append else held & targets
    return Plan(places, held, replaced, stale, record, notes)


def _places(lines: Lines, union: bool, into: Into) -> dict[Term | None, Term | None]:
    places: dict[Term | None, Term | None] = {g: g for g in lines.graphs}
    if None not in places:
        return places
    if into.graph is not None:
        places[None] = into.graph
    elif union:
        places[None] = VIEW
    return places


def _own(record: Record, held: frozenset[Term | None], holding: Holding) -> frozenset[Term | None]:
    """The graphs that earlier loads filled and nobody else."""
    own: set[Term | None] = set(record.graphs)
    if None in held and record.default is not None:
        unfinished = record.default == 0
        if unfinished or record.default == holding.counts({None})[None]:
            own.add(None)
    return frozenset(own)


def _view(before: Record, places: dict[Term | None, Term | None], into: Into) -> Term | None:
    """The named graph that questions are to read, if they are to read one alone."""
    if None not in places:
        return before.view if into.mode == Mode.append else None
    if into.chosen and (before.view is not None or before.default is not None):
        return before.view
    return places[None]


def called(graph: Term | None) -> str:
    """What a graph is called in a sentence."""
    return "the default graph" if graph is None else graph
