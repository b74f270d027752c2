"""Semi-naive evaluation: plans are joined with the delta relations until nothing is new.

Each result is a delta with a round of its own, so all that a triple rests on is of earlier rounds,
which is what proofs need. Literature: Abiteboul, Hull, Vianu, Foundations of Databases, chapter 13.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.evaluation.insertion import Insertion
from foedus.reasoning.evaluation.joins import Database
from foedus.reasoning.evaluation.literals import Literals
from foedus.reasoning.evaluation.specialization import Specializer
from foedus.reasoning.evaluation.state import mark
from foedus.reasoning.planning.agenda import Agenda
from foedus.reasoning.planning.compilation import compiled
from foedus.reasoning.planning.plan import TRANSITIVE, RulePlan
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.storage.columns import LOW, NONE, SHIFT, Ids, minus, sort_unique, union
from foedus.reasoning.storage.equality import Equality
from foedus.reasoning.storage.lists import Lists
from foedus.reasoning.storage.reachability import transitive_closure
from foedus.reasoning.storage.relation import GIVEN, SEVERAL, Relation
from foedus.reasoning.storage.tuning import DEFAULT, Tuning


class Engine(Insertion):
    """Relations, plans, and the loop that runs them to the fixpoint.

    ``terms`` may be the dictionary of an earlier engine of the same rules. ``limit`` bounds the
    triples, ``end`` is the time (``time.monotonic``) to stop; either raises LimitReached.
    ``progress`` is called with messages.
    """

    def __init__(
        self,
        rules: RuleSet,
        terms: Terms | None = None,
        *,
        limit: int | None = None,
        end: float = float("inf"),
        progress: Callable[[str], None] | None = None,
        tuning: Tuning = DEFAULT,
    ) -> None:
        made, fresh = compiled(rules)
        self.rules, self.limit, self.end, self.seconds = rules, limit, end, float("inf")
        self.terms = fresh if terms is None else terms
        self.progress, self.told, self.tuning = progress, time.monotonic(), tuning
        self.vocabulary = vocabulary = made.vocabulary
        self.original = vocabulary.ids
        self.relations: dict[int, Relation] = {}
        self.equality = Equality(tuning)
        self.equal, self.trivial = made.equal, made.trivial
        self.literals = Literals(rules, self.terms, len(fresh))
        #: For a delta derived by several rules, by code and round: how many keys each contributed.
        self.mixed: dict[tuple[int, int], dict[str, int]] = {}
        self.round = self.size = 0
        self.cleared = NONE, -1
        self.frozen: Ids | None = None  # the representatives after the first stratum, for ``!=``
        cells = vocabulary.first, vocabulary.rest, vocabulary.nil
        self.lists = Lists(cells, self.relations, self.terms.token)
        same = vocabulary.same if self.equal else -(1 << 62)
        self.database = Database(
            self.relations, self.lists.members, same, self.occurring, tick=self.tick
        )
        if limit is not None:
            self.database.rows = min(self.database.rows, max(1 << 22, 32 * limit))
        #: Deltas (code, round) that are a whole transitive closure: keys may rest on each other.
        self.batches: set[tuple[int, int]] = set()
        self.same_terms = 0
        self.named_same: Ids = NONE  # terms of asserted equalities, sorted
        self.agenda = Agenda()
        self.specializer = self.listener = Specializer(self, self.agenda, made)
        self.installed = False

    def load(self, parts: dict[int, Ids]) -> None:
        """Add asserted keys, sorted and unique, by the code of their relation."""
        self.equality.grow(len(self.terms))
        self.round += 1
        known = dict(self.literals.alias)
        pairs = self.literals.equal(parts, self.occurs)
        if known != self.literals.alias:
            self.specializer.rename(lambda n: self.literals.alias.get(n, n))
            self.specializer.reinstall()
            self.installed = True
        if not self.installed:
            self.installed = True
            self.specializer.install(self.specializer.compiled.first)
        if self.equal:
            if len(pairs):
                self.unite([(pairs >> SHIFT, pairs & LOW, "dt-eq")])
            same = parts.get(self.vocabulary.same, NONE)
            if len(same):
                both = sort_unique(
                    np.concatenate([same >> SHIFT, same & LOW, [self.vocabulary.same]])
                )
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
        """Apply all rules to the fixpoint: first the stratum without ``!=``, then all together."""
        self.saturate()
        specializer = self.specializer
        if self.frozen is None and specializer.install(specializer.compiled.second):
            self.frozen = self.equality.rep.copy()
            self.saturate()

    def saturate(self) -> None:
        """Run the rules of the strata so far to their fixpoint.

        In each turn, first targets of the schema, then specialization, then targets over the data.
        """
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
                    self.progress(f"{self.size:,} triples after {self.round} rounds")
            elif specializer.is_due:
                specializer.specialize()
            elif not self.new_terms():
                break

    def new_terms(self) -> bool:
        """Whether plans that range over all terms have new ones to read."""
        plans = [p for p in self.agenda.readers.get(self.database.same, ()) if p.head is not None]
        count = len(self.occurring()) if plans else 0
        if count == self.same_terms:
            return False
        self.same_terms = count
        self.agenda.tell(self.database.same)
        return bool(plans)

    def compute(self, target: int) -> None:
        """Run the plans of a target on what is new since they last ran: one round."""
        if self.specializer.is_idle(target):
            return
        self.tick()
        found: dict[str, list[Ids]] = {}
        pairs: list[tuple[Ids, Ids, str]] = []
        closers = []
        now = self.round
        same = self.equal and target == self.vocabulary.same
        for plan in self.agenda.incoming[target]:
            if plan.kind == TRANSITIVE:
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
            self.round += 1
            self.unite(pairs)
            return
        if target == self.vocabulary.type:  # the class is a variable: known only with the member
            for rule, parts in found.items():
                self.round += 1
                self.route(target, union(parts), rule)
            return
        relation = self.relation(target)
        self.merge(relation, found)
        for plan in closers:
            if relation.round > plan.seen:
                self.close_transitively(plan, relation)

    def merge(self, relation: Relation, found: dict[str, list[Ids]]) -> None:
        """Add candidates to a relation as one delta, and count what each rule contributed first.

        In the schema each rule gets a delta of its own, as plans may skip what certain rules
        derive.
        """
        schema = relation.code in self.agenda.schema
        fresh: list[Ids] = []
        counts: dict[str, int] = {}
        for rule, parts in found.items():
            if relation.unary and sum(map(len, parts)) * 16 > len(self.terms):
                marks = np.zeros(len(self.terms), np.bool_)
                for part in parts:
                    marks[part] = True
                for delta in relation.segments:
                    marks[delta.keys] = False
                for part in fresh:
                    marks[part] = False
                new = np.flatnonzero(marks)
            else:
                new = minus(relation.new(union(parts)), fresh)
            if not len(new):
                continue
            counts[rule] = len(new)
            if schema:
                self.round += 1
                self.take(relation, new, rule)
            else:
                fresh.append(new)
        if fresh:
            self.round += 1
            origin = next(iter(counts)) if len(fresh) == 1 else SEVERAL
            if origin == SEVERAL:
                self.mixed[relation.code, self.round] = counts
            self.take(relation, union(fresh), origin)

    def close_transitively(self, plan: RulePlan, relation: Relation) -> None:
        """Compute a transitive relation: in one batch at first, then by joins with what is new."""
        first, now = plan.seen < 0, self.round
        found = (
            transitive_closure(relation.full, self.database.check, tuning=self.tuning)
            if first
            else self.candidates(plan)
        )
        new = relation.new(found)
        if len(new):
            self.round += 1
            self.take(relation, new, plan.rule)
            self.agenda.wake(relation.code)
            if first:
                self.batches.add((relation.code, self.round))
        plan.seen = self.round if first else now
