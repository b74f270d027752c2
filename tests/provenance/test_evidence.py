"""The evidence of a row is enough: the query over those triples alone gives the row again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foedus.errors import FoedusError, ParseFailure, UsageError
from foedus.provenance.evidence import Evidence, evidence, evidence_of
from foedus.sparql.parser import parse
from foedus.store.query import QuadStore
from foedus.terms import Quad, Term, Triple

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("FOEDUS_SHARED", ROOT.parent / "shared"))
DATA = Path(__file__).parents[1] / "data" / "evidence"
Row = dict[str, Term | None]


def rows(store: QuadStore, query: str) -> list[Row]:
    """The rows of a SELECT; for an ASK that is true one empty row."""
    result = store.query(query)
    if result.kind == "boolean":
        return [{}] if result.boolean else []
    return [dict(zip(result.variables, row, strict=True)) for row in result.rows]


def alone(found: Evidence) -> QuadStore:
    """A store of nothing but the evidence."""
    quads: list[Quad | Triple] = [(*t, found.graphs.get(t)) for t in found.triples]
    return QuadStore.of(quads)


# -- the cases: a query, the triples that its first row must rest on, and the absences ----------

GRAPH = DATA / "graph.nt"
CASES = sorted(DATA.glob("*.rq"))


def stated(text: str, key: str) -> list[str]:
    """The values of ``# key: value`` lines."""
    lines = (line.removeprefix(f"# {key}:") for line in text.splitlines() if f"# {key}:" in line)
    return [line.strip() for line in lines]


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_case(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    store = QuadStore.load(GRAPH)
    first = (rows(store, text) or [{}])[0]
    found = evidence(text, first, store)
    short = sorted(
        " ".join(t).replace("http://e/", "").translate({60: "", 62: ""}) for t in found.triples
    )
    assert short == sorted(stated(text, "rests on"))
    absent = [a.kind + ", within limits" * a.limited for a in found.absences]
    assert absent == stated(text, "absent")


# -- W3C's queries: every row of every SELECT and ASK -------------------------------------------

SUITE = SHARED / "conformance" / "sparql11"
#: What cannot be held, and why.
EXEMPT = {
    "bindings/graph.rq": "a relative IRI without a base",
    "exists/exists03.rq": "a relative IRI without a base",
    "grouping/group03.rq": "SAMPLE may choose another member",
    "grouping/group04.rq": "SAMPLE may choose another member",
}


def blurred(row: Row) -> Row:
    """A row in which all blank nodes look alike."""
    return {k: "_:" if v and v.startswith("_:") else v for k, v in row.items()}


def w3c() -> Iterator[tuple[str, str, QuadStore]]:
    """Each query of the suite that runs and is understood: its name, its text, its data."""
    import pyoxigraph as ox

    for path in sorted(SUITE.rglob("*.rq")):
        text = path.read_text(encoding="utf-8")
        store = QuadStore()
        for data in [p for p in sorted(path.parent.glob("*.ttl")) if "manifest" not in p.name][:6]:
            for graph in (None, ox.NamedNode(f"http://b/{data.name}")):
                try:
                    store.oxigraph.load(path=data, base_iri="http://b/", to_graph=graph)
                except SyntaxError:
                    continue
        try:
            store.query(text)
            parse(text)
        except FoedusError:
            continue
        yield str(path.relative_to(SUITE)), text, store


@pytest.mark.skipif(not SUITE.is_dir(), reason="the W3C suite is not beside the checkout")
def test_triples_of_the_w3c_constructs() -> None:
    def blank(triple: Triple) -> list[str]:
        return ["_:" if t.startswith("_:") else t for t in triple]

    count = 0
    for name, text, store in w3c():
        for triple in store.query(text).triples:
            count += 1
            found = alone(evidence_of(text, triple, store))
            assert blank(triple) in map(blank, found.query(text).triples), (name, triple)
    assert count > 20


@pytest.mark.skipif(not SUITE.is_dir(), reason="the W3C suite is not beside the checkout")
def test_rows_of_the_w3c_queries() -> None:
    count, wrong = 0, []
    for name, text, store in w3c():
        answer = rows(store, text)
        for row in [] if name in EXEMPT else answer[:40]:
            count += 1
            found = evidence(text, row, store)
            if blurred(row) not in map(blurred, rows(alone(found), text)):
                wrong.append((name, row, found))
    assert not wrong
    assert count > 1000


# -- random graphs and random queries -----------------------------------------------------------

NODES = [f"<http://e/{n}>" for n in "abcde"]
PREDICATES = [f"<http://e/{p}>" for p in "pqr"]
graphs = st.lists(
    st.tuples(st.sampled_from(NODES), st.sampled_from(PREDICATES), st.sampled_from(NODES)),
    min_size=1,
    max_size=25,
    unique=True,
)
terms = st.sampled_from(["?x", "?y", "?z", *NODES[:2]])
patterns = st.builds(
    "{} {} {} .".format, terms, st.sampled_from([*PREDICATES, *PREDICATES, "?w"]), terms
)
joins = st.lists(patterns, min_size=1, max_size=3).map(" ".join)
paths = st.builds(
    lambda s, p, o: f"{s} {p} {o} .",
    terms,
    st.sampled_from(
        ["p+", "p/q", "(p|q)+", "^p/q*", "(p/q)+", "!r", "!(p|^q)", "p?", "(^p|q)*", "p*/r"]
    ).map(lambda p: "".join(f"<http://e/{c}>" if c in "pqr" else c for c in p)),
    terms,
)
extras = st.one_of(
    paths,
    st.builds("OPTIONAL {{ {} }}".format, joins),
    st.builds("OPTIONAL {{ {} FILTER(?x != ?y) }}".format, joins),
    st.builds("OPTIONAL {{ {} FILTER NOT EXISTS {{ {} }} }}".format, joins, joins),
    st.builds("OPTIONAL {{ {} }} FILTER(!BOUND(?z))".format, joins),
    st.builds("{{ {} }} UNION {{ {} }}".format, joins, joins),
    st.builds("{{ {} FILTER NOT EXISTS {{ {} }} }} UNION {{ {} }}".format, joins, joins, joins),
    st.builds("FILTER NOT EXISTS {{ {} }}".format, joins),
    st.builds("FILTER NOT EXISTS {{ {} FILTER NOT EXISTS {{ {} }} }}".format, joins, joins),
    st.builds("FILTER EXISTS {{ {} }}".format, joins),
    st.builds("FILTER(?x = ?y || EXISTS {{ {} }})".format, joins),
    st.builds("FILTER(!EXISTS {{ {} }})".format, joins),
    st.builds("FILTER(EXISTS {{ {} }} = EXISTS {{ {} }})".format, joins, joins),
    st.builds("FILTER(?x != ?y && !(EXISTS {{ {} }} && EXISTS {{ {} }}))".format, joins, joins),
    st.builds("BIND(EXISTS {{ {} }} AS ?u)".format, joins),
    st.builds("BIND(IF(NOT EXISTS {{ {} }}, 1, 0) AS ?v) FILTER(?v = 1)".format, joins),
    st.builds("OPTIONAL {{ {} }} OPTIONAL {{ {} }}".format, joins, joins),
    st.builds("{{ OPTIONAL {{ {} }} }} FILTER(COALESCE(?z, ?x) = ?x)".format, joins),
    st.builds("MINUS {{ {} }}".format, joins),
    st.builds("BIND(STR(?x) AS ?{})".format, st.sampled_from("uv")),
    st.builds("VALUES ?x {{ {} {} }}".format, st.sampled_from(NODES), st.sampled_from(NODES)),
    st.builds("{{ SELECT ?x (COUNT(*) AS ?n) {{ {} }} GROUP BY ?x }}".format, joins),
    st.builds(
        "{{ SELECT ?z (COUNT(*) AS ?n) {{ {} MINUS {{ {} }} }} GROUP BY ?z HAVING(?n<2) }}".format,
        joins,
        joins,
    ),
    st.builds("{{ SELECT DISTINCT ?y {{ {} }} }}".format, joins),
    st.builds("{{ SELECT DISTINCT ?y {{ {} FILTER NOT EXISTS {{ {} }} }} }}".format, joins, joins),
)
wheres = st.builds("{} {}".format, joins, st.lists(extras, max_size=2).map(" ".join))
heads = st.sampled_from(
    [
        "SELECT * {{ {} }}",
        "SELECT DISTINCT ?x {{ {} }}",
        "SELECT ?x ?z {{ {} }}",
        "SELECT (STR(?y) AS ?s) ?x {{ {} }}",
        "ASK {{ {} }}",
        "SELECT ?x (COUNT(?y) AS ?many) {{ {} }} GROUP BY ?x",
        "SELECT (COUNT(DISTINCT ?y) AS ?many) {{ {} }} GROUP BY ?x HAVING(COUNT(?y) > 1)",
        "SELECT (COUNT(*) AS ?many) {{ {} }}",
        "SELECT ?x (SUM(IF(EXISTS {{ ?x <http://e/q> ?y }}, 1, 0)) AS ?n) {{ {} }} GROUP BY ?x",
        "SELECT ?x (EXISTS {{ ?x <http://e/q> ?k }} AS ?n) {{ {} }} GROUP BY ?x",
        "SELECT ?x {{ {} }} GROUP BY ?x HAVING(!EXISTS {{ ?x <http://e/q> ?k }})",
    ]
)


@settings(max_examples=600, deadline=None)
@given(graphs, heads, wheres, st.sampled_from([None, "<http://e/g>"]))
def test_evidence_is_enough(
    triples: list[Triple], head: str, where: str, name: Term | None
) -> None:
    query = head.format(f"GRAPH {name} {{ {where} }}" if name else where)
    store = QuadStore.of((*t, name) for t in triples)
    try:
        answer = rows(store, query)
    except ParseFailure:
        return  # a BIND of a variable that is bound already, say
    for row in answer[:12]:
        found = evidence(query, row, store)
        assert set(found.triples) <= set(triples)
        assert row in rows(alone(found), query)


@settings(max_examples=600, deadline=None)
@given(graphs, graphs, heads, wheres)
def test_a_row_without_an_absence_stays_when_more_is_stated(
    triples: list[Triple], more: list[Triple], head: str, where: str
) -> None:
    query = head.format(where)
    store = QuadStore.of(triples)
    try:
        answer = rows(store, query)
    except ParseFailure:
        return
    later = rows(QuadStore.of([*triples, *more]), query)
    for row in answer[:12]:
        if not evidence(query, row, store).absences:
            known = {v: t for v, t in row.items() if t}  # an empty cell says nothing
            assert any(known.items() <= other.items() for other in later), row


@settings(max_examples=300, deadline=None)
@given(graphs, joins)
def test_evidence_of_a_plain_join_is_minimal(triples: list[Triple], where: str) -> None:
    query = f"SELECT DISTINCT ?x ?y {{ {where} }}"
    store = QuadStore.of(triples)
    for row in rows(store, query)[:8]:
        found = evidence(query, row, store)
        for left_out in found.triples:
            fewer = QuadStore.of([t for t in found.triples if t != left_out])
            assert row not in rows(fewer, query)


# -- what cannot be asked, and how fast the rest is ---------------------------------------------


@pytest.mark.parametrize(
    ("query", "error"),
    [("CONSTRUCT WHERE { ?s ?p ?o }", UsageError), ("SELECT ?x { ?x e:p ?y }", ParseFailure)],
)
def test_refused(query: str, error: type[FoedusError]) -> None:
    with pytest.raises(error):
        evidence(query, {}, QuadStore())


def test_an_empty_answer_is_an_absence() -> None:
    store = QuadStore.of([("<http://e/a>", "<http://e/p>", "<http://e/b>")])
    found = evidence("ASK { <http://e/b> <http://e/p> ?x }", {}, store)
    assert not found.triples
    assert [a.kind for a in found.absences] == ["no answer"]


#: A query of things without a name -> triples and absences behind each of its rows.
UNNAMED = {
    "SELECT ?x { ?x ?y ?z FILTER EXISTS { ?x <http://e/p> ?w } }": [(1, 0), (1, 0), (1, 0)],
    "SELECT ?x { ?x ?y ?z FILTER NOT EXISTS { ?x <http://e/p> ?w } }": [(1, 1)],
    "SELECT ?x { ?x ?y ?z OPTIONAL { ?x <http://e/q> ?w } FILTER(!BOUND(?w)) }": [(1, 1)] * 3,
    "SELECT ?x { ?x ?y ?z FILTER NOT EXISTS { ?z ?v ?w . ?w ?u ?t } } LIMIT 4": [(1, 1)] * 4,
}


@pytest.mark.parametrize("query", UNNAMED)
def test_a_thing_without_a_name_is_told_from_others(query: str) -> None:
    p, q = "<http://e/p>", "<http://e/q>"
    c, e, x = (f"<http://e/{name}>" for name in "cex")
    store = QuadStore.of([("_:a", p, "_:b"), ("_:b", p, c), ("_:d", q, e), (x, p, e)])
    answer = rows(store, query)
    found = [evidence(query, row, store) for row in answer]
    assert all(row["x"] == e.triples[0][0] for row, e in zip(answer, found, strict=True))
    assert sorted((len(e.triples), len(e.absences)) for e in found) == UNNAMED[query]


def test_a_row_with_an_unnamed_thing_is_not_sought_among_all_rows() -> None:
    triples = [(f"_:n{i}", f"<http://e/p{i % 9}>", f"_:n{i * 7 % 5000}") for i in range(5000)]
    query = "SELECT ?x { ?x ?p ?o FILTER NOT EXISTS { ?x ?q ?z . ?z ?r ?w . ?w ?p ?x } } LIMIT 5"
    store = QuadStore.of(triples)
    started = time.perf_counter()
    for row in rows(store, query):
        assert len(evidence(query, row, store).triples) == 1
    assert time.perf_counter() - started < 2


def test_a_group_of_more_members_than_are_listed_says_so() -> None:
    store = QuadStore.of((f"<http://e/{i}>", "<http://e/p>", "<http://e/o>") for i in range(10_001))
    for pattern, whole in (("?s ?p ?o", False), ("?s ?p ?o FILTER(?s != <http://e/0>)", True)):
        query = f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
        found = evidence(query, rows(store, query)[0], store)
        assert len(found.triples) == 10_000
        assert found.complete is whole


def test_a_query_as_deep_as_an_engine_takes_is_explained() -> None:
    store = QuadStore.of([("<http://e/a>", "<http://e/p>", "<http://e/b>")])
    for opening, closing in (("{", "}"), ("FILTER(!EXISTS { ?s ?q ?c ", "})")):
        query = f"ASK {{ ?s ?p ?o {opening * 200}{closing * 200} }}"
        expected = store.query(query).boolean
        assert bool(evidence(query, {}, store).triples) is expected


def test_one_row_of_a_large_graph_is_quick() -> None:
    n = 20_000
    triples = [
        (f"<http://e/n{i}>", f"<http://e/p{k}>", f"<http://e/n{(i * 7 + k * 13) % n}>")
        for i in range(n)
        for k in range(5)
    ]
    store = QuadStore.of(triples)
    query = (DATA / "speed" / "chain.rq").read_text(encoding="utf-8")
    row = {"a": "<http://e/n1>", "d": "<http://e/n1201>"}
    started = time.perf_counter()
    found = evidence(query, row, store)
    assert len(found.triples) == 3
    assert time.perf_counter() - started < 0.5
