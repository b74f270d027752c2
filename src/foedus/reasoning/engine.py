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
from collections.abc import Callable, Iterable

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning import compiling
from foedus.reasoning.columns import (
    GIVEN,
    LOW,
    NONE,
    REWRITTEN,
    SEVERAL,
    SHIFT,
    Ids,
    Layer,
    Mask,
    Relation,
    distinct,
    minus,
    pack,
    swap,
    union,
    unique,
    within,
)
from foedus.reasoning.datatypes import DATATYPES, datatypes_of, value_key
from foedus.reasoning.dictionary import LITERAL, Terms
from foedus.reasoning.equality import Equality
from foedus.reasoning.filters import apply_tests
from foedus.reasoning.grouping import adjacent
from foedus.reasoning.joins import Data, solve
from foedus.reasoning.lists import Lists
from foedus.reasoning.literals import Literals
from foedus.reasoning.partition import by_object, partition
from foedus.reasoning.plans import LIST, Pattern, Plan, Vocabulary, is_equality
from foedus.reasoning.rules import RuleSet
from foedus.reasoning.transitive import closed, components

CLOSE, GROUP = "close", "group"


class Engine:
    """Relations, plans and the loop that runs them."""

    def __init__(
        self,
        rules: RuleSet,
        terms: Terms,
        *,
        limit: int | None = None,
        end: float = float("inf"),
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.rules, self.terms, self.limit, self.end = rules, terms, limit, end
        self.progress = progress
        self.vocabulary = Vocabulary(rules, terms, DATATYPES)
        self.original = dict(self.vocabulary.ids)
        self.relations: dict[int, Relation] = {}
        self.equality = Equality()
        self.equal = is_equality(rules)
        self.literals = Literals(rules, terms, 1 + max(self.vocabulary.ids.values()))
        self.mixed: dict[tuple[int, int], dict[str, int]] = {}  # of layers that several rules gave
        self.step = 0
        self.frozen: Ids | None = None  # representatives that `!=` respects
        vocabulary = self.vocabulary
        self.lists = Lists(vocabulary.first, vocabulary.rest, vocabulary.nil, self.relations)
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
        self.size = 0
        self.batches: set[tuple[int, int]] = set()  # layers that a transitive closure made at once
        self.idle: set[int] = compiling.idle(rules, vocabulary)
        self.demanded: set[int] = set()
        self.renamed = False
        self.same_terms = 0
        self.named_same: Ids = NONE  # terms of asserted equalities
        self.installed = False

    # What premises may ask for

    def occurring(self) -> Ids:
        """Representatives of all terms in the triples, sorted: each is the same as itself."""
        if "eq-ref" not in self.rules:
            return unique(self.equality.rep[self.equality.changed])
        marks = np.zeros(len(self.terms), np.bool_)
        marks[self.equality.rep[self.named_same]] = True
        for code, relation in self.relations.items():
            if relation.layers:
                marks[~code if code < 0 else code] = True
                if code < 0:
                    marks[self.vocabulary.type] = True
            for layer in relation.layers:
                if code < 0:
                    marks[layer.keys] = True
                else:
                    marks[layer.keys >> SHIFT] = True
                    marks[layer.keys & LOW] = True
        return np.flatnonzero(marks)

    def tick(self) -> None:
        """Stop if the time is used up."""
        if time.monotonic() > self.end:
            raise LimitReached("the time is used up; nothing was written. Try a longer timeout")

    def relation(self, code: int) -> Relation:
        """The relation with a code, made if need be."""
        found = self.relations.get(code)
        if found is None:
            found = self.relations[code] = Relation(code)
        return found

    # Taking in

    def load(self, parts: dict[int, Ids]) -> None:
        """Take in asserted keys by code."""
        self.equality.grow(len(self.terms))
        self.step += 1
        known = dict(self.literals.alias)
        pairs = self.literals.equal(parts, self.occurs)
        if known != self.literals.alias:
            self.vocabulary.rename(lambda n: self.literals.alias.get(n, n))
            if self.installed:
                self.reinstall()
        if not self.installed:
            self.installed = True
            compiling.install(self, second=False)
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
        for code in sorted(self.demanded):
            self.fill(code)
        self.tick()

    def assert_known(self, code: int, keys: Ids) -> None:
        """Take note that keys of the vocabulary which were derived are now asserted too.

        Plans may leave out what certain rules derive, but not what stands by itself.
        """
        relation = self.relations.get(code)
        if relation is None or code not in self.schema:
            return
        layers = []
        for layer in relation.layers:
            mine = keys[within(keys, layer.keys)] if layer.origin != GIVEN else NONE
            if len(mine):
                layer.remove(mine)
                layers.append(Layer(layer.step, mine, GIVEN))
            if len(layer.keys):
                layers.append(layer)
        relation.layers = layers
        relation.forget()
        for pattern in self.watching.get(code, ()):
            pattern.seen = -1
            self.waiting[id(pattern)] = pattern

    def receive(self, code: int, keys: Ids, origin: str) -> int:
        """Take in sorted keys at the current step; how many were new.

        Keys that name terms by what is not their representative become rewritten ones.
        """
        equality = self.equality
        if equality:
            rep, term = equality.rep, ~code if code < 0 else code
            moved = (
                rep[keys] != keys
                if code < 0
                else (rep[keys >> SHIFT] != keys >> SHIFT) | (rep[keys & LOW] != keys & LOW)
            )
            if int(rep[term]) != term:
                moved = np.ones(len(keys), np.bool_)
            if moved.any():
                relation = self.relation(code)
                old = minus(keys[moved], [layer.keys for layer in relation.dead])
                if len(old):
                    relation.dead.append(Layer(self.step, old, origin))
                kept = self.receive(code, keys[~moved], origin) if not moved.all() else 0
                self.step += 1
                target = int(rep[term])
                mapped = unique(equality.mapped(keys[moved], code < 0))
                return kept + self.route(~target if code < 0 else target, mapped, REWRITTEN)
        return self.route(code, keys, origin)

    def route(self, code: int, keys: Ids, origin: str) -> int:
        """Put sorted keys where they belong: types into classes, equalities into one."""
        vocabulary = self.vocabulary
        if code == vocabulary.type:
            return sum(self.route(c, part, origin) for c, part in by_object(keys))
        if self.equal and code == vocabulary.same:
            self.unite([(keys >> SHIFT, keys & LOW, origin)])
            return 0
        relation = self.relation(code)
        new = relation.new(keys) if relation.layers else keys
        self.take(relation, new, origin)
        return len(new)

    def take(self, relation: Relation, new: Ids, origin: str) -> None:
        """Add keys that are new and tell who reads them."""
        if not len(new):
            return
        if not relation.layers:
            for pattern in self.watching.get(compiling.EVERY, ()):
                self.waiting[id(pattern)] = pattern
        relation.append(self.step, new, origin)
        self.size += len(new)
        if self.limit is not None and self.size > self.limit:
            raise LimitReached(
                f"more than {self.limit:,} triples; nothing was written. Try a higher limit"
            )
        self.tell(relation.code)

    def tell(self, code: int) -> None:
        """Wake the plans and patterns that read a relation."""
        for plan in self.readers.get(code, ()):
            if plan.head is not None:
                self.wake(plan.head[0])
        for pattern in self.watching.get(code, ()):
            self.waiting[id(pattern)] = pattern

    def wake(self, target: int) -> None:
        """Have a target computed again."""
        if target not in self.dirty:
            self.dirty.add(target)
            heapq.heappush(self.heap, (self.levels.get(target, -1), target))

    def add_plan(self, plan: Plan) -> None:
        """Take a plan in; it runs on everything so far."""
        plan.born = self.step
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

    def demand(self, code: int) -> None:
        """A class is read for the first time: compute what was left out, and its literals."""
        self.demanded.add(code)
        if code in self.idle:
            self.wake(code)
        self.fill(code)

    def fill(self, code: int) -> None:
        """Put the literals of a datatype into its class."""
        members = self.literals.of(~code, self.equality, self.present)
        if len(members):
            self.step += 1
            relation = self.relation(code)
            self.take(relation, relation.new(members), "dt-type2")

    def present(self) -> Mask:
        """For each term whether it stands in the data as subject or object."""
        marks = np.zeros(len(self.terms), np.bool_)
        marks[self.named_same] = True
        for code, relation in self.relations.items():
            for layer in (*relation.layers, *relation.dead):
                if code < 0:
                    marks[layer.keys] = True
                else:
                    marks[layer.keys >> SHIFT] = True
                    marks[layer.keys & LOW] = True
        return marks

    def occurs(self, number: int) -> bool:
        """Whether a term stands in the data as subject or object."""
        return any(
            bool((layer.keys == number).any())
            if code < 0
            else bool((layer.keys & LOW == number).any() or (layer.keys >> SHIFT == number).any())
            for code, relation in self.relations.items()
            for layer in (*relation.layers, *relation.dead)
        )

    # Running

    def run(self) -> None:
        """Apply all rules until nothing is new."""
        self.saturate()
        if self.frozen is None and compiling.install(self, second=True):
            self.frozen = self.equality.rep.copy()
            self.saturate()

    def saturate(self) -> None:
        while True:
            if self.lists.refresh():
                compiling.reread_lists(self)
            target = self.next_target()
            if target is not None and (target in self.schema or not self.waiting):
                self.dirty.discard(target)
                self.compute(target)
            elif self.waiting:
                if target is not None:
                    heapq.heappush(self.heap, (self.levels.get(target, -1), target))
                waiting, self.waiting = list(self.waiting.values()), {}
                for pattern in waiting:
                    compiling.instantiate(self, pattern)
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
        codes = list(
            {
                *self.incoming,
                *(c for ps in self.incoming.values() for p in ps for c, _, _ in p.body),
            }
        )
        place = {code: i for i, code in enumerate(codes)}
        pairs = {
            place[target] << SHIFT | place[code]
            for target, plans in self.incoming.items()
            for plan in plans
            for code, _, _ in plan.body
        }
        keys = unique(np.array(list(pairs), np.int64))
        component, _ = components(len(codes), keys >> SHIFT, keys & LOW)
        levels = component.tolist()
        schema = self.schema
        count = len(codes) + 1
        self.levels = {
            code: levels[i] - (count if code in schema else 0) for code, i in place.items()
        }
        self.heap = [(self.levels.get(target, -1), target) for target in self.dirty]
        heapq.heapify(self.heap)

    def compute(self, target: int) -> None:
        """Run the plans of a target on what is new."""
        if target in self.idle and target not in self.demanded:
            return
        self.tick()
        self.data.check(0)
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
                for layer in relation.layers:
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

    def changed(self, plan: Plan) -> list[int]:
        """The premises of a plan that have something new."""
        seen = plan.seen
        relations = self.relations
        out = []
        for number, (code, _, _) in enumerate(plan.body):
            if code == LIST:
                if seen < 0:
                    out.append(number)
                continue
            if code == self.data.same:
                return [number]
            relation = relations.get(code)
            if relation is None or not relation.layers:
                return []  # nothing can match
            if relation.layers[-1].step > seen:
                out.append(number)
        return out

    def tables(self, plan: Plan, wanted: set[int]) -> Iterable[dict[int, Ids]]:
        """Bindings of a plan's body that rest on something new."""
        news = self.changed(plan)
        if not news:
            return
        whole = plan.seen < 0
        if whole:
            sizes = [
                len(self.data.relation(c)) if c not in (LIST, self.data.same) else 1 << 62
                for c, _, _ in plan.body
            ]
            news = [min(range(len(sizes)), key=sizes.__getitem__)]
        for number in news:
            code = plan.body[number][0]
            fresh = None
            if code != self.data.same and code != LIST and not whole:
                relation = self.relations[code]
                fresh = relation.since(plan.seen)
                if len(fresh) == len(relation):
                    whole = True
            table = solve(plan, self.data, wanted, number, fresh)
            if table.size:
                yield apply_tests(plan, table, self)
            if whole:
                break

    def candidates(self, plan: Plan) -> Ids:
        """Keys that a plan gives for its target, sorted."""
        assert plan.head is not None
        code, s, o = plan.head
        if len(plan.body) == 1 and not plan.tests and plan.body[0][0] != LIST:
            return self.copied(plan)
        wanted = {t for t in ((s,) if code < 0 else (s, o)) if t < 0}
        parts = []
        for columns in self.tables(plan, wanted | plan_variables(plan)):
            size = len(next(iter(columns.values()))) if columns else 1
            left = columns[s] if s < 0 else np.full(size, s)
            if code < 0:
                parts.append(left)
            else:
                parts.append(pack(left, columns[o] if o < 0 else np.full(size, o)))
        if not parts:
            return NONE
        keys = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if code < 0 and len(keys) * 16 > len(self.terms):
            marks = np.zeros(len(self.terms), np.bool_)
            marks[keys] = True
            return np.flatnonzero(marks)
        return unique(keys)

    def copied(self, plan: Plan) -> Ids:
        """The same for a plan with one premise."""
        assert plan.head is not None
        (code, s, o), (target, hs, ho) = plan.body[0], plan.head
        if code == self.data.same:
            terms = self.occurring()
            keys, unary = pack(terms, terms), False
        else:
            relation = self.relations.get(code)
            if relation is None or relation.step <= plan.seen:
                return NONE
            keys, unary = relation.since(plan.seen), code < 0
            if len(relation.layers) > 1 and plan.seen >= 0:
                keys = np.sort(keys, kind="stable")
        if unary:
            if s >= 0:
                keys = keys[keys == s]
            if target < 0:
                return keys if hs < 0 else np.full(min(1, len(keys)), hs)
            if not len(keys):
                return NONE
            return unique(
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
                return np.sort(swap(keys))
        left = np.full(len(keys), hs) if hs >= 0 else keys >> SHIFT if hs == s else keys & LOW
        right = np.full(len(keys), ho) if ho >= 0 else keys >> SHIFT if ho == s else keys & LOW
        return unique(pack(left, right))

    def ends(self, keys: Ids) -> Ids:
        """The objects of keys, sorted, each once."""
        if len(keys) * 16 < len(self.terms):
            return unique(keys & LOW)
        marks = np.zeros(len(self.terms), np.bool_)
        marks[keys & LOW] = True
        return np.flatnonzero(marks)

    # Equality

    def pairs(self, plan: Plan) -> Iterable[tuple[Ids, Ids]]:
        """Pairs of terms that a plan makes one."""
        assert plan.head is not None
        _, a, b = plan.head
        if plan.kind == GROUP and plan.seen < 0:
            if self.changed(plan):
                yield adjacent(plan, self.data, len(self.terms))
            return
        for columns in self.tables(plan, {t for t in (a, b) if t < 0} | plan_variables(plan)):
            size = len(next(iter(columns.values()))) if columns else 1
            left = columns[a] if a < 0 else np.full(size, a)
            right = columns[b] if b < 0 else np.full(size, b)
            differ = np.flatnonzero(left != right)
            yield left[differ], right[differ]

    def unite(self, pairs: list[tuple[Ids, Ids, str]]) -> None:
        """Make pairs one, and write every triple with the representative's name."""
        pairs = [(a, b, rule) for a, b, rule in pairs if len(a)]
        if not pairs:
            return
        self.equality.grow(len(self.terms))
        rules, end = [], 0
        for a, _, rule in pairs:
            end += len(a)
            rules.append((end, rule))
        left = np.concatenate([a for a, _, _ in pairs])
        right = np.concatenate([b for _, b, _ in pairs])
        gone = self.equality.union(left, right, self.step, rules)
        if not len(gone):
            return
        compiling.retire(self, gone)
        same = self.vocabulary.same
        before = self.relations
        moved: dict[int, list[Ids]] = defaultdict(list)
        for code, keys in self.equality.rewrite(before, gone, same):
            moved[code].append(keys)
        self.step += 1
        for code, parts in moved.items():
            keys = unique(np.concatenate(parts))
            self.size -= len(keys)
            self.route(code, keys, REWRITTEN)
        if self.renamed:
            self.reinstall()
        self.type_values(unique(self.equality.rep[gone]))

    def type_values(self, reps: Ids) -> None:
        """Say of what was found to be a literal what is true of its value.

        It gets the datatypes of the value; if it is two values, it differs from itself.
        """
        for code in self.idle - self.demanded:
            if len(self.equality.same(~code)) > 1:
                self.demand(code)
        rows, members = self.equality.expanded(reps)
        literal = self.terms.kinds[members] >= LITERAL
        different = self.vocabulary.different
        for row in np.unique(rows[literal]).tolist():
            mine = rows == row
            tokens = self.terms.tokens(members[literal & mine])
            rep = reps[row : row + 1]
            several = len({value_key(v) for v in tokens} - {None}) > 1
            found: list[tuple[int, Ids, str]] = []
            if self.literals.known and (several or not literal[mine].all()):
                names = {d for v in tokens for d in datatypes_of(v)}
                found = [(~self.vocabulary.ids[d], rep, "dt-type2") for d in sorted(names)]
            if "dt-diff" in self.rules and several:
                found.append((different, pack(rep, rep), "dt-diff"))
            for code, keys, rule in found:
                self.step += 1
                self.take(self.relation(code), self.relation(code).new(keys), rule)

    def numbers(self, tokens: list[str]) -> Ids:
        """The representatives of terms, which may be new."""
        found = self.terms.intern_many(tokens)
        self.equality.grow(len(self.terms))
        return self.equality.rep[found]

    def rename_vocabulary(self) -> None:
        """Take note that a term that rules name has another representative."""
        self.vocabulary.rename(self.equality.of)
        self.renamed = True

    def reinstall(self) -> None:
        """Make all plans again, under new names."""
        self.renamed = False
        for table in (self.incoming, self.readers, self.watching, self.waiting):
            table.clear()
        self.clashing, self.patterns = [], []
        self.dirty, self.heap, self.demanded = set(), [], set()
        self.data.same = self.vocabulary.same if self.equal else self.data.same
        self.idle = compiling.idle(self.rules, self.vocabulary)
        compiling.install(self, second=False)
        if self.frozen is not None:
            compiling.install(self, second=True)


def plan_variables(plan: Plan) -> set[int]:
    """The variables that a plan's tests read."""
    return {n for test in plan.tests for n in test.numbers.values()} if plan.tests else set()


__all__ = ["Engine", "partition"]
