"""Withdrawal of asserted triples: overdelete what may rest on them, rederive what still follows.

DRed (Gupta, Mumick, Subrahmanian, SIGMOD 1993) with the test of the backward/forward algorithm
(Motik et al., AAAI 2015): every triple has the round in which it was found, and rests on triples of
earlier rounds. So the deltas concerned are visited in the order of their rounds, and an overdeleted
triple stays if a plan still derives it from what is left of earlier rounds. What was deleted is
then tested once more against all that is left (rederivation), and the engine runs from there. Plans
go when the ontology no longer asks for them.

``unmerge.py`` has what equality needs besides.
"""

from __future__ import annotations

import heapq
import time
from collections import defaultdict

import numpy as np

from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.evaluation.filters import apply_tests
from foedus.reasoning.evaluation.joins import columns_of, join_body, keys_of
from foedus.reasoning.evaluation.materialization import Materialization
from foedus.reasoning.incremental.derivability import Derivability
from foedus.reasoning.incremental.unmerge import Rebuild, Unmerge
from foedus.reasoning.planning.plan import LIST, TRANSITIVE, RulePlan, RuleTemplate
from foedus.reasoning.storage.columns import LOW, NONE, SHIFT, Ids, minus, sort_unique, union
from foedus.reasoning.storage.relation import GIVEN, Delta, Relation, among, not_in


class Withdrawal:
    """One withdrawal from an engine; raises Rebuild after so many seconds of processor time.

    Where each triple rests on the one before, as along a chain of thousands of links, all rounds
    would be visited one by one, and computing the closure anew is faster.
    """

    def __init__(self, engine: Engine, materialization: Materialization, seconds: float) -> None:
        self.engine, self.materialization = engine, materialization
        self.until = time.thread_time() + seconds
        self.heap: list[tuple[int, int]] = []  # (round, code) of deltas to visit
        self.due: set[tuple[int, int]] = set()  # what is in the heap
        self.waiting: dict[int, list[tuple[Ids, int]]] = defaultdict(list)  # not yet located
        self.overdeleted: dict[Delta, list[Ids]] = defaultdict(list)
        self.cut: set[Delta] = set()  # deltas that lost something
        self.gone: dict[int, list[Ids]] = defaultdict(list)
        self.touched: set[int] = set()  # codes of relations that lost keys
        self.cells = False  # whether list cells were deleted
        plans = engine.agenda.incoming.get(engine.vocabulary.same, ())
        self.linking = {code for plan in plans for code, _, _ in plan.body}  # lead to equalities
        self.axioms = {rule.id for rule in engine.rules if not rule.premises}
        self.derivability = Derivability(engine)
        self.unmerge = Unmerge(engine)

    def run(self, parts: dict[int, Ids]) -> None:
        """Remove keys that are no longer asserted, and what only followed from them."""
        engine = self.engine
        if any(
            plan.head is not None for plan in engine.agenda.readers.get(engine.database.same, ())
        ):
            raise Rebuild  # a term may no longer occur
        for code, keys in parts.items():
            if engine.equal and code == engine.vocabulary.same:
                self.unmerge.unmerge_all(engine.equality.rep[keys >> SHIFT])
                self.unmerge.unmerge_all(engine.equality.rep[keys & LOW])
            else:
                self.overdelete(code, self.unmerge.current(code, keys), -1)
        lost = self.materialization.lost(parts)
        self.drop_literals(lost)
        self.drain()
        self.recompile()
        self.rederive()
        engine.run()
        engine.cleared = NONE, -1
        if len(lost):
            engine.literals.forget(lost)

    def drop_literals(self, lost: Ids) -> None:
        """Take literals that left the data out of their datatypes."""
        engine = self.engine
        if engine.literals.is_named(lost):
            raise Rebuild  # plans may name its value by this term
        datatypes = engine.specializer.datatypes
        if datatypes and self.unmerge.merged[lost].any():
            raise Rebuild
        for code in datatypes:
            relation = engine.relation(code)
            for delta in [x for x in relation.deltas if x.origin == "dt-type2"]:
                mine = lost[delta.has(lost)]
                if len(mine):
                    self.remove(relation, delta, mine)

    def overdelete(self, code: int, keys: Ids, after: int) -> None:
        """Overdelete sorted keys, where they are of a round after a given one.

        Keys from several plans are located together, when the first of their deltas is visited;
        those that lead to equalities at once, because classes are best unmerged early.
        """
        relation = self.engine.relations.get(code)
        if relation is None or not len(keys):
            return
        self.unmerge.check(code, keys)
        if code in self.linking:
            self.find(relation, keys, after)
            return
        first = -1 if relation.superseded else after
        round = next((delta.round for delta in relation.deltas if delta.round > first), None)
        if round is not None:
            self.waiting[code].append((keys, after))
            self.push(round, code)

    def push(self, round: int, code: int) -> None:
        """Have the deltas of a round visited."""
        if (round, code) not in self.due:
            self.due.add((round, code))
            heapq.heappush(self.heap, (round, code))

    def find(self, relation: Relation, keys: Ids, after: int) -> None:
        """Locate sorted keys in the deltas after a round; in all, if they had other names."""
        code = relation.code
        older = self.unmerge.renamed(relation, keys, after)
        segments = relation.segments
        here = among(keys, [segment for segment in segments if segment.round < 0])
        both, few = (keys, keys[older]), (keys[here], keys[here & older])
        for delta in relation.deltas:
            some = (both if delta in segments else few)[delta.round <= after]
            mine = some[delta.has(some)] if len(some) else NONE
            if len(mine):
                if code in self.linking:
                    self.unmerge_for(code, mine)
                if delta not in self.overdeleted:
                    self.push(delta.round, code)
                self.overdeleted[delta].append(mine)

    def unmerge_for(self, code: int, keys: Ids) -> None:
        """Unmerge the classes that rules merged because of keys that may go."""
        if not self.unmerge.some:
            return
        for plan in self.engine.agenda.readers.get(code, ()):
            if plan.head is None or plan.head[0] != self.engine.vocabulary.same:
                continue
            ones = {term for term in plan.head[1:] if term < 0}
            for premise, s, o in plan.body:
                if premise == code and s in ones:
                    self.unmerge.unmerge_by(plan.rule, keys if code < 0 else keys >> SHIFT)
                elif premise == code and o in ones:
                    self.unmerge.unmerge_by(plan.rule, keys & LOW)
                elif premise == code:
                    self.spread(plan, code, keys, -1)

    def drain(self) -> None:
        """Visit the deltas with overdeleted keys, round by round, until there are none."""
        engine = self.engine
        self.overdelete_unmerged()
        while self.heap or self.unmerge.fresh:
            if not self.heap:
                self.overdelete_unmerged()
                continue
            engine.tick()
            if time.thread_time() > self.until:
                raise Rebuild
            round, code = heapq.heappop(self.heap)
            self.due.discard((round, code))
            relation = engine.relations[code]
            waiting = self.waiting.pop(code, [])
            if waiting:
                after = min(after for _, after in waiting)
                self.find(relation, union([keys for keys, _ in waiting]), after)
            for delta in [x for x in relation.deltas if x.round == round and not self.evident(x)]:
                parts = self.overdeleted.pop(delta, [])
                if not parts and not (
                    code in self.gone and self.derivability.is_batch(code, delta)
                ):
                    continue
                keys = union(parts)
                if delta in self.cut:
                    keys = keys[delta.has(keys)]
                shaken = self.unmerge.shaken(relation, delta, keys)
                one_name = not relation.superseded  # of each link
                if one_name and self.is_closure(code, delta):
                    found = self.unreached(relation, delta, keys)
                else:
                    found = minus(keys[~shaken], [self.materialization.asserted.get(code, NONE)])
                    found = self.derivability.unfounded(code, found, delta)
                keys = union([found, keys[shaken]])
                if len(keys):
                    self.remove(relation, delta, keys)

    def overdelete_unmerged(self) -> None:
        """Overdelete what was said of unmerged classes under their other names."""
        if self.unmerge.fresh:
            for code, keys in self.unmerge.about_unmerged():
                self.overdelete(code, keys, -1)

    def evident(self, delta: Delta) -> bool:
        """Whether a delta rests on nothing: the axioms of the rule table."""
        return delta.origin in self.axioms

    def is_closure(self, code: int, delta: Delta) -> bool:
        """Whether a delta is a whole transitive closure whose plan still exists."""
        if not self.derivability.is_batch(code, delta):
            return False
        found = self.derivability.is_transitive(code, delta)
        if not found:
            self.engine.batches.discard((code, delta.round))
        return found

    def unreached(self, relation: Relation, delta: Delta, overdeleted: Ids) -> Ids:
        """The keys of a transitive closure that earlier links no longer give."""
        cut = sort_unique(np.concatenate([overdeleted, *self.gone.get(relation.code, [])]) >> SHIFT)
        led = [x.touching(cut, forward=False) & LOW for x in relation.segments]
        subjects = sort_unique(np.concatenate([cut, *led]))
        still = self.derivability.reached(relation, delta.round, subjects)
        mine = delta.touching(subjects, forward=True)
        return minus(mine, [still, self.materialization.asserted.get(relation.code, NONE)])

    def remove(self, relation: Relation, delta: Delta, keys: Ids) -> None:
        """Delete keys from a delta, and overdelete what plans derived from them."""
        engine, code = self.engine, relation.code
        older = self.unmerge.renamed(relation, keys, -1)  # their consequences may be older
        lately, before = keys[~older], keys[older]
        batch = self.derivability.is_batch(code, delta)
        for plan in engine.agenda.readers.get(code, ()):
            if plan.head is None or plan.head[0] != engine.vocabulary.same or not engine.equal:
                self.spread(plan, code, lately, delta.round - batch)
                self.spread(plan, code, before, -1)
        if code in (engine.vocabulary.first, engine.vocabulary.rest):
            for plan in engine.agenda.readers.get(LIST, ()):
                self.everything(plan, delta.round)
        delta.remove(keys)
        self.cut.add(delta)
        if len(delta):
            relation.forget(delta)
        else:
            engine.drop(relation, delta)
        self.gone[code].append(keys)
        self.touched.add(code)
        engine.size -= len(keys)
        for round in [x.round for x in relation.deltas if (code, x.round) in engine.batches]:
            if round > delta.round:
                self.push(round, code)
        if code in (engine.vocabulary.first, engine.vocabulary.rest):
            engine.lists.round = -2
            engine.lists.refresh()
            self.cells = True

    def spread(self, plan: RulePlan, code: int, keys: Ids, round: int) -> None:
        """Overdelete what a plan derives from deleted keys, joined with all that is still there."""
        if plan.head is None or not len(keys):
            return
        target, engine = plan.head[0], self.engine
        if target not in (engine.vocabulary.same, engine.vocabulary.type):
            if not self.may_hold(target, round):
                return
            if plan.is_copy:
                self.overdelete(target, engine.image(plan, keys), round)
                return
        for number, (premise, _, _) in enumerate(plan.body):
            if premise != code or plan.is_twin(number):
                continue
            table = join_body(plan, engine.database, plan.wanted, number, keys)
            if table.size:
                self.heads(plan, apply_tests(plan, table, engine), round)

    def may_hold(self, target: int, after: int) -> bool:
        """Whether a target may have keys of a round after a given one."""
        relation = self.engine.relations.get(target)
        if relation is None:
            return False
        return relation.round > after or any(delta.round > after for delta in relation.superseded)

    def everything(self, plan: RulePlan, round: int) -> None:
        """Overdelete all that a plan has derived."""
        if plan.head is None:
            return
        if plan.kind == TRANSITIVE:  # the links that its result came from may be deleted already
            code = plan.head[0]
            self.overdelete(code, self.engine.database.relation(code).full, round)
            return
        seen, plan.seen = plan.seen, -1
        for columns in self.engine.tables(plan, plan.wanted):
            self.heads(plan, columns, round)
        plan.seen = seen

    def heads(self, plan: RulePlan, columns: dict[int, Ids], round: int) -> None:
        """Overdelete what a plan concludes from rows of bindings."""
        assert plan.head is not None
        target, s, o = plan.head
        engine = self.engine
        if target == engine.vocabulary.same and engine.equal:
            self.unmerge.unmerge_by(plan.rule, np.concatenate(columns_of(columns, s, o)))
        elif target == engine.vocabulary.type:
            raise Rebuild
        else:
            self.overdelete(target, sort_unique(keys_of(columns, plan.head)), round)

    # Plans

    def recompile(self) -> None:
        """Drop the plans that the ontology no longer asks for, and overdelete what they derived."""
        engine = self.engine
        while True:
            stale = [p for p in engine.specializer.templates if self.concerns(p)]
            self.touched.clear()
            self.cells = False
            dropped = [plan for template in stale for plan in self.unwanted(template)]
            if not dropped:
                return
            engine.agenda.drop(set(dropped).__contains__)
            for plan in dropped:
                self.everything(plan, -1)
            self.drain()

    def concerns(self, template: RuleTemplate) -> bool:
        """Whether a relation that a template is solved over has lost keys."""
        return bool(template.watches & self.touched) or (bool(template.head_of_list) and self.cells)

    def unwanted(self, template: RuleTemplate) -> list[RulePlan]:
        """Forget and return the plans that a template would no longer make."""
        specializer = self.engine.specializer
        template.seen = -1
        rows, others = specializer.solved(template)
        wanted = {*map(tuple, rows.tolist()), *(special.key for special in others)}
        specializer.look_again(template)  # new plans are made when the engine runs
        stale = [key for key in template.made if key not in wanted]
        return [plan for key in stale for plan in template.made.pop(key)]

    # Rederivation

    def rederive(self) -> None:
        """Add again what was overdeleted, but is asserted or follows from what is left."""
        engine, same = self.engine, self.engine.vocabulary.same
        gone = {code: union(parts) for code, parts in self.gone.items()}
        given = self.unmerge.compact(gone, self.materialization.asserted)
        before = engine.round
        if engine.equal and len(engine.named_same):
            pairs = self.materialization.asserted.get(same, NONE)
            named = engine.equality.marked(np.concatenate([pairs >> SHIFT, pairs & LOW, [same]]))
            engine.named_same = np.flatnonzero(named) if len(pairs) else NONE
            pairs = pairs[engine.equality.marked(self.unmerge.separated)[pairs >> SHIFT]]
            engine.round += 1
            engine.unite([(pairs >> SHIFT, pairs & LOW, GIVEN)])
        for code, keys in given.items():
            engine.round += 1
            engine.receive(code, keys, GIVEN)
        for code, keys in gone.items():
            relation = engine.relations[code]
            keys = not_in(keys, [delta for delta in relation.deltas if delta.round > before])
            for plan in engine.agenda.incoming.get(code, ()):
                back = self.derivability.given(plan, keys, None)
                if len(back):
                    engine.round += 1
                    engine.take(relation, back, plan.rule)
                    keys = minus(keys, [back])
