"""What holds on a day: fluents come and go with the situations that they follow from."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.days import Days, Lasting, _lasting
from foedus.language.dates import day, written
from foedus.reasoning import close
from foedus.reasoning.temporal.validity import LAST
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple, expand, iri

SAME = iri("http://www.w3.org/2002/07/owl#sameAs")


@cache
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.build()


@cache
def on(date: str) -> KnowledgeGraph:
    return KnowledgeGraph.build(on=date)


def term(curie: str) -> Term:
    return expand(curie, graph().prefixes) or curie


def triple(text: str) -> Triple:
    s, p, o = map(term, text.split())
    return s, p, o


HOLDS = [
    # what, on, does it hold
    ("id:China fo:alliedWith id:NorthKorea", "1961-07-12", False),
    ("id:China fo:alliedWith id:NorthKorea", "1961-08-15", False),
    ("id:China fo:alliedWith id:NorthKorea", "1961-09-10", True),
    ("id:China fo:alliedWith id:NorthKorea", "1961", True),
    ("id:China fo:alliedWith id:NorthKorea", "2021-07-11", True),
    ("id:MaoZedong fo:leads id:China", "1949-09-30", False),
    ("id:MaoZedong fo:leads id:China", "1949-10-01", True),
    ("id:MaoZedong fo:leads id:China", "1976-09-09", True),
    ("id:MaoZedong fo:leads id:China", "1976-09-10", False),
    ("id:China fo:ledBy id:XiJinping", "1975", False),  # though the article says that he leads it
    ("id:China fo:ledBy id:XiJinping", "2021", True),
    ("id:MaoZedong fo:leadsStateBoundBy id:Treaty1961", "1955", False),
    ("id:MaoZedong fo:leadsStateBoundBy id:Treaty1961", "1961/1970", True),
    ("id:KimJongUn fo:succeeded id:KimJongIl", "2021", True),  # what happened, happened
    ("id:MaoZedong rdf:type fo:Leader", "2021", True),
]


@pytest.mark.parametrize(("what", "date", "holds"), HOLDS, ids=[" ".join(h[:2]) for h in HOLDS])
def test_a_view_holds_what_holds_on_its_day(what: str, date: str, holds: bool) -> None:
    of = on(date)
    found = triple(what) if "rdf:type" not in what else _type(what)
    assert bool([*of.view.match(*found)]) is holds
    assert (of.proof(found) is not None) is holds


def _type(text: str) -> Triple:
    s, _, o = text.split()
    return term(s), iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), term(o)


def test_without_a_date_it_is_the_day_of_which_the_source_speaks() -> None:
    assert graph().on == "2021-07-11"
    answer = graph().ask("leaders-bound-by")
    assert answer.on == "2021-07-11"
    assert {graph().names.label(row[0] or "") for row in answer.result.rows} == {
        "Kim Jong Un",
        "Xi Jinping",
    }


def test_a_question_without_a_date_is_asked_of_a_day() -> None:
    answer = graph().ask("leaders-bound-by", on=1975)
    assert answer.on == "1975"
    found = {graph().names.label(row[0] or "") for row in answer.result.rows}
    assert found == {"Kim Il Sung", "Mao Zedong"}
    assert all(row.basis.entailed for row in graph().support(answer))


def test_a_dated_question_is_answered_from_the_relations_of_its_date() -> None:
    found = graph().ask("bound-leaders", state="China", on=1990).result.rows
    assert [graph().names.label(row[0] or "") for row in found] == ["Kim Il Sung"]


def test_an_answer_that_hangs_on_no_day_names_none() -> None:
    assert graph().ask("signed-on").on is None


@pytest.mark.parametrize(
    ("date", "offices"),
    [("2012-11-14", 0), ("2012-11-15", 1), ("2013-03-13", 1), ("2013-03-14", 2)],
)
def test_the_party_and_the_state_are_led_in_two_offices(date: str, offices: int) -> None:
    known = graph().days.situations
    held = graph().query("SELECT ?t { ?t fo:holder id:XiJinping ; fo:inOffice ?o }").rows
    spans = [known[tenure].possibly for (tenure,) in held if tenure]
    assert sum(start <= day(f"{date}T00:00:00") < end for start, end in spans) == offices


def test_on_the_day_on_which_it_ends_it_holds_possibly() -> None:
    mao, known = triple("id:MaoZedong fo:leads id:China"), graph().days
    last = day("1976-09-09T00:00:00")
    assert known.possibly.holds(mao, last)
    assert not known.surely.holds(mao, last)
    assert known.surely.holds(mao, last - 1)


def test_what_is_no_date_bounds_nothing() -> None:
    broken = '"long ago"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
    time, a = term("id:Time-1994-07-08"), term("fo:earliest")
    made = KnowledgeGraph.build()
    dated = [q for q in made.stated() if q[:2] == (time, a)]
    wrong = made.changed(dated, [(time, a, broken, dated[0][3])], on="2000")
    assert [*wrong.view.match(*triple("id:KimIlSung fo:leads id:NorthKorea"))]


WHY_NOT = [
    ("id:MaoZedong fo:leads id:China", "2021", "it ended on 1976-09-09"),
    ("id:MaoZedong fo:leads id:China", "1945", "it begins on 1949-10-01"),
    ("id:China fo:owesDefenceTo id:NorthKorea", "1955", "it begins on 1961-09-10"),
    ("id:China fo:owesDefenceTo id:NorthKorea", "2021", ""),
    ("id:China fo:owesDefenceTo id:Japan", "2021", ""),
]


@pytest.mark.parametrize(("what", "date", "said"), WHY_NOT)
def test_why_not_any_more_and_why_not_yet(what: str, date: str, said: str) -> None:
    assert on(date).missed(triple(what)) == said


def test_a_saved_graph_keeps_its_day(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("build") / "seventies"
    on("1975").save(place)
    opened = KnowledgeGraph.open(place)
    assert opened.on == "1975"
    assert opened.proof(triple("id:MaoZedong fo:leads id:China"))
    assert opened.proof(triple("id:HuJintao fo:leads id:China")) is None
    assert not on("1975").proved().faults


def test_each_day_is_the_closure_of_what_there_is() -> None:
    """On each day on which something changes, and the days around it."""
    made = KnowledgeGraph.build()
    closure, whole = made.closure, QuadStore.of(made.closure)
    known = Days(closure, whole, made.prefixes)
    ends = {d for lasting in known.situations.values() for d in lasting.possibly}
    changes = sorted({d + n for d in ends for n in (-1, 0) if abs(d) < day("9999-01-01T00:00:00")})
    fluents = made.fluents
    lasting = _of_kind(made, "fo:Lasting")
    every = {t for t in closure.derived if t[1] in fluents}
    one = [t for t in closure if t[1] == SAME]
    follow = set(close([t for t in made.asserted if t[1] not in fluents]))
    given = [t for t in made.asserted if t not in follow or t[1] not in fluents]
    happened: set[Triple] = set()
    for number in changes:
        there = known.there(given, written(number))
        that_day = close([*there, *one, *sorted(happened)])
        happened |= {t for t in that_day if t[1] in lasting}
        holding = {t for t in every if that_day.holds(t)}
        assert every - known.lapsed(written(number)) == holding, written(number)


def _of_kind(made: KnowledgeGraph, kind: str) -> set[Term]:
    found = made.view.match(None, term("fo:temporalKind"), term(kind))
    return {s for s, _, _ in found}


SPANS = [
    # start, end, at, not before -> possibly, surely; None is open
    ("a day each", {"start": [(5, 5)], "end": [(9, 9)]}, (5, 10), (5, 9)),
    ("a year each", {"start": [(0, 364)], "end": [(365, 729)]}, (0, 730), (364, 365)),
    ("one narrows the other", {"start": [(0, 364), (7, 7)], "end": [(9, 9)]}, (7, 10), (7, 9)),
    ("sources disagree", {"start": [(3, 3), (7, 7)], "end": [(9, 9)]}, (3, 10), (7, 9)),
    ("signed only", {"not before": [(3, 3)], "end": [(9, 9)]}, (3, 10), (3, 9)),
    ("in force later", {"not before": [(3, 3)], "start": [(5, 5)]}, (5, LAST), (5, LAST)),
    ("at some time", {"at": [(3, 9)]}, (3, 10), (9, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("why", "times", "possibly", "surely"), SPANS)
def test_times_are_read_as_bounds(
    why: str,
    times: dict[str, list[tuple[int, int]]],
    possibly: tuple[int, int],
    surely: tuple[int, int],
) -> None:
    assert _lasting(defaultdict(list, times)) == Lasting(possibly, surely)
