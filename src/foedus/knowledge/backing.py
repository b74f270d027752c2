"""Where a graph is held: made in memory with its closure, or in a build folder.

Both are read by several threads: what is worked out late is so under a lock.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from foedus.knowledge.folder import DATASET, NAMES, PROOFS, NamedGraphs, kept
from foedus.knowledge.making import closure_of, read_names
from foedus.knowledge.material import Material
from foedus.knowledge.proofs import KeptProofs
from foedus.language.names import Names
from foedus.locking import locked, once
from foedus.resources import Folders
from foedus.store.query import QuadStore
from foedus.terms import Quad, Term, Triple, expanded

if TYPE_CHECKING:
    from foedus.reasoning.closure import Closure
    from foedus.reasoning.rules.proof import Proof
    from foedus.reasoning.witnesses.owlrl_witness import SecondClosure

    #: What a reasoner makes; that of owlrl proves nothing, and cannot be changed.
    AnyClosure: TypeAlias = Closure | SecondClosure


class Backing(ABC):
    """What a graph answers from, beside its view."""

    #: The build folder that it was opened from; None for one in memory.
    place: Path | None = None

    def __init__(self, folders: Folders, prefixes: Mapping[str, str], view: QuadStore) -> None:
        self.folders, self.prefixes, self.view = folders, prefixes, view
        self._lock = threading.RLock()

    @property
    def derived_graph(self) -> Term:
        """The name of the graph of what was derived."""
        return expanded("src:derived", self.prefixes)

    @property
    @abstractmethod
    def names(self) -> Names:
        """What everything is called."""

    @property
    @abstractmethod
    def dataset(self) -> QuadStore:
        """Every named graph, with the view as default graph."""

    @property
    @abstractmethod
    def asserted(self) -> frozenset[Triple]:
        """The triples that a file states."""

    @property
    @abstractmethod
    def closure(self) -> AnyClosure:
        """What the graph's reasoner made of it."""

    @property
    @abstractmethod
    def engine(self) -> Closure:
        """A closure that proves what it holds, and makes others."""

    @abstractmethod
    def stated(self) -> tuple[Quad, ...]:
        """What is asserted, each triple in its named graph."""

    @abstractmethod
    def graphs(self, triple: Triple) -> list[Term]:
        """The named graphs that hold a triple, sorted."""

    @abstractmethod
    def proof(self, triple: Triple) -> Proof | None:
        """One proof of a triple; None if it does not hold."""

    def _close(self) -> Closure:
        return closure_of(sorted(self.asserted), self.folders)


class InMemory(Backing):
    """A graph just made: its material and its closure are at hand."""

    def __init__(self, material: Material, closure: AnyClosure, view: QuadStore) -> None:
        super().__init__(material.folders, material.prefixes, view)
        self.material, self._closure = material, closure

    @once
    def names(self) -> Names:
        """What everything is called."""
        derived = {self.derived_graph}
        return read_names(self.view, self.prefixes, lambda t: set(self.graphs(t)) <= derived)

    @once
    def dataset(self) -> QuadStore:
        """Every named graph, with the view as default graph."""
        made = QuadStore.of(self.view.match())
        derived = sorted(t for t in self.view.match() if t not in self.asserted)
        made.add(dict.fromkeys(self.material.quads))
        made.add((s, p, o, self.derived_graph) for s, p, o in derived)
        return made

    @once
    def asserted(self) -> frozenset[Triple]:
        """The triples that a file states."""
        return frozenset(self._closure.asserted)

    @property
    def closure(self) -> AnyClosure:
        """What the graph's reasoner made of it."""
        return self._closure

    @once
    def engine(self) -> Closure:
        """A closure that proves what it holds: the own one, but where owlrl made that."""
        from foedus.reasoning.closure import Closure

        return self._closure if isinstance(self._closure, Closure) else self._close()

    def stated(self) -> tuple[Quad, ...]:
        """What is asserted, each triple in its named graph."""
        return self.material.quads

    def graphs(self, triple: Triple) -> list[Term]:
        """The named graphs that state a triple, sorted."""
        return self._stating.get(triple, [])

    @once
    def _stating(self) -> dict[Triple, list[Term]]:
        found: dict[Triple, list[Term]] = {}
        for s, p, o, name in sorted(self.stated(), key=lambda quad: quad[3] or ""):
            if name:
                found.setdefault((s, p, o), []).append(name)
        return found

    def proof(self, triple: Triple) -> Proof | None:
        """One proof of a triple; None if it does not hold."""
        return self.engine.proof(triple)


class InFolder(Backing):
    """A graph that was built before: what a build keeps is read when it is first needed."""

    def __init__(
        self, place: Path, folders: Folders, prefixes: Mapping[str, str], view: QuadStore
    ) -> None:
        super().__init__(folders, prefixes, view)
        self.place: Path = place

    @once
    def names(self) -> Names:
        """What everything is called."""
        with kept(self.place / NAMES) as text:
            return Names.load(text, self.prefixes)

    @once
    def dataset(self) -> QuadStore:
        """Every named graph, with the view as default graph."""
        return QuadStore.load(self.place / DATASET)

    @once
    def asserted(self) -> frozenset[Triple]:
        """The triples that a file states."""
        return frozenset(quad[:3] for quad in self.stated())

    @once
    def closure(self) -> Closure:
        """What is stated, closed anew."""
        return self._close()

    @property
    def engine(self) -> Closure:
        """A closure that proves what it holds, and makes others."""
        return self.closure

    def stated(self) -> tuple[Quad, ...]:
        """What is asserted, each triple in its named graph."""
        return tuple(q for q in self.dataset.quads() if q[3] not in (None, self.derived_graph))

    def graphs(self, triple: Triple) -> list[Term]:
        """The named graphs that hold a triple, that of the derived triples too, sorted."""
        return self._named.of(triple)

    @once
    def _named(self) -> NamedGraphs:
        return NamedGraphs(self.place / DATASET, len(self.view))

    @locked
    def proof(self, triple: Triple) -> Proof | None:
        """The proof that was kept of a triple; None if it does not hold."""
        return self._proofs.proof(triple)

    @once
    def _proofs(self) -> KeptProofs:
        return KeptProofs(self.place / PROOFS)
