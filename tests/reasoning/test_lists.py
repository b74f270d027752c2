"""RDF lists that fork, go round in circles or are very long: read in every way, within limits."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_engine import SAME, TYPE, ex, listed, owl

from foedus.errors import LimitReached
from foedus.reasoning.closure import close
from foedus.reasoning.proofs.graph_proofs import GraphDerivations
from foedus.reasoning.rules.checker import check_proof
from foedus.reasoning.rules.matching import IndexedTriples
from foedus.reasoning.rules.rdf_list import readings
from foedus.reasoning.rules.table import ruleset
from foedus.reasoning.witnesses import naive
from foedus.terms import Triple

FIRST, REST, NIL = (
    f"<http://www.w3.org/1999/02/22-rdf-syntax-ns#{n}>" for n in ("first", "rest", "nil")
)
RULES = ruleset()
LONG = 2_000  # more than Python's stack is deep

Contents = dict[int, list[tuple[str, int]]]


def paths(cell: int, table: Contents, seen: tuple[int, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The members of every way to the end, 0, that comes to no cell twice."""
    if cell == 0:
        yield ()
    elif cell not in seen:
        for member, tail in table.get(cell, ()):
            for members in paths(tail, table, (*seen, cell)):
                yield (member, *members)


CELLS = st.dictionaries(
    st.integers(1, 5), st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 6)), max_size=3)
)


@settings(deadline=None)
@given(CELLS)
def test_a_list_is_read_in_every_way(table: Contents) -> None:
    found = list(readings(1, 0, lambda cell: table.get(cell, ())))
    assert sorted(members for members, _ in found) == sorted(set(paths(1, table)))
    for members, cells in found:
        assert len(set(cells)) == len(cells) == len(members)
        for cell, member, tail in zip(cells, members, (*cells[1:], 0), strict=True):
            assert (member, tail) in table[cell]


def test_a_list_that_is_only_an_end_or_has_none_has_no_reading() -> None:
    assert not list(readings(0, 0, {}.get))
    assert not list(readings(1, 0, lambda cell: [("a", cell % 9 + 1)]))


def ladder(cells: int, member: str) -> list[Triple]:
    """A list of which each cell leads to two, in which the member has two names or one."""
    out = [(ex("U"), owl("unionOf"), ex("a0"))]
    for n in range(cells):
        for side in "ab":
            out.append((ex(f"{side}{n}"), FIRST, ex(member.format(side=side, n=n))))
            ends = [ex(f"{other}{n + 1}") for other in "ab"] if n + 1 < cells else [NIL]
            out += [(ex(f"{side}{n}"), REST, end) for end in ends]
    return out


def test_a_forked_list_whose_ways_say_the_same_is_one_list() -> None:
    closure = close(ladder(30, "C{n}"), timeout=20)
    assert set(closure.triples(p=None, o=ex("U"))) == {
        (ex(f"C{n}"), "<http://www.w3.org/2000/01/rdf-schema#subClassOf>", ex("U"))
        for n in range(30)
    }


def test_a_list_of_too_many_readings_is_named() -> None:
    with pytest.raises(LimitReached, match=r"list <http://example\.org/a0> can be read"):
        close(ladder(30, "C{side}{n}"))
    everything = {n: [("a", m) for m in range(40)] for n in range(1, 40)}
    with pytest.raises(LimitReached, match="list 1 can be read in too many ways"):
        list(readings(1, 0, everything.__getitem__))
    wide = [(ex("C"), owl("oneOf"), ex("l"))]
    wide += [(ex("l"), FIRST, ex(n)) for n in range(2_000)]
    wide += [(ex("l"), REST, ex(f"l{n}")) for n in range(2_000)]
    with pytest.raises(LimitReached, match="can be read in too many ways"):
        close(wide)


def test_a_few_forks_give_what_the_plain_reading_gives() -> None:
    graph = [*ladder(3, "C{side}{n}"), (ex("x"), TYPE, ex("Ca2"))]
    assert set(close(graph)) == set(naive.close(graph))


MEMBERS = [ex(f"C{n}") for n in range(LONG)]
LAST = MEMBERS[-1]

#: What says something of a list; its members; what else there is; what follows.
CONSTRUCTS = {
    "intersection": (
        [(ex("C"), owl("intersectionOf"), ex("l"))],
        [(ex("x"), TYPE, c) for c in MEMBERS],
        (ex("x"), TYPE, ex("C")),
    ),
    "parts of an intersection": (
        [(ex("C"), owl("intersectionOf"), ex("l"))],
        [(ex("x"), TYPE, ex("C"))],
        (ex("x"), TYPE, LAST),
    ),
    "union": (
        [(ex("C"), owl("unionOf"), ex("l"))],
        [(ex("x"), TYPE, LAST)],
        (ex("x"), TYPE, ex("C")),
    ),
    "one of": ([(ex("C"), owl("oneOf"), ex("l"))], [], (LAST, TYPE, ex("C"))),
    "chain": (
        [(ex("p"), owl("propertyChainAxiom"), ex("l"))],
        [(ex(n), c, ex(n + 1)) for n, c in enumerate(MEMBERS)],
        (ex(0), ex("p"), ex(LONG)),
    ),
}


@pytest.mark.parametrize(("says", "data", "goal"), CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_a_list_of_very_many(says: list[Triple], data: list[Triple], goal: Triple) -> None:
    graph = [*says, *listed(ex("l"), MEMBERS), *data]
    closure = close(graph, timeout=120)
    proof = closure.proof(goal)
    assert proof is not None
    assert check_proof(proof, set(graph), RULES)
    facts = IndexedTriples()
    for triple in closure:
        facts.add(triple, None)
    step = next(
        GraphDerivations(RULES, facts.match, set(graph).__contains__, closure.proof).steps(goal)
    )
    assert step.rule == proof.rule


CLASHING = {
    "all different": ("AllDifferent", [(MEMBERS[3], SAME, LAST)], "eq-diff2", 1),
    "disjoint classes": (
        "AllDisjointClasses",
        [(ex("x"), TYPE, MEMBERS[3]), (ex("x"), TYPE, LAST)],
        "cax-adc",
        1,
    ),
    "disjoint properties": (
        "AllDisjointProperties",
        [(ex("x"), MEMBERS[3], ex("y")), (ex("x"), LAST, ex("y"))],
        "prp-adp",
        1,
    ),
    "all in all": (
        "AllDisjointClasses",
        [(ex("x"), TYPE, c) for c in MEMBERS],
        "cax-adc",
        LONG * (LONG - 1) // 2,
    ),
}


@pytest.mark.parametrize(("kind", "data", "rule", "count"), CLASHING.values(), ids=CLASHING)
def test_a_clash_in_a_list_of_very_many(
    kind: str, data: list[Triple], rule: str, count: int
) -> None:
    graph = [(ex("d"), TYPE, owl(kind)), (ex("d"), owl("members"), ex("l")), *data]
    graph += listed(ex("l"), MEMBERS)
    closure = close(graph, timeout=120)
    assert closure.clash_counts == {rule: count}
    clash = closure.clashes[0]
    assert len(clash.message) < 1000
    assert sum(len(found.premises) for found in closure.clashes) < 200_000
    assert check_proof(clash.proof(), set(graph), RULES)


def test_an_intersection_and_a_difference_of_twenty_thousand() -> None:
    members = [ex(f"C{n}") for n in range(20_000)]
    graph = [*listed(ex("l"), members), *((ex("x"), TYPE, c) for c in members)]
    graph += [(ex("C"), owl("intersectionOf"), ex("l")), (members[0], SAME, members[-1])]
    graph += [(ex("d"), TYPE, owl("AllDifferent")), (ex("d"), owl("members"), ex("l"))]
    closure = close(graph, timeout=120)
    assert (ex("x"), TYPE, ex("C")) in closure
    (clash,) = closure.clashes
    assert len(clash.message) < 1000
    assert len(clash.premises) == 40_003


def test_time_runs_out_inside_a_long_key() -> None:
    members = [ex(f"C{n}") for n in range(8_000)]
    graph = [(ex("K"), owl("hasKey"), ex("l")), *listed(ex("l"), members)]
    graph += [(ex(x), c, ex("v")) for x in "ab" for c in members]
    graph += [(ex(x), TYPE, ex("K")) for x in "ab"]
    with pytest.raises(LimitReached, match="time is used up"):
        close(graph, timeout=1)


def test_any_order_of_cells_will_do() -> None:
    graph = listed(ex("l"), [ex(f"C{n}") for n in range(50)])
    random.Random(1).shuffle(graph)
    graph.append((ex("C"), owl("oneOf"), ex("l")))
    assert sum(1 for _ in close(graph).triples(o=ex("C"))) == 50


def test_a_key_of_many_values_is_refused_before_they_are_joined() -> None:
    graph = [(ex("K"), owl("hasKey"), ex("l"))]
    graph += listed(ex("l"), [ex(f"p{n}") for n in range(12)])
    graph += [(ex(x), TYPE, ex("K")) for x in "ab"]
    graph += [(ex(x), ex(f"p{n}"), ex(v)) for x in "ab" for n in range(12) for v in range(15)]
    with pytest.raises(LimitReached, match="rows, more than"):
        close(graph, limit_triples=10_000)
