"""Keys of later changes, put where the first run would have put them.

Every change leaves layers of its own, and each look-up reads them all: a thousand small changes
would make every further one slow. But a key may move to an earlier layer if all that it rests on
is earlier still. What is asserted rests on nothing; for the rest, plans are asked.
"""

from __future__ import annotations

from collections import defaultdict

from foedus.reasoning.fixpoint.engine import Engine
from foedus.reasoning.fixpoint.statistics import shared
from foedus.reasoning.live.support import Support
from foedus.reasoning.rows.columns import NONE, SHIFT, Ids, minus, union, unique, within
from foedus.reasoning.rows.layers import GIVEN, REWRITTEN, SEVERAL, Layer, Relation


def count_layers(engine: Engine) -> int:
    """How many layers an engine's relations have."""
    return sum(len(r.layers) + len(r.dead) for r in engine.relations.values())


def settle(engine: Engine) -> None:
    """Move keys to earlier layers, oldest first, and drop the layers that this empties."""
    support = Support(engine)
    later = [
        (layer.step, code, layer)
        for code, relation in engine.relations.items()
        if code not in engine.agenda.schema and len(relation.layers) > 1
        for layer in relation.layers
    ]
    beside: dict[Layer, tuple[Relation, Layer]] = {}  # what homes get, of the same step
    for _, code, layer in sorted(later, key=lambda x: x[:2]):
        relation = engine.relations[code]
        home = _home(relation, layer)
        if home is None:
            continue
        keys = _early(support, relation, layer.keys, home)
        if not len(keys):
            continue
        if home not in beside:
            beside[home] = relation, Layer(home.step, NONE, home.origin)
            relation.layers.insert(relation.layers.index(home) + 1, beside[home][1])
        _move(engine, relation, layer, beside[home][1], keys)
    for home, (relation, new) in beside.items():  # so each home is copied once
        relation.layers.remove(new)
        home.insert(new.keys)
        relation.forget()
    for relation in engine.relations.values():
        _settle_dead(relation)


def _home(relation: Relation, layer: Layer) -> Layer | None:
    """The oldest layer that came about as a later one did."""
    for home in relation.layers:
        if home.step >= layer.step:
            return None
        if home.origin == layer.origin:
            return home
    return None


def _early(support: Support, relation: Relation, keys: Ids, home: Layer) -> Ids:
    """Those of the keys that rest on what is earlier than a layer."""
    if home.origin == GIVEN:
        return keys
    if home.origin == REWRITTEN:
        return NONE
    if support.closes(relation.code, home):  # keys of one closure may rest on one another
        support.engine.batches.add((relation.code, home.step))
        return keys[within(keys, support.reached(relation, home.step, unique(keys >> SHIFT)))]
    if support.is_batch(relation.code, home):
        return NONE
    return minus(keys, [support.unfounded(relation.code, keys, home)])


def _move(engine: Engine, relation: Relation, layer: Layer, home: Layer, keys: Ids) -> None:
    code = relation.code
    if layer.origin == SEVERAL:
        theirs, ours = (engine.mixed[code, x.step] for x in (layer, home))
        for rule, count in shared(theirs, len(keys)).items():
            theirs[rule] -= count
            ours[rule] = ours.get(rule, 0) + count
    engine.move(relation, layer, home, keys)


def _settle_dead(relation: Relation) -> None:
    """What was asserted under older names rests on nothing either; the rest has its step."""
    alike: dict[tuple[int, str], list[Layer]] = defaultdict(list)
    for layer in relation.dead:
        alike[-1 if layer.origin == GIVEN else layer.step, layer.origin].append(layer)
    if len(alike) < len(relation.dead):
        relation.dead = [
            Layer(min(layer.step for layer in some), union([layer.keys for layer in some]), origin)
            for (_, origin), some in alike.items()
        ]
