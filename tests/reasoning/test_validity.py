"""When triples hold: on each day, what is labelled is what the closure of that day gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import EX, INDIVIDUALS, NIL, OWL, RDF, REST, SAME, graphs
from strategies import FIRST as FIRST_OF

from foedus.errors import UsageError
from foedus.reasoning import close
from foedus.reasoning.temporal.validity import ALWAYS, FIRST, LAST, Validity
from foedus.terms import Term, Triple, iri, is_literal

spans = st.tuples(st.sampled_from([FIRST, 0, 1, 2, 3]), st.sampled_from([1, 2, 3, 4, LAST]))
situations = st.dictionaries(st.sampled_from(INDIVIDUALS), spans, min_size=1, max_size=3)


def snapshot(triples: list[Triple], spans: dict[Term, tuple[int, int]], day: int) -> list[Triple]:
    """What is there on a day."""

    def there(term: Term) -> bool:
        return term not in spans or spans[term][0] <= day < spans[term][1]

    return [(s, p, o) for s, p, o in triples if there(s) and there(o)]


@settings(max_examples=150, deadline=None)
@given(graphs(), situations)
def test_each_day_is_the_closure_of_what_is_there(
    graph: list[Triple], spans: dict[Term, tuple[int, int]]
) -> None:
    closure = close(graph)
    try:
        validity = Validity(closure, spans)
    except UsageError:
        assume(False)
    one = [triple for triple in closure if triple[1] == SAME]  # which terms are one, always
    for day in (-1, 0, 1, 2, 3, 4):
        given = [*snapshot(graph, spans, day), *one]
        that_day, terms = close(given), {term for triple in given for term in triple}
        for triple in closure:
            if triple[1] == SAME and triple[0] == triple[2]:
                continue  # whether a term occurs is not labelled
            if is_literal(triple[2]) and triple[2] not in terms:
                continue  # another spelling of its value is known on this day
            assert validity.holds(triple, day) == that_day.holds(triple), (day, triple)
        for triple in that_day:
            assert closure.holds(triple)


RULES = """
[prefixes]
ex = "http://example.org/"

[succeeded]
if = ["?a ex:holder ?x", "?a ex:after ?b", "?b ex:holder ?y"]
then = ["?x ex:succeeded ?y"]
says = "{x} succeeded {y}"
example = ["ex:a ex:holder ex:x", "ex:a ex:after ex:b", "ex:b ex:holder ex:y"]
"""


def _triple(text: str) -> Triple:
    s, p, o = (iri(EX + name) for name in text.split())
    return s, p, o


@pytest.fixture
def succession(tmp_path: Path) -> Validity:
    """One tenure after another, with a gap between them."""
    (tmp_path / "rules.toml").write_text(RULES)
    given = ["a holder Xi", "a after b", "b holder Hu", "b of China", "a of China"]
    closure = close(map(_triple, given), extra_rules=[tmp_path / "rules.toml"])
    spans = {iri(EX + "a"): (20, LAST), iri(EX + "b"): (3, 10)}
    return Validity(closure, spans, lasting=[iri(EX + "succeeded"), iri(EX + "after")])


def test_what_happened_holds_from_then_on(succession: Validity) -> None:
    assert succession.of(_triple("Xi succeeded Hu")) == ((20, LAST),)


def test_what_can_end_ends(succession: Validity) -> None:
    assert succession.of(_triple("b holder Hu")) == ((3, 10),)
    assert succession.of(_triple("Hu succeeded Xi")) == ()


def test_spans_that_touch_are_one_span() -> None:
    """Two memberships, one right after the other, and one much later."""
    spans = {iri(EX + "m"): (0, 5), iri(EX + "n"): (5, 9), iri(EX + "o"): (20, 30)}
    chain = [
        (iri(EX + "in"), iri(OWL + "propertyChainAxiom"), "_:c"),
        ("_:c", FIRST_OF, iri(EX + "has")), ("_:c", REST, "_:d"),
        ("_:d", FIRST_OF, iri(EX + "to")), ("_:d", REST, NIL),
    ]  # fmt: skip
    given = [_triple(f"China has {m}") for m in "mno"] + [_triple(f"{m} to Pact") for m in "mno"]
    validity = Validity(close([*chain, *given]), spans)
    assert validity.of(_triple("China in Pact")) == ((0, 9), (20, 30))


def test_what_the_ontology_says_cannot_end() -> None:
    subclass = iri("http://www.w3.org/2000/01/rdf-schema#subClassOf")
    closure = close([(iri(EX + "A"), subclass, iri(EX + "B")), _triple("x p y")])
    with pytest.raises(UsageError, match="ontology"):
        Validity(closure, {iri(EX + "A"): (1, 2)})


def test_what_needs_no_situation_holds_always() -> None:
    closure = close([_triple("x p y"), _triple("m p y")])
    validity = Validity(closure, {iri(EX + "m"): (1, 2)})
    assert validity.of(_triple("x p y")) == ALWAYS
    assert validity.of(_triple("m p y")) == ((1, 2),)


def test_which_terms_are_one_is_so_always() -> None:
    """That two tenures have one holder shows who he is, and he stays so when they are over."""
    holder, functional = iri(EX + "holder"), iri(OWL + "FunctionalProperty")
    given = [_triple("m holder Kim"), _triple("m holder Father"), _triple("Kim born There")]
    validity = Validity(
        close([*given, (holder, iri(RDF + "type"), functional)]), {iri(EX + "m"): (1, 2)}
    )
    assert validity.of((iri(EX + "Father"), SAME, iri(EX + "Kim"))) == ALWAYS
    assert validity.of(_triple("Father born There")) == ALWAYS
    assert validity.of(_triple("m holder Kim")) == ((1, 2),)


def test_what_always_holds_is_said_of_situations_too() -> None:
    """Over whom a tenure is does not end with it; who holds it does."""
    given = [_triple("m over China"), _triple("m holder Kim")]
    spans = {iri(EX + "m"): (1, 2)}
    validity = Validity(close(given), spans, always=[iri(EX + "over")])
    assert validity.of(_triple("m over China")) == ALWAYS
    assert validity.of(_triple("m holder Kim")) == ((1, 2),)


def test_a_fluent_that_is_asserted_outright_ends_with_its_situation() -> None:
    """Where a tenure says when somebody led; where nothing does, it holds always."""
    chain = [
        (iri(EX + "leads"), iri(OWL + "propertyChainAxiom"), "_:c"),
        ("_:c", FIRST_OF, iri(EX + "has")), ("_:c", REST, "_:d"),
        ("_:d", FIRST_OF, iri(EX + "over")), ("_:d", REST, NIL),
        (iri(EX + "ledBy"), iri(OWL + "inverseOf"), iri(EX + "leads")),
    ]  # fmt: skip
    given = ["Xi has m", "m over China", "Xi leads China", "Biden leads US"]
    spans = {iri(EX + "m"): (1, 2)}
    fluents = [iri(EX + "leads"), iri(EX + "ledBy")]
    validity = Validity(close([*chain, *map(_triple, given)]), spans, fluents=fluents)
    assert validity.of(_triple("Xi leads China")) == ((1, 2),)
    assert validity.of(_triple("China ledBy Xi")) == ((1, 2),)
    assert validity.of(_triple("US ledBy Biden")) == ALWAYS


@pytest.mark.parametrize(
    ("first", "last", "gone"), [(0, 4, False), (0, 2, True), (9, 9, True), (8, 9, False)]
)
def test_what_lapsed_holds_on_no_day_of_a_time(first: int, last: int, gone: bool) -> None:
    inverse = (iri(EX + "has"), iri(OWL + "inverseOf"), iri(EX + "of"))
    validity = Validity(close([inverse, _triple("m has x")]), {iri(EX + "m"): (3, 9)})
    assert [*validity.lapsed([iri(EX + "of")], first, last)] == [_triple("x of m")] * gone
