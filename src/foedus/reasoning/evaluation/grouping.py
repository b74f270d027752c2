"""Equalities by grouping: functional properties, keys and "at most one" without a self-join.

Such a rule asks for two things that agree in all else, and concludes that they are equal. So one
half of its symmetric body is joined, sorted by what must agree, and neighbours that agree are
equated. The quadratic number of pairs is never formed.
"""

from __future__ import annotations

import numpy as np

from foedus.reasoning.evaluation.joins import Database, join_body
from foedus.reasoning.planning.plan import RulePlan
from foedus.reasoning.storage.columns import LOW, NONE, SHIFT, Ids, pack, sort_unique


def adjacent(plan: RulePlan, database: Database, count: int) -> tuple[Ids, Ids]:
    """Pairs that connect all things which agree, each with its neighbour: two columns."""
    half = plan.half
    assert half is not None and half.head is not None
    thing = half.head[1]
    shared = sorted(
        {t for _, s, o in half.body if thing in (s, o) for t in (s, o) if t < 0 and t != thing}
    )
    sizes = [len(database.relation(code)) for code, _, _ in half.body]
    start = sizes.index(min(sizes))
    table = join_body(half, database, {thing, *shared}, start, None)
    if table.size < 2:
        return NONE, NONE
    things = table.columns[thing]
    if not shared:
        ranked = sort_unique(things)
        return ranked[:-1], ranked[1:]
    group = table.columns[shared[0]]
    for name in shared[1:]:
        keys = pack(group, table.columns[name])
        group = np.searchsorted(sort_unique(keys.copy()), keys)
    keys = sort_unique(pack(group, things))
    agree = np.flatnonzero(keys[1:] >> SHIFT == keys[:-1] >> SHIFT)
    return keys[agree] & LOW, keys[agree + 1] & LOW
