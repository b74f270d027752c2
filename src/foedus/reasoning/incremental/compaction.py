"""Compaction: keys of later deltas moved to the earliest delta in which they could have been found.

Every change leaves deltas of its own, and each look-up reads all of them: a thousand small changes
would slow down every further one. A key may move to an earlier delta if all that it rests on is
earlier still. An asserted key rests on nothing; for a derived one, plans are joined with what is
earlier.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.evaluation.statistics import shared
from foedus.reasoning.incremental.derivability import Derivability
from foedus.reasoning.storage.columns import NONE, SHIFT, Ids, minus, sort_unique, union, within
from foedus.reasoning.storage.relation import GIVEN, REWRITTEN, SEVERAL, Delta, Relation


def count_deltas(engine: Engine) -> int:
    """The number of deltas of all relations."""
    return sum(len(r.deltas) + len(r.superseded) for r in engine.relations.values())


def compact(engine: Engine) -> None:
    """Move keys to earlier deltas, oldest first, and drop the deltas that become empty."""
    derivability = Derivability(engine)
    later = [
        (delta.round, code, delta)
        for code, relation in engine.relations.items()
        if code not in engine.agenda.schema and len(relation.deltas) > 1
        for delta in relation.deltas
    ]
    beside: dict[Delta, tuple[Relation, Delta]] = {}  # what each home receives, as a delta
    for _, code, delta in sorted(later, key=lambda x: x[:2]):
        relation = engine.relations[code]
        home = _home(relation, delta)
        if home is None:
            continue
        keys = _early(derivability, relation, delta.keys, home)
        if not len(keys):
            continue
        if home not in beside:
            beside[home] = relation, Delta(home.round, NONE, home.origin, engine.tuning)
            relation.deltas.insert(relation.deltas.index(home) + 1, beside[home][1])
        _move(engine, relation, delta, beside[home][1], keys)
    for home, (relation, new) in beside.items():  # at the end, so that each home is copied once
        relation.deltas.remove(new)
        home.insert(new.keys)
        relation.forget()
    for relation in engine.relations.values():
        _compact_superseded(relation)


def _home(relation: Relation, delta: Delta) -> Delta | None:
    """The oldest delta of the same origin; None if that is the delta itself."""
    for home in relation.deltas:
        if home.round >= delta.round:
            return None
        if home.origin == delta.origin:
            return home
    return None


def _early(derivability: Derivability, relation: Relation, keys: Ids, home: Delta) -> Ids:
    """The keys that are derivable from what is earlier than a delta."""
    if home.origin == GIVEN:
        return keys
    if home.origin == REWRITTEN:
        return NONE
    batch = derivability.is_batch(relation.code, home)
    if derivability.is_transitive(relation.code, home):
        own = NONE if batch else home.keys
        subjects = sort_unique(np.concatenate([own, keys]) >> SHIFT)
        reached = derivability.reached(relation, home.round, subjects)
        if batch or within(own, reached).all():  # else the rule made it of another chain, too
            derivability.engine.batches.add((relation.code, home.round))
            return keys[within(keys, reached)]  # keys of one closure may rest on each other
    if batch:
        return NONE
    return minus(keys, [derivability.unfounded(relation.code, keys, home)])


def _move(engine: Engine, relation: Relation, delta: Delta, home: Delta, keys: Ids) -> None:
    code = relation.code
    if delta.origin == SEVERAL:
        theirs, ours = (engine.mixed[code, x.round] for x in (delta, home))
        for rule, count in shared(theirs, len(keys)).items():
            theirs[rule] -= count
            ours[rule] = ours.get(rule, 0) + count
    engine.move(relation, delta, home, keys)


def _compact_superseded(relation: Relation) -> None:
    """Merge superseded deltas of one rule and round; that of asserted keys does not matter."""
    alike: dict[tuple[int, str], list[Delta]] = defaultdict(list)
    for delta in relation.superseded:
        alike[-1 if delta.origin == GIVEN else delta.round, delta.origin].append(delta)
    if len(alike) < len(relation.superseded):
        relation.superseded = []
        for (_, origin), some in alike.items():
            round, keys = min(delta.round for delta in some), union([delta.keys for delta in some])
            relation.superseded.append(Delta(round, keys, origin, relation.tuning))
