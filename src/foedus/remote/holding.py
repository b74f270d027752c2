"""What a store holds already: which graphs are filled, and which of them foedus loaded itself.

Each load leaves a small graph of its own, ``src:load``, that names the graphs it filled (SPARQL
Service Description) and counts the triples of the store's default graph (VoID). So a later load
knows what it may replace, and what belongs to others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from foedus.remote.endpoint import Endpoint, named
from foedus.remote.sparql import select, template
from foedus.remote.wire import Wire
from foedus.store.query import Result
from foedus.terms import Term, Triple, literal, text_of

RECORD = named("src:load")
_KIND, _DATASET = named("rdf:type"), named("sd:Dataset")
_GRAPH, _VIEW = named("sd:namedGraph"), named("sd:defaultGraph")
_COUNT, _INTEGER = named("void:triples"), named("xsd:integer")[1:-1]


@dataclass(frozen=True, slots=True)
class Record:
    """What earlier loads left: named graphs, the graph that is the view, the default graph's size.

    ``default`` is None if the store's default graph was never filled, 0 while it is being filled.
    """

    graphs: frozenset[Term] = field(default_factory=frozenset)
    view: Term | None = None
    default: int | None = None

    def triples(self) -> list[Triple]:
        """The record as the triples of its graph."""
        found = [(RECORD, _KIND, _DATASET)]
        found += [(RECORD, _GRAPH, graph) for graph in sorted(self.graphs)]
        if self.view is not None:
            found.append((RECORD, _VIEW, self.view))
        if self.default is not None:
            found.append((RECORD, _COUNT, literal(str(self.default), _INTEGER)))
        return found


@dataclass(slots=True)
class Holding:
    """Questions to a store about what is in it."""

    to: Endpoint
    wire: Wire

    def answers(self) -> None:
        """Raise `Unreachable` unless something that speaks SPARQL answers."""
        self._ask("answers.rq")

    def record(self) -> Record:
        """What earlier loads left."""
        return read_record(self.to.query, self.wire)

    def occupied(self, graphs: Collection[Term | None]) -> frozenset[Term | None]:
        """Those of the graphs that hold anything; None is the default graph."""
        found: set[Term | None] = set()
        if None in graphs and self._ask("default-occupied.rq").boolean:
            found.add(None)
        if wanted := _listed(graphs):
            found |= {row[0] for row in self._ask("occupied.rq", graphs=wanted).rows}
        return frozenset(found)

    def counts(self, graphs: Collection[Term | None]) -> Mapping[Term | None, int]:
        """The number of triples in each of the graphs; None is the default graph."""
        found: dict[Term | None, int] = dict.fromkeys(graphs, 0)
        if None in graphs:
            ((many,),) = self._ask("default-count.rq").rows
            found[None] = int(text_of(many or ""))
        if wanted := _listed(graphs):
            for row in self._ask("count.rq", graphs=wanted).rows:
                if row[0] is not None and row[1] is not None:
                    found[row[0]] = int(text_of(row[1]))
        return found

    def _ask(self, name: str, **values: str) -> Result:
        return select(self.to.query, template(name, **values), self.wire)


def read_record(query_url: str, wire: Wire) -> Record:
    """What earlier loads left in the store at this query URL."""
    found = select(query_url, template("loaded.rq", record=RECORD), wire)
    rows = [(p, value) for p, value in found.rows if p and value]
    view = next((value for p, value in rows if p == _VIEW), None)
    count = next((int(text_of(value)) for p, value in rows if p == _COUNT), None)
    return Record(frozenset(value for p, value in rows if p == _GRAPH), view, count)


def _listed(graphs: Collection[Term | None]) -> str:
    return " ".join(sorted(g for g in graphs if g is not None))
