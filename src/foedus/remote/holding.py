"""What a store holds already, asked of the store itself, and what is written down there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from foedus.errors import Unreachable, UsageError
from foedus.remote.endpoint import Endpoint
from foedus.remote.record import RECORD, Record, read_record
from foedus.remote.sparql import select, template, update
from foedus.remote.wire import Wire
from foedus.store.query import Result
from foedus.terms import Term, Triple, text_of


@dataclass(slots=True)
class Holding:
    """Questions to a store about what is in it, and its record of loads."""

    to: Endpoint
    wire: Wire

    def answers(self) -> None:
        """Raise `Unreachable` unless something that speaks SPARQL answers."""
        self._ask("answers.rq")

    def look(self) -> None:
        """Find out whether the default graph is the union of all graphs, and act by it.

        A preset cannot know: several stores can be set up either way. The record shows it, or a
        new one without content does, which is removed again.
        """
        if self.to.union:
            return
        fresh = not self.occupied({RECORD})
        if fresh:
            self.note(Record())
            if not self.occupied({RECORD}):
                raise Unreachable(
                    f"{self.to.query} took a triple into a named graph and does not show it: it "
                    "keeps no named graphs, or the URLs given are not of one store"
                )
        together = self._ask("visible.rq", record=RECORD).boolean
        if fresh:
            self.drop(RECORD)
        self.to = replace(self.to, union=bool(together))

    def record(self) -> Record:
        """What earlier loads left."""
        return read_record(self.to.query, self.wire)

    def note(self, record: Record) -> None:
        """Write down what the loads left."""
        lines = "".join(f"{s} {p} {o} .\n" for s, p, o in record.triples())
        if self.to.graphs is not None:
            kind = {"Content-Type": self.to.triples}
            self.wire.send("PUT", self.url(RECORD), lines.encode(), kind)
            return
        drop = template("drop.ru", graph=target(RECORD))
        self.update(drop, template("insert-into.ru", graph=RECORD, triples=lines))

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

    def objects(
        self, graph: Term | None, pairs: Collection[tuple[Term, Term]]
    ) -> frozenset[Triple]:
        """The triples of a graph with these subjects and properties."""
        name = "default-objects.rq" if graph is None else "objects.rq"
        listed = " ".join(sorted(f"({s} {p})" for s, p in pairs))
        found = self._ask(name, graph=graph or "", pairs=listed).dicts()
        return frozenset((row["s"], row["p"], row["o"]) for row in found if "o" in row)

    def url(self, graph: Term | None) -> str:
        """The graph's URL in the Graph Store Protocol."""
        return f"{self.to.graphs}?" + (
            "default" if graph is None else f"graph={quote(graph[1:-1], '')}"
        )

    def drop(self, *graphs: Term | None) -> None:
        """Remove the graphs, all of them or none as far as the store can."""
        if self.to.update is None and self.to.graphs is not None:
            for graph in graphs:
                self.wire.send("DELETE", self.url(graph))
            return
        self.update(*(template("drop.ru", graph=target(graph)) for graph in graphs))

    def update(self, *operations: str) -> None:
        """Make all of these changes or none, as far as the store can."""
        if self.to.update is None:
            raise UsageError("this needs the store's update URL too; give --update-url")
        update(self.to.update, " ;\n".join(o.strip() for o in operations), self.wire)

    def _ask(self, name: str, **values: str) -> Result:
        return select(self.to.query, template(name, **values), self.wire)


def target(graph: Term | None) -> str:
    """What an update calls a graph."""
    return "DEFAULT" if graph is None else f"GRAPH {graph}"


def _listed(graphs: Collection[Term | None]) -> str:
    return " ".join(sorted(g for g in graphs if g is not None))
