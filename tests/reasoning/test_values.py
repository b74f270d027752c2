"""Literals' values told from texts: equal hashes for equal values, as reading one by one has it."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.encoding.spans import Ids
from foedus.reasoning.encoding.values import KNOWN, LiteralValues, declared, hashes_of, values_of
from foedus.reasoning.rules.datatypes import DATATYPES, is_ill_typed, value_key
from foedus.terms import literal

XSD = "http://www.w3.org/2001/XMLSchema#"

digits = st.text("0123456789", max_size=4)
zeros = st.sampled_from(["", "0", "00", "000000"])
number = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "", "-", "+"]),
    zeros,
    st.one_of(digits, st.sampled_from(["9" * 18, "1" * 15, "123456"])),
    st.sampled_from(["", "", "."]),
    st.one_of(digits, zeros),
    st.sampled_from(["", "", "", "0", "E2", "e-3", " "]),
)
two = st.integers(0, 62).map("{:02}".format)
time = st.builds(
    "{}-{}-{}T{}:{}:{}{}{}".format,
    st.sampled_from(["2020", "0000", "-0044", "12020", "2021", "20"]),
    st.integers(0, 13).map("{:02}".format),
    st.integers(0, 32).map("{:02}".format),
    st.one_of(two, st.integers(0, 25).map("{:02}".format)),
    st.one_of(two, st.just("00")),
    st.one_of(two, st.just("00")),
    st.sampled_from(["", ".0", ".5", ".50", ".123456", ".1234567890123", "."]),
    st.sampled_from(["", "Z", "+00:00", "-00:00", "+02:00", "-14:00", "+14:01", "+2:00", "z"]),
)
odd = st.sampled_from(
    [
        "",
        "INF",
        "-INF",
        "NaN",
        "true",
        "1",
        "http://a/b",
        "https://a/b c",
        "urn:a",
        'q"\\',
        "é\n",
        "@en",
    ]
)
texts = st.one_of(
    number, time, odd, st.floats().map(repr), st.integers().map(str), st.text(max_size=40)
)
datatypes = st.sampled_from(
    [*(d[1:-1] for d in sorted(DATATYPES)), f"{XSD}date", "urn:x", f"{XSD}integers"]
)
typed = st.builds(literal, texts, datatypes).filter(lambda term: term.endswith(">"))


def values(terms: list[str]) -> tuple[Terms, Ids, LiteralValues]:
    dictionary = Terms()
    numbers = dictionary.intern_many(terms)
    return dictionary, numbers, values_of(dictionary, numbers)


@settings(max_examples=600, deadline=None)
@given(st.lists(typed, min_size=1, max_size=30, unique=True))
@example(
    [f'"0"^^<{XSD}double>', f'"-0"^^<{XSD}double>', f'"-0"^^<{XSD}int>', f'"0.0"^^<{XSD}decimal>']
)
@example([f'"{text}"^^<{XSD}float>' for text in ("100", "1E2", "100.0", "+0100.00")])
def test_values_are_those_of_reading_one_by_one(terms: list[str]) -> None:
    _, _, found = values(terms)
    keys = [value_key(term) for term in terms]
    assert found.known.tolist() == [key is not None for key in keys]
    assert found.ill.tolist() == [is_ill_typed(term) for term in terms]
    for i, key in enumerate(keys):
        for j in range(i):
            if key is not None and keys[j] is not None:
                assert (found.hashes[i] == found.hashes[j]) == (key == keys[j]), (
                    terms[i],
                    terms[j],
                )
        if key is not None:
            assert found.hashes[i] == hashes_of([key])[0], terms[i]


@given(st.lists(typed, min_size=1, max_size=10, unique=True))
def test_the_datatype_that_a_literal_is_written_with(terms: list[str]) -> None:
    dictionary, numbers, _ = values(terms)
    names = [term[term.rindex("^^") + 2 :] for term in terms]
    expected = [KNOWN.index(name) if name in DATATYPES else -1 for name in names]
    assert declared(dictionary, numbers).tolist() == expected


def test_plain_texts_are_not_parsed() -> None:
    plain = [
        literal(text, f"{XSD}{name}")
        for name, some in {
            "integer": ["0", "-7", "007", "12345678901234567890"],
            "decimal": ["1.50", ".5", "3."],
            "double": ["36.6", "100.0"],
            "dateTime": [
                "2021-07-11T12:00:00Z",
                "2021-12-31T23:59:59.125",
                "2021-07-11T00:00:00+08:00",
            ],
            "anyURI": ["https://example.org/"],
            "int": ["-999999999"],
        }.items()
        for text in some
    ]
    _, _, found = values(plain)
    assert not found.parsed
    assert found.known.all()


def test_no_literals_at_all() -> None:
    found = values_of(Terms(), np.empty(0, np.int64))
    assert not len(found.hashes)
    assert not found.parsed
