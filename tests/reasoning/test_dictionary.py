"""The dictionary of terms gives each text one number and gives every text back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foedus.reasoning.encoding import dictionary
from foedus.reasoning.encoding.dictionary import BLANK, IRI, LITERAL, TYPED, Terms
from foedus.reasoning.encoding.spans import hash_spans, hash_text, spans

TEXT = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=90)
TOKENS = st.lists(st.one_of(TEXT, TEXT.map(lambda t: t * 60), st.sampled_from(["", "a", "b"])))


@given(TOKENS, TOKENS)
def test_every_term_has_one_number_and_comes_back(first: list[str], second: list[str]) -> None:
    terms = Terms()
    numbers = [*terms.intern_many(first).tolist(), *terms.intern_many(second).tolist()]
    tokens = first + second
    assert terms.tokens(np.array(numbers, np.int64)) == tokens
    assert len(terms) == len(set(tokens))
    assert [terms.find(t) for t in tokens] == numbers == terms.find_many(tokens).tolist()
    assert [terms.token(n) for n in numbers] == tokens
    assert [int(terms.intern_many([t])[0]) for t in tokens] == numbers
    assert terms.find("\n") is None


@given(TOKENS)
def test_one_hash_in_python_and_in_numpy(tokens: list[str]) -> None:
    if tokens:
        expected = [hash_text(t.encode()) for t in tokens]
        assert hash_spans(*spans(tokens)).tolist() == expected


@pytest.mark.parametrize("kinds", [1, 3])
def test_texts_that_share_a_hash_stay_apart(monkeypatch: pytest.MonkeyPatch, kinds: int) -> None:
    monkeypatch.setattr(dictionary, "hash_text", lambda text: len(text) % kinds)
    monkeypatch.setattr(
        dictionary, "hash_spans", lambda _buffer, _starts, lengths: (lengths % kinds).astype("u8")
    )
    tokens = [f"<urn:{'x' * (n % 7)}{n % 900}>" for n in range(2000)]
    terms = Terms()
    numbers = terms.intern_many(tokens)
    assert terms.tokens(numbers) == tokens
    assert len(terms) == len(set(tokens))
    assert [terms.find(t) for t in tokens] == numbers.tolist()
    assert terms.find("<urn:absent>") is None


def test_kinds() -> None:
    tokens = ["<urn:a>", "_:b", '"c"', '"d>"', '"e"@en', '"1"^^<urn:t>']
    terms = Terms()
    terms.intern_many(tokens)
    assert terms.kinds.tolist() == [IRI, BLANK, LITERAL, LITERAL, LITERAL, TYPED]


def test_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="line break"):
        Terms().intern_many(['"a\nb"'])


@pytest.mark.parametrize("looked_at", [True, False])
def test_growth_leaves_what_was_there(looked_at: bool) -> None:
    terms = Terms()
    first = terms.intern_many([f'"{n}"' if n % 3 else f"<urn:{n}>" for n in range(100)])
    held = (terms.kinds, terms.all_starts, terms.buffer) if looked_at else ()
    copies = [array.copy() for array in held]
    tokens = terms.tokens(first)
    terms.intern_many(f"<urn:more:{n}>" for n in range(200_000))
    assert terms.tokens(first) == tokens
    assert [terms.find(token) for token in tokens] == first.tolist()
    assert len({terms.find(f"<urn:more:{n}>") for n in range(0, 200_000, 999)}) == 201
    for array, copy in zip(held, copies, strict=True):  # a view does not move with the dictionary
        assert np.array_equal(array, copy)
