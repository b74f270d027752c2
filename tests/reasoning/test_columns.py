"""Columns of keys: searched and sorted in ways that differ for many and few, in order or not."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foedus.reasoning.storage.columns import Ids, located, sort_inplace, within
from foedus.reasoning.storage.relation import Relation
from foedus.reasoning.storage.tuning import Tuning

KEYS = st.lists(st.integers(0, 60), max_size=40)


@given(KEYS, KEYS, st.sampled_from(["left", "right"]), st.booleans())
def test_keys_are_located_part_by_part(
    ranked: list[int], probes: list[int], side: Literal["left", "right"], ordered: bool
) -> None:
    column = np.array(sorted(ranked), np.int64)
    wanted = np.array(sorted(probes) if ordered else probes, np.int64)
    tuning = Tuning(near=3, chunk=5)
    found = located(column, wanted, side, tuning)
    assert found.tolist() == column.searchsorted(wanted, side).tolist()
    assert within(wanted, column, tuning).tolist() == [key in ranked for key in wanted.tolist()]


def shuffled(count: int) -> Ids:
    return np.random.default_rng(1).permutation(count)


@pytest.mark.parametrize(
    "keys",
    [np.arange(9_999), np.arange(9_999)[::-1], shuffled(9_999), np.tile(shuffled(99), 101)],
    ids=["ordered", "the other way round", "in no order", "repeated"],
)
def test_keys_are_sorted_in_any_order(keys: Ids) -> None:
    assert sort_inplace(keys.copy()).tolist() == sorted(keys.tolist())


@given(st.lists(KEYS, max_size=12), st.integers(0, 50))
def test_deltas_hold_what_came_however_they_are_joined(batches: list[list[int]], few: int) -> None:
    relation, held = Relation(7, Tuning(small=few)), set[int]()

    def check() -> None:
        assert sorted(key for x in relation.segments for key in x.keys.tolist()) == sorted(held)
        assert relation.full.tolist() == sorted(held)
        assert relation.new(np.arange(61)).tolist() == sorted({*range(61)} - held)

    for step, batch in enumerate(batches):
        new = sorted(set(batch) - held)
        held.update(new)
        relation.append(step, np.array(new, np.int64))
        check()
        if held and len(relation.deltas[0]) > 1:
            gone = relation.deltas[0].keys[:1]
            relation.deltas[0].remove(gone)
            relation.forget(relation.deltas[0])
            held.remove(int(gone[0]))
            check()
