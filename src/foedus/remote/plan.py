"""Where each graph of a file goes in a store, decided before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from foedus.errors import UsageError
from foedus.remote.batches import Lines
from foedus.remote.holding import Holding
from foedus.remote.record import DEFAULT, MIXED, RECORD, VIEW, Load, Record, Source
from foedus.terms import Term

#: Up to so many graphs are named one by one.
_NAMED = 3


class Mode(Enum):
    """What happens to a graph that is not empty."""

    own = "replaced if the same data set filled it, otherwise refused"
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
    something, ``load`` is what the record will say of this load, ``others`` of those whose graphs
    it changes. ``goes`` says what will be gone, ``notes`` what else is worth knowing.
    """

    places: dict[Term | None, Term | None]
    before: frozenset[Term | None]
    replaced: frozenset[Term | None]
    stale: frozenset[Term | None]
    load: Load
    others: tuple[Load, ...] = ()
    goes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def adds(self) -> bool:
        """Whether a graph that holds something is added to."""
        return bool(self.before & set(self.places.values()) - self.replaced)

    @property
    def underway(self) -> Load:
        """What the record is to say of this load until all is done."""
        stale = {graph for graph in self.stale if graph is not None}
        default = 0 if None in self.stale else self.load.default
        return replace(self.load, graphs=self.load.graphs | stale, default=default)


@dataclass(frozen=True, slots=True)
class _Owners:
    """Whose the graphs of a store are, by its record."""

    record: Record
    default: int | None
    source: Source

    def of(self, graph: Term | None) -> list[Load]:
        """The loads that filled a graph, as far as nobody else is known to have added to it."""
        loads = self.record.loads.values()
        if graph is not None:
            return [load for load in loads if graph in load.graphs]
        return [w for w in loads if w.default == 0 or (w.default and w.default == self.default)]

    def own(self, graph: Term | None) -> bool:
        """Whether this data set alone filled the graph."""
        return {load.source for load in self.of(graph)} == {self.source.node}

    def whose(self, graph: Term | None) -> str:
        """Whose triples a graph holds, in words."""
        known = self.of(graph)
        beside = ""
        if not known:
            known = [w for w in self.record.loads.values() if _reads(w, graph)]
            mixed = graph is None and any(load.default == MIXED for load in known)
            beside = "" if mixed else ", and triples of others"
        if not known:
            return "triples of others"
        titles = " and ".join(sorted({self._called(load) for load in known}))
        return f"what {titles} put there{beside}"

    def _called(self, load: Load) -> str:
        other = load.source != self.source.node and load.title == self.source.title
        return f"another {load.title}" if other else load.title


def _reads(load: Load, graph: Term | None) -> bool:
    return load.default is not None if graph is None else load.view == graph


def make_plan(lines: Lines, holding: Holding, into: Into, source: Source) -> Plan:
    """What a load will do; raises `UsageError` where it would touch what belongs to others."""
    if not sum(lines.graphs.values()):
        raise UsageError(f"{lines.path} holds no triple; there is nothing to load")
    union = holding.to.union
    if into.default and union:
        raise UsageError(
            "this store's default graph is all its graphs together; name one with --graph IRI"
        )
    if RECORD in {*lines.graphs, into.graph}:
        raise UsageError(f"{RECORD} is where loads are recorded; nothing else can be put there")
    record = holding.record()
    chosen = into.graph or (DEFAULT if into.default else None)
    node = source.node_of(chosen)
    last = record.loads.get(node, Load(node, source.node, source.title))
    named = {*lines.graphs, into.graph, VIEW, source.node, last.view, *last.graphs} - {None}
    held = holding.occupied(named if union else {*named, None})
    known = {load.default for load in record.loads.values()} - {None, MIXED}
    count = holding.counts({None})[None] if None in held and known - {0} else None
    owners = _Owners(record, count, source)

    places: dict[Term | None, Term | None] = {g: g for g in lines.graphs}
    notes: tuple[str, ...] = ()
    if None in places:
        places[None] = into.graph
        if not into.chosen:
            places[None], notes = _place(last, held, owners, union, into.mode)
    targets = frozenset(places.values())
    foreign = frozenset(g for g in held & targets if not owners.own(g))
    if foreign and into.mode == Mode.own:
        raise UsageError("; ".join(_refusals(foreign, owners)))
    append = into.mode == Mode.append
    replaced = frozenset[Term | None]() if append else held & targets
    stale = frozenset[Term | None]()
    if not append:
        here = {*last.graphs, *([None] if last in owners.of(None) else [])}
        stale = frozenset(g for g in here & held - targets if owners.of(g) == [last])
    return Plan(
        places,
        held,
        replaced,
        stale,
        _after(last, places, source, append, {g for g in foreign if g is None or not owners.of(g)}),
        tuple(_changed(record, source, foreign, append)),
        tuple(_gone(replaced - foreign, replaced & foreign, stale, owners)),
        notes,
    )


def _place(
    last: Load, held: Collection[Term | None], owners: _Owners, union: bool, mode: Mode
) -> tuple[Term | None, tuple[str, ...]]:
    """Where the default graph of a file goes by itself, and why not where one would think.

    That is where it went before, or the first place that is free: the store's default graph (unless
    that shows all graphs), ``src:view``, or a graph of its own.
    """
    first = VIEW if union else None
    if mode == Mode.append:
        return last.view or first, ()
    if mode == Mode.own and any(load.is_old for load in owners.of(first)):
        return first, ()

    def free(graph: Term | None) -> bool:
        if graph not in held or owners.own(graph):
            return True
        return mode == Mode.replace and bool(owners.of(graph))

    places = [*([last.view] if last.view else []), first, VIEW, owners.source.node]
    place = next(filter(free, places), owners.source.node)
    if place in places[:1]:
        return place, ()
    title = owners.source.title
    return place, (f"{called(first)} holds {owners.whose(first)}; {title} goes to {called(place)}",)


def _after(
    last: Load,
    places: dict[Term | None, Term | None],
    source: Source,
    append: bool,
    foreign: Collection[Term | None],
) -> Load:
    """What the record will say of this load; its default graph is not counted yet."""
    filled = {g for g in places.values() if g is not None and not (append and g in foreign)}
    view, default = (last.view, last.default) if append else (None, None)
    if None in places:
        view, default = places[None], None
        if view is None:
            default = MIXED if append and None in foreign else 0
    graphs = filled | last.graphs if append else filled
    return replace(
        last,
        title=source.title,
        conforms=source.conforms,
        graphs=frozenset(graphs),
        view=view,
        default=default,
    )


def _changed(
    record: Record, source: Source, foreign: Collection[Term | None], append: bool
) -> Iterator[Load]:
    """The loads of other data sets that lose a graph, or whose default graph is added to."""
    for load in record.loads.values():
        graphs, view, default = load.graphs, load.view, load.default
        if None in foreign and default is not None:
            default = MIXED if append else None
        if not append:
            graphs = graphs - set(foreign)
            view = None if view in foreign else view
        made = replace(load, graphs=graphs, view=view, default=default)
        if load.source != source.node and made != load:
            yield made


def _refusals(foreign: Collection[Term | None], owners: _Owners) -> Iterator[str]:
    """Why a load is refused, whose graphs it would touch, and what the user can do."""
    for whose, graphs in _by_owner(foreign, owners):
        yield f"{_listed(graphs)} already holds {whose}"
    yield "--append adds to that, --replace removes it first, --graph IRI goes elsewhere"


def _gone(
    own: Collection[Term | None],
    foreign: Collection[Term | None],
    stale: Collection[Term | None],
    owners: _Owners,
) -> Iterator[str]:
    """What will be gone, sentence by sentence."""
    title = owners.source.title
    if own:
        yield f"replacing what the last load of {title} put into {_listed(own)}"
    for whose, graphs in _by_owner(foreign, owners):
        yield f"removing from {_listed(graphs)} {whose}"
    if stale:
        yield f"removing {_listed(stale)}, which {title} no longer has"


def _by_owner(
    graphs: Collection[Term | None], owners: _Owners
) -> list[tuple[str, list[Term | None]]]:
    found: dict[str, list[Term | None]] = {}
    for graph in graphs:
        found.setdefault(owners.whose(graph), []).append(graph)
    return sorted(found.items())


def _listed(graphs: Collection[Term | None]) -> str:
    names = sorted(map(called, graphs))
    more = f" and {len(names) - _NAMED} more graphs" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def called(graph: Term | None) -> str:
    """What a graph is called in a sentence."""
    return "the default graph" if graph is None else graph
