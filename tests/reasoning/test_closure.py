"""What users hold: a closure that is read by threads, changed into another, and explains itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import rdflib

from foedus.errors import LimitReached, NotRdf
from foedus.reasoning.closure import Closure, close
from foedus.reasoning.evaluation.materialization import Materialization
from foedus.reasoning.storage.columns import Ids
from foedus.terms import Triple

EX, RDFS = "http://example.org/", "http://www.w3.org/2000/01/rdf-schema#"
TYPE, SUB = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", f"<{RDFS}subClassOf>"
SAME = "<http://www.w3.org/2002/07/owl#sameAs>"
LABEL = f"<{RDFS}label>"


def ex(name: object) -> str:
    return f"<{EX}{name}>"


def ladder(steps: int) -> list[Triple]:
    return [(ex("a"), TYPE, ex(0)), *((ex(i), SUB, ex(i + 1)) for i in range(steps))]


# -- threads -----------------------------------------------------------------------------------

READINGS: dict[str, Callable[[Closure], Any]] = {
    "all": lambda c: sorted(c),
    "size": len,
    "in": lambda c: [(ex("b"), TYPE, ex(i)) in c for i in range(40)],
    "triples": lambda c: sorted(c.triples(p=TYPE)),
    "proof": lambda c: str(c.explain((ex("b"), TYPE, ex(30)))),
    "proofs": lambda c: len(list(c.proofs((ex("b"), TYPE, ex(3))))),
    "clashes": lambda c: c.clashes,
    "entails": lambda c: bool(c.entails([(ex("b"), TYPE, ex(9))])),
    "unsupported": lambda c: c.unsupported,
}


@pytest.mark.parametrize("round_", range(5))
def test_threads_that_read_one_closure_see_the_same(round_: int) -> None:
    data = [*ladder(40), (ex("a"), SAME, ex("b"))]
    alone = {name: read(close(data)) for name, read in READINGS.items()}
    shared, start = close(data), Barrier(2 * len(READINGS))

    def work(name: str) -> Any:
        start.wait()
        return READINGS[name](shared)

    names = [*READINGS, *reversed(READINGS)]
    with ThreadPoolExecutor(len(names)) as pool:
        for name, found in zip(names, pool.map(work, names), strict=True):
            assert found == alone[name], name


def test_one_thread_at_a_time_puts_columns_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = [0], [0]
    derived = Materialization.derived

    def watched(self: Materialization, code: int) -> Ids:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.001)  # long enough for another to come in, if it could
        found = derived(self, code)
        inside[0] -= 1
        return found

    shared = close(ladder(20))
    monkeypatch.setattr(Materialization, "derived", watched)
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: tuple(shared), range(4)))) == 1
    assert most == [1]


# -- changed -----------------------------------------------------------------------------------


def test_a_changed_closure_is_another() -> None:
    closure = close(ladder(3))
    before = sorted(closure)
    without, adding = [(ex(1), SUB, ex(2))], [(ex("new"), TYPE, ex(2))]
    changed = closure.changed([*without, (ex("never"), SUB, ex("given"))], adding)
    assert sorted(closure) == before
    assert sorted(changed) == sorted(close([*set(ladder(3)) - set(without), *adding]))
    assert changed.proof((ex("new"), TYPE, ex(3)))
    closure.withdraw(without)
    closure.add(adding)
    assert sorted(closure) == sorted(changed)


def test_a_closure_changed_by_nothing_is_the_same() -> None:
    closure = close(ladder(3))
    assert sorted(closure.changed()) == sorted(closure)


# -- explain -----------------------------------------------------------------------------------

NAMED = [
    (ex("ann"), LABEL, '"Ann"'),
    (ex("ann"), LABEL, '"Anne"@fr'),
    (ex("ally-of"), LABEL, '"is an ally of"@en'),
    (ex("ally-of"), f"<{RDFS}domain>", ex("Ally")),
    (ex("ann"), ex("ally-of"), ex("bobTheGreat")),
    (ex("bobTheGreat"), ex("size"), r'"\u001B[31m<b>"'),
    (ex("size"), f"<{RDFS}domain>", ex("Body")),
]


def test_a_proof_over_ones_own_data_is_told_with_its_labels() -> None:
    told = close(NAMED).explain((ex("ann"), TYPE, ex("Ally")))
    assert str(told) == (
        "Ann is an Ally, because Ann is an ally of bob The Great, "
        "and whatever is an ally of anything is an Ally. (prp-dom)\n"
        "├─ Whatever is an ally of anything is an Ally. [asserted]\n"
        "└─ Ann is an ally of bob The Great. [asserted]"
    )
    assert told and told.proof and told.proof.rule == "prp-dom"
    assert told._repr_html_() == f"<pre>{told}</pre>".replace('"', "&quot;")


def test_terms_of_rdflib_are_told_too() -> None:
    ann, ally = rdflib.URIRef(EX + "ann"), rdflib.URIRef(EX + "Ally")
    assert close(NAMED).explain((ann, rdflib.RDF.type, ally))


def test_a_told_proof_steers_no_terminal_and_no_page() -> None:
    told = close(NAMED).explain((ex("bobTheGreat"), TYPE, ex("Body")))
    assert "\x1b" not in str(told) and "<b>" in str(told)
    assert "<b>" not in told._repr_html_() and "&lt;b&gt;" in told._repr_html_()


def test_a_step_that_is_used_twice_is_told_once() -> None:
    below = [(ex("p"), f"<{RDFS}domain>", ex(0)), (ex("a"), ex("p"), ex("x")), *ladder(4)[1:]]
    both = [(ex("a"), SAME, ex("b")), (ex("q"), f"<{RDFS}subPropertyOf>", ex("r"))]
    told = str(close([*below, *both]).explain((ex("b"), TYPE, ex(4))))
    assert len([line for line in told.splitlines() if "(prp-dom)" in line]) == 1


@pytest.mark.parametrize(
    ("triple", "says"),
    [
        ((ex("ann"), TYPE, ex("Foe")), "Nothing that is stated entails that Ann is a Foe."),
        (
            (ex("ann"), TYPE, "<http://www.w3.org/2002/07/owl#Thing>"),
            "Ann is something. The like is true of everything, and not stored.",
        ),
    ],
)
def test_what_has_no_proof_is_told_so(triple: Triple, says: str) -> None:
    told = close(NAMED).explain(triple)
    assert not told and str(told) == says


def test_what_is_no_triple_is_refused() -> None:
    with pytest.raises(NotRdf, match="three terms, not 2"):
        close(NAMED).explain((ex("ann"), TYPE))


def test_a_proof_that_nobody_would_read_is_refused() -> None:
    chain = [(ex(i), ex("p"), ex(i + 1)) for i in range(1000)]
    restriction = "_:r"
    owl = "http://www.w3.org/2002/07/owl#"
    rules = [
        (restriction, f"<{owl}onProperty>", ex("p")),
        (restriction, f"<{owl}allValuesFrom>", ex("C")),
        (ex("C"), SUB, restriction),
        (ex(0), TYPE, ex("C")),
    ]
    with pytest.raises(LimitReached, match="at most 200 are put in words"):
        close([*chain, *rules]).explain((ex(900), TYPE, ex("C")))
