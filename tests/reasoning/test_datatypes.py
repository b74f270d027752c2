"""Value spaces: which datatypes hold a literal, and which literals are one value."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from foedus.reasoning.encoding.values import hashes_of
from foedus.reasoning.rules.datatypes import (
    DATATYPES,
    contradictory,
    datatypes_of,
    holds_texts,
    in_datatype,
    includes,
    is_ill_typed,
    value_key,
)
from foedus.reasoning.rules.table import ruleset
from foedus.terms import Term, literal

DATA = Path(__file__).parents[1] / "data"
PREFIXES = ruleset().prefixes


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def datatype(name: str) -> str:
    prefix = {"PlainLiteral": "rdf", "XMLLiteral": "rdf", "Literal": "rdfs", "unknown": "ex"}
    return PREFIXES[prefix.get(name, "xsd")] + name


def term(text: str, name: str) -> Term:
    return literal(text, datatype(name))


def ids(row: dict[str, str]) -> str:
    return "-".join(row.values())


@pytest.mark.parametrize("row", rows("datatypes"), ids=ids)
def test_is_in_a_datatype_or_not(row: dict[str, str]) -> None:
    value = term(row["lexical"], row["datatype"])
    held = datatypes_of(value)
    for name in [*row["in"].split(), row["datatype"], "Literal"]:
        assert in_datatype(value, f"<{datatype(name)}>") is True
        assert f"<{datatype(name)}>" in held
    for name in row["not in"].split():
        assert in_datatype(value, f"<{datatype(name)}>") is False
        assert f"<{datatype(name)}>" not in held


@pytest.mark.parametrize("name", sorted(DATATYPES))
def test_what_is_said_of_all_texts_holds_of_each(name: Term) -> None:
    said = holds_texts(name)
    for text in ("a", "", " a  b ", "\a", "<i>", "7"):
        plain, tagged = (bool(in_datatype(literal(text, lang=lang), name)) for lang in (None, "en"))
        assert said in (None, (plain, tagged))


@pytest.mark.parametrize("row", rows("ill-typed"), ids=ids)
def test_is_ill_typed(row: dict[str, str]) -> None:
    value = term(row["lexical"], row["datatype"])
    assert is_ill_typed(value) and value_key(value) is None and not datatypes_of(value)


@pytest.mark.parametrize("row", rows("equal-values"), ids=ids)
def test_is_one_value_or_two(row: dict[str, str]) -> None:
    left, right = (
        value_key(term(row[side], row[f"{side} datatype"])) for side in ("left", "right")
    )
    if row["same"] == "unknown":
        assert left is None or right is None
    else:
        assert left is not None and right is not None
        assert (left == right) is (row["same"] == "yes")


def test_language_tags_are_compared_without_case() -> None:
    assert value_key('"a"@en-GB') == value_key('"a"@EN-gb') != value_key('"a"')
    assert in_datatype('"a"@en', f"<{datatype('PlainLiteral')}>")
    assert in_datatype('"a"@en', f"<{datatype('string')}>") is False


def test_an_unknown_datatype_says_nothing() -> None:
    value = term("a", "unknown")
    assert value_key(value) is None and not is_ill_typed(value)
    assert in_datatype(value, f"<{datatype('integer')}>") is None
    assert in_datatype('"1"', f"<{datatype('unknown')}>") is None


def test_the_datatypes_are_those_of_the_table() -> None:
    assert {str(atom.s) for atom in ruleset()["dt-type1"].conclusions or ()} == DATATYPES


@pytest.mark.parametrize("outer", sorted(DATATYPES))
def test_inclusion_agrees_with_the_values(outer: Term) -> None:
    """What is said to be included is, for every value that the other tests name."""
    values = [term(row["lexical"], row["datatype"]) for row in rows("datatypes")]
    for inner in sorted(DATATYPES):
        inside = [v for v in values if in_datatype(v, inner)]
        if includes([inner], outer):
            assert all(in_datatype(v, outer) for v in inside), inner
        if contradictory([inner, outer]):
            assert not any(in_datatype(v, outer) for v in inside), inner


def test_a_number_of_many_digits_is_read() -> None:
    long = term("1" + "0" * 6000, "integer")
    assert value_key(long) == value_key(term("+1" + "0" * 6000 + ".0", "decimal"))
    assert in_datatype(long, f"<{datatype('unsignedLong')}>") is False


#: Long literals, each with another of the same value, and one of another value.
LONG = {
    "integer": ("1" * 5000, "+01" + "1" * 4999, "2" + "1" * 4999),
    "negative": ("-1" + "0" * 5000, "-01" + "0" * 5000, "1" + "0" * 5000),
    "just short": ("9" * 1000, "09" + "9" * 999, "1" + "0" * 1000),
    "decimal": ("1" * 5000 + ".5", "1" * 5000 + ".50", "1" * 5000 + ".25"),
    "small": ("." + "0" * 5000 + "1", "0." + "0" * 5000 + "10", "." + "0" * 5001 + "1"),
    "whole": ("1" * 5000 + ".0", "1" * 5000 + ".", "1" * 5001),
}


@pytest.mark.parametrize("case", LONG)
def test_long_numbers_have_values(case: str) -> None:
    one, same, other = (value_key(term(text, "decimal")) for text in LONG[case])
    assert one == same != other
    assert None not in (one, other)
    assert len(set(hashes_of([one, same, other]).tolist())) == 2


def test_long_integers_are_in_the_datatypes_that_have_no_bound() -> None:
    above, below, between = (
        term(x, "decimal") for x in ("1" * 5000, "-" + "1" * 5000, "1" * 5000 + ".5")
    )
    for name, held in {
        "integer": (True, True),
        "nonNegativeInteger": (True, False),
        "negativeInteger": (False, True),
        "unsignedLong": (False, False),
    }.items():
        assert (
            in_datatype(above, f"<{datatype(name)}>"),
            in_datatype(below, f"<{datatype(name)}>"),
        ) == held
        assert in_datatype(between, f"<{datatype(name)}>") is False
    assert is_ill_typed(term("1" * 5000, "long"))
    assert not is_ill_typed(term("1" * 5000, "integer"))


@pytest.mark.parametrize("zeros", [998, 999, 1000, 5000])
@pytest.mark.parametrize(
    ("last", "first"), [("9{nines}", "10{zeros}"), ("-10{zeros}", "-9{nines}")]
)
def test_the_year_after_a_long_one(zeros: int, last: str, first: str) -> None:
    digits = {"nines": "9" * zeros, "zeros": "0" * zeros}
    end = value_key(term(f"{last.format(**digits)}-12-31T24:00:00", "dateTime"))
    assert (
        end == value_key(term(f"{first.format(**digits)}-01-01T00:00:00", "dateTime")) is not None
    )


def test_ten_million_digits_take_no_time() -> None:
    started = time.process_time()
    for name, text in {
        "integer": "1" * 10_000_000,
        "decimal": "1" * 10_000_000 + ".5",
        "double": "0." + "1" * 10_000_000,
        "dateTime": "1" * 10_000_000 + "-01-01T00:00:00",
    }.items():
        assert value_key(term(text, name)) is not None
    assert time.process_time() - started < 20  # as the square of its length, one took minutes


def test_deep_xml_is_compared_as_it_is_written() -> None:
    deep = "<a>" * 100_000 + "{}" + "</a>" * 100_000
    keys = {value_key(term(deep.format(text), "XMLLiteral")) for text in ("", "", "x")}
    assert len(keys) == 2 and None not in keys
    assert is_ill_typed(term("<a>" * 100_000, "XMLLiteral"))
