"""Triples taken into relations, and terms made one; a listener hears of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.fixpoint.evaluation import Evaluation
from foedus.reasoning.fixpoint.literals import Literals
from foedus.reasoning.rows.columns import LOW, NONE, SHIFT, Ids, Mask, pack, unique, within
from foedus.reasoning.rows.layers import GIVEN, REWRITTEN, Layer, Relation, beyond
from foedus.reasoning.rows.partition import by_object
from foedus.reasoning.rules.datatypes import datatypes_of, value_key
from foedus.reasoning.words.dictionary import LITERAL


class Listener(Protocol):
    """Who is told of what happens to relations: whoever makes plans of them."""

    def tell(self, code: int) -> None:
        """A relation has grown."""

    def appear(self, code: int) -> None:
        """A relation that was empty is not."""

    def tell_again(self, code: int) -> None:
        """What a relation holds is to be looked at again."""

    def is_schema(self, code: int) -> bool:
        """Whether plans are made of what a relation holds."""

    def demand_merged(self, several: Mask) -> None:
        """Some terms, which are marked, are one with others."""

    def retire(self, gone: Ids) -> None:
        """Terms are no longer their own representatives."""

    def reinstall(self) -> None:
        """All is written with representatives again."""


class Intake(Evaluation):
    """Relations that grow, layer by layer; ``step`` is the number of the newest."""

    literals: Literals
    listener: Listener
    batches: set[tuple[int, int]]  # layers that a transitive closure made at once
    cleared: tuple[Ids, int]  # terms, and a step: no layer up to it says anything of them
    size: int
    limit: int | None

    def relation(self, code: int) -> Relation:
        """The relation with a code, made if need be."""
        found = self.relations.get(code)
        if found is None:
            found = self.relations[code] = Relation(code)
        return found

    def assert_known(self, code: int, keys: Ids) -> None:
        """Take note that keys which were derived are now asserted too: they rest on nothing.

        Of the vocabulary, plans may leave out what certain rules derive, but not what stands by
        itself.
        """
        relation = self.relations.get(code)
        if relation is None:
            return
        if not self.listener.is_schema(code):
            home = next((layer for layer in relation.layers if layer.origin == GIVEN), None)
            for layer in list(relation.layers):
                if home is not None and layer.step > home.step and layer.origin != REWRITTEN:
                    self.move(relation, layer, home, keys[layer.has(keys)])
            return
        layers = []
        for layer in relation.layers:
            mine = keys[layer.has(keys)] if layer.origin != GIVEN else NONE
            if len(mine):
                layer.remove(mine)
                layers.append(Layer(layer.step, mine, GIVEN))
            if len(layer):
                layers.append(layer)
        relation.layers = layers
        relation.forget()
        self.listener.tell_again(code)

    def move(self, relation: Relation, layer: Layer, home: Layer, keys: Ids) -> None:
        """Move keys to an earlier layer."""
        if not len(keys):
            return
        home.insert(keys)
        if len(keys) < len(layer):
            layer.remove(keys)
        else:
            self.drop(relation, layer)
        relation.forget()

    def drop(self, relation: Relation, layer: Layer) -> None:
        """Drop a layer of which nothing is left."""
        relation.layers.remove(layer)
        if layer.origin != GIVEN:  # what was asserted of a batch is a layer of the same step
            self.batches.discard((relation.code, layer.step))
        relation.forget()

    def receive(self, code: int, keys: Ids, origin: str) -> int:
        """Take in sorted keys at the current step; how many were new.

        Keys that name terms by what is not their representative become rewritten ones.
        """
        equality = self.equality
        if equality:
            term = ~code if code < 0 else code
            target = int(equality.rep[term])
            if target != term:
                moved = np.ones(len(keys), np.bool_)
            else:
                moved = equality.moved(keys, code < 0)
            if moved.any():
                relation = self.relation(code)
                old = beyond(keys[moved], relation.dead)
                if len(old):
                    relation.dead.append(Layer(self.step, old, origin))
                kept = self.receive(code, keys[~moved], origin) if not moved.all() else 0
                self.step += 1
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
            self.listener.appear(relation.code)
        relation.append(self.step, new, origin)
        self.size += len(new)
        if self.limit is not None and self.size > self.limit:
            raise LimitReached.triples(self.limit)
        self.listener.tell(relation.code)

    def fill(self, code: int, marks: Mask) -> None:
        """Put the literals of a datatype that are among marked terms into its class."""
        members = self.literals.of(~code, self.equality, marks)
        if len(members):
            self.step += 1
            relation = self.relation(code)
            self.take(relation, relation.new(members), "dt-type2")

    # Terms that are one

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
        self.listener.retire(gone)
        same = self.vocabulary.same
        before = self.relations
        moved: dict[int, list[Ids]] = defaultdict(list)
        cleared, step = self.cleared
        since = step if within(gone, cleared).all() else -1
        for code, keys in self.equality.rewrite(before, gone, same, since):
            moved[code].append(keys)
        self.step += 1
        for code, parts in moved.items():
            keys = unique(np.concatenate(parts))
            self.size -= len(keys)
            self.route(code, keys, REWRITTEN)
        self.listener.reinstall()
        self.type_values(unique(self.equality.rep[gone]))

    def type_values(self, reps: Ids) -> None:
        """Say of what was found to be a literal what is true of its value.

        It gets the datatypes of the value; if it is two values, it differs from itself.
        """
        self.listener.demand_merged(self.equality.several)
        kinds = self.terms.kinds
        if max(kinds[self.equality.changed].max(), kinds[reps].max()) < LITERAL:
            return
        rows, members = self.equality.expanded(reps)
        literal = kinds[members] >= LITERAL
        different = self.vocabulary.different
        for row in unique(rows[literal]).tolist():
            mine = rows == row
            tokens = self.terms.tokens(members[literal & mine])
            rep = reps[row : row + 1]
            values = {value_key(v) for v in tokens}
            several = len(values - {None}) > 1
            found: list[tuple[int, Ids, str]] = []
            if self.literals.known and (len(values) > 1 or not literal[mine].all()):
                names = {d for v in tokens for d in datatypes_of(v)}
                found = [(~self.vocabulary.ids[d], rep, "dt-type2") for d in sorted(names)]
            if "dt-diff" in self.rules and several:
                found.append((different, pack(rep, rep), "dt-diff"))
            for code, keys, rule in found:
                self.step += 1
                self.take(self.relation(code), self.relation(code).new(keys), rule)
