"""What a person types leads to the one thing meant, or to a sentence with the near names."""

from __future__ import annotations

import pytest

from foedus.errors import UnknownName, UsageError
from foedus.language.names import Name, Names

ID = "https://w3id.org/foedus/id/"
FO = "https://w3id.org/foedus/ontology#"
KNOWN = [
    Name(f"<{ID}NorthKorea>", "North Korea", "en", 0, "thing"),
    Name(f"<{ID}NorthKorea>", "조선", "ko", 0, "thing"),
    Name(f"<{ID}NorthKorea>", "DPRK", None, 1, "thing"),
    Name(f"<{ID}KimIlSung>", "Kim Il Sung", "en", 0, "thing"),
    Name(f"<{ID}KimIlSung>", "Kim II Sung", None, 2, "thing"),
    Name(f"<{ID}Pact>", "the pact", "en", 0, "thing"),
    Name(f"<{FO}alliedWith>", "allied with", "en", 0, "property"),
    Name(f"<{FO}State>", "state", "en", 0, "class"),
    Name(f"<{ID}TheState>", "state", "en", 1, "thing"),
    Name(f"<{ID}Seoul>", "capital", None, 1, "thing"),
    Name(f"<{ID}Tokyo>", "capital", None, 1, "thing"),
]

#: What is typed -> what it stands for.
FOUND = {
    "North Korea": "NorthKorea",
    "north korea": "NorthKorea",
    "  NORTH-KOREA ": "NorthKorea",
    "North_Korea": "NorthKorea",
    "dprk": "NorthKorea",
    "D.P.R.K.": "NorthKorea",
    "조선": "NorthKorea",
    "NorthKorea": "NorthKorea",
    "northkorea": "NorthKorea",
    "id:NorthKorea": "NorthKorea",
    f"{ID}NorthKorea": "NorthKorea",
    f"<{ID}NorthKorea>": "NorthKorea",
    "kim ii sung": "KimIlSung",
    "Kim Il-sung": "KimIlSung",
    "pact": "Pact",
    "The Pact": "Pact",
    "state": "TheState",
}

#: What is typed and stands for nothing -> the near name.
MISSED = {
    "North Corea": "North Korea",
    "Kim Il Sun": "Kim Il Sung",
    "id:NortKorea": "id:NorthKorea",
    "id:northkorea": "id:NorthKorea",
    f"{ID}NortKorea": "id:NorthKorea",
}


@pytest.fixture
def names() -> Names:
    return Names(KNOWN, {"id": ID, "fo": FO})


@pytest.mark.parametrize("typed", FOUND)
def test_a_name_is_found(names: Names, typed: str) -> None:
    assert names.resolve(typed) == f"<{ID}{FOUND[typed]}>"


@pytest.mark.parametrize("typed", MISSED)
def test_a_near_miss_is_named(names: Names, typed: str) -> None:
    with pytest.raises(UnknownName) as error:
        names.resolve(typed)
    assert MISSED[typed] in error.value.near


def test_a_name_like_nothing_has_no_near_miss(names: Names) -> None:
    with pytest.raises(UnknownName, match=r"^no thing is called 'qqq'$"):
        names.resolve("qqq")


def test_a_kind_asked_for_wins(names: Names) -> None:
    assert names.resolve("state", kind="class") == f"<{FO}State>"
    assert names.resolve("allied with", kind="property") == f"<{FO}alliedWith>"


def test_two_things_of_one_name_are_both_named(names: Names) -> None:
    with pytest.raises(UsageError, match="write one of id:Seoul, id:Tokyo"):
        names.resolve("capital")


def test_the_english_label_is_shown(names: Names) -> None:
    assert names.label(f"<{ID}NorthKorea>") == "North Korea"
    assert names.label(f"<{ID}Unknown>") == "id:Unknown"
    assert names.label('"words"@en') == "words"
