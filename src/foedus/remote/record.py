"""What a store says of the loads that filled it: the small graph ``src:load``.

Several data sets share a store. Each load leaves a node there (SPARQL Service Description) that
says from which data set it came, which named graphs it filled, where its default graph went, and,
if that is the store's own default graph, how many triples this holds (VoID). So a later load of the
same data set knows what it may replace, and what others put there.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from foedus.remote.endpoint import named
from foedus.remote.sparql import select, template
from foedus.remote.wire import Wire
from foedus.terms import Term, Triple, is_iri, literal, text_of

RECORD = named("src:load")
VIEW, DEFAULT = named("src:view"), named("src:default")
_KIND, _DATASET, _ALL = named("rdf:type"), named("sd:Dataset"), named("sd:GraphCollection")
_GRAPH, _VIEW = named("sd:namedGraph"), named("sd:defaultGraph")
_COUNT, _INTEGER = named("void:triples"), named("xsd:integer")[1:-1]
_TITLE, _SOURCE = named("dcterms:title"), named("dcterms:source")
_CONFORMS, _ONTOLOGY = named("dcterms:conformsTo"), named("foedus:ontology")
#: The layouts of a build; beside each other they are two forms of one data set.
_LAYOUTS = {"view.nt", "dataset.nq"}
#: In place of the size of a default graph to which others added.
MIXED = -1


@dataclass(frozen=True, slots=True)
class Source:
    """A data set: loads of the same ``key`` replace each other. ``title`` is what it is called.

    ``conforms``: it is a graph of this ontology, one that the questions are made for.
    """

    key: str
    title: str
    conforms: bool = False

    @classmethod
    def of(cls, path: Path) -> Source:
        """The data set that a file is: the same as long as the file stays where it is."""
        path = path.resolve()
        whole = path.parent if path.name in _LAYOUTS else path
        return cls(whole.as_uri(), whole.name)

    @classmethod
    def of_build(cls, articles: Iterable[str]) -> Source:
        """The data set that a build is: that of its articles, whatever folder it lies in."""
        called = " and ".join(articles) or "foedus"
        return cls(called, called, conforms=True)

    def node_of(self, place: Term | None) -> Term:
        """The node of its loads, each place that the user chose apart from the others."""
        return self.node if place is None else f"{self.node[:-1]}/{_short(place)}>"

    @property
    def node(self) -> Term:
        """The IRI of the data set in the record."""
        return f"{RECORD[:-1]}/{quote(self.title, safe='')}-{_short(self.key)}>"


def _short(text: str) -> str:
    """A hash in place of a path: where a file lies is nobody's business in a store."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Load:
    """What the loads of a data set to one place left.

    ``view`` is the named graph that holds its default graph. ``default`` is the size of the store's
    default graph if that does: 0 while it is being filled, `MIXED` once others added to it.
    """

    node: Term
    source: Term
    title: str
    graphs: frozenset[Term] = field(default_factory=frozenset)
    view: Term | None = None
    default: int | None = None
    conforms: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of it."""
        return not self.graphs and self.view is None and self.default is None

    @property
    def is_old(self) -> bool:
        """Whether a version left it that did not say which data set it was."""
        return self.node == RECORD

    def triples(self) -> Iterable[Triple]:
        """Its node, written down."""
        yield self.node, _KIND, _DATASET
        if not self.is_old:
            yield self.node, _SOURCE, self.source
            yield self.node, _TITLE, literal(self.title)
        if self.conforms:
            yield self.node, _CONFORMS, _ONTOLOGY
        for graph in sorted(self.graphs):
            yield self.node, _GRAPH, graph
        if self.view is not None:
            yield self.node, _VIEW, self.view
        if self.default is not None:
            yield self.node, _COUNT, literal(str(self.default), _INTEGER)


@dataclass(frozen=True, slots=True)
class Record:
    """What earlier loads left, by the node of each."""

    loads: Mapping[Term, Load] = field(default_factory=dict)

    @property
    def graphs(self) -> frozenset[Term]:
        """The named graphs of all data sets."""
        return frozenset[Term]().union(*(load.graphs for load in self.loads.values()))

    @property
    def view(self) -> Term | None:
        """The named graph that questions read alone; None: the store's own default graph.

        It is that of a graph of this ontology if there is one, of what went to its place by
        itself, of what came first: it has the default graph, or ``src:view``.
        """

        def rank(load: Load) -> tuple[bool, bool, bool, bool, Term]:
            chosen = load.node != load.source
            named_ = load.default is None
            return not load.conforms, chosen, named_, load.view != VIEW, load.node

        found = [w for w in self.loads.values() if w.view is not None or w.default is not None]
        return min(found, key=rank).view if found else None

    def having(self, *loads: Load) -> Record:
        """The record with these loads in place of what it says of them."""
        made = {**self.loads, **{load.node: load for load in loads}}
        return Record({node: load for node, load in made.items() if not load.is_empty})

    def triples(self) -> list[Triple]:
        """The record as the triples of its graph."""
        loads = (self.loads[node] for node in sorted(self.loads))
        return [(RECORD, _KIND, _ALL), *(t for load in loads for t in load.triples())]


def read_record(query_url: str, wire: Wire) -> Record:
    """What earlier loads left in the store at this query URL."""
    found = select(query_url, template("loaded.rq", record=RECORD), wire)
    nodes: defaultdict[Term, list[tuple[Term, Term]]] = defaultdict(list)
    for row in found.dicts():
        node, p, value = row.get("load"), row.get("property"), row.get("value")
        if node and p and value:
            nodes[node].append((p, value))
    loads = {
        node: _load(node, said) for node, said in sorted(nodes.items()) if (_KIND, _DATASET) in said
    }
    return Record(loads)


def _load(node: Term, said: list[tuple[Term, Term]]) -> Load:
    one = dict(sorted(said))
    count = text_of(one.get(_COUNT, ""))
    return Load(
        node,
        one.get(_SOURCE, node),
        text_of(one[_TITLE]) if _TITLE in one else "an earlier version of foedus",
        frozenset(value for p, value in said if p == _GRAPH and is_iri(value)),
        one.get(_VIEW),
        int(count) if re.fullmatch(r"-?\d+", count) else None,
        _CONFORMS in one,
    )
