"""Whatever `close` takes, every question to a closure takes too; all else is a TypeError."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from foedus.errors import NotRdf, ParseFailure
from foedus.reasoning import Closure, close
from foedus.store.convert import ox_term, rdflib_term

A, P = "<http://a.example/é>", "<http://a.example/p>"
TERMS = [
    A,
    "<http://a.example/a\u3000b>",
    "_:b",
    '"x"',
    '"mot"@fr',
    '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
    '"\\n"',
]
ELSE = ("<urn:s>", "<urn:p>", "<urn:o>")

#: Term as the closure has it -> another spelling of it.
SPELLINGS = {
    '"x"@en': '"x"@EN',
    '"A"': '"\\u0041"',
    '"x"': '"x"^^<http://www.w3.org/2001/XMLSchema#string>',
    "<http://a.example/é>": "<http://a.example/\\u00e9>",
}

#: Asks whether a triple is there, each in another way.
ASKS: dict[str, Callable[[Closure, Any], bool]] = {
    "in": lambda closure, triple: triple in closure,
    "holds": lambda closure, triple: closure.holds(triple),
    "proof": lambda closure, triple: closure.proof(triple) is not None,
    "proofs": lambda closure, triple: any(True for _ in closure.proofs(triple)),
    "entails": lambda closure, triple: bool(closure.entails([triple])),
    "triples": lambda closure, triple: any(True for _ in closure.triples(*list(triple)[:3])),
}
CHANGES: dict[str, Callable[[Closure, Any], object]] = {
    "add": lambda closure, triple: closure.add([triple]),
    "withdraw": lambda closure, triple: closure.withdraw([triple]),
    "supposing": lambda closure, triple: closure.supposing([triple]),
    "close": lambda closure, triple: close([triple]),
}


def kinds(triple: tuple[str, str, str]) -> dict[str, Any]:
    """A triple in the terms of each library."""
    of_ox = tuple(map(ox_term, triple))
    return {
        "strings": triple,
        "list": list(triple),
        "rdflib": tuple(map(rdflib_term, triple)),
        "rdflib-quad": (*map(rdflib_term, triple), rdflib.URIRef("urn:g")),
        "pyoxigraph": of_ox,
        "pyoxigraph-triple": ox.Triple(*of_ox),
        "pyoxigraph-quad": ox.Quad(*of_ox),
    }


@pytest.mark.parametrize("kind", kinds(ELSE))
@pytest.mark.parametrize("term", TERMS)
def test_what_was_given_is_found(kind: str, term: str) -> None:
    triple = kinds((A, P, term))[kind]
    closure = close([triple])
    for name, ask in ASKS.items():
        assert ask(closure, triple), name
    assert list(close([ELSE]).supposing([triple]))[-1] in closure
    closure.withdraw([triple])
    assert not any(ask(closure, triple) for ask in ASKS.values())
    closure.add([triple])
    assert triple in closure


@pytest.mark.parametrize(("term", "spelling"), SPELLINGS.items())
def test_another_spelling_is_the_same_term(term: str, spelling: str) -> None:
    for given, asked in ((term, spelling), (spelling, term)):
        closure = close([(A, P, given)])
        assert all(ask(closure, (A, P, asked)) for ask in ASKS.values())
        closure.withdraw([(A, P, asked)])
        assert not len(closure)


@pytest.mark.parametrize("library", [rdflib.Graph, ox.Store])
def test_whole_graphs(library: Callable[[], Any]) -> None:
    graph, triple = library(), kinds((A, P, '"x"'))
    graph.add(triple["rdflib"] if library is rdflib.Graph else triple["pyoxigraph-quad"])
    closure = close([])
    closure.add(graph)
    assert closure.entails(graph)
    assert list(closure) == [(A, P, '"x"')]
    closure.withdraw(graph)
    assert not len(closure)


@pytest.mark.parametrize("ask", {**ASKS, **CHANGES}.values(), ids={**ASKS, **CHANGES})
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("http://a.example/a", P, A), 'did you mean "<http://a.example/a>"'),
        (("<relative>", P, A), "No scheme found"),
        (("", P, A), "no RDF term"),
        ((A, P, '"x" .\n<urn:s> <urn:p> <urn:o>'), "no RDF term"),
        ((A, P, '"x" . #"'), "no RDF term"),
        ((A, P, '"\ud800"'), "no RDF term"),
        ((A, P, 1), "type int is no RDF term"),
        ((A, P, b"<urn:a>"), "type bytes is no RDF term"),
        ((A, P, rdflib.Variable("v")), "type Variable is no RDF term"),
        ((rdflib.URIRef("http://a.example/a b"), P, A), "no RDF term"),
    ],
)
def test_what_is_no_term_is_named(
    ask: Callable[[Closure, Any], object], wrong: Any, says: str
) -> None:
    closure = close([(A, P, A)])
    with pytest.raises(TypeError, match=says) as caught:
        ask(closure, wrong)
    assert isinstance(caught.value, NotRdf)
    assert str(caught.value.given).strip("<>") in [str(term).strip("<>") for term in wrong]
    assert list(closure) == [(A, P, A)]


@pytest.mark.parametrize("name", {**ASKS, **CHANGES})
@pytest.mark.parametrize("wrong", [(A, P), (A, P, A, A, A), A, None, 7, b"x", {A, P, "_:b"}])
def test_what_is_no_triple_is_named(name: str, wrong: Any) -> None:
    if name == "triples":  # which asks for terms
        return
    closure = close([(A, P, A)])
    with pytest.raises(TypeError, match="triple"):
        {**ASKS, **CHANGES}[name](closure, wrong)


@pytest.mark.parametrize(
    "wrong", [None, 7, object(), A, ox_term(A), (A, P, A), rdflib.URIRef("a:b")]
)
def test_what_holds_no_triples_is_named(wrong: Any) -> None:
    closure = close([(A, P, A)])
    for take in (close, closure.add, closure.withdraw, closure.supposing, closure.entails):
        with pytest.raises(TypeError, match="triple"):
            take(wrong)


def test_a_place_that_rdf_does_not_allow_is_no_matter_of_types() -> None:
    with pytest.raises(ParseFailure) as caught:
        close([('"x"', P, A)])
    assert not isinstance(caught.value, TypeError)
    assert ('"x"', P, A) not in close([(A, P, A)])
