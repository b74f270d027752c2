"""What is done in another way where there is much of it, reached by size: nothing is patched."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from test_engine import SAME, SUB, TYPE, ex, listed, owl

from foedus.reasoning.closure import close
from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.evaluation.joins import member
from foedus.reasoning.rules.checker import check_proof
from foedus.reasoning.rules.table import ruleset
from foedus.reasoning.storage.columns import (
    LOW,
    SHIFT,
    Ids,
    holds,
    inserted,
    located,
    pack,
    sort_inplace,
    within,
    without,
)
from foedus.reasoning.storage.partition import partition
from foedus.reasoning.storage.reachability import transitive_closure
from foedus.reasoning.storage.relation import Delta, Relation
from foedus.terms import Triple

RULES = ruleset()
Pairs = set[tuple[int, int]]


def unlimited(rows: int) -> None:
    """No number of rows is too many."""


def reached(pairs: Pairs) -> Pairs:
    """The transitive closure, one node after the other."""
    after: dict[int, set[int]] = {}
    for a, b in pairs:
        after.setdefault(a, set()).add(b)
    out = set()
    for start in after:
        waiting, seen = [*after[start]], set(after[start])
        while waiting:
            more = after.get(waiting.pop(), set()) - seen
            seen |= more
            waiting += more
        out |= {(start, end) for end in seen}
    return out


def keys(pairs: Pairs) -> Ids:
    ordered = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return pack(ordered[:, 0], ordered[:, 1])


def chains(count: int, links: int) -> Pairs:
    step = links + 1
    return {(c * step + n, c * step + n + 1) for c in range(count) for n in range(links)}


def looped(pairs: Pairs, count: int) -> Pairs:
    """With some links back, so that components have several nodes, and loops of one."""
    rng = random.Random(3)
    back = rng.sample(sorted(pairs), count)
    return pairs | {(b, a) for a, b in back[: count // 2]} | {(a, a) for a, _ in back[count // 2 :]}


#: More links in a row than are followed one by one (16), in fewer and in more components than
#: there are rows of bits for (16,384).
RELATIONS = {
    "short chains": chains(3_000, 6),
    "bits": chains(100, 30),
    "bits, with circles": looped(chains(100, 30), 60),
    "sets": chains(1_000, 18),
    "sets, with circles": looped(chains(1_000, 20), 200),
    "one circle": {(n, (n + 1) % 800) for n in range(800)},
    "many ways to one place": {(n, m) for n in range(60) for m in range(n + 1, 60)},
}


@pytest.mark.parametrize("pairs", RELATIONS.values(), ids=RELATIONS)
def test_a_transitive_closure(pairs: Pairs) -> None:
    found = transitive_closure(keys(pairs), unlimited)
    assert set(zip((found >> SHIFT).tolist(), (found & LOW).tolist(), strict=True)) == reached(
        pairs
    )
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize("word", [owl("TransitiveProperty"), SUB])
def test_chains_of_a_thousand_properties_or_classes(word: str) -> None:
    link = ex("in") if word != SUB else SUB
    graph = [(ex(a), link, ex(b)) for a, b in sorted(chains(1_000, 18))]
    graph += [(link, TYPE, word)] if word != SUB else []
    closure = close(graph)
    assert sum(1 for _ in closure.triples(p=link)) == 1_000 * 18 * 19 // 2
    goal = ex(19), link, ex(19 + 18)
    proof = closure.proof(goal)
    assert proof is not None
    assert check_proof(proof, set(graph), RULES)


def scattered(count: int, seed: int) -> Ids:
    return np.random.default_rng(seed).integers(0, 1 << 40, count)


@pytest.mark.parametrize("count", [5_000, 70_000])  # at once, and part by part
@pytest.mark.parametrize("ordered", [True, False])
def test_keys_are_looked_for_and_sorted(count: int, ordered: bool) -> None:
    column, probes = np.unique(scattered(100_000, 1)), scattered(count, 2)
    probes[::2] = np.random.default_rng(3).choice(column, len(probes[::2]))
    probes = np.sort(probes) if ordered else probes
    for side in ("left", "right"):
        assert (located(column, probes, side) == column.searchsorted(probes, side)).all()
    assert (within(probes, column) == np.isin(probes, column)).all()
    assert (sort_inplace(probes.copy()) == np.sort(probes)).all()
    assert holds(column, int(column[7])) and not holds(column, -1)


@pytest.mark.parametrize("count", [3, 5_000])  # of 100,000: piece by piece, and all at once
def test_keys_are_put_in_and_taken_out(count: int) -> None:
    column = np.unique(scattered(100_000, 1))
    some = np.unique(np.random.default_rng(2).choice(column, count, replace=False))
    left = without(column, some)
    assert (left == np.setdiff1d(column, some)).all()
    assert (inserted(left, some) == column).all()


@pytest.mark.parametrize("probes", [20, 30_000])  # one by one, and all places counted out
@pytest.mark.parametrize("gone", [0, 100, 20_000])  # noted down, and taken out
def test_neighbours_in_a_long_layer(probes: int, gone: int) -> None:
    rng = np.random.default_rng(4)
    column = np.unique(pack(rng.integers(0, 40_000, 100_000), rng.integers(0, 40_000, 100_000)))
    delta, lost = Delta(1, column, "r"), np.unique(rng.choice(column, gone, replace=False))
    delta.remove(lost)
    left = np.setdiff1d(column, lost)
    terms = np.unique(rng.choice(40_000, probes))
    for forward in (True, False, False, False, False, False, False):  # it turns round after a while
        mine = left if forward else np.sort(pack(left & LOW, left >> SHIFT))
        ranked, begin, counts = delta.neighbours(terms, forward)
        for term, start, size in list(zip(terms, begin, counts, strict=True))[:50]:
            wanted = mine[(mine >> SHIFT) == term] & LOW
            assert (np.sort(ranked[start : start + size] & LOW) == wanted).all()
        assert int(counts.sum()) == int(np.isin(mine >> SHIFT, terms).sum())


def test_a_relation_of_many_layers_long_and_short() -> None:
    rng = np.random.default_rng(5)
    whole = rng.permutation(60_000)
    relation, at = Relation(~7), 0
    for step, size in enumerate([30_000, 2_000, 40, 1_500, *[3] * 300, 9_000]):
        relation.append(step, np.sort(whole[at : at + size]))
        at += size
        if step % 50 < 6:
            probes = np.arange(60_000)
            held = np.zeros(60_000, np.bool_)
            held[whole[:at]] = True
            assert (member(probes, relation) == held).all()
            assert (member(probes[:100], relation) == held[:100]).all()
            assert len(relation) == at == len(relation.full)
            assert (relation.new(probes) == np.flatnonzero(~held)).all()


@pytest.mark.parametrize("classes", [10, 70_000])  # which 16 bits tell apart, and which not
def test_triples_are_put_into_relations(classes: int) -> None:
    type_, rng = 1, np.random.default_rng(6)
    rows = np.stack(
        [
            rng.integers(10, 1_000, 300_000),
            rng.choice([type_, 2, 3], 300_000),
            rng.integers(100_000, 100_000 + classes, 300_000),
        ],
        axis=1,
    )
    found = partition([rows], type_)
    wanted = {tuple(row) for row in rows.tolist()}
    got = set()
    for code, column in found.items():
        for key in column.tolist():
            got.add((key, type_, ~code) if code < 0 else (key >> SHIFT, code, key & LOW))
    assert got == wanted


@pytest.mark.parametrize("size", [10, 40, 5_000, 100_000])  # a block, several, and one by one
def test_terms_of_any_length(size: int) -> None:
    tokens = [f'"{n}{"x" * size}{n}"' for n in range(20)]
    terms = Terms()
    numbers = terms.intern_many([*tokens, *tokens])
    assert numbers.tolist() == [*range(20), *range(20)]
    assert terms.tokens(numbers) == [*tokens, *tokens]
    assert [terms.find(token) for token in tokens] == list(range(20))
    assert terms.find(tokens[0][:-1]) is None


def test_more_terms_than_one_batch_or_table_holds() -> None:
    tokens = [f"<http://example.org/{n}>" for n in range(200_000)]
    terms = Terms()
    numbers = terms.intern_many(tokens)
    assert numbers.tolist() == list(range(200_000))
    assert terms.find_many(tokens[::-777]).tolist() == list(range(200_000))[::-777]


@pytest.mark.parametrize("names", [30, 3_000])  # of one thing: a path, and one found in halves
def test_very_many_names_of_one_thing(names: int) -> None:
    order = random.Random(7).sample(range(names), names)
    graph: list[Triple] = [(ex(a), SAME, ex(b)) for a, b in pairwise(order)]
    graph += [(ex(order[0]), ex("p"), ex("x")), (ex("y"), ex("q"), ex(order[-1]))]
    closure = close(graph)
    for goal in ((ex(order[-1]), ex("p"), ex("x")), (ex("y"), ex("q"), ex(order[0]))):
        proof = closure.proof(goal)
        assert proof is not None
        assert check_proof(proof, set(graph), RULES)


@pytest.mark.parametrize("count", [5, 200])  # solutions that wait one by one, and together
def test_plans_that_wait_for_what_they_read(count: int) -> None:
    domain = "<http://www.w3.org/2000/01/rdf-schema#domain>"
    graph = [(ex(f"p{n}"), domain, ex(f"C{n}")) for n in range(count)]
    closure = close(graph)
    closure.add([(ex(f"a{n}"), ex(f"p{n}"), ex("b")) for n in range(0, count, 3)])
    typed = {s for s, _, o in closure.triples(p=TYPE) if o.startswith(ex("C")[:-1])}
    assert typed == {ex(f"a{n}") for n in range(0, count, 3)}


def test_a_property_found_in_more_layers_than_are_looked_through() -> None:
    graph = [(ex("C"), owl("intersectionOf"), ex("l")), *listed(ex("l"), [ex("C0"), ex("C40")])]
    graph += [
        (ex(f"p{n}"), "<http://www.w3.org/2000/01/rdf-schema#subPropertyOf>", ex("q"))
        for n in range(40)
    ]
    graph += [(ex(f"a{n}"), ex(f"p{n}"), ex(f"b{n}")) for n in range(40)]
    closure = close(graph[:3])
    for triple in graph[3:]:
        closure.add([triple])
    for n in range(40):
        proof = closure.proof((ex(f"a{n}"), ex("q"), ex(f"b{n}")))
        assert proof is not None
        assert check_proof(proof, set(graph), RULES)
    assert set(closure) == set(close(graph))


@pytest.mark.parametrize("links", [3, 12])  # premises matched by recursion, and on a stack
def test_a_proof_over_a_chain_with_many_wrong_turns(links: int) -> None:
    rng = random.Random(8)
    graph = [(ex("p"), owl("propertyChainAxiom"), ex("l"))]
    graph += listed(ex("l"), [ex(f"p{n}") for n in range(links)])
    for n in range(links):
        ways = [(a, b) for a in range(6) for b in range(6)]
        graph += [(ex(f"{n}/{a}"), ex(f"p{n}"), ex(f"{n + 1}/{b}")) for a, b in rng.sample(ways, 7)]
    closure = close(graph)
    goals = list(closure.triples(p=ex("p")))
    assert goals
    for goal in goals:
        proof = closure.proof(goal)
        assert proof is not None
        assert check_proof(proof, set(graph), RULES)


@pytest.mark.parametrize("properties", [2, 12])
def test_a_proof_over_a_key_with_many_values(properties: int) -> None:
    graph = [(ex("K"), owl("hasKey"), ex("l"))]
    graph += listed(ex("l"), [ex(f"p{n}") for n in range(properties)])
    for n in range(properties):
        graph += [(ex("a"), ex(f"p{n}"), ex(f"v{k}")) for k in (1, 2)]
        graph += [(ex("b"), ex(f"p{n}"), ex(f"v{k}")) for k in (2, 3)]
    graph += [(ex("a"), TYPE, ex("K")), (ex("b"), TYPE, ex("K"))]
    proof = close(graph).proof((ex("a"), SAME, ex("b")))
    assert proof is not None
    assert check_proof(proof, set(graph), RULES)
