"""Triples sorted into relations while they are read, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foedus.errors import LimitReached
from foedus.reasoning.storage.columns import SHIFT
from foedus.reasoning.storage.partition import partition, rows_of

TYPE = 1
ROW = st.tuples(st.integers(0, 9), st.sampled_from([0, TYPE, 2, 90, 5000]), st.integers(0, 70_000))
PARTS = st.lists(st.lists(ROW, max_size=20), max_size=4)


def arrays(parts: list[list[tuple[int, int, int]]]) -> list[np.ndarray]:
    return [np.array(part, np.int64).reshape(-1, 3) for part in parts]


@given(PARTS)
def test_every_triple_is_in_its_relation_once(parts: list[list[tuple[int, int, int]]]) -> None:
    expected: dict[int, set[int]] = {}
    for s, p, o in {row for part in parts for row in part}:
        code, key = (~o, s) if p == TYPE else (p, s << SHIFT | o)
        expected.setdefault(code, set()).add(key)
    found = partition(iter(arrays(parts)), TYPE)
    assert {code: keys.tolist() for code, keys in found.items()} == {
        code: sorted(keys) for code, keys in expected.items()
    }
    assert list(found) == list(partition(arrays(parts[::-1]), TYPE))
    back = [tuple(r) for code, keys in found.items() for r in rows_of(code, keys, TYPE).tolist()]
    assert sorted(back) == sorted({row for part in parts for row in part})


def test_more_relations_than_are_counted_in_16_bits() -> None:
    rows = np.array([(n, TYPE, n % 70_000) for n in range(80_000)])
    found = partition([rows], TYPE)
    assert len(found) == 70_000
    assert found[~5].tolist() == [5, 70_005]


def test_the_limit_is_on_distinct_triples() -> None:
    same = arrays([[(n, 2, 3) for n in range(100)]] * 9)
    assert len(partition(iter(same), TYPE, limit=100)[2]) == 100
    others = (np.array([(n, 2, at) for n in range(100)]) for at in range(10**9))
    with pytest.raises(LimitReached, match="more than 250 triples"):
        partition(others, TYPE, limit=250)
