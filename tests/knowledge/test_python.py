"""The graph in Python: its verbs, in a notebook, as a frame, in threads, and changed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from foedus import KnowledgeGraph
from foedus.errors import UnknownName, UsageError
from foedus.store.query import QuadStore

PARK = "Park Won-gon"
ALLIES = "SELECT ?ally { id:China fo:alliedWith ?ally }"


@pytest.fixture(scope="module")
def made() -> KnowledgeGraph:
    return KnowledgeGraph.build()


@pytest.fixture(scope="module")
def opened(made: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    place = tmp_path_factory.mktemp("graph") / "build"
    made.save(place)
    return KnowledgeGraph.open(place)


# -- verbs -------------------------------------------------------------------------------------


def test_an_answer_has_what_its_rows_rest_on(made: KnowledgeGraph) -> None:
    plain, told = made.ask("allies-of", state="DPRK"), made.ask("allies-of", why=True, state="DPRK")
    assert told == plain and not plain.supports
    assert told.supports == made.support(plain)
    here = made.query(ALLIES, why=True)
    assert here.supports == made.support_of(ALLIES, here)
    timed = made.query(ALLIES, why=True, timeout=60)
    assert [s.basis for s in timed.supports] == [s.basis for s in here.supports]


def test_who_is_believed_for_once_is_not_later(made: KnowledgeGraph) -> None:
    before = made.ask("ties-between").result
    believed = made.ask("ties-between", believe=[PARK]).result
    assert len(believed.rows) > len(before.rows)
    assert made.ask("ties-between").result == before
    assert made.query("SELECT * { ?s ?p ?o }", believe=[PARK]).rows > ()


def test_a_query_may_be_in_a_file(made: KnowledgeGraph, tmp_path: Path) -> None:
    path = tmp_path / "mine.rq"
    path.write_text(ALLIES, encoding="utf-8")
    assert made.query(file=path) == made.query(ALLIES)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda g: g.query(), "give a query, or a file"),
        (lambda g: g.query(ALLIES, file="a.rq"), "give a query, or a file"),
        (lambda g: g.query(ALLIES, why=True, dataset=True), "leave out why or dataset"),
        (lambda g: g.query(ALLIES, believe=[PARK], endpoint="http://e.org"), "changes the graph"),
        (
            lambda g: g.ask("allies-of", believe=[PARK], endpoint="http://e.org"),
            "changes the graph",
        ),
        (lambda g: g.ask("allies-of", believe=["Nobody"]), "no speaker is called 'Nobody'"),
        (lambda g: g.why("China", "allied with", "Narnia"), "no thing is called 'Narnia'"),
        (lambda g: g.report("pdf"), "no format of a report is called 'pdf'"),
        (lambda g: g.export(layout="datset"), "did you mean 'dataset'"),
        (lambda g: g.export(description=True, rdf12=True), "two different files"),
        (lambda g: g.export("jsonld", rdf12=True), "does not define jsonld"),
        (lambda g: g.load(), "--query-url"),
        (lambda g: g.load("http://e.org", layout="views"), "did you mean 'view'"),
        (lambda g: g.load("http://e.org", replace=True, append=True), "exclude each other"),
    ],
)
def test_a_wrong_call_is_told(
    made: KnowledgeGraph, call: Callable[[KnowledgeGraph], object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        call(made)


def test_why_is_what_the_command_line_tells(made: KnowledgeGraph) -> None:
    one = made.why("China", "allied with", "DPRK")
    every = made.why("China", "allied with", "DPRK", all=True)
    assert one.proofs and len(every.proofs) > len(one.proofs)
    missing = made.why_not("Japan", "allied with", "DPRK")
    assert not missing.proofs and missing == made.why("Japan", "allied with", "DPRK")


def test_what_is_written_is_what_is_given(made: KnowledgeGraph, tmp_path: Path) -> None:
    path = tmp_path / "graph.ttl"
    assert made.export("ttl", out=path) == path.read_bytes()
    page = tmp_path / "report.md"
    assert made.report("md", out=page) == page.read_text(encoding="utf-8")


def test_a_build_may_be_written_at_once(tiny_data: Path, tmp_path: Path) -> None:
    made = KnowledgeGraph.build(tiny_data, out=tmp_path / "out")
    assert sorted(KnowledgeGraph.open(tmp_path / "out", tiny_data).view.match()) == sorted(
        made.view.match()
    )


@pytest.fixture
def tiny_data() -> Path:
    return Path(__file__).parents[1] / "data" / "tiny"


# -- changed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["made", "opened"])
def test_a_changed_graph_leaves_the_first(which: str, request: pytest.FixtureRequest) -> None:
    graph: KnowledgeGraph = request.getfixturevalue(which)
    closure, triples, asserted = graph.closure, sorted(graph.view.match()), graph.asserted
    gone = [q for q in graph.stated() if q[3] and q[3].endswith("s09>")]
    changed = graph.changed(without=gone)
    assert graph.closure is closure and sorted(closure) == triples
    assert graph.asserted == asserted and sorted(graph.view.match()) == triples
    assert sorted(changed.closure) == sorted(changed.view.match()) != triples
    back = changed.changed(adding=gone)
    assert sorted(back.view.match()) == triples


def test_a_graph_that_owlrl_made_can_be_changed(tiny_data: Path) -> None:
    graph = KnowledgeGraph.build(tiny_data, reasoner="owlrl")
    assert graph.changed().asserted == graph.asserted


# -- threads -----------------------------------------------------------------------------------

READINGS: dict[str, Callable[[KnowledgeGraph], Any]] = {
    "names": lambda g: g.names.resolve("DPRK"),
    "dataset": lambda g: len(g.dataset),
    "asserted": lambda g: len(g.asserted),
    "closure": lambda g: len(g.closure),
    "ask": lambda g: g.ask("timeline").result,
    "support": lambda g: g.ask("allies-of", why=True, state="DPRK").supports,
    "why": lambda g: g.why("China", "allied with", "DPRK", all=True),
    "why not": lambda g: g.why("Japan", "allied with", "DPRK"),
    "proofs": lambda g: len(
        [p for t in sorted(g.view.match())[::40] if (p := g.proof(t)) and p.rule]
    ),
    "check": lambda g: g.check(proofs=False),
    "export": lambda g: g.export("nt"),
}


@pytest.mark.parametrize("way", ["build", "open"])
def test_threads_that_read_one_graph_see_the_same(way: str, opened: KnowledgeGraph) -> None:
    place = opened.place
    assert place
    alone = {name: read(opened) for name, read in READINGS.items()}
    shared = KnowledgeGraph.build() if way == "build" else KnowledgeGraph.open(place)
    start = Barrier(len(READINGS))

    def work(name: str) -> Any:
        start.wait()
        return READINGS[name](shared)

    with ThreadPoolExecutor(len(READINGS)) as pool:
        for name, found in zip(READINGS, pool.map(work, READINGS), strict=True):
            if name not in ("why", "support"):  # one proof of several may be another
                assert found == alone[name], name
            assert found == READINGS[name](shared), name


# -- in a notebook -----------------------------------------------------------------------------


def test_an_answer_is_a_table_in_a_notebook(made: KnowledgeGraph) -> None:
    shown = made.ask("allies-of", state="DPRK")._repr_html_()
    assert "North Korea" in shown and "<th>ally</th>" in shown and "<td>China</td>" in shown
    assert "<td>true</td>" in made.query("ASK { id:China fo:alliedWith ?x }")._repr_html_()


def test_what_a_notebook_shows_is_escaped() -> None:
    store = QuadStore.of([("<http://e.org/b>", "<http://e.org/p>", '"<script>"')])
    shown = store.query("SELECT * { ?s ?p ?o }")._repr_html_()
    assert (
        "<script>" not in shown and "&lt;script&gt;" in shown and "&lt;http://e.org/b&gt;" in shown
    )
    triples = store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")._repr_html_()
    assert "<script>" not in triples and "<th>subject</th>" in triples


def test_a_long_table_is_cut_and_counted(made: KnowledgeGraph) -> None:
    shown = made.query("SELECT * { ?s ?p ?o }")._repr_html_()
    assert shown.count("<tr>") == 101 and f"and {len(made.view) - 100:,} more" in shown


def test_a_proof_is_a_tree_in_a_notebook(made: KnowledgeGraph) -> None:
    shown = made.why("China", "allied with", "DPRK")._repr_html_()
    assert "<ul>" in shown and "<blockquote>" in shown and "prp-spo1" in shown
    assert shown.count("<ul>") == shown.count("</ul>")
    absent = made.why("Japan", "allied with", "DPRK")._repr_html_()
    assert "Nothing states that Japan is allied with North Korea" in absent


# -- pandas ------------------------------------------------------------------------------------


def frames(data: list[list[object]], columns: list[str]) -> SimpleNamespace:
    """Stands for ``pandas.DataFrame`` where pandas is not installed."""
    return SimpleNamespace(data=data, columns=columns)


DATES = """SELECT ?x ?y ?z ?u {
    VALUES (?x ?y ?z ?u) { (id:China 3 "1961-07-11T00:00:00Z"^^xsd:dateTime UNDEF) } }"""


def test_an_answer_becomes_a_frame(made: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=frames))
    frame = made.ask("allies-of", state="DPRK").to_pandas()
    assert (frame.columns, frame.data) == (["ally"], [["China"]])
    ((china, three, day, unbound),) = made.query(DATES).to_pandas().data
    assert china == "https://w3id.org/foedus/id/China" and three == 3 and unbound is None
    assert isinstance(day, datetime) and day.year == 1961
    truth = made.query("ASK { id:China fo:alliedWith ?x }").to_pandas()
    assert (truth.columns, truth.data) == (["answer"], [[True]])


def test_real_pandas_takes_it(made: KnowledgeGraph) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed, and need not be")
    frame = made.ask("timeline").to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert len(frame) == len(made.ask("timeline").result.rows)


def test_without_pandas_it_is_said(made: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        made.ask("timeline").to_pandas()


def test_an_unknown_name_is_known_before_a_store_is_asked(made: KnowledgeGraph) -> None:
    with pytest.raises(UnknownName):
        made.ask("allies-of", endpoint="http://127.0.0.1:1", state="Narnia")
