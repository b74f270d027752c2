"""Triples withdrawn from a live closure: what rested on them goes, unless it stands otherwise.

Every triple carries the step at which it was found, and rests on triples of earlier steps. So the
layers that may be hit are taken in the order of their steps: a triple stays if a plan still gives
it from what is left of earlier steps. What went is then tried once more against all that is left,
and from there the engine runs as ever. A plan goes when the vocabulary no longer asks for it.

What terms that were found to be one need besides, ``parting.py`` says.
"""

from __future__ import annotations

import heapq
import time
from collections import defaultdict

import numpy as np

from foedus.reasoning.fixpoint.engine import Engine
from foedus.reasoning.fixpoint.filters import apply_tests
from foedus.reasoning.fixpoint.stored import Stored
from foedus.reasoning.live.parting import Parting, Rebuild
from foedus.reasoning.live.support import Support
from foedus.reasoning.plans.joins import keys_of, placed, solve
from foedus.reasoning.plans.plan import CLOSE, LIST, Pattern, Plan
from foedus.reasoning.rows.columns import LOW, NONE, SHIFT, Ids, minus, union, unique
from foedus.reasoning.rows.layers import GIVEN, Layer, Relation, among, beyond


class Withdrawal:
    """One removal from an engine's relations; it gives up after some seconds.

    Where each triple rests on the one before, as along a chain of thousands of links, all steps are
    gone through one by one, and starting over is sooner done.
    """

    def __init__(self, engine: Engine, stored: Stored, seconds: float) -> None:
        self.engine, self.stored = engine, stored
        self.until = time.thread_time() + seconds
        self.heap: list[tuple[int, int]] = []  # steps and codes of layers to look at
        self.due: set[tuple[int, int]] = set()  # what is in the heap
        self.waiting: dict[int, list[tuple[Ids, int]]] = defaultdict(list)  # not yet looked up
        self.suspects: dict[Layer, list[Ids]] = defaultdict(list)
        self.cut: set[Layer] = set()  # layers that lost something
        self.gone: dict[int, list[Ids]] = defaultdict(list)
        self.touched: set[int] = set()  # codes of which something went
        self.cells = False  # whether cells of lists went
        plans = engine.agenda.incoming.get(engine.vocabulary.same, ())
        self.linking = {code for plan in plans for code, _, _ in plan.body}  # make terms one
        self.axioms = {rule.id for rule in engine.rules if not rule.premises}
        self.support = Support(engine)
        self.parting = Parting(engine)

    def run(self, parts: dict[int, Ids]) -> None:
        """Remove keys that are no longer asserted, and what rested on them."""
        engine = self.engine
        if any(plan.head is not None for plan in engine.agenda.readers.get(engine.data.same, ())):
            raise Rebuild  # a term may no longer occur
        for code, keys in parts.items():
            if engine.equal and code == engine.vocabulary.same:
                self.parting.part_all(engine.equality.rep[keys >> SHIFT])
                self.parting.part_all(engine.equality.rep[keys & LOW])
            else:
                self.suspect(code, self.parting.current(code, keys), -1)
        lost = self.stored.lost(parts)
        self.drop_literals(lost)
        self.drain()
        self.recompile()
        self.again()
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
        if datatypes and self.parting.several[lost].any():
            raise Rebuild
        for code in datatypes:
            relation = engine.relation(code)
            for layer in [x for x in relation.layers if x.origin == "dt-type2"]:
                mine = lost[layer.has(lost)]
                if len(mine):
                    self.remove(relation, layer, mine)

    def suspect(self, code: int, keys: Ids, after: int) -> None:
        """Have sorted keys looked at, where they are of a step after a given one.

        What comes from several plans is looked up at once, when the first of its layers is due;
        what makes terms one is looked up now, as what it parts is best suspected early.
        """
        relation = self.engine.relations.get(code)
        if relation is None or not len(keys):
            return
        self.parting.check(code, keys)
        if code in self.linking:
            self.find(relation, keys, after)
            return
        first = -1 if relation.dead else after
        step = next((layer.step for layer in relation.layers if layer.step > first), None)
        if step is not None:
            self.waiting[code].append((keys, after))
            self.push(step, code)

    def push(self, step: int, code: int) -> None:
        """Have the layers of a step looked at."""
        if (step, code) not in self.due:
            self.due.add((step, code))
            heapq.heappush(self.heap, (step, code))

    def find(self, relation: Relation, keys: Ids, after: int) -> None:
        """Look sorted keys up in the layers after a step, and in all, if they had other names."""
        code = relation.code
        older = self.parting.renamed(relation, keys, after)
        shelves = relation.shelves
        here = among(keys, [shelf for shelf in shelves if shelf.step < 0])
        both, few = (keys, keys[older]), (keys[here], keys[here & older])
        for layer in relation.layers:
            some = (both if layer in shelves else few)[layer.step <= after]
            mine = some[layer.has(some)] if len(some) else NONE
            if len(mine):
                if code in self.linking:
                    self.part(code, mine)
                if layer not in self.suspects:
                    self.push(layer.step, code)
                self.suspects[layer].append(mine)

    def part(self, code: int, keys: Ids) -> None:
        """Part the terms that rules made one because of keys that may go.

        What was made one has one name now, so most premises name it.
        """
        if not self.parting.some:
            return
        for plan in self.engine.agenda.readers.get(code, ()):
            if plan.head is None or plan.head[0] != self.engine.vocabulary.same:
                continue
            ones = {term for term in plan.head[1:] if term < 0}
            for premise, s, o in plan.body:
                if premise == code and s in ones:
                    self.parting.part(plan.rule, keys if code < 0 else keys >> SHIFT)
                elif premise == code and o in ones:
                    self.parting.part(plan.rule, keys & LOW)
                elif premise == code:
                    self.spread(plan, code, keys, -1)

    def drain(self) -> None:
        """Look at suspects, layer by layer, until there are none."""
        engine = self.engine
        self.suspect_parted()
        while self.heap or self.parting.fresh:
            if not self.heap:
                self.suspect_parted()
                continue
            engine.tick()
            if time.thread_time() > self.until:
                raise Rebuild
            step, code = heapq.heappop(self.heap)
            self.due.discard((step, code))
            relation = engine.relations[code]
            waiting = self.waiting.pop(code, [])
            if waiting:
                after = min(after for _, after in waiting)
                self.find(relation, union([keys for keys, _ in waiting]), after)
            for layer in [x for x in relation.layers if x.step == step and not self.evident(x)]:
                parts = self.suspects.pop(layer, [])
                if not parts and not (code in self.gone and self.support.is_batch(code, layer)):
                    continue
                keys = union(parts)
                if layer in self.cut:
                    keys = keys[layer.has(keys)]
                shaken = self.parting.shaken(relation, layer, keys)
                one_name = not relation.dead  # of each link
                if one_name and self.is_closure(code, layer):
                    found = self.unreached(relation, layer, keys)
                else:
                    found = minus(keys[~shaken], [self.stored.asserted.get(code, NONE)])
                    found = self.support.unfounded(code, found, layer)
                keys = union([found, keys[shaken]])
                if len(keys):
                    self.remove(relation, layer, keys)

    def suspect_parted(self) -> None:
        """Suspect what was said of parted classes under other names than they have."""
        if self.parting.fresh:
            for code, keys in self.parting.about_parted():
                self.suspect(code, keys, -1)

    def evident(self, layer: Layer) -> bool:
        """Whether a layer rests on nothing: axioms, and what is true of literals."""
        return layer.origin in self.axioms

    def is_closure(self, code: int, layer: Layer) -> bool:
        """Whether a layer is a transitive closure that its plan still upholds."""
        if not self.support.is_batch(code, layer):
            return False
        found = self.support.closes(code, layer)
        if not found:
            self.engine.batches.discard((code, layer.step))
        return found

    def unreached(self, relation: Relation, layer: Layer, suspects: Ids) -> Ids:
        """The keys of a transitive closure that the earlier links no longer give.

        They are suspects, or about what led to the subject of a link that went.
        """
        cut = unique(np.concatenate([suspects, *self.gone.get(relation.code, [])]) >> SHIFT)
        led = [x.touching(cut, forward=False) & LOW for x in relation.shelves]
        subjects = unique(np.concatenate([cut, *led]))
        still = self.support.reached(relation, layer.step, subjects)
        mine = layer.touching(subjects, forward=True)
        return minus(mine, [still, self.stored.asserted.get(relation.code, NONE)])

    def remove(self, relation: Relation, layer: Layer, keys: Ids) -> None:
        """Take keys away, and suspect what plans made of them."""
        engine, code = self.engine, relation.code
        older = self.parting.renamed(relation, keys, -1)  # what was made of them may be older
        lately, before = keys[~older], keys[older]
        batch = self.support.is_batch(code, layer)
        for plan in engine.agenda.readers.get(code, ()):
            if plan.head is None or plan.head[0] != engine.vocabulary.same or not engine.equal:
                self.spread(plan, code, lately, layer.step - batch)
                self.spread(plan, code, before, -1)
        if code in (engine.vocabulary.first, engine.vocabulary.rest):
            for plan in engine.agenda.readers.get(LIST, ()):
                self.everything(plan, layer.step)
        layer.remove(keys)
        self.cut.add(layer)
        if len(layer):
            relation.forget(layer)
        else:
            engine.drop(relation, layer)
        self.gone[code].append(keys)
        self.touched.add(code)
        engine.size -= len(keys)
        for step in [x.step for x in relation.layers if (code, x.step) in engine.batches]:
            if step > layer.step:
                self.push(step, code)
        if code in (engine.vocabulary.first, engine.vocabulary.rest):
            engine.lists.step = -2
            engine.lists.refresh()
            self.cells = True

    def spread(self, plan: Plan, code: int, keys: Ids, step: int) -> None:
        """Suspect what a plan gives from keys that go, with all that is still there."""
        if plan.head is None or not len(keys):
            return
        target, engine = plan.head[0], self.engine
        if target not in (engine.vocabulary.same, engine.vocabulary.type):
            if not self.may_hold(target, step):
                return
            if plan.is_copy:
                self.suspect(target, engine.image(plan, keys), step)
                return
        for number, (premise, _, _) in enumerate(plan.body):
            if premise != code or plan.is_twin(number):
                continue
            table = solve(plan, engine.data, plan.wanted, number, keys)
            if table.size:
                self.heads(plan, apply_tests(plan, table, engine), step)

    def may_hold(self, target: int, after: int) -> bool:
        """Whether a target may have keys of a step after a given one."""
        relation = self.engine.relations.get(target)
        if relation is None:
            return False
        return relation.step > after or any(layer.step > after for layer in relation.dead)

    def everything(self, plan: Plan, step: int) -> None:
        """Suspect all that a plan has given."""
        if plan.head is None:
            return
        if plan.kind == CLOSE:  # links that led step by step to what it gave may be gone already
            code = plan.head[0]
            self.suspect(code, self.engine.data.relation(code).full, step)
            return
        seen, plan.seen = plan.seen, -1
        for columns in self.engine.tables(plan, plan.wanted):
            self.heads(plan, columns, step)
        plan.seen = seen

    def heads(self, plan: Plan, columns: dict[int, Ids], step: int) -> None:
        assert plan.head is not None
        target, s, o = plan.head
        engine = self.engine
        if target == engine.vocabulary.same and engine.equal:
            self.parting.part(plan.rule, np.concatenate(placed(columns, s, o)))
        elif target == engine.vocabulary.type:
            raise Rebuild
        else:
            self.suspect(target, unique(keys_of(columns, plan.head)), step)

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

    def again(self) -> None:
        """Bring back what went but follows from what is left."""
        engine, same = self.engine, self.engine.vocabulary.same
        gone = {code: union(parts) for code, parts in self.gone.items()}
        given = self.parting.settle(gone, self.stored.asserted)
        before = engine.step
        if engine.equal and len(engine.named_same):
            pairs = self.stored.asserted.get(same, NONE)
            named = engine.equality.marked(np.concatenate([pairs >> SHIFT, pairs & LOW, [same]]))
            engine.named_same = np.flatnonzero(named) if len(pairs) else NONE
            pairs = pairs[engine.equality.marked(self.parting.apart)[pairs >> SHIFT]]
            engine.step += 1
            engine.unite([(pairs >> SHIFT, pairs & LOW, GIVEN)])
        for code, keys in given.items():
            engine.step += 1
            engine.receive(code, keys, GIVEN)
        for code, keys in gone.items():
            relation = engine.relations[code]
            keys = beyond(keys, [layer for layer in relation.layers if layer.step > before])
            for plan in engine.agenda.incoming.get(code, ()):
                back = self.support.given(plan, keys, None)
                if len(back):
                    engine.step += 1
                    engine.take(relation, back, plan.rule)
                    keys = minus(keys, [back])
