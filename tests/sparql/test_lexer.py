"""Where a token of a query ends, which the guard and the parser must agree on."""

from __future__ import annotations

import pytest

from foedus.sparql.lexer import tokens

#: Text, and its tokens with a blank between them.
CASES = {
    "?a!=?b&&?c<=?d||!?e": "?a != ?b && ?c <= ?d || ! ?e",
    "?o<1 ?o<<e:a> ?o<<x": "?o < 1 ?o < <e:a> ?o << x",
    "<<(<e:a> e:b 'c')>>": "<< ( <e:a> e:b 'c' ) >>",
    "'x'^^e:t ^e:p/^e:q": "'x' ^^ e:t ^ e:p / ^ e:q",
    "?s e:p ?o.e:a e:b.c e:d.": "?s e:p ?o . e:a e:b.c e:d .",
    r"e:-a e:a- e:a..b e:%41. e:a\.-.": r"e: - a e:a- e:a..b e:%41 . e:a\.- .",
    "1.5e-3 .5 5. 1e5SERVICE 2e:a": "1.5e-3 .5 5 . 1e5 SERVICE 2 e:a",
    "true-1 UNDEF-1e+5 a.b": "true - 1 UNDEF - 1e+5 a . b",
    "_:a.b. _:c:d": "_:a.b . _:c :d",
    "'x'@en-usSERVICE": "'x' @en-usSERVICE",
    '"a""""b"': '"a" """b"',
    "ASK#'\n{#'\r}": "ASK { }",
}


@pytest.mark.parametrize(("text", "read"), CASES.items())
def test_tokens_end_where_the_grammar_says(text: str, read: str) -> None:
    assert " ".join(token.text for token in tokens(text)) == read


def test_a_token_knows_its_place() -> None:
    found = [(t.line, t.column, t.offset) for t in tokens("ASK\n { '''\n''' e-1 }")]
    assert found == [
        (1, 1, 0),
        (2, 2, 5),
        (2, 4, 7),
        (3, 5, 15),
        (3, 6, 16),
        (3, 7, 17),
        (3, 9, 19),
    ]
