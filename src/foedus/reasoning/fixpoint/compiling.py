"""Rules evaluated against the ontology first: each solution of a pattern makes a plan.

The premises of a pattern that are about the vocabulary ("what has a domain") are solved as the
vocabulary grows. What is left of the rule is a plan about the data, made when there is something
that it may read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Final

import numpy as np

from foedus.reasoning.fixpoint.intake import Intake
from foedus.reasoning.fixpoint.pending import Pending, Special, demand_of
from foedus.reasoning.fixpoint.unfolding import every, unfolded
from foedus.reasoning.plans.agenda import Agenda
from foedus.reasoning.plans.joins import Table, first
from foedus.reasoning.plans.plan import (
    EVERY,
    LIST,
    LISTS,
    Key,
    Named,
    Node,
    Pairs,
    Pattern,
    Plan,
    Vocabulary,
    parameters,
    replaced,
    value_rule,
)
from foedus.reasoning.plans.prepared import Part, Prepared, planned, plans_of
from foedus.reasoning.rows.columns import Ids, Mask, within
from foedus.reasoning.rules.datatypes import DATATYPES

#: Of more solutions than this, those that wait are found and kept together.
_MANY: Final = 32

NO_ROWS: Final[Ids] = np.empty((0, 0), np.int64)


class Specializer:
    """Makes plans of patterns, hears of relations that grow, and knows which classes are wanted."""

    def __init__(self, graph: Intake, agenda: Agenda, prepared: Prepared) -> None:
        self.graph, self.agenda, self.prepared = graph, agenda, prepared
        self.patterns: list[Pattern] = []
        self.watching: dict[int, list[Pattern]] = defaultdict(list)  # by what they are solved over
        self.pending = Pending()
        self._due: dict[int, Pattern] = {}  # patterns with something new, by identity
        self._demanded: set[int] = set()  # classes that plans read
        self._unfilled: list[int] = []  # datatypes that are read for the first time
        self._renamed = False

    # Rules taken in

    def install(self, part: Part) -> bool:
        """Take some of the rules in. Whether there were any."""
        graph = self.graph
        for code, keys, rule in part.axioms:
            graph.step += 1
            relation = graph.relation(code)
            graph.take(relation, relation.new(keys), rule)
        self.pending.active |= self._always()
        for plan in part.plans:
            self.add(plan.fresh())
        patterns = [pattern.fresh() for pattern in part.patterns]
        self.patterns += patterns
        for pattern in patterns:
            for code in pattern.watches:
                self.watching[code].append(pattern)
            self.look_again(pattern)
        if patterns:
            vocabulary = graph.vocabulary
            seeds = {code for code in self.watching if code not in (LIST, EVERY)}
            self.agenda.mark_schema(seeds | {vocabulary.first, vocabulary.rest})
        return bool(part)

    def _always(self) -> set[int]:
        """The relations that fill up when they are read, or are none."""
        vocabulary = self.graph.vocabulary
        datatypes = {~vocabulary.ids[name] for name in DATATYPES}
        return {LIST, self.graph.data.same, vocabulary.type} | self.prepared.idle | datatypes

    def rename(self, of: Callable[[int], int]) -> None:
        """Terms that rules name have other representatives; `reinstall` makes the plans anew."""
        self.graph.vocabulary.rename(of)
        self._renamed = True

    def reinstall(self) -> None:
        """Make all plans again, if terms that rules name have other names now."""
        if not self._renamed:
            return
        self._renamed = False
        graph = self.graph
        self.agenda.clear()
        self.watching.clear()
        self._due.clear()
        self.patterns, self._demanded, self._unfilled = [], set(), []
        self.pending.reset({code for code, relation in graph.relations.items() if relation.layers})
        graph.data.same = graph.vocabulary.same if graph.equal else graph.data.same
        self.prepared = Prepared(graph.rules, graph.vocabulary, self.prepared)
        self.install(self.prepared.first)
        if graph.frozen is not None:
            self.install(self.prepared.second)

    def retire(self, gone: Ids) -> None:
        """Drop the plans that name terms by what is no longer their representative."""
        terms, vocabulary = gone.tolist(), self.graph.vocabulary
        names = self.agenda.constants.intersection(terms)
        if names:
            self.agenda.drop(cache(lambda plan: not names.isdisjoint(plan.constants)))
        if vocabulary.numbers.intersection(terms):
            self.rename(self.graph.equality.of)

    # Heard from relations

    def tell(self, code: int) -> None:
        """Wake the plans and patterns that read a relation."""
        self.agenda.tell(code)
        for pattern in self.watching.get(code, ()):
            self._due[id(pattern)] = pattern

    def appear(self, code: int) -> None:
        """Wake the patterns that read all relations, and the plans to be that read this one."""
        self.tell(EVERY)
        self.pending.activate(code)

    def tell_again(self, code: int) -> None:
        """Have the patterns of a relation look at all of it again."""
        for pattern in self.watching.get(code, ()):
            self.look_again(pattern)

    def is_schema(self, code: int) -> bool:
        """Whether patterns depend on a relation."""
        return code in self.agenda.schema

    def demand_merged(self, several: Mask) -> None:
        """Demand the idle classes that are one with others."""
        for code in self.prepared.idle - self._demanded:
            if several[~code]:
                self.demand(code)

    def look_again(self, pattern: Pattern) -> None:
        """Have a pattern solved from the beginning."""
        pattern.seen = -1
        self._due[id(pattern)] = pattern

    def reread_lists(self) -> None:
        """Have every pattern and plan that reads lists look at all of them again."""
        for pattern in self.patterns:
            if pattern.head_of_list:
                self.look_again(pattern)
        for plan in self.agenda.readers.get(LIST, ()):
            plan.seen = -1
            if plan.head is not None:
                self.agenda.wake(plan.head[0])

    # Classes that are wanted

    def is_idle(self, code: int) -> bool:
        """Whether a class need not be computed, since no plan reads it."""
        return code in self.prepared.idle and code not in self._demanded

    def demand(self, code: int) -> None:
        """A class is read for the first time: compute what was left out, and its literals."""
        self._demanded.add(code)
        if code in self.prepared.idle:
            self.pending.activate(demand_of(code))
            self.agenda.wake(code)
        if self.graph.literals.is_datatype(~code):
            self._unfilled.append(code)

    @property
    def datatypes(self) -> list[int]:
        """The datatypes that plans read, sorted."""
        return sorted(c for c in self._demanded if self.graph.literals.is_datatype(~c))

    def fill_up(self) -> None:
        """Put the literals there are into datatypes that are read for the first time."""
        if not self._unfilled:
            return
        codes, self._unfilled = sorted(self._unfilled), []
        marks = self.graph.present()
        for code in codes:
            self.graph.fill(code, marks)

    # From patterns to plans

    @property
    def is_due(self) -> bool:
        """Whether patterns have something new."""
        return bool(self._due)

    def specialize(self) -> None:
        """Solve the patterns that have something new, and make their plans or let them wait."""
        patterns, self._due = list(self._due.values()), {}
        for pattern in patterns:
            rows, others = self.solved(pattern)
            if len(rows):
                self._make_all(pattern, rows)
            for special in others:
                self._make(pattern, special)

    def activate_pending(self) -> None:
        """Make the plans that waited for relations which now may hold something."""
        for pattern, found in self.pending.due():
            if isinstance(found, Special):
                self._make(pattern, found)
            else:
                self._make_all(pattern, found)

    def add(self, plan: Plan) -> None:
        """Take a plan in; it runs on everything so far."""
        plan.born = self.graph.step
        self.agenda.add(plan)
        for code in plan.reads:
            if code < 0 and code not in self._demanded:
                self.demand(code)
        if plan.head is not None:
            self.pending.activate(plan.head[0])

    def _make_all(self, pattern: Pattern, rows: Ids) -> None:
        """Make the plans of solutions that say all of them, or let them wait."""
        made, ready, graph = pattern.made, [], self.graph
        for row in self._ready(pattern, rows):
            if row not in made:
                made[row] = []
                if self._is_current(row):
                    ready.append(row)
        for row, plan in plans_of(pattern, ready, graph.vocabulary, graph.equal):
            if plan.tests or plan.head is None:
                plan.values = dict(zip(pattern.names, row, strict=True))
            made[row].append(plan)
            self.add(plan)

    def _make(self, pattern: Pattern, special: Special) -> None:
        """Make a special plan, or let it wait."""
        key, reads, body, head, values, pairs = special
        if key in pattern.made:
            return
        empty = self.pending.first_empty(reads)
        if empty is not None:
            self.pending.wait(empty, pattern, special)
            return
        pattern.made[key] = []
        if not self._is_current(chain(*body, head or ())):
            return
        graph = self.graph
        plan = pairs or planned(pattern, body, head, graph.vocabulary, graph.equal)
        if plan is not None:
            plan.values = values
            pattern.made[key].append(plan)
            self.add(plan)

    def _ready(self, pattern: Pattern, rows: Ids) -> Iterator[Key]:
        """The solutions that need not wait; the others are left pending."""
        reads, target, pending = pattern.reads or (), pattern.target, self.pending
        unwanted = self.prepared.idle - self._demanded if target is not None else set()
        if len(rows) > _MANY:
            active = np.fromiter(pending.active, np.int64, len(pending.active))
            active.sort()
            empty = np.full(len(rows), LIST)
            for n, unary in reads:
                codes = ~rows[:, n] if unary else rows[:, n]
                empty = np.where(within(codes, active), empty, codes)
            if target is not None and unwanted:
                codes = ~rows[:, target]
                idle = within(codes, np.array(sorted(unwanted)))
                empty = np.where(idle, demand_of(codes), empty)
            order = empty.argsort(kind="stable")  # those that need not wait come last
            waits, rows = empty[order], rows[order]
            ready = int(waits.searchsorted(LIST))
            if ready:
                pending.wait_all(pattern, waits[:ready], rows[:ready])
            yield from map(tuple, rows[ready:].tolist())
            return
        for row in rows.tolist():
            wait = pending.first_empty(~row[n] if unary else row[n] for n, unary in reads)
            if target is not None and ~row[target] in unwanted:
                wait = demand_of(~row[target])
            if wait is None:
                yield tuple(row)
            else:
                pending.wait(wait, pattern, np.array([row]))

    def _is_current(self, nodes: Iterable[Node]) -> bool:
        """Whether terms are called by their representatives. If not, another solution does so."""
        equality = self.graph.equality
        if not equality:
            return True
        return all(
            equality.of(node) == node for node in nodes if isinstance(node, int) and node >= 0
        )

    # Patterns solved

    def solved(self, pattern: Pattern) -> tuple[Ids, Iterator[Special]]:
        """The solutions that say all of their plans, and special plans to be of the others.

        Those that are new, or all if the pattern is to be looked at again: then none of them waits
        any more.
        """
        graph = self.graph
        if pattern in self.watching[EVERY]:
            pattern.seen = -1
        if pattern.seen < 0:
            pattern.turn += 1
        if pattern.query is not None:
            pattern.query.seen = pattern.seen
        if pattern.query is None or graph.changed(pattern.query):
            rows = self._solutions(pattern)
        else:  # mostly
            rows, pattern.seen = NO_ROWS, graph.step
        if not len(rows):
            return rows, iter(())
        for guard in pattern.redundant:
            if guard.keys() <= set(pattern.names):
                places = [pattern.names.index(name) for name in guard]
                rows = rows[(rows[:, places] != list(guard.values())).any(axis=1)]
        special = (rows == graph.vocabulary.type).any(axis=1)  # ?x rdf:type ?any
        if pattern.reads is None:
            special[:] = True
        elif not special.any():  # mostly
            return rows, iter(())
        return rows[~special], self._specials(pattern, rows[special].tolist())

    def _specials(self, pattern: Pattern, rows: list[list[int]]) -> Iterator[Special]:
        """Plans to be that want lists written out, or all relations there are."""
        graph, vocabulary = self.graph, self.graph.vocabulary
        everything = self.watching[EVERY]
        for numbers in rows:
            graph.tick()
            row = dict(zip(pattern.names, numbers, strict=True))
            may_be_loose = pattern.loose or vocabulary.type in numbers
            for found in unfolded(graph, pattern, row):
                if isinstance(found, Pairs):
                    bodies = tuple(part.body for part in found.parts)
                    alike = "pairs", found.members, bodies, tuple(numbers)
                    yield Special(alike, [], [], None, row, found)
                    continue
                body, heads = found
                loose = may_be_loose and bool(parameters(body, vocabulary))
                if loose and pattern not in everything and not value_rule(pattern.rule):
                    everything.append(pattern)
                for some in every(graph, pattern, body) if loose else [{}]:
                    final = [replaced(atom, some) for atom in body] if some else body
                    codes = [relation_of(atom, vocabulary) for atom in final]
                    for head in heads:
                        target = replaced(head, some) if head is not None and some else head
                        key = tuple(final), target, tuple(numbers)
                        yield Special(key, codes, final, target, {**row, **some})

    def _solutions(self, pattern: Pattern) -> Ids:
        """What the vocabulary gives for a pattern's names, as far as it is new: a row for each, or
        several."""
        graph = self.graph
        seen, pattern.seen = pattern.seen, graph.step
        query = pattern.query
        if query is None:
            return np.empty((1, 0), np.int64)
        numbers = [query.names[name] for name in pattern.names]
        if len(pattern.known) == 1 and query.body[0][0] in graph.relations and pattern.skips:
            found = self._skipping(pattern, query, seen)
        else:
            found = list(graph.tables(query, set(numbers)))
        if not numbers or not found:
            return np.empty((min(1, len(found)), len(numbers)), np.int64)
        tables = [np.array([table[n] for n in numbers]).T for table in found]
        return tables[0] if len(tables) == 1 else np.concatenate(tables)

    def _skipping(self, pattern: Pattern, query: Plan, seen: int) -> list[dict[int, Ids]]:
        """Solutions without those that other plans make superfluous."""
        out = []
        for layer in self.graph.relations[query.body[0][0]].layers:
            if layer.step > seen and layer.origin not in pattern.skips:
                table = Table()
                first(table, query.body[0], layer.keys)
                out.append(table.columns)
        return out


def relation_of(atom: Named, vocabulary: Vocabulary) -> int:
    """The relation that a premise without open names is about."""
    _, p, o = atom
    assert isinstance(p, int)
    if p != vocabulary.type:
        return LIST if p == LISTS else p
    return ~o if isinstance(o, int) else p
