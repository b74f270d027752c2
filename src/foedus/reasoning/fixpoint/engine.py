"""Semi-naive evaluation: plans are run on what is new until nothing is.

Each result is a layer with a step of its own: all that a triple rests on is of earlier steps, which
is what proofs need. Literature: Abiteboul, Hull, Vianu, Foundations of Databases, chapter 13.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from foedus.reasoning.fixpoint.compiling import Specializer
from foedus.reasoning.fixpoint.intake import Intake
from foedus.reasoning.fixpoint.literals import Literals
from foedus.reasoning.fixpoint.state import mark
from foedus.reasoning.plans.agenda import Agenda
from foedus.reasoning.plans.joins import Data
from foedus.reasoning.plans.plan import CLOSE, Plan
from foedus.reasoning.plans.prepared import prepared
from foedus.reasoning.rows.columns import LOW, NONE, SHIFT, Ids, minus, union, unique
from foedus.reasoning.rows.equality import Equality
from foedus.reasoning.rows.layers import GIVEN, SEVERAL, Relation
from foedus.reasoning.rows.lists import Lists
from foedus.reasoning.rows.transitive import closed
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
        made, fresh = prepared(rules)
        self.rules, self.limit, self.end, self.seconds = rules, limit, end, float("inf")
        self.terms = fresh if terms is None else terms
        self.progress, self.told = progress, time.monotonic()
        self.vocabulary = vocabulary = made.vocabulary
        self.original = vocabulary.ids
        self.relations: dict[int, Relation] = {}
        self.equality = Equality()
        self.equal, self.noise = made.equal, made.noise
        self.literals = Literals(rules, self.terms, len(fresh))
        self.mixed: dict[tuple[int, int], dict[str, int]] = {}  # of layers that several rules gave
        self.step = self.size = 0
        self.cleared = NONE, -1
        self.frozen: Ids | None = None  # representatives that `!=` respects
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
        self.batches: set[tuple[int, int]] = set()  # layers that a transitive closure made at once
        self.same_terms = 0
        self.named_same: Ids = NONE  # terms of asserted equalities
        self.agenda = Agenda()
        self.specializer = self.listener = Specializer(self, self.agenda, made)
        self.installed = False

    def load(self, parts: dict[int, Ids]) -> None:
        """Take in asserted keys by code."""
        self.equality.grow(len(self.terms))
        self.step += 1
        known = dict(self.literals.alias)
        pairs = self.literals.equal(parts, self.occurs)
        if known != self.literals.alias:
            self.specializer.rename(lambda n: self.literals.alias.get(n, n))
            self.specializer.reinstall()
            self.installed = True
        if not self.installed:
            self.installed = True
            self.specializer.install(self.specializer.prepared.first)
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
        kinds = self.specializer.datatypes
        if kinds:
            marks = np.zeros(len(self.terms), np.bool_)
            for code, keys in parts.items():
                mark(marks, code, keys)
            for code in kinds:
                self.fill(code, marks)
        self.tick()

    def run(self) -> None:
        """Apply all rules until nothing is new."""
        self.saturate()
        specializer = self.specializer
        if self.frozen is None and specializer.install(specializer.prepared.second):
            self.frozen = self.equality.rep.copy()
            self.saturate()

    def saturate(self) -> None:
        """Run what is due: the schema first, then what depends on patterns, then the data."""
        agenda, specializer = self.agenda, self.specializer
        while True:
            if self.lists.refresh():
                specializer.reread_lists()
            specializer.activate_pending()
            specializer.fill_up()
            target = agenda.next()
            if target is not None and (target in agenda.schema or not specializer.is_due):
                agenda.done(target)
                self.compute(target)
                if self.progress and time.monotonic() - self.told > 0.5:
                    self.told = time.monotonic()
                    self.progress(f"{self.size:,} triples after {self.step} rounds")
            elif specializer.is_due:
                specializer.specialize()
            elif not self.new_terms():
                break

    def new_terms(self) -> bool:
        """Whether plans about all terms have new ones to run on."""
        plans = [p for p in self.agenda.readers.get(self.data.same, ()) if p.head is not None]
        count = len(self.occurring()) if plans else 0
        if count == self.same_terms:
            return False
        self.same_terms = count
        self.agenda.tell(self.data.same)
        return bool(plans)

    def compute(self, target: int) -> None:
        """Run the plans of a target on what is new."""
        if self.specializer.is_idle(target):
            return
        self.tick()
        found: dict[str, list[Ids]] = {}
        pairs: list[tuple[Ids, Ids, str]] = []
        closers = []
        now = self.step
        same = self.equal and target == self.vocabulary.same
        for plan in self.agenda.incoming[target]:
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
        schema = relation.code in self.agenda.schema
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
            self.agenda.wake(relation.code)
            if first:
                self.batches.add((relation.code, self.step))
        plan.seen = self.step if first else now
