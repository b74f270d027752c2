"""Treaties beside the article's own: one that lapsed, one of many parties."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from foedus.knowledge import KnowledgeGraph
from foedus.resources import folder
from foedus.store.files import read_rdf
from foedus.terms import text_of

DATA = Path(__file__).parents[1] / "data"


@cache
def with_lapsed(on: str | None) -> KnowledgeGraph:
    """The graph with the Soviet treaty in it, as of a day."""
    made = KnowledgeGraph.build(on=on)
    return made.changed(adding=read_rdf(DATA / "lapsed-treaty.ttl", "x").quads)


def answer(of: KnowledgeGraph, slug: str, values: Mapping[str, str]) -> list[str]:
    """The first column of an answer, as labels."""
    rows = of.ask(slug, values).result.rows
    return sorted({of.names.label(row[0]) for row in rows if row[0]})


FATHER = "Kim Jong Un's father"
TREATY = {"treaty": "id:SovietTreaty"}
KOREA = {"state": "DPRK"}
ASKED = [
    # on, question, values, answer
    (None, "allies-of", KOREA, ["China"]),
    (None, "who-defends", KOREA, ["China"]),
    (None, "treaties-of", KOREA, ["the China–North Korea treaty of 1961"]),
    (None, "leaders-bound-by", TREATY, []),
    (None, "leaders-while-in-force", TREATY, ["Kim Il Sung", "Kim Jong Il", FATHER]),
    (None, "in-force-on", {}, ["the China–North Korea treaty of 1961"]),
    ("1961-08-15", "allies-of", KOREA, ["the Soviet Union"]),
    ("1961-08-15", "in-force-on", {}, ["the Soviet–North Korean treaty of 1961"]),
    ("1970", "allies-of", KOREA, ["China", "the Soviet Union"]),
    ("1970", "leaders-bound-by", TREATY, ["Kim Il Sung"]),
    ("1996-09-11", "allies-of", KOREA, ["China"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("on", "slug", "values", "expected"), ASKED, ids=[f"{a[1]}-{a[0]}" for a in ASKED]
)
def test_a_treaty_that_lapsed_binds_nobody(
    on: str | None, slug: str, values: dict[str, str], expected: list[str]
) -> None:
    assert answer(with_lapsed(on), slug, values) == expected


def test_why_not_any_more_names_the_day_on_which_it_ended() -> None:
    of = with_lapsed(None)
    triple = of.explainer.resolve("DPRK", "allied with", "the Soviet Union")
    assert of.missed(triple) == "it ended on 1996-09-10"


@pytest.mark.parametrize(
    ("on", "bound"), [("1961-07-11", 0), ("1961-07-12", 0), ("1961-09-09", 0), ("1961-09-10", 1)]
)
def test_signed_is_not_in_force(on: str, bound: int) -> None:
    assert len(KnowledgeGraph.build().ask("in-force-on", on=on).result.rows) == bound


def test_where_no_entry_into_force_is_known_a_treaty_binds_from_its_signature() -> None:
    article = KnowledgeGraph.build(background=False)
    assert len(article.ask("in-force-on", on="1961-07-11").result.rows) == 1
    assert answer(article, "allies-of", {"on": "1961-07-11"}) == ["North Korea"]
    assert answer(article, "allies-of", {"on": "1961-07-10"}) == []


def test_a_list_with_gaps_says_so() -> None:
    graph = KnowledgeGraph.build()
    asked = (
        graph.ask("leaders-while-in-force", state="China").result,
        graph.ask("leaders-on", on=1990).result,
    )
    assert all('"1976-09-09/2003-03-15"' in {row[-1] for row in found.rows} for found in asked)


@pytest.fixture(scope="module")
def nato(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the article, the public record, and NATO beside it."""
    place = tmp_path_factory.mktemp("nato")
    shutil.copytree(folder("graph"), place / "graph")
    shutil.copy(DATA / "nato.trig", place / "graph" / "background")
    return place


def test_one_clause_binds_all_parties(nato: Path) -> None:
    """Thirty-two parties: a membership each, and one obligation."""
    assert len((DATA / "nato.trig").read_text(encoding="utf-8").splitlines()) <= 80
    made = KnowledgeGraph.build(nato)
    assert made.on == "2024-03-07"
    owed = made.query("SELECT ?x ?y { ?x fo:owesDefenceTo ?y }").rows
    assert len(owed) == 32 * 31 + 2
    assert not made.query("ASK { ?x fo:alliedWith ?x }").boolean
    assert made.check() == ()
    assert len(answer(made, "allies-of", {"state": "Sweden"})) == 31
    assert answer(made, "kinds-of-treaty", {"treaty": "id:NorthAtlanticTreaty"}) == ["defence pact"]


@pytest.mark.parametrize(
    ("on", "parties"), [("1949-08-23", 0), ("1949-08-24", 12), ("1952", 14), ("2023-12-31", 31)]
)
def test_each_party_owes_defence_while_it_is_one(nato: Path, on: str, parties: int) -> None:
    made = KnowledgeGraph.build(nato, on=on)
    bound = "SELECT DISTINCT ?x { ?x fo:partyTo id:NorthAtlanticTreaty ; fo:owesDefenceTo ?y }"
    assert len(made.query(bound).rows) == parties


@pytest.mark.parametrize(
    ("on", "years"), [("2021-07-10", 59), ("2021-07-11", 60), ("2031", 70), ("2031-06", 69)]
)
def test_a_treaty_is_as_old_as_at_the_end_of_the_time_asked_for(on: str, years: int) -> None:
    rows = with_lapsed(None).ask("age-of-treaty", on=on).result.rows
    assert [text_of(age or "") for _, age in rows] == [str(years)]
