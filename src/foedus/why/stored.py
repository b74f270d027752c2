"""Explains the rows of a running store by what the store holds."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from foedus.errors import InputError, LimitReached
from foedus.remote.endpoint import skolem
from foedus.remote.places import bare
from foedus.remote.sparql import template
from foedus.store.query import QuadStore, Result
from foedus.terms import Term, Triple, is_blank, text_of
from foedus.why.explain import Explainer, Known
from foedus.why.steps import Origin, Step

if TYPE_CHECKING:
    from foedus.reasoning.rules.proof import Proof
    from foedus.remote.ask import Store
    from foedus.why.rows import RowSupport

#: The most triples of a store that are read to explain its rows.
MOST = 200_000


def explainer_of(store: Store, graph: Known) -> StoreExplainer:
    """What explains the rows of a store: its view is read whole.

    Raises `LimitReached` where that is more than `MOST` triples, or where the store does not give
    all of it.
    """
    ((held,),) = store.query(template("default-count.rq")).rows
    many = int(text_of(held or "0"))
    place = bare(store.url)
    if many > MOST:
        raise LimitReached(
            f"{place} holds {many:,} triples, and rows are explained where there are no more than "
            f"{MOST:,}; ask without --why"
        )
    found = store.query(template("all.rq"))
    if found.cut or len(found.triples) < many:
        raise LimitReached(
            f"{place} gives {len(found.triples):,} of its {many:,} triples at once, so its rows "
            "cannot be explained; ask without --why"
        )
    # A load gave blank nodes IRIs that end in the names they have in the build.
    named = re.compile(f"<{re.escape(skolem())}[0-9a-f]+/([^>]*)>")
    triples = ((named.sub(r"_:\1", s), p, named.sub(r"_:\1", o)) for s, p, o in found.triples)
    return StoreExplainer(StoredGraph(graph, frozenset(triples)), store.wire.timeout)


class StoredGraph:
    """What a store holds, with the names and the proofs of a graph of ours.

    A proof counts where the store holds all of it that our graph holds.
    """

    def __init__(self, ours: Known, triples: frozenset[Triple]) -> None:
        self.ours, self.triples = ours, triples
        self.view = QuadStore.of(sorted(triples))
        self.names, self.prefixes, self.folders = ours.names, ours.prefixes, ours.folders
        self.asserted = ours.asserted
        known = frozenset(ours.view.match())
        here, there = set(map(_unnamed, known)), set(map(_unnamed, triples))
        self._lacking = frozenset(t for t in known if _unnamed(t) not in there)
        #: How many of its triples are not in our graph, and how many of ours are not in it.
        self.more = sum(_unnamed(t) not in here for t in triples)
        self.fewer = len(self._lacking)

    def graphs(self, triple: Triple) -> Collection[Term]:
        """The named graphs of ours that hold a triple."""
        return self.ours.graphs(triple)

    def proof(self, triple: Triple) -> Proof | None:
        """Our proof of a triple, or None."""
        found = self.ours.proof(triple)
        if found is None or any(step.triple in self._lacking for step in found.walk()):
            return None
        return found


def _unnamed(triple: Triple) -> Triple:
    """The triple with its blank nodes alike: each store calls them as it likes."""
    s, p, o = triple
    return "_:" if is_blank(s) else s, p, "_:" if is_blank(o) else o


class StoreExplainer(Explainer):
    """Explains what a store holds; what only the store states is stated by the store.

    ``timeout`` is how many seconds a query may take on what was read.
    """

    def __init__(self, graph: StoredGraph, timeout: float | None = None) -> None:
        super().__init__(graph)
        self.stored, self.timeout = graph, timeout

    def support_of(self, sparql: str, result: Result) -> tuple[RowSupport, ...]:
        """What each row or triple of the store's answer rests on; or an ASK's answer.

        Raises `InputError` for an answer that what was read of the store does not give.
        """
        told = super().support_of(sparql, result)
        view, prefixes = self.stored.view, self.stored.prefixes
        again = view.query(sparql, prefixes=prefixes, timeout=self.timeout)
        # With LIMIT a store may choose other rows, which can be explained all the same.
        usual = {*again.rows, *again.triples}
        rows = zip((*result.rows, *result.triples), told, strict=False)
        if again.boolean != result.boolean or any(not t.ways and r not in usual for r, t in rows):
            raise InputError(
                "the store's answer does not follow from the triples that it gives, so it cannot "
                "be explained; it may have changed in between: ask again, or without --why"
            )
        return told

    def prove(self, triple: Triple) -> Step | None:
        """One proof of a triple in words; a single step where we have none."""
        found = super().prove(triple)
        if found is None and triple in self.stored.triples:
            return Step(triple, self.phrases.sentence(triple), origin=Origin("store"))
        return found
