"""Insertion into relations, and the merging of terms by equality; a listener is notified."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.encoding.dictionary import LITERAL
from foedus.reasoning.evaluation.consequences import Consequences
from foedus.reasoning.evaluation.literals import Literals
from foedus.reasoning.rules.datatypes import datatypes_of, value_key
from foedus.reasoning.storage.columns import LOW, NONE, SHIFT, Ids, Mask, pack, sort_unique, within
from foedus.reasoning.storage.partition import by_object
from foedus.reasoning.storage.relation import GIVEN, REWRITTEN, Delta, Relation, not_in


class Listener(Protocol):
    """Who is notified of changes to relations: the specializer."""

    def tell(self, code: int) -> None:
        """A relation has grown."""

    def appear(self, code: int) -> None:
        """A relation that was empty no longer is."""

    def tell_again(self, code: int) -> None:
        """All keys of a relation are to be read again."""

    def is_schema(self, code: int) -> bool:
        """Whether specialization depends on a relation."""

    def demand_merged(self, several: Mask) -> None:
        """The marked terms are in classes of two or more."""

    def retire(self, gone: Ids) -> None:
        """These terms ceased to be representatives."""

    def reinstall(self) -> None:
        """All relations are written with representatives again."""


class Insertion(Consequences):
    """Relations that grow by deltas; ``round`` is that of the newest."""

    literals: Literals
    listener: Listener
    batches: set[tuple[int, int]]  # deltas (code, round) that are whole transitive closures
    cleared: tuple[Ids, int]  # terms, and a round: no delta up to it holds any of them
    size: int
    limit: int | None

    def relation(self, code: int) -> Relation:
        """The relation with a code, created if need be."""
        found = self.relations.get(code)
        if found is None:
            found = self.relations[code] = Relation(code, self.tuning)
        return found

    def assert_known(self, code: int, keys: Ids) -> None:
        """Take note that derived keys are now asserted too, and so rest on nothing.

        In the schema, plans may skip what certain rules derive, but never what is asserted.
        """
        relation = self.relations.get(code)
        if relation is None:
            return
        if not self.listener.is_schema(code):
            home = next((delta for delta in relation.deltas if delta.origin == GIVEN), None)
            for delta in list(relation.deltas):
                if home is not None and delta.round > home.round and delta.origin != REWRITTEN:
                    self.move(relation, delta, home, keys[delta.has(keys)])
            return
        deltas = []
        for delta in relation.deltas:
            mine = keys[delta.has(keys)] if delta.origin != GIVEN else NONE
            if len(mine):
                delta.remove(mine)
                deltas.append(Delta(delta.round, mine, GIVEN, self.tuning))
            if len(delta):
                deltas.append(delta)
        relation.deltas = deltas
        relation.forget()
        self.listener.tell_again(code)

    def move(self, relation: Relation, delta: Delta, home: Delta, keys: Ids) -> None:
        """Move keys from a delta to an earlier one."""
        if not len(keys):
            return
        home.insert(keys)
        if len(keys) < len(delta):
            delta.remove(keys)
        else:
            self.drop(relation, delta)
        relation.forget()

    def drop(self, relation: Relation, delta: Delta) -> None:
        """Drop a delta that has become empty."""
        relation.deltas.remove(delta)
        if delta.origin != GIVEN:  # the asserted keys of a batch are a delta of the same round
            self.batches.discard((relation.code, delta.round))
        relation.forget()

    def receive(self, code: int, keys: Ids, origin: str) -> int:
        """Add sorted keys in the current round; the number of new ones.

        Keys with terms that are not their own representatives are rewritten; as they were, they are
        kept in ``superseded``.
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
                old = not_in(keys[moved], relation.superseded)
                if len(old):
                    relation.superseded.append(Delta(self.round, old, origin, self.tuning))
                kept = self.receive(code, keys[~moved], origin) if not moved.all() else 0
                self.round += 1
                mapped = sort_unique(equality.mapped(keys[moved], code < 0))
                return kept + self.route(~target if code < 0 else target, mapped, REWRITTEN)
        return self.route(code, keys, origin)

    def route(self, code: int, keys: Ids, origin: str) -> int:
        """Add sorted keys to their relation: rdf:type to classes, owl:sameAs to the union-find."""
        vocabulary = self.vocabulary
        if code == vocabulary.type:
            return sum(self.route(c, part, origin) for c, part in by_object(keys))
        if self.equal and code == vocabulary.same:
            self.unite([(keys >> SHIFT, keys & LOW, origin)])
            return 0
        relation = self.relation(code)
        new = relation.new(keys) if relation.deltas else keys
        self.take(relation, new, origin)
        return len(new)

    def take(self, relation: Relation, new: Ids, origin: str) -> None:
        """Append a delta of new keys and notify the listener."""
        if not len(new):
            return
        if not relation.deltas:
            self.listener.appear(relation.code)
        relation.append(self.round, new, origin)
        self.size += len(new)
        if self.limit is not None and self.size > self.limit:
            raise LimitReached.triples(self.limit)
        self.listener.tell(relation.code)

    def fill(self, code: int, marks: Mask) -> None:
        """Add the marked literals that a datatype contains to its class."""
        members = self.literals.of(~code, self.equality, marks)
        if len(members):
            self.round += 1
            relation = self.relation(code)
            self.take(relation, relation.new(members), "dt-type2")

    # Equality

    def unite(self, pairs: list[tuple[Ids, Ids, str]]) -> None:
        """Merge the terms of pairs, given with their rules, and rewrite all keys that hold them."""
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
        gone = self.equality.union(left, right, self.round, rules)
        if not len(gone):
            return
        self.listener.retire(gone)
        same = self.vocabulary.same
        before = self.relations
        moved: dict[int, list[Ids]] = defaultdict(list)
        cleared, round = self.cleared
        since = round if within(gone, cleared).all() else -1
        for code, keys in self.equality.rewrite(before, gone, same, since):
            moved[code].append(keys)
        self.round += 1
        for code, parts in moved.items():
            keys = sort_unique(np.concatenate(parts))
            self.size -= len(keys)
            self.route(code, keys, REWRITTEN)
        self.listener.reinstall()
        self.type_values(sort_unique(self.equality.rep[gone]))

    def type_values(self, reps: Ids) -> None:
        """Apply the datatype rules to classes that came to contain literals.

        The representative gets the datatypes of the value; if there are two values, it differs from
        itself.
        """
        self.listener.demand_merged(self.equality.merged)
        kinds = self.terms.kinds
        if max(kinds[self.equality.changed].max(), kinds[reps].max()) < LITERAL:
            return
        rows, members = self.equality.expanded(reps)
        literal = kinds[members] >= LITERAL
        different = self.vocabulary.different
        for row in sort_unique(rows[literal]).tolist():
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
                self.round += 1
                self.take(self.relation(code), self.relation(code).new(keys), rule)
