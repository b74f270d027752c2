"""The rows of a store are explained by what the store holds, and by nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest
from test_store_trouble import run
from troubles import Asked, Given, serving

from foedus.errors import InputError, LimitReached
from foedus.knowledge import KnowledgeGraph
from foedus.remote import find_store
from foedus.remote.endpoint import skolem
from foedus.store.query import Result
from foedus.terms import Triple, expand
from foedus.why import stored
from foedus.why.rows import RowSupport
from foedus.why.stored import StoreExplainer, explainer_of

ALLIES = "SELECT ?ally { id:NorthKorea fo:alliedWith ?ally }"
LONELY = "SELECT ?a { VALUES ?a { id:China } FILTER NOT EXISTS { ?a fo:alliedWith id:%s } }"


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.build()


def terms(graph: KnowledgeGraph, *curies: str) -> Triple:
    s, p, o = (expand(curie, graph.prefixes) or "" for curie in curies)
    return s, p, o


class Replica:
    """A store with the view of a graph, more or less, as `load` puts it there or another tool."""

    def __init__(self, view: Iterable[Triple], loaded: bool = True) -> None:
        lines = "".join(f"{' '.join(triple)} .\n" for triple in view)
        if loaded:
            lines = re.sub(r"(?<!\S)_:(\w+)", rf"<{skolem()}0123456789ab/\1>", lines)
        self.store = ox.Store()
        self.store.bulk_load(lines.encode(), ox.RdfFormat.N_TRIPLES)
        self.cut: dict[str, str] = {}

    def __call__(self, request: Asked) -> Given:
        query = parse_qs(request.body.decode())["query"][0]
        found = self.store.query(query)
        if isinstance(found, ox.QueryTriples):
            body = found.serialize(format=ox.RdfFormat.N_TRIPLES)
            return Given(body or b"", "application/n-triples", headers=self.cut)
        return Given(found.serialize(format=ox.QueryResultsFormat.JSON) or b"")


def explained(
    graph: KnowledgeGraph, view: Iterable[Triple] | Replica, query: str
) -> tuple[StoreExplainer, dict[str | None, RowSupport]]:
    """What explains a store with that view, and what it says of each row, by its first term."""
    with serving(view if isinstance(view, Replica) else Replica(view)) as (base, _):
        store = find_store(base, 30)
        explainer = explainer_of(store, graph)
        result = store.query(query, graph.prefixes)
        told = explainer.support_of(query, result)
        return explainer, {row[0]: t for row, t in zip(result.rows, told, strict=True)}


def test_the_same_version_is_explained_as_here(graph: KnowledgeGraph) -> None:
    explainer, told = explained(graph, graph.view.match(), ALLIES)
    ours = graph.support_of(ALLIES, graph.query(ALLIES))
    assert ours and [*told.values()] == [*ours]
    assert (explainer.stored.more, explainer.stored.fewer) == (0, 0)


def test_blank_nodes_may_have_other_names(graph: KnowledgeGraph) -> None:
    explainer, told = explained(graph, Replica(graph.view.match(), loaded=False), ALLIES)
    ours = graph.support_of(ALLIES, graph.query(ALLIES))
    assert [t.passages() for t in told.values()] == [t.passages() for t in ours]
    assert (explainer.stored.more, explainer.stored.fewer) == (0, 0)


def test_what_only_the_store_states_is_stated(graph: KnowledgeGraph) -> None:
    added = terms(graph, "id:NorthKorea", "fo:alliedWith", "id:Japan")
    explainer, told = explained(graph, [*graph.view.match(), added], ALLIES)
    (part,) = told[added[2]].supports
    assert (part.step.triple, part.step.rule, part.step.origin.kind) == (added, None, "store")
    assert (explainer.stored.more, explainer.stored.fewer) == (1, 0)


def test_nothing_is_called_unstated_that_the_store_states(graph: KnowledgeGraph) -> None:
    """Here China is an ally of North Korea and not of Japan; in the store it is the reverse."""
    gone = terms(graph, "id:China", "fo:alliedWith", "id:NorthKorea")
    added = terms(graph, "id:China", "fo:alliedWith", "id:Japan")
    view = [*(t for t in graph.view.match() if t != gone), added]
    _, told = explained(graph, view, LONELY % "Japan")
    assert not told
    _, told = explained(graph, view, LONELY % "NorthKorea")
    (support,) = told.values()
    assert support.basis.default
    assert support.assumptions == ("nothing states that China is allied with North Korea",)


def test_no_proof_rests_on_what_the_store_lacks(graph: KnowledgeGraph) -> None:
    ally = terms(graph, "id:NorthKorea", "fo:alliedWith", "id:China")
    proof = graph.proof(ally)
    assert proof and proof.premises
    lost = proof.premises[0].triple
    _, told = explained(graph, (t for t in graph.view.match() if t != lost), ALLIES)
    (part,) = told[ally[2]].supports
    assert part.step.origin and part.step.origin.kind == "store"


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (ALLIES, Result("rows", ("ally",), (("<https://w3id.org/foedus/id/Japan>",),))),
        ("ASK { id:NorthKorea fo:alliedWith id:Japan }", Result("boolean", boolean=True)),
        ("ASK { id:NorthKorea fo:alliedWith id:China }", Result("boolean", boolean=False)),
    ],
)
def test_an_answer_that_its_triples_do_not_give(
    graph: KnowledgeGraph, query: str, answer: Result
) -> None:
    explainer, _ = explained(graph, graph.view.match(), ALLIES)
    with pytest.raises(InputError, match="does not follow from the triples that it gives"):
        explainer.support_of(query, answer)
    count = "SELECT (COUNT(?ally) AS ?n) { id:Nobody fo:alliedWith ?ally }"
    assert explainer.support_of(count, graph.query(count))


def test_a_store_that_cannot_be_read_whole(
    graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = Replica(graph.view.match())
    with serving(replica) as (base, _):
        store = find_store(base, 30)
        replica.cut = {"X-SPARQL-MaxRows": "100"}
        with pytest.raises(LimitReached, match="cannot be explained; ask without --why"):
            explainer_of(store, graph)
        monkeypatch.setattr(stored, "MOST", 100)
        with pytest.raises(LimitReached, match="no more than 100"):
            explainer_of(store, graph)


def test_on_the_command_line(graph: KnowledgeGraph) -> None:
    added = terms(graph, "id:NorthKorea", "fo:alliedWith", "id:Japan")
    with serving(Replica([*graph.view.match(), added])) as (base, _):
        found = run("query", ALLIES, "--why", "--endpoint", base)
        assert found.returncode == 0, found.stderr
        assert "not of this graph's version (1 triples more, 0 less)" in found.stderr
        assert "the store states it, and this graph does not say why" in found.stdout
        assert "sentence 9 (the article)" in found.stdout
        believed = run("query", ALLIES, "--believe", "everyone", "--endpoint", base)
        assert believed.returncode == 2 and "--believe changes the graph here" in believed.stderr
