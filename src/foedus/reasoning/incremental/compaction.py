"""Keys of later changes, put where the first run would have put them.

Every change leaves deltas of its own, and each look-up reads them all: a thousand small changes
would make every further one slow. But a key may move to an earlier delta if all that it rests on
is earlier still. What is asserted rests on nothing; for the rest, plans are asked.
"""

from __future__ import annotations

from collections import defaultdict

from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.evaluation.statistics import shared
from foedus.reasoning.incremental.derivability import Derivability
from foedus.reasoning.storage.columns import NONE, SHIFT, Ids, minus, sort_unique, union, within
from foedus.reasoning.storage.relation import GIVEN, REWRITTEN, SEVERAL, Delta, Relation


def count_deltas(engine: Engine) -> int:
    """How many deltas an engine's relations have."""
    return sum(len(r.deltas) + len(r.dead) for r in engine.relations.values())


def compact(engine: Engine) -> None:
    """Move keys to earlier deltas, oldest first, and drop the deltas that this empties."""
    derivability = Derivability(engine)
    later = [
        (delta.round, code, delta)
        for code, relation in engine.relations.items()
        if code not in engine.agenda.schema and len(relation.deltas) > 1
        for delta in relation.deltas
    ]
    beside: dict[Delta, tuple[Relation, Delta]] = {}  # what homes get, of the same round
    for _, code, delta in sorted(later, key=lambda x: x[:2]):
        relation = engine.relations[code]
        home = _home(relation, delta)
        if home is None:
            continue
        keys = _early(derivability, relation, delta.keys, home)
        if not len(keys):
            continue
        if home not in beside:
            beside[home] = relation, Delta(home.round, NONE, home.origin)
            relation.deltas.insert(relation.deltas.index(home) + 1, beside[home][1])
        _move(engine, relation, delta, beside[home][1], keys)
    for home, (relation, new) in beside.items():  # so each home is copied once
        relation.deltas.remove(new)
        home.insert(new.keys)
        relation.forget()
    for relation in engine.relations.values():
        _compact_dead(relation)


def _home(relation: Relation, delta: Delta) -> Delta | None:
    """The oldest delta that came about as a later one did."""
    for home in relation.deltas:
        if home.round >= delta.round:
            return None
        if home.origin == delta.origin:
            return home
    return None


def _early(derivability: Derivability, relation: Relation, keys: Ids, home: Delta) -> Ids:
    """Those of the keys that rest on what is earlier than a delta."""
    if home.origin == GIVEN:
        return keys
    if home.origin == REWRITTEN:
        return NONE
    if derivability.closes(relation.code, home):  # keys of one closure may rest on one another
        derivability.engine.batches.add((relation.code, home.round))
        return keys[
            within(keys, derivability.reached(relation, home.round, sort_unique(keys >> SHIFT)))
        ]
    if derivability.is_batch(relation.code, home):
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


def _compact_dead(relation: Relation) -> None:
    """What was asserted under older names rests on nothing either; the rest has its round."""
    alike: dict[tuple[int, str], list[Delta]] = defaultdict(list)
    for delta in relation.dead:
        alike[-1 if delta.origin == GIVEN else delta.round, delta.origin].append(delta)
    if len(alike) < len(relation.dead):
        relation.dead = [
            Delta(min(delta.round for delta in some), union([delta.keys for delta in some]), origin)
            for (_, origin), some in alike.items()
        ]
