"""Queries stay inside, say where they are wrong, and stop when their time is up."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from foedus.errors import InputError, LimitReached, ParseFailure, QueryRefused
from foedus.sparql.guard import guard
from foedus.store.budget import within
from foedus.store.query import QuadStore

NUMBERS = [
    (f"<http://e.org/{i}>", "<http://e.org/p>", f"<http://e.org/{i % 7}>") for i in range(3000)
]

#: A query -> the keyword that it is refused for.
REFUSED = {
    "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }": "SERVICE",
    "SELECT * { SERVICE SILENT <http://127.0.0.1:1/> { ?s ?p ?o } }": "SERVICE",
    "select*{service<http://127.0.0.1:1/>{?s?p?o}}": "SERVICE",
    "SELECT * { SERVICEex:x { ?s ?p ?o } }": "SERVICE",
    "PREFIX SERVICEex: <http://ok/> SELECT * { SERVICEex:x { ?s ?p ?o } }": "SERVICE",
    "SELECT * { ?s ?p 5SERVICE<http://127.0.0.1:1/>{ ?a ?b ?c } }": "SERVICE",
    "SELECT * { ?s ?p trueSERVICE<http://127.0.0.1:1/>{ ?a ?b ?c } }": "SERVICE",
    "SELECT * { BIND(1<2AS?x)SERVICE?x{?s ?p ?o} }": "SERVICE",
    "SELECT * { ?s ?p ex:a\\# . SERVICE ex:x { ?a ?b ?c }\n}": "SERVICE",
    "SELECT * { ?s ?p ?o # a comment \\u000A SERVICE ex:x { ?a ?b ?c }\n}": "SERVICE",
    "SELECT * { SERV\\u0049CE ex:x { ?s ?p ?o } }": "SERVICE",
    "SELECT * { ?s ?p 'x' . SERVICE ex:x { ?a ?b 'y' } }": "SERVICE",
    "SELECT * FROM <http://e.org/g> { ?s ?p ?o }": "FROM",
    "SELECT * FROM NAMED <file:///etc/passwd> { ?s ?p ?o }": "FROM",
    "SELECT * FROMex:x { ?s ?p ?o }": "FROM",
    "DESCRIBE <http://e.org/a> FROMex:x": "FROM",
    "DESCRIBE <http://e.org/a> FROMex:x LIMIT 1": "FROM",
    "LOAD <http://127.0.0.1:1/>": "LOAD",
    "PREFIX a: <http://a/> INSERT DATA { a:a a:b a:c }": "INSERT",
    "BASE <http://a/> DELETE WHERE { ?s ?p ?o }": "DELETE",
    "CLEAR ALL": "CLEAR",
    "ASK { ?s ?p ?o } ; LOAD <http://127.0.0.1:1/>": "LOAD",
    "SELECT * { ?s ex:a\u00b7\\' ?o SERVICE ex:x { } ?s ex:b\u00b7\\' ?o . ?s ?p 'x' }": "SERVICE",
}

#: Text that the guard reads in time that grows as its length does.
LONG = [
    ".a",
    "a.",
    "e:.",
    "_:a.",
    "1.e",
    "<<a",
    "@-a",
    "a-",
    "'a\\",
    '"\\',
    "'''\\'''",
    "<a",
    "''",
    "a:.",
    "\\u0041",
    "#\n",
]

#: More than the engine can hold: before it, again and again, inside it, after it, again and again.
UNBOUNDED = [
    ("ASK ", "{", "", "}", ""),
    ("ASK { ?s ", "(", "<http://e.org/p>", ")", " ?o }"),
    ("ASK { FILTER", "(", "1", ")", "}"),
    ("ASK { FILTER(", "!(", "1", ")", ")}"),
    ("ASK { FILTER(", "COALESCE(", "1", ")", ")}"),
    ("ASK {", " FILTER NOT EXISTS { ?s ?p ?o ", "", "}", "}"),
    ("SELECT * { ", " SELECT * { ", "?s ?p ?o", "}", "}"),
    ("ASK { ?s ?p ", "[ ?p ", "1", "]", "}"),
    ("ASK { ?s ?p ", "<<( ?s ?p ", "1", ")>>", "}"),
    ("ASK { FILTER(1", "+1", "", "", ")}"),
    ("ASK { FILTER(1", "||1", "", "", ")}"),
    ("ASK { FILTER(", "!", "1", "", ")}"),
    ("ASK { {} ", " UNION {}", "", "", "}"),
    ("ASK { ", "OPTIONAL {}", "", "", "}"),
    ("ASK { ", "MINUS {}", "", "", "}"),
    ("ASK { ?s <a:b>", "|<a:b>", "", "", " ?o }"),
]

#: Queries in which the keyword is only a word.
HARMLESS = [
    "SELECT ?from { ?service ?p ?from }",
    "SELECT * { ?s ?p 'SERVICE <http://x/> {' }",
    "SELECT * { ?s ?p '''FROM\n 'x' LOAD''' }",
    "SELECT * { ?s ?p ?o } # SERVICE <http://x/> { }",
    "SELECT * { ?s <http://e.org/SERVICE> ?o }",
    "PREFIX from: <http://e.org/> SELECT * { ?s from:service ?o . ?s from:load 'x'@en-service }",
    "PREFIX from: <http://e.org/> SELECT * { ?s ?p from:x }",
    "PREFIX service: <http://e.org/> SELECT * { GRAPH service:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o FILTER(?s < ?o) }",
    "SELECT * { ?s ?p ?o FILTER(?s<<http://e.org/SERVICE>) }",
    "SELECT * { ?s ?p ?o FILTER(?o IN (1" + 800 * ", '1'^^<http://e.org/a>" + ")) }",
]

#: A query -> line and what the message names.
BROKEN = {
    "SELEC * { ?s ?p ?o }": (1, "'SELEC'"),
    "SELECT * {\n  ?s ?p ?o\n} GROUP BY ORDER": (3, "column"),
    "SELECT *\n{ ?s nope:p ?o }": (2, "the prefix 'nope:' is not declared"),
    "SELECT * { ?s ?p ?o": (1, "column 10: the '{' is never closed"),
    "SELECT * { ?s ?p 'open }": (1, "column 18: the string that starts here has no end"),
    "SELECT ?s\n ?o { ?s ?p ?o } GROUP BY ?s": (2, r"column 2: the SELECT contains .*: \?o is nei"),
    "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o }": (
        1,
        r"column 8: the SELECT contains .*: \?s is",
    ),
    "ASK {\n{ SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } } }": (2, r"column 10: .*\?s is neither"),
    "SELECT ?s (?o + 1 AS ?n) { ?s ?p ?o } GROUP BY ?s": (1, r"column 12: .*\?o is neither"),
    "SELECT *\n{ ?s ?p ?o } GROUP BY ?s": (1, r"column 8: SELECT \* is not authorized with GROUP"),
    "SELECT (1 AS ?o) { ?s ?p ?o }": (1, r"column 14: the SELECT overrides .*: \?o is bound in"),
    "SELECT (1 AS ?x) (2 AS ?x) {}": (
        1,
        r"column 24: Duplicated variable .*: \?x is a col",
    ),
    "SELECT * { ?s ?p ?o\nBIND(1 AS ?o) }": (2, r"column 11: BIND is overriding an existing var"),
    "SELECT * { ?s ?p ?o FILTER(COUNT(?s) > 1) }": (1, "column 28: Unexpected aggregate: COUNT"),
    "SELECT * { ?s ?p ?o FILTER(CONTAIN(?s, 'x')) }": (1, "column 28: .* did you mean CONTAINS"),
    "SELECT * { ?s ?p <rel> }": (1, "column 18: IRI parsing failed: <rel> is relative"),
    "SELECT * { VALUES (?a ?b) { (1) } }": (1, "a row of VALUES has 1 value for 2 variables"),
    "SELECT * { ?s ?p ?o } LIMIT -1": (1, "column 29: expected a number of rows, found '-'"),
    "SELECT ?s, ?o { ?s ?p ?o }": (1, "column 10: expected '{', found ','"),
    "SELECT { ?s ?p ?o }": (1, r"column 8: expected a column or \*"),
    "SELECT * { ?s ?p ?o } ORDER BY": (1, "expected a key of ORDER BY"),
    "SELECT * { ?s ?p ?o FILTER(?o = 1 }": (
        1,
        r"column 35: the '\(' of line 1, column 27 is",
    ),
    "SELECT * { ?s ?p ?o }}": (1, "column 22: the '}' closes nothing"),
    "PREFIX a <http://a/> ASK {}": (1, "column 8: expected a prefix and a colon"),
    "SELECT * { ?s ?p '\\q' }": (1, "an escape that there is not"),
    "SELECT * { ?s ?p ?o FILTER(IF(1, 2)) }": (1, r"column 27: not well-formed SPARQL near '\(IF"),
}


@pytest.fixture(scope="module")
def store() -> QuadStore:
    return QuadStore.of(NUMBERS)


@pytest.mark.parametrize("query", REFUSED)
def test_a_query_that_would_reach_outside_is_refused(store: QuadStore, query: str) -> None:
    with pytest.raises(QueryRefused, match=REFUSED[query]):
        store.query(query, prefixes={"ex": "http://127.0.0.1:1/"})


@pytest.mark.parametrize("part", LONG)
def test_the_guard_reads_a_text_once(part: str) -> None:
    start = time.monotonic()
    with contextlib.suppress(ParseFailure, LimitReached):
        guard(part * 20_000)
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("parts", UNBOUNDED, ids=lambda parts: parts[1].strip())
def test_a_query_that_the_engine_cannot_hold_is_told(
    store: QuadStore, parts: tuple[str, str, str, str, str]
) -> None:
    before, opening, inner, closing, after = parts
    for many in (2_000, 20_000):
        with pytest.raises(LimitReached, match=r"^the query, line 1: column \d+: more than"):
            store.query(before + opening * many + inner + closing * many + after)
    store.query(before + opening * 30 + inner + closing * 30 + after)


def test_many_values_are_no_depth(store: QuadStore) -> None:
    assert store.query(f"SELECT * {{ VALUES ?x {{ {'-1 ' * 5000} }} }}").rows
    assert store.query(f"SELECT * {{ ?s ?p ?o FILTER(?o NOT IN ({','.join('1' * 5000)})) }}").rows


@pytest.mark.parametrize("query", HARMLESS)
def test_a_word_is_not_a_keyword(store: QuadStore, query: str) -> None:
    assert store.query(query).kind == "rows"


@pytest.mark.parametrize("query", BROKEN)
def test_a_syntax_error_says_where(store: QuadStore, query: str) -> None:
    line, says = BROKEN[query]
    with pytest.raises(ParseFailure, match=f"^the query, line {line}: .*{says}"):
        store.query(query)


def test_nothing_is_fetched_even_if_the_guard_is_passed(store: QuadStore) -> None:
    class Handler(BaseHTTPRequestHandler):
        calls = 0

        def do_POST(self) -> None:
            Handler.calls += 1
            self.send_error(404)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    query = f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}"
    with pytest.raises(QueryRefused):
        store.query(query, timeout=5)
    if hasattr(os, "fork"):
        with pytest.raises(InputError):
            within(5, lambda: store._run(query, {}, "the query"), "the query", closed=True)
    server.shutdown()
    assert Handler.calls == 0


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a",
        "SELECT * { ?a (<http://e.org/p>|!<http://e.org/q>)* ?b . ?c ?d ?e . ?f ?g ?h }",
    ],
)
def test_a_query_that_runs_too_long_is_stopped(store: QuadStore, query: str) -> None:
    start = time.monotonic()
    with pytest.raises(LimitReached, match="stopped"):
        store.query(query, timeout=0.5)
    assert time.monotonic() - start < 3


def test_a_result_is_the_same_with_and_without_a_time_limit(store: QuadStore) -> None:
    for query in (
        "SELECT * { ?s ?p ?o OPTIONAL { ?o <http://e.org/none> ?x } } ORDER BY ?s LIMIT 9",
        "ASK { ?s ?p ?o }",
        "ASK { ?s ?p 'no' }",
        "CONSTRUCT { ?o ?p ?s } WHERE { ?s ?p ?o }",
    ):
        assert store.query(query) == store.query(query, timeout=20)


def test_columns_stand_in_the_order_of_the_query(store: QuadStore) -> None:
    assert store.query("SELECT * { ?z ?a ?m } LIMIT 1").variables == ("z", "a", "m")
    assert store.query("SELECT ?m ?z { ?z ?a ?m } LIMIT 1").variables == ("m", "z")


def test_an_unbound_variable_is_none_and_left_out_of_the_mapping(store: QuadStore) -> None:
    found = store.query("SELECT ?s ?x { ?s ?p ?o OPTIONAL { ?s <http://e.org/none> ?x } } LIMIT 1")
    assert found.rows[0][1] is None
    assert "x" not in next(found.dicts())


def test_every_term_survives_the_way_in_and_out() -> None:
    objects = [
        '"a\\"b\\\\c\\nd"',
        '"mot"@fr',
        '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
        "_:b",
    ]
    made = QuadStore.of([("<http://e.org/a>", "<http://e.org/p>", o) for o in objects])
    assert sorted(o for _, _, o in made.match() if not o.startswith("_:")) == sorted(objects[:3])
    assert list(made.match(o=objects[1])) == [("<http://e.org/a>", "<http://e.org/p>", objects[1])]
