"""The immediate consequence operator: plans joined, restricted to what is new."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from foedus.reasoning.evaluation.filters import apply_tests
from foedus.reasoning.evaluation.grouping import adjacent
from foedus.reasoning.evaluation.joins import columns_of, join_body, keys_of
from foedus.reasoning.evaluation.state import State
from foedus.reasoning.planning.plan import GROUP, LIST, RulePlan
from foedus.reasoning.storage.columns import (
    LOW,
    NONE,
    SHIFT,
    Ids,
    distinct,
    pack,
    sort_inplace,
    sort_unique,
    turned,
)


class Consequences(State):
    """The operator that semi-naive evaluation iterates; nothing here changes a relation."""

    def changed(self, plan: RulePlan) -> list[int]:
        """The premises of a plan whose relation has a new delta; one of two twins."""
        seen = plan.seen
        relations = self.relations
        out = []
        for number, (code, _, _) in enumerate(plan.body):
            if code == LIST:
                if seen < 0:
                    out.append(number)
                continue
            if code == self.database.same:
                return [number]
            relation = relations.get(code)
            if relation is None or not relation.deltas:
                return []  # nothing can match
            if relation.deltas[-1].round > seen and not plan.is_twin(number):
                out.append(number)
        return out

    def tables(self, plan: RulePlan, wanted: set[int]) -> Iterable[dict[int, Ids]]:
        """Tables of the bindings of a plan's body in which some premise is new."""
        news = self.changed(plan)
        if not news:
            return
        whole = plan.seen < 0
        if whole:
            sizes = [
                len(self.database.relation(c)) if c not in (LIST, self.database.same) else 1 << 62
                for c, _, _ in plan.body
            ]
            news = [min(range(len(sizes)), key=sizes.__getitem__)]
        for number in news:
            code = plan.body[number][0]
            fresh = None
            if code != self.database.same and code != LIST and not whole:
                relation = self.relations[code]
                fresh = relation.since(plan.seen)
                if len(fresh) == len(relation):
                    whole = True
            table = join_body(plan, self.database, wanted, number, fresh)
            if table.size:
                yield apply_tests(plan, table, self)
            if whole:
                break

    def candidates(self, plan: RulePlan) -> Ids:
        """The keys that a plan derives for its target, sorted and unique; some may be known."""
        assert plan.head is not None
        if plan.is_copy:
            return self.copied(plan)
        parts = [keys_of(columns, plan.head) for columns in self.tables(plan, plan.wanted)]
        if not parts:
            return NONE
        keys = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if plan.head[0] < 0 and len(keys) * 16 > len(self.terms):
            marks = np.zeros(len(self.terms), np.bool_)
            marks[keys] = True
            return np.flatnonzero(marks)
        return sort_unique(keys)

    def copied(self, plan: RulePlan) -> Ids:
        """The same for a plan with a single premise."""
        code = plan.body[0][0]
        if code == self.database.same:
            terms = self.occurring()
            return self.image(plan, pack(terms, terms))
        relation = self.relations.get(code)
        if relation is None or relation.round <= plan.seen:
            return NONE
        keys = relation.since(plan.seen)
        if len(relation.deltas) > 1 and plan.seen >= 0:
            keys = sort_inplace(keys)
        return self.image(plan, keys)

    def image(self, plan: RulePlan, keys: Ids) -> Ids:
        """What a plan with one premise and no tests derives from sorted keys: sorted."""
        assert plan.head is not None
        (code, s, o), (target, hs, ho) = plan.body[0], plan.head
        if code < 0:
            if s >= 0:
                keys = keys[keys == s]
            if target < 0:
                return keys if hs < 0 else np.full(min(1, len(keys)), hs)
            if not len(keys):
                return NONE
            return sort_unique(
                pack(
                    keys if hs < 0 else np.full(len(keys), hs),
                    keys if ho < 0 else np.full(len(keys), ho),
                )
            )
        if s >= 0:
            low, top = np.searchsorted(keys, [s << SHIFT, (s + 1) << SHIFT]).tolist()
            keys = keys[low:top]
        if o >= 0:
            keys = keys[keys & LOW == o]
        if s == o and s < 0:
            keys = keys[keys >> SHIFT == keys & LOW]
        if not len(keys):
            return NONE
        if target < 0:
            if hs >= 0:
                return np.full(1, hs)
            return distinct(keys >> SHIFT) if hs == s else keys & LOW if s >= 0 else self.ends(keys)
        if s < 0 and o < 0 and s != o:
            if (hs, ho) == (s, o):
                return keys
            if (hs, ho) == (o, s):
                return turned(keys)
        left = np.full(len(keys), hs) if hs >= 0 else keys >> SHIFT if hs == s else keys & LOW
        right = np.full(len(keys), ho) if ho >= 0 else keys >> SHIFT if ho == s else keys & LOW
        return sort_unique(pack(left, right))

    def ends(self, keys: Ids) -> Ids:
        """The objects of keys, sorted and unique."""
        if len(keys) * 16 < len(self.terms):
            return sort_unique(keys & LOW)
        marks = np.zeros(len(self.terms), np.bool_)
        marks[keys & LOW] = True
        return np.flatnonzero(marks)

    def pairs(self, plan: RulePlan) -> Iterable[tuple[Ids, Ids]]:
        """The pairs of terms that a plan equates."""
        assert plan.head is not None
        _, a, b = plan.head
        if plan.kind == GROUP and plan.seen < 0:
            if self.changed(plan):
                yield adjacent(plan, self.database, len(self.terms))
            return
        for columns in self.tables(plan, plan.wanted):
            left, right = columns_of(columns, a, b)
            differ = np.flatnonzero(left != right)
            yield left[differ], right[differ]
