"""A question is its file: header read, values set, mistakes named with their place."""

from __future__ import annotations

import datetime
from enum import StrEnum
from pathlib import Path

import pytest

from foedus.dates import interval
from foedus.errors import BadParameter, ParseFailure, UnknownName
from foedus.knowledge import KnowledgeGraph
from foedus.questions import find_question, read_question, read_questions

TINY = Path(__file__).parent / "data" / "tiny" / "queries"

#: EDTF -> the first and the last day.
DATES = {
    "1961-07-11": ("1961-07-11", "1961-07-11"),
    "2018-03": ("2018-03-01", "2018-03-31"),
    "2020-02": ("2020-02-01", "2020-02-29"),
    "1949": ("1949-01-01", "1949-12-31"),
    "193X": ("1930-01-01", "1939-12-31"),
    "1950/1953": ("1950-01-01", "1953-12-31"),
    "2011/..": ("2011-01-01", "9999-12-31"),
    "../2011": ("0001-01-01", "2011-12-31"),
    "1949?": ("1949-01-01", "1949-12-31"),
    "1961-21": ("1961-03-01", "1961-05-31"),
}
NO_DATES = ["July 11", "1961-02-30", "1961-13", "11/07/1961", "", "now"]

#: A header -> what is wrong with it, and in which line.
BROKEN = {
    "SELECT * {}": (1, "first line"),
    "# other: Who?\nASK {}": (1, "first line"),
    "# q: Who?\n# parm state: name = x\nASK {}": (2, "header line"),
    "# q: Who?\n# topic: 1 x\n# param state: place = x\nASK {}": (3, "KIND"),
}


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_its_first_and_last_instant(text: str) -> None:
    first, last = DATES[text]
    assert interval(text) == (f"{first}T00:00:00", f"{last}T23:59:59")


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_is_said(text: str) -> None:
    with pytest.raises(BadParameter, match="is not a date; write 1961-07-11"):
        interval(text)


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_header_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.rq"
    path.write_text(text, encoding="utf-8")
    line, says = BROKEN[text]
    with pytest.raises(ParseFailure, match=f"q.rq, line {line}: .*{says}"):
        read_question(path)


def test_a_question_whose_values_never_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "signed-on.rq"
    whole = (TINY / "signed-on.rq").read_text(encoding="utf-8")
    path.write_text(whole[: whole.index("T00:00:00")], encoding="utf-8")
    with pytest.raises(ParseFailure, match=r"signed-on\.rq: it has no VALUES for"):
        read_question(path).text({"on": "1961"}, str)


def test_a_header_gives_words_topic_parameters_and_notes() -> None:
    q = read_question(TINY / "signed-on.rq")
    assert q.topic == "7 time"
    assert [(p.name, p.kind, p.default) for p in q.parameters] == [
        ("on", "date", "1961-07-11"),
        ("who", "name", "any"),
        ("many", "number", "1"),
        ("words", "text", "any"),
    ]
    assert q.assumes == "that what is not stated did not happen"
    assert read_question(TINY / "allies-of.rq").needs == ("prp-symp",)


def test_questions_are_listed_by_topic() -> None:
    assert list(read_questions(TINY)) == ["allies-of", "is-ally", "signed-on"]


def test_a_value_replaces_the_default_and_nothing_else() -> None:
    q = read_question(TINY / "allies-of.rq")
    made = q.text({"state": "x"}, lambda name: f"<http://e.org/{name}>")
    assert made == q.sparql.replace("{ id:China }", "{ <http://e.org/x> }", 1)
    assert q.text({}, str) == q.sparql


def test_every_kind_of_value_is_set() -> None:
    q = read_question(TINY / "signed-on.rq")
    given = {"on": "1949", "who": "Park", "many": "-2.5", "words": 'say "}"'}
    made = q.text(given, lambda name: f"<{name}>")
    assert '"1949-01-01T00:00:00Z"^^xsd:dateTime "1949-12-31T23:59:59Z"^^xsd:dateTime' in made
    assert "VALUES ?who { <Park> }" in made
    assert "VALUES ?many { -2.5 }" in made
    assert r'VALUES ?words { "say \"}\"" }' in made
    assert q.text({"words": "x", "who": "any"}, str).count("UNDEF") == 1


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({"many": "two"}, BadParameter, "many='two' is not a number"),
        ({"on": "any"}, BadParameter, "on='any' is not something that signed-on can leave open"),
        ({"worts": "x"}, UnknownName, "did you mean 'words'"),
    ],
)
def test_a_wrong_value_is_named(values: dict[str, str], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        read_question(TINY / "signed-on.rq").text(values, str)


def test_words_of_a_question_are_filled_in() -> None:
    q = read_question(TINY / "signed-on.rq")
    said = q.phrase({"who": "Park"}, str.upper)
    assert said == "What was signed on 1961-07-11 by PARK, 1 times, in the words anything?"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("alies-of", "allies-of"),
        ("allies", "allies-of"),
        ("anybody", "is-ally"),
        ("china", "allies-of"),
    ],
)
def test_a_question_is_suggested_by_its_name_or_its_words(typed: str, meant: str) -> None:
    with pytest.raises(UnknownName) as error:
        find_question(TINY, typed)
    assert error.value.near[0] == meant


class Country(StrEnum):
    korea = "North Korea"


DAY = datetime.date(1961, 7, 11)
#: Parameter, a value as a program has it -> the text that says the same.
VALUES: list[tuple[str, object, str]] = [
    ("on", DAY, "1961-07-11"),
    ("on", datetime.datetime(1961, 7, 11, 23, 30), "1961-07-11"),
    ("on", datetime.datetime(1961, 7, 11, tzinfo=datetime.UTC), "1961-07-11"),
    ("on", datetime.date(44, 3, 15), "0044-03-15"),
    ("on", 1961, "1961"),
    ("on", 44, "0044"),
    ("many", 2, "2"),
    ("many", 2.5, "2.5"),
    ("many", 1e-7, "0.0000001"),
    ("many", 1e22, "10000000000000000000000"),
    ("who", Country.korea, "North Korea"),
]
#: Parameter, a value that it cannot take.
NO_VALUES: list[tuple[str, object]] = [
    ("on", True),
    ("on", 0),
    ("on", -44),
    ("on", 10_000),
    ("on", 1961.5),
    ("on", None),
    ("on", datetime.time(12)),
    ("many", float("nan")),
    ("many", float("inf")),
    ("many", DAY),
    ("who", 5),
    ("words", DAY),
    ("who", ["China"]),
]


@pytest.mark.parametrize(("name", "value", "text"), VALUES)
def test_values_of_a_program_are_taken(name: str, value: object, text: str) -> None:
    graph = KnowledgeGraph.build(TINY.parent)
    answer = graph.ask("signed-on", {name: value})  # type: ignore[dict-item]
    assert answer.values == {name: text}
    assert answer.sparql == graph.ask("signed-on", {name: text}).sparql
    assert graph.sparql("signed-on", {name: value}) == answer.sparql  # type: ignore[dict-item]
    assert answer.phrase(graph.names)


@pytest.mark.parametrize(("name", "value"), NO_VALUES)
def test_values_that_mean_nothing_are_told(name: str, value: object) -> None:
    parameter = read_question(TINY / "signed-on.rq").parameter(name)
    with pytest.raises(BadParameter, match=f"^{name}="):
        parameter.written(value)  # type: ignore[arg-type]
