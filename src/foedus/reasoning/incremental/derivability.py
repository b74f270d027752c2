"""Derivability: which keys plans still derive from the triples of earlier rounds.

The rederivation test of DRed, restricted to earlier rounds, so that no triple is kept by a circular
derivation.
"""

from __future__ import annotations

import numpy as np

from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.evaluation.filters import apply_tests
from foedus.reasoning.evaluation.joins import Database, join_body, keys_of
from foedus.reasoning.planning.plan import LIST, TRANSITIVE, RulePlan
from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    SHIFT,
    Ids,
    Mask,
    minus,
    pack,
    sort_unique,
    union,
)
from foedus.reasoning.storage.reachability import transitive_closure
from foedus.reasoning.storage.relation import GIVEN, Delta, Relation


class Derivability:
    """Asks an engine's plans for given keys."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def is_batch(self, code: int, delta: Delta) -> bool:
        """Whether a delta is a whole transitive closure, whose keys may rest on each other."""
        return (code, delta.round) in self.engine.batches and delta.origin != GIVEN

    def is_transitive(self, code: int, delta: Delta) -> bool:
        """Whether a plan for transitive closures that may have made a delta still exists."""
        plans, batch = self.engine.agenda.incoming.get(code, ()), self.is_batch(code, delta)
        kin = [p for p in plans if p.kind == TRANSITIVE and p.rule == delta.origin]
        return any(batch or plan.born < delta.round for plan in kin)

    def reached(self, relation: Relation, before: int, subjects: Ids) -> Ids:
        """The keys of sorted subjects that follow by transitivity from earlier rounds."""
        links = union([delta.keys for delta in relation.before(before)])
        start = Delta(-1, links, GIVEN, self.engine.tuning).touching(subjects, forward=True)
        return transitive_closure(links, self.engine.database.check, start, self.engine.tuning)

    def unfounded(self, code: int, keys: Ids, delta: Delta) -> Ids:
        """The sorted keys of a delta that no plan derives from what is of earlier rounds."""
        for plan in self.engine.agenda.incoming.get(code, ()):
            if not len(keys):
                break
            listed = any(premise == LIST for premise, _, _ in plan.body)
            if plan.born >= delta.round or (listed and self.engine.lists.round >= delta.round):
                continue  # the plan, or the list that it reads, is younger than the keys
            if code in self.engine.agenda.schema and plan.rule != delta.origin:
                continue  # plans may skip what certain rules derive, so the origin must stay true
            keys = minus(keys, [self.given(plan, keys, delta.round)])
        return keys

    def given(self, plan: RulePlan, keys: Ids, before: int | None) -> Ids:
        """The sorted keys that a plan derives from what was found before a round, or at all."""
        assert plan.head is not None
        engine = self.engine
        code, s, o = plan.head
        if s >= 0:
            keys = keys[(keys if code < 0 else keys >> SHIFT) == s]
        if o >= 0 and code >= 0:
            keys = keys[keys & LOW == o]
        if not len(keys):
            return NONE
        if plan.is_copy and plan.body[0][0] != engine.database.same and s != o:
            return keys[self.copied(plan, keys, before)]
        relations = engine.relations if before is None else self.earlier(plan, before)
        if any(
            c not in (LIST, engine.database.same) and c not in relations for c, _, _ in plan.body
        ):
            return NONE
        if plan.check is None:
            plan.check = RulePlan(plan.rule, (plan.head, *plan.body), plan.head, plan.tests)
        database = Database(relations, engine.lists.members, engine.database.same, engine.occurring)
        database.rows, database.tick = engine.database.rows, engine.tick
        table = join_body(plan.check, database, plan.wanted, 0, keys)
        if not table.size:
            return NONE
        return sort_unique(keys_of(apply_tests(plan, table, engine), plan.head))

    def copied(self, plan: RulePlan, keys: Ids, before: int | None) -> Mask:
        """A mask: which keys a plan with one premise derives."""
        assert plan.head is not None
        (code, s, o), (target, hs, ho) = plan.body[0], plan.head
        bound = {hs: keys} if target < 0 else {hs: keys >> SHIFT, ho: keys & LOW}
        left, right = (np.full(len(keys), x) if x >= 0 else bound.get(x) for x in (s, o))
        found = np.zeros(len(keys), np.bool_)
        relation = self.engine.database.relation(code)
        for delta in relation.segments if before is None else relation.before(before):
            if code < 0:
                found |= True if left is None else delta.has(left)
            elif left is not None and right is not None:
                found |= delta.has(pack(left, right))
            elif left is not None:
                found |= delta.neighbours(left, forward=True)[2] > 0
            elif right is not None:
                found |= delta.neighbours(right, forward=False)[2] > 0
            else:
                found |= s != o or bool((delta.keys >> SHIFT == delta.keys & LOW).any())
        return found

    def earlier(self, plan: RulePlan, before: int) -> dict[int, Relation]:
        """The non-empty relations of a plan, restricted to deltas of earlier rounds."""
        out: dict[int, Relation] = {}
        for code, _, _ in plan.body:
            relation = self.engine.relations.get(code)
            if relation is None or not relation.deltas or relation.deltas[0].round >= before:
                continue
            if relation.round >= before:
                part = Relation(code, relation.tuning)
                part.deltas = relation.before(before)
                relation = part
            out[code] = relation
        return out
