"""How many stored triples each rule was the first to derive."""

from __future__ import annotations

from collections import Counter

import numpy as np

from foedus.reasoning.evaluation.materialization import Materialization
from foedus.reasoning.storage.columns import LOW, SHIFT, Ids, pack, swap, within
from foedus.reasoning.storage.relation import GIVEN, REWRITTEN, SEVERAL


def by_rule(materialization: Materialization) -> dict[str, int]:
    """The number of derived triples by rule, which add up to all derived triples.

    A triple that holds under several names of one thing counts once for the rule that derived it,
    and for eq-rep-s, eq-rep-p or eq-rep-o under every other name.
    """
    counts: Counter[str] = Counter()
    for code in materialization:
        keys = materialization.derived(code)
        if not len(keys):
            continue
        if materialization.is_equality(code):
            _equalities(materialization, code, keys, counts)
        else:
            _found(materialization, code, keys, counts)
    return {rule: n for rule, n in sorted(counts.items()) if n > 0}


def _equalities(
    materialization: Materialization, code: int, keys: Ids, counts: Counter[str]
) -> None:
    """Merges count for their rules, their inverses for eq-sym, the rest for eq-trans."""
    left, same = len(keys), materialization.engine.vocabulary.same
    if code != same:
        counts["eq-rep-p"] += left
        return
    links = materialization.engine.equality.forest
    pairs = pack(links.a, links.b)
    there = within(pairs, keys) & ~links.by(GIVEN)
    back = within(swap(pairs), keys)
    for rule in links.rules:
        counts[rule] += int(np.count_nonzero(there & links.by(rule)))
    counts["eq-sym"] += int(back.sum())
    counts["eq-trans"] += left - int(there.sum()) - int(back.sum())


def _found(materialization: Materialization, code: int, keys: Ids, counts: Counter[str]) -> None:
    engine = materialization.engine
    of, term = engine.equality.of, ~code if code < 0 else code
    rep = of(term)
    if rep != term:
        counts["eq-rep-p" if code >= 0 else "eq-rep-o"] += len(keys)
        return
    if engine.equality:
        reps = engine.equality.rep
        if code >= 0:
            other = reps[keys & LOW] != keys & LOW
            counts["eq-rep-o"] += int(other.sum())
            keys = keys[~other]
        subjects = keys if code < 0 else keys >> SHIFT
        other = reps[subjects] != subjects
        counts["eq-rep-s"] += int(other.sum())
        keys = keys[~other]
    for delta in engine.relations[code].deltas:
        number = len(delta)
        if number > len(keys):
            number = int(np.count_nonzero(delta.has(keys)))
        else:
            number = int(np.count_nonzero(within(delta.keys, keys)))
        if delta.origin == REWRITTEN:
            counts["eq-rep-s"] += number
        elif delta.origin == SEVERAL:
            counts.update(shared(engine.mixed.get((code, delta.round), {}), number))
        elif delta.origin:
            counts[delta.origin] += number


def shared(found: dict[str, int], number: int) -> dict[str, int]:
    """The contributions of rules to some keys of a delta, attributed in the order of the rules."""
    mine: dict[str, int] = {}
    for rule, n in found.items():
        mine[rule] = min(n, number)
        number -= mine[rule]
    return mine
