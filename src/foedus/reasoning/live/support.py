"""What plans give from triples of earlier steps: all that a triple may rest on."""

from __future__ import annotations

import numpy as np

from foedus.reasoning.fixpoint.engine import Engine
from foedus.reasoning.fixpoint.filters import apply_tests
from foedus.reasoning.plans.joins import Data, keys_of, solve
from foedus.reasoning.plans.plan import CLOSE, LIST, Plan
from foedus.reasoning.rows.columns import LOW, NONE, SHIFT, Ids, Mask, minus, pack, union, unique
from foedus.reasoning.rows.layers import GIVEN, Layer, Relation
from foedus.reasoning.rows.transitive import closed


class Support:
    """What an engine's plans give, asked for single keys."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def is_batch(self, code: int, layer: Layer) -> bool:
        """Whether a transitive closure made a layer at once: its keys may rest on one another."""
        return (code, layer.step) in self.engine.batches and layer.origin != GIVEN

    def closes(self, code: int, layer: Layer) -> bool:
        """Whether the plan that made a transitive closure is still there."""
        plans = self.engine.agenda.incoming.get(code, ())
        return any(p.kind == CLOSE and p.rule == layer.origin for p in plans)

    def reached(self, relation: Relation, before: int, subjects: Ids) -> Ids:
        """The keys that links of earlier steps give some sorted subjects by transitivity."""
        links = union([layer.keys for layer in relation.before(before)])
        start = Layer(-1, links, GIVEN).touching(subjects, forward=True)
        return closed(links, self.engine.data.check, start)

    def unfounded(self, code: int, keys: Ids, layer: Layer) -> Ids:
        """The keys that no plan gives any more from what is of earlier steps."""
        for plan in self.engine.agenda.incoming.get(code, ()):
            if not len(keys):
                break
            listed = any(premise == LIST for premise, _, _ in plan.body)
            if plan.born >= layer.step or (listed and self.engine.lists.step >= layer.step):
                continue  # it, or the list that it reads, is younger
            if code in self.engine.agenda.schema and plan.rule != layer.origin:
                continue  # of whom a triple of the vocabulary is, plans may rely on
            keys = minus(keys, [self.given(plan, keys, layer.step)])
        return keys

    def given(self, plan: Plan, keys: Ids, before: int | None) -> Ids:
        """Those of the keys that a plan gives from what is there before a step."""
        assert plan.head is not None
        engine = self.engine
        code, s, o = plan.head
        if s >= 0:
            keys = keys[(keys if code < 0 else keys >> SHIFT) == s]
        if o >= 0 and code >= 0:
            keys = keys[keys & LOW == o]
        if not len(keys):
            return NONE
        if plan.is_copy and plan.body[0][0] != engine.data.same and s != o:
            return keys[self.copied(plan, keys, before)]
        relations = engine.relations if before is None else self.earlier(plan, before)
        if any(c not in (LIST, engine.data.same) and c not in relations for c, _, _ in plan.body):
            return NONE
        if plan.check is None:
            plan.check = Plan(plan.rule, (plan.head, *plan.body), plan.head, plan.tests)
        data = Data(relations, engine.lists.members, engine.data.same, engine.occurring)
        data.rows, data.tick = engine.data.rows, engine.tick
        table = solve(plan.check, data, plan.wanted, 0, keys)
        if not table.size:
            return NONE
        return unique(keys_of(apply_tests(plan, table, engine), plan.head))

    def copied(self, plan: Plan, keys: Ids, before: int | None) -> Mask:
        """Which keys a plan with one premise gives."""
        assert plan.head is not None
        (code, s, o), (target, hs, ho) = plan.body[0], plan.head
        bound = {hs: keys} if target < 0 else {hs: keys >> SHIFT, ho: keys & LOW}
        left, right = (np.full(len(keys), x) if x >= 0 else bound.get(x) for x in (s, o))
        found = np.zeros(len(keys), np.bool_)
        relation = self.engine.data.relation(code)
        for layer in relation.shelves if before is None else relation.before(before):
            if code < 0:
                found |= True if left is None else layer.has(left)
            elif left is not None and right is not None:
                found |= layer.has(pack(left, right))
            elif left is not None:
                found |= layer.neighbours(left, forward=True)[2] > 0
            elif right is not None:
                found |= layer.neighbours(right, forward=False)[2] > 0
            else:
                found |= s != o or bool((layer.keys >> SHIFT == layer.keys & LOW).any())
        return found

    def earlier(self, plan: Plan, before: int) -> dict[int, Relation]:
        """The relations of a plan as far as they are of earlier steps; empty ones are left out."""
        out: dict[int, Relation] = {}
        for code, _, _ in plan.body:
            relation = self.engine.relations.get(code)
            if relation is None or not relation.layers or relation.layers[0].step >= before:
                continue
            if relation.step >= before:
                part = Relation(code)
                part.layers = relation.before(before)
                relation = part
            out[code] = relation
        return out
