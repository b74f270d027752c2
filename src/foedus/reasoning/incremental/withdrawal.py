"""Triples withdrawn from a live closure: what rested on them goes, unless it stands otherwise.

Every triple carries the round at which it was found, and rests on triples of earlier rounds. So the
deltas that may be hit are taken in the order of their rounds: a triple stays if a plan still gives
it from what is left of earlier rounds. What went is then tried once more against all that is left,
and from there the engine runs as ever. A plan goes when the vocabulary no longer asks for it.

What terms that were found to be one need besides, ``unmerge.py`` says.
"""

from __future__ import annotations

import heapq
import time
from collections import defaultdict

import numpy as np

from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.evaluation.filters import apply_tests
from foedus.reasoning.evaluation.joins import keys_of, placed, solve
from foedus.reasoning.evaluation.materialization import Materialization
from foedus.reasoning.incremental.derivability import Derivability
from foedus.reasoning.incremental.unmerge import Rebuild, Unmerge
from foedus.reasoning.planning.plan import CLOSE, LIST, Pattern, Plan
from foedus.reasoning.storage.columns import LOW, NONE, SHIFT, Ids, minus, sort_unique, union
from foedus.reasoning.storage.relation import GIVEN, Delta, Relation, among, beyond


class Withdrawal:
    """One removal from an engine's relations; it gives up after some seconds.

    Where each triple rests on the one before, as along a chain of thousands of links, all rounds
    are gone through one by one, and starting over is sooner done.
    """

    def __init__(self, engine: Engine, materialization: Materialization, seconds: float) -> None:
        self.engine, self.materialization = engine, materialization
        self.until = time.thread_time() + seconds
        self.heap: list[tuple[int, int]] = []  # rounds and codes of deltas to look at
        self.due: set[tuple[int, int]] = set()  # what is in the heap
        self.waiting: dict[int, list[tuple[Ids, int]]] = defaultdict(list)  # not yet looked up
        self.overdeleted: dict[Delta, list[Ids]] = defaultdict(list)
        self.cut: set[Delta] = set()  # deltas that lost something
        self.gone: dict[int, list[Ids]] = defaultdict(list)
        self.touched: set[int] = set()  # codes of which something went
        self.cells = False  # whether cells of lists went
        plans = engine.agenda.incoming.get(engine.vocabulary.same, ())
        self.linking = {code for plan in plans for code, _, _ in plan.body}  # make terms one
        self.axioms = {rule.id for rule in engine.rules if not rule.premises}
        self.derivability = Derivability(engine)
        self.unmerge = Unmerge(engine)

    def run(self, parts: dict[int, Ids]) -> None:
        """Remove keys that are no longer asserted, and what rested on them."""
        engine = self.engine
        if any(plan.head is not None for plan in engine.agenda.readers.get(engine.data.same, ())):
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
        """Take literals out of their datatypes."""
        engine = self.engine
        if engine.literals.is_named(lost):
            raise Rebuild  # plans may know the number by this name
        datatypes = engine.specializer.datatypes
        if datatypes and self.unmerge.several[lost].any():
            raise Rebuild
        for code in datatypes:
            relation = engine.relation(code)
            for delta in [x for x in relation.deltas if x.origin == "dt-type2"]:
                mine = lost[delta.has(lost)]
                if len(mine):
                    self.remove(relation, delta, mine)

    def overdelete(self, code: int, keys: Ids, after: int) -> None:
        """Have sorted keys looked at, where they are of a round after a given one.

        What comes from several plans is looked up at once, when the first of its deltas is due;
        what makes terms one is looked up now, as what it parts is best suspected early.
        """
        relation = self.engine.relations.get(code)
        if relation is None or not len(keys):
            return
        self.unmerge.check(code, keys)
        if code in self.linking:
            self.find(relation, keys, after)
            return
        first = -1 if relation.dead else after
        round = next((delta.round for delta in relation.deltas if delta.round > first), None)
        if round is not None:
            self.waiting[code].append((keys, after))
            self.push(round, code)

    def push(self, round: int, code: int) -> None:
        """Have the deltas of a round looked at."""
        if (round, code) not in self.due:
            self.due.add((round, code))
            heapq.heappush(self.heap, (round, code))

    def find(self, relation: Relation, keys: Ids, after: int) -> None:
        """Look sorted keys up in the deltas after a round, and in all, if they had other names."""
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
                    self.part(code, mine)
                if delta not in self.overdeleted:
                    self.push(delta.round, code)
                self.overdeleted[delta].append(mine)

    def part(self, code: int, keys: Ids) -> None:
        """Part the terms that rules made one because of keys that may go.

        What was made one has one name now, so most premises name it.
        """
        if not self.unmerge.some:
            return
        for plan in self.engine.agenda.readers.get(code, ()):
            if plan.head is None or plan.head[0] != self.engine.vocabulary.same:
                continue
            ones = {term for term in plan.head[1:] if term < 0}
            for premise, s, o in plan.body:
                if premise == code and s in ones:
                    self.unmerge.part(plan.rule, keys if code < 0 else keys >> SHIFT)
                elif premise == code and o in ones:
                    self.unmerge.part(plan.rule, keys & LOW)
                elif premise == code:
                    self.spread(plan, code, keys, -1)

    def drain(self) -> None:
        """Look at overdeleted keys, delta by delta, until there are none."""
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
                one_name = not relation.dead  # of each link
                if one_name and self.is_closure(code, delta):
                    found = self.unreached(relation, delta, keys)
                else:
                    found = minus(keys[~shaken], [self.materialization.asserted.get(code, NONE)])
                    found = self.derivability.unfounded(code, found, delta)
                keys = union([found, keys[shaken]])
                if len(keys):
                    self.remove(relation, delta, keys)

    def overdelete_unmerged(self) -> None:
        """Overdelete what was said of unmerged classes under other names than they have."""
        if self.unmerge.fresh:
            for code, keys in self.unmerge.about_unmerged():
                self.overdelete(code, keys, -1)

    def evident(self, delta: Delta) -> bool:
        """Whether a delta rests on nothing: axioms, and what is true of literals."""
        return delta.origin in self.axioms

    def is_closure(self, code: int, delta: Delta) -> bool:
        """Whether a delta is a transitive closure that its plan still upholds."""
        if not self.derivability.is_batch(code, delta):
            return False
        found = self.derivability.closes(code, delta)
        if not found:
            self.engine.batches.discard((code, delta.round))
        return found

    def unreached(self, relation: Relation, delta: Delta, overdeleted: Ids) -> Ids:
        """The keys of a transitive closure that the earlier links no longer give.

        They are overdeleted keys, or about what led to the subject of a link that went.
        """
        cut = sort_unique(np.concatenate([overdeleted, *self.gone.get(relation.code, [])]) >> SHIFT)
        led = [x.touching(cut, forward=False) & LOW for x in relation.segments]
        subjects = sort_unique(np.concatenate([cut, *led]))
        still = self.derivability.reached(relation, delta.round, subjects)
        mine = delta.touching(subjects, forward=True)
        return minus(mine, [still, self.materialization.asserted.get(relation.code, NONE)])

    def remove(self, relation: Relation, delta: Delta, keys: Ids) -> None:
        """Take keys away, and overdelete what plans made of them."""
        engine, code = self.engine, relation.code
        older = self.unmerge.renamed(relation, keys, -1)  # what was made of them may be older
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

    def spread(self, plan: Plan, code: int, keys: Ids, round: int) -> None:
        """Overdelete what a plan gives from keys that go, with all that is still there."""
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
            table = solve(plan, engine.data, plan.wanted, number, keys)
            if table.size:
                self.heads(plan, apply_tests(plan, table, engine), round)

    def may_hold(self, target: int, after: int) -> bool:
        """Whether a target may have keys of a round after a given one."""
        relation = self.engine.relations.get(target)
        if relation is None:
            return False
        return relation.round > after or any(delta.round > after for delta in relation.dead)

    def everything(self, plan: Plan, round: int) -> None:
        """Overdelete all that a plan has given."""
        if plan.head is None:
            return
        if plan.kind == CLOSE:  # links that led round by round to what it gave may be gone already
            code = plan.head[0]
            self.overdelete(code, self.engine.data.relation(code).full, round)
            return
        seen, plan.seen = plan.seen, -1
        for columns in self.engine.tables(plan, plan.wanted):
            self.heads(plan, columns, round)
        plan.seen = seen

    def heads(self, plan: Plan, columns: dict[int, Ids], round: int) -> None:
        assert plan.head is not None
        target, s, o = plan.head
        engine = self.engine
        if target == engine.vocabulary.same and engine.equal:
            self.unmerge.part(plan.rule, np.concatenate(placed(columns, s, o)))
        elif target == engine.vocabulary.type:
            raise Rebuild
        else:
            self.overdelete(target, sort_unique(keys_of(columns, plan.head)), round)

    # Plans

    def recompile(self) -> None:
        """Drop the plans that the vocabulary no longer asks for, with what they gave."""
        engine = self.engine
        while True:
            stale = [p for p in engine.specializer.patterns if self.concerns(p)]
            self.touched.clear()
            self.cells = False
            dropped = [plan for pattern in stale for plan in self.unwanted(pattern)]
            if not dropped:
                return
            engine.agenda.drop(set(dropped).__contains__)
            for plan in dropped:
                self.everything(plan, -1)
            self.drain()

    def concerns(self, pattern: Pattern) -> bool:
        """Whether a pattern's vocabulary has lost something."""
        return bool(pattern.watches & self.touched) or (bool(pattern.head_of_list) and self.cells)

    def unwanted(self, pattern: Pattern) -> list[Plan]:
        """The plans that a pattern no longer makes; they are forgotten."""
        specializer = self.engine.specializer
        pattern.seen = -1
        rows, others = specializer.solved(pattern)
        wanted = {*map(tuple, rows.tolist()), *(special.key for special in others)}
        specializer.look_again(pattern)  # new ones are made when the engine runs
        stale = [key for key in pattern.made if key not in wanted]
        return [plan for key in stale for plan in pattern.made.pop(key)]

    # Back again

    def rederive(self) -> None:
        """Bring back what went but follows from what is left."""
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
            keys = beyond(keys, [delta for delta in relation.deltas if delta.round > before])
            for plan in engine.agenda.incoming.get(code, ()):
                back = self.derivability.given(plan, keys, None)
                if len(back):
                    engine.round += 1
                    engine.take(relation, back, plan.rule)
                    keys = minus(keys, [back])
