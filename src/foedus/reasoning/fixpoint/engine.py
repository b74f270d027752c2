"""The fixpoint: plans are run on what is new until nothing is.

A *target* is a relation that some plan concludes. Targets are taken in the order of their
dependence, schema first, so most are computed once, from everything that leads to them. Each
result is a layer with a step of its own: all that a triple rests on is of earlier steps, which is
what proofs need.
"""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import chain

import numpy as np

from foedus.reasoning.fixpoint import compiling, making
from foedus.reasoning.fixpoint.evaluation import mark
from foedus.reasoning.fixpoint.intake import Intake
from foedus.reasoning.fixpoint.literals import Literals
from foedus.reasoning.fixpoint.making import Sleeper, Sleepers
from foedus.reasoning.plans.joins import Data
from foedus.reasoning.plans.plan import CLOSE, EVERY, Pattern, Plan
from foedus.reasoning.plans.prepared import Prepared, prepared
from foedus.reasoning.rows.columns import LOW, NONE, SHIFT, Ids, minus, union, unique
from foedus.reasoning.rows.equality import Equality
from foedus.reasoning.rows.layers import GIVEN, SEVERAL, Relation
from foedus.reasoning.rows.lists import Lists
from foedus.reasoning.rows.transitive import closed, tarjan
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.words.dictionary import Terms


class Engine(Intake):
    """Relations, plans and the loop that runs them.

    ``terms`` is that of an earlier engine of the same rules, if given.
    """

    def __init__(
        self,
        rules: RuleSet,
        terms: Terms | None = None,
        *,
        limit: int | None = None,
        end: float = float("inf"),
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.prepared, fresh = prepared(rules)
        self.rules, self.limit, self.end, self.seconds = rules, limit, end, float("inf")
        self.terms = fresh if terms is None else terms
        self.progress, self.told = progress, time.monotonic()
        self.vocabulary = self.prepared.vocabulary
        self.original = self.vocabulary.ids
        self.relations: dict[int, Relation] = {}
        self.equality = Equality()
        self.equal = self.prepared.equal
        self.literals = Literals(rules, self.terms, len(fresh))
        self.mixed: dict[tuple[int, int], dict[str, int]] = {}  # of layers that several rules gave
        self.step = 0
        self.cleared = NONE, -1
        self.frozen: Ids | None = None  # representatives that `!=` respects
        vocabulary = self.vocabulary
        self.lists = Lists(
            vocabulary.first,
            vocabulary.rest,
            vocabulary.nil,
            self.relations,
            self.terms.token,
        )
        self.data = Data(
            self.relations,
            self.lists.members,
            vocabulary.same if self.equal else -(1 << 62),
            self.occurring,
            tick=self.tick,
        )
        if limit is not None:
            self.data.rows = min(self.data.rows, max(1 << 22, 32 * limit))
        self.incoming: dict[int, list[Plan]] = defaultdict(list)
        self.readers: dict[int, list[Plan]] = defaultdict(list)
        self.clashing: list[Plan] = []
        self.watching: dict[int, list[Pattern]] = defaultdict(list)
        self.patterns: list[Pattern] = []
        self.waiting: dict[int, Pattern] = {}  # patterns with something new, by identity
        self.schema: set[int] = set()
        self.dirty: set[int] = set()
        self.heap: list[tuple[int, int]] = []
        self.levels: dict[int, int] = {}
        self.stale = True
        self.constants: frozenset[int] | None = None  # that plans name, where they are known
        self.size = 0
        self.batches: set[tuple[int, int]] = set()  # layers that a transitive closure made at once
        self.noise, self.idle = self.prepared.noise, self.prepared.idle
        self.demanded: set[int] = set()
        self.unfilled: list[int] = []  # datatypes that are wanted
        self.active: set[int] = set()  # relations that may hold something
        self.asleep: dict[int, list[Sleeper]] = defaultdict(list)  # what waits for one that may not
        self.dormitory: list[Sleepers] = []
        self.roused: list[int] = []  # what was waited for
        self.renamed = False
        self.same_terms = 0
        self.named_same: Ids = NONE  # terms of asserted equalities
        self.installed = False

    def load(self, parts: dict[int, Ids]) -> None:
        """Take in asserted keys by code."""
        self.equality.grow(len(self.terms))
        self.step += 1
        known = dict(self.literals.alias)
        pairs = self.literals.equal(parts, self.occurs)
        if known != self.literals.alias:
            self.vocabulary.rename(lambda n: self.literals.alias.get(n, n))
            if self.installed:
                self.renamed = True
                self.reinstall()
            else:
                self.prepared = Prepared(self.rules, self.vocabulary, self.prepared)
        if not self.installed:
            self.installed = True
            compiling.install(self, self.prepared.first)
        if self.equal:
            if len(pairs):
                self.unite([(pairs >> SHIFT, pairs & LOW, "dt-eq")])
            same = parts.get(self.vocabulary.same, NONE)
            if len(same):
                both = unique(np.concatenate([same >> SHIFT, same & LOW, [self.vocabulary.same]]))
                self.named_same = union([self.named_same, both])
                self.unite([(same >> SHIFT, same & LOW, GIVEN)])
        for code, keys in parts.items():
            if not (self.equal and code == self.vocabulary.same):
                self.receive(code, keys, GIVEN)
        kinds = [code for code in self.demanded if self.literals.is_datatype(~code)]
        if kinds:
            marks = np.zeros(len(self.terms), np.bool_)
            for code, keys in parts.items():
                mark(marks, code, keys)
            for code in sorted(kinds):
                self.fill(code, marks)
        self.tick()

    def tell(self, code: int) -> None:
        """Wake the plans and patterns that read a relation."""
        for plan in self.readers.get(code, ()):
            if plan.head is not None:
                self.wake(plan.head[0])
        for pattern in self.watching.get(code, ()):
            self.waiting[id(pattern)] = pattern

    def appear(self, code: int) -> None:
        """Wake the patterns that read all relations, and the plans to be that read this one."""
        self.tell(EVERY)
        self.activate(code)

    def activate(self, code: int) -> None:
        """A relation may hold something from now on: what waited for that is to be made."""
        if code not in self.active:
            self.active.add(code)
            self.roused.append(code)

    def tell_again(self, code: int) -> None:
        """Have the patterns of a relation look at all of it again."""
        for pattern in self.watching.get(code, ()):
            pattern.seen = -1
            self.waiting[id(pattern)] = pattern

    def retire(self, gone: Ids) -> None:
        """Drop the plans that name terms by what is no longer their representative."""
        compiling.retire(self, gone)

    def wake(self, target: int) -> None:
        """Have a target computed again."""
        if target not in self.dirty:
            self.dirty.add(target)
            heapq.heappush(self.heap, (self.levels.get(target, -1), target))

    def add_plan(self, plan: Plan) -> None:
        """Take a plan in; it runs on everything so far."""
        plan.born, self.constants = self.step, None
        for code in {code for code, _, _ in plan.body}:
            self.readers[code].append(plan)
            if code < 0 and code not in self.demanded:
                self.demand(code)
        if plan.head is None:
            self.clashing.append(plan)
            return
        self.incoming[plan.head[0]].append(plan)
        self.stale = True
        self.wake(plan.head[0])
        self.activate(plan.head[0])

    def demand(self, code: int) -> None:
        """A class is read for the first time: compute what was left out, and its literals."""
        self.demanded.add(code)
        if code in self.idle:
            self.activate(making.demand_of(code))
            self.wake(code)
        if self.literals.is_datatype(~code):
            self.unfilled.append(code)

    def fill_up(self) -> None:
        """Put the literals there are into datatypes that are read for the first time."""
        codes, self.unfilled = sorted(self.unfilled), []
        marks = self.present()
        for code in codes:
            self.fill(code, marks)

    # Running

    def run(self) -> None:
        """Apply all rules until nothing is new."""
        self.saturate()
        if self.frozen is None and compiling.install(self, self.prepared.second):
            self.frozen = self.equality.rep.copy()
            self.saturate()

    def saturate(self) -> None:
        while True:
            if self.lists.refresh():
                compiling.reread_lists(self)
            making.rouse(self)
            if self.unfilled:
                self.fill_up()
            target = self.next_target()
            if target is not None and (target in self.schema or not self.waiting):
                self.dirty.discard(target)
                self.compute(target)
                if self.progress and time.monotonic() - self.told > 0.5:
                    self.told = time.monotonic()
                    self.progress(f"{self.size:,} triples after {self.step} rounds")
            elif self.waiting:
                if target is not None:
                    heapq.heappush(self.heap, (self.levels.get(target, -1), target))
                waiting, self.waiting = list(self.waiting.values()), {}
                for pattern in waiting:
                    making.instantiate(self, pattern)
            elif not self.new_terms():
                break

    def new_terms(self) -> bool:
        """Whether plans about all terms have new ones to run on."""
        plans = [p for p in self.readers.get(self.data.same, ()) if p.head is not None]
        count = len(self.occurring()) if plans else 0
        if count == self.same_terms:
            return False
        self.same_terms = count
        for plan in plans:
            assert plan.head is not None
            self.wake(plan.head[0])
        return bool(plans)

    def next_target(self) -> int | None:
        """The target to compute next, the lowest in the order of dependence."""
        if self.stale:
            self.order()
        while self.heap:
            _, target = heapq.heappop(self.heap)
            if target in self.dirty:
                return target
        return None

    def order(self) -> None:
        """Number the targets so that each comes after what it depends on, schema first."""
        self.stale = False
        reads = {
            target: {code for plan in plans for code, _, _ in plan.body}
            for target, plans in self.incoming.items()
        }
        place = {code: i for i, code in enumerate({*reads, *chain.from_iterable(reads.values())})}
        starts, targets = [0], []
        for code in place:
            targets += [place[read] for read in reads.get(code, ())]
            starts.append(len(targets))
        levels, _ = tarjan(len(place), starts, targets)
        schema, count = self.schema, len(place) + 1
        self.levels = {
            code: level - (count if code in schema else 0)
            for code, level in zip(place, levels, strict=True)
        }
        self.heap = [(self.levels.get(target, -1), target) for target in self.dirty]
        heapq.heapify(self.heap)

    def compute(self, target: int) -> None:
        """Run the plans of a target on what is new."""
        if target in self.idle and target not in self.demanded:
            return
        self.tick()
        found: dict[str, list[Ids]] = {}
        pairs: list[tuple[Ids, Ids, str]] = []
        closers = []
        now = self.step
        same = self.equal and target == self.vocabulary.same
        for plan in self.incoming[target]:
            if plan.kind == CLOSE:
                closers.append(plan)
                continue
            if same:
                pairs += [(a, b, plan.rule) for a, b in self.pairs(plan)]
            else:
                keys = self.candidates(plan)
                if len(keys):
                    found.setdefault(plan.rule, []).append(keys)
            plan.seen = now
        if same:
            self.step += 1
            self.unite(pairs)
            return
        if target == self.vocabulary.type:  # the class is found with the member
            for rule, parts in found.items():
                self.step += 1
                self.route(target, union(parts), rule)
            return
        relation = self.relation(target)
        self.merge(relation, found)
        for plan in closers:
            if relation.step > plan.seen:
                self.close(plan, relation)

    def merge(self, relation: Relation, found: dict[str, list[Ids]]) -> None:
        """Add candidates to a relation, counting what each rule gave first."""
        schema = relation.code in self.schema
        fresh: list[Ids] = []
        counts: dict[str, int] = {}
        for rule, parts in found.items():
            if relation.unary and sum(map(len, parts)) * 16 > len(self.terms):
                marks = np.zeros(len(self.terms), np.bool_)
                for part in parts:
                    marks[part] = True
                for layer in relation.shelves:
                    marks[layer.keys] = False
                for part in fresh:
                    marks[part] = False
                new = np.flatnonzero(marks)
            else:
                new = minus(relation.new(union(parts)), fresh)
            if not len(new):
                continue
            counts[rule] = len(new)
            if schema:
                self.step += 1
                self.take(relation, new, rule)
            else:
                fresh.append(new)
        if fresh:
            self.step += 1
            origin = next(iter(counts)) if len(fresh) == 1 else SEVERAL
            if origin == SEVERAL:
                self.mixed[relation.code, self.step] = counts
            self.take(relation, union(fresh), origin)

    def close(self, plan: Plan, relation: Relation) -> None:
        """Run a plan that makes its relation transitive."""
        first, now = plan.seen < 0, self.step
        found = closed(relation.full, self.data.check) if first else self.candidates(plan)
        new = relation.new(found)
        if len(new):
            self.step += 1
            self.take(relation, new, plan.rule)
            self.wake(relation.code)
            if first:
                self.batches.add((relation.code, self.step))
        plan.seen = self.step if first else now

    # Equality

    def rename_vocabulary(self) -> None:
        """Take note that a term that rules name has another representative."""
        self.vocabulary.rename(self.equality.of)
        self.renamed = True

    def reinstall(self) -> None:
        """Make all plans again, if terms that rules name have other names now."""
        if not self.renamed:
            return
        self.renamed, self.constants = False, None
        for table in (self.incoming, self.readers, self.watching, self.waiting, self.asleep):
            table.clear()
        self.clashing, self.patterns = [], []
        self.dormitory, self.roused = [], []
        self.active = {code for code, relation in self.relations.items() if relation.layers}
        self.dirty, self.heap, self.demanded, self.unfilled = set(), [], set(), []
        self.data.same = self.vocabulary.same if self.equal else self.data.same
        self.prepared = Prepared(self.rules, self.vocabulary, self.prepared)
        self.idle = self.prepared.idle
        compiling.install(self, self.prepared.first)
        if self.frozen is not None:
            compiling.install(self, self.prepared.second)
