"""Specialization (partial evaluation): rules evaluated against the ontology before the data.

The premises of a template that are about the ontology ("whatever has a domain") are solved, and
solved again as the ontology grows. Each solution makes a plan of the premises left, which are about
the data, once there is something for it to read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Final

import numpy as np

from foedus.reasoning.evaluation.insertion import Insertion
from foedus.reasoning.evaluation.joins import Table, first
from foedus.reasoning.evaluation.pending import Pending, Special, demand_of
from foedus.reasoning.evaluation.unfolding import every, unfolded
from foedus.reasoning.planning.agenda import Agenda
from foedus.reasoning.planning.compilation import CompiledRules, Stratum, planned, plans_of
from foedus.reasoning.planning.plan import (
    EVERY,
    LIST,
    LISTS,
    Argument,
    Named,
    Pairs,
    PlanKey,
    RulePlan,
    RuleTemplate,
    Vocabulary,
    parameters,
    replaced,
    value_rule,
)
from foedus.reasoning.rules.datatypes import DATATYPES
from foedus.reasoning.storage.columns import Ids, Mask, within

NO_ROWS: Final[Ids] = np.empty((0, 0), np.int64)


class Specializer:
    """Makes plans of templates as relations grow, and knows which classes are in demand."""

    def __init__(self, graph: Insertion, agenda: Agenda, compiled: CompiledRules) -> None:
        self.graph, self.agenda, self.compiled = graph, agenda, compiled
        self.templates: list[RuleTemplate] = []
        self.watching: dict[int, list[RuleTemplate]] = defaultdict(
            list
        )  # by the relations they read
        self.pending = Pending()
        self._due: dict[int, RuleTemplate] = {}  # templates with something new, by identity
        self._demanded: set[int] = set()  # classes that plans read
        self._unfilled: list[int] = []  # demanded datatypes without their literals so far
        self._renamed = False

    # Installing rules

    def install(self, stratum: Stratum) -> bool:
        """Add the compiled rules of a stratum; whether there are any."""
        graph = self.graph
        for code, keys, rule in stratum.axioms:
            graph.round += 1
            relation = graph.relation(code)
            graph.take(relation, relation.new(keys), rule)
        self.pending.active |= self._always()
        for plan in stratum.plans:
            self.add(plan.fresh())
        templates = [template.fresh() for template in stratum.templates]
        self.templates += templates
        for template in templates:
            for code in template.watches:
                self.watching[code].append(template)
            self.look_again(template)
        if templates:
            vocabulary = graph.vocabulary
            seeds = {code for code in self.watching if code not in (LIST, EVERY)}
            self.agenda.mark_schema(seeds | {vocabulary.first, vocabulary.rest})
        return bool(stratum)

    def _always(self) -> set[int]:
        """The codes that are always active: relations filled on demand, and virtual ones."""
        vocabulary = self.graph.vocabulary
        datatypes = {~vocabulary.ids[name] for name in DATATYPES}
        return {LIST, self.graph.database.same, vocabulary.type} | self.compiled.idle | datatypes

    def rename(self, of: Callable[[int], int]) -> None:
        """Terms that rules name have new representatives; `reinstall` then compiles anew."""
        self.graph.vocabulary.rename(of)
        self._renamed = True

    def reinstall(self) -> None:
        """Make all plans again, if terms that rules name have new representatives."""
        if not self._renamed:
            return
        self._renamed = False
        graph = self.graph
        self.agenda.clear()
        self.watching.clear()
        self._due.clear()
        self.templates, self._demanded, self._unfilled = [], set(), []
        self.pending.reset({code for code, relation in graph.relations.items() if relation.deltas})
        graph.database.same = graph.vocabulary.same if graph.equal else graph.database.same
        self.compiled = CompiledRules(graph.rules, graph.vocabulary, self.compiled)
        self.install(self.compiled.first)
        if graph.frozen is not None:
            self.install(self.compiled.second)

    def retire(self, gone: Ids) -> None:
        """Drop the plans with terms that ceased to be representatives."""
        terms, vocabulary = gone.tolist(), self.graph.vocabulary
        names = self.agenda.constants.intersection(terms)
        if names:
            self.agenda.drop(cache(lambda plan: not names.isdisjoint(plan.constants)))
        if vocabulary.numbers.intersection(terms):
            self.rename(self.graph.equality.of)

    # Notified by relations

    def tell(self, code: int) -> None:
        """Make due the plans and templates that read a relation."""
        self.agenda.tell(code)
        for template in self.watching.get(code, ()):
            self._due[id(template)] = template

    def appear(self, code: int) -> None:
        """Make due the templates over all relations, and the plans that waited for this one."""
        self.tell(EVERY)
        self.pending.activate(code)

    def tell_again(self, code: int) -> None:
        """Have the templates over a relation read all of it again."""
        for template in self.watching.get(code, ()):
            self.look_again(template)

    def is_schema(self, code: int) -> bool:
        """Whether templates depend on a relation."""
        return code in self.agenda.schema

    def demand_merged(self, several: Mask) -> None:
        """Demand the idle classes that are equal to others."""
        for code in self.compiled.idle - self._demanded:
            if several[~code]:
                self.demand(code)

    def look_again(self, template: RuleTemplate) -> None:
        """Have a template solved from the beginning."""
        template.seen = -1
        self._due[id(template)] = template

    def reread_lists(self) -> None:
        """Have the templates and plans that read lists start from the beginning."""
        for template in self.templates:
            if template.head_of_list:
                self.look_again(template)
        for plan in self.agenda.readers.get(LIST, ()):
            plan.seen = -1
            if plan.head is not None:
                self.agenda.wake(plan.head[0])

    # Demand

    def is_idle(self, code: int) -> bool:
        """Whether a class need not be computed: its members are trivial, and no plan reads it."""
        return code in self.compiled.idle and code not in self._demanded

    def demand(self, code: int) -> None:
        """A class is read for the first time: have its members, and literals, computed."""
        self._demanded.add(code)
        if code in self.compiled.idle:
            self.pending.activate(demand_of(code))
            self.agenda.wake(code)
        if self.graph.literals.is_datatype(~code):
            self._unfilled.append(code)

    @property
    def datatypes(self) -> list[int]:
        """The datatypes that plans read, sorted."""
        return sorted(c for c in self._demanded if self.graph.literals.is_datatype(~c))

    def fill_up(self) -> None:
        """Add the data's literals to datatypes that are read for the first time."""
        if not self._unfilled:
            return
        codes, self._unfilled = sorted(self._unfilled), []
        marks = self.graph.present()
        for code in codes:
            self.graph.fill(code, marks)

    # From templates to plans

    @property
    def is_due(self) -> bool:
        """Whether the relations of some template have grown."""
        return bool(self._due)

    def specialize(self) -> None:
        """Solve the templates that are due; make the plans of their solutions or let them wait."""
        templates, self._due = list(self._due.values()), {}
        for template in templates:
            rows, others = self.solved(template)
            if len(rows):
                self._make_all(template, rows)
            for special in others:
                self._make(template, special)

    def activate_pending(self) -> None:
        """Make the plans that waited for relations that are now active."""
        for template, found in self.pending.due():
            if isinstance(found, Special):
                self._make(template, found)
            else:
                self._make_all(template, found)

    def add(self, plan: RulePlan) -> None:
        """Add a plan; it will read everything from the first round on."""
        plan.born = self.graph.round
        self.agenda.add(plan)
        for code in plan.reads:
            if code < 0 and code not in self._demanded:
                self.demand(code)
        if plan.head is not None:
            self.pending.activate(plan.head[0])

    def _make_all(self, template: RuleTemplate, rows: Ids) -> None:
        """Make the plans of solutions that determine them, or let them wait."""
        made, ready, graph = template.made, [], self.graph
        for row in self._ready(template, rows):
            if row not in made:
                made[row] = []
                if self._is_current(row):
                    ready.append(row)
        for row, plan in plans_of(template, ready, graph.vocabulary, graph.equal):
            if plan.tests or plan.head is None:
                plan.values = dict(zip(template.names, row, strict=True))
            made[row].append(plan)
            self.add(plan)

    def _make(self, template: RuleTemplate, special: Special) -> None:
        """Make a special plan, or let it wait."""
        key, reads, body, head, values, pairs = special
        if key in template.made:
            return
        empty = self.pending.first_empty(reads)
        if empty is not None:
            self.pending.wait(empty, template, special)
            return
        template.made[key] = []
        if not self._is_current(chain(*body, head or ())):
            return
        graph = self.graph
        plan = pairs or planned(template, body, head, graph.vocabulary, graph.equal)
        if plan is not None:
            plan.values = values
            template.made[key].append(plan)
            self.add(plan)

    def _ready(self, template: RuleTemplate, rows: Ids) -> Iterator[PlanKey]:
        """The solutions whose plans can be made; the others are left pending."""
        reads, target, pending = template.reads or (), template.target, self.pending
        unwanted = self.compiled.idle - self._demanded if target is not None else set()
        if len(rows) > self.graph.tuning.solutions:
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
                pending.wait_all(template, waits[:ready], rows[:ready])
            yield from map(tuple, rows[ready:].tolist())
            return
        for row in rows.tolist():
            wait = pending.first_empty(~row[n] if unary else row[n] for n, unary in reads)
            if target is not None and ~row[target] in unwanted:
                wait = demand_of(~row[target])
            if wait is None:
                yield tuple(row)
            else:
                pending.wait(wait, template, np.array([row]))

    def _is_current(self, nodes: Iterable[Argument]) -> bool:
        """Whether all terms are representatives. If not, another solution has these."""
        equality = self.graph.equality
        if not equality:
            return True
        return all(
            equality.of(node) == node for node in nodes if isinstance(node, int) and node >= 0
        )

    # Solving templates

    def solved(self, template: RuleTemplate) -> tuple[Ids, Iterator[Special]]:
        """The solutions that determine their plans (a row each), and special plans for the others.

        Only new solutions; or all, if the template is to be solved from the beginning, and then
        none of them is pending any more.
        """
        graph = self.graph
        if template in self.watching[EVERY]:
            template.seen = -1
        if template.seen < 0:
            template.turn += 1
        if template.query is not None:
            template.query.seen = template.seen
        if template.query is None or graph.changed(template.query):
            rows = self._solutions(template)
        else:  # mostly
            rows, template.seen = NO_ROWS, graph.round
        if not len(rows):
            return rows, iter(())
        for guard in template.redundant:
            if guard.keys() <= set(template.names):
                places = [template.names.index(name) for name in guard]
                rows = rows[(rows[:, places] != list(guard.values())).any(axis=1)]
        special = (rows == graph.vocabulary.type).any(axis=1)  # ?x rdf:type ?any
        if template.reads is None:
            special[:] = True
        elif not special.any():  # mostly
            return rows, iter(())
        return rows[~special], self._specials(template, rows[special].tolist())

    def _specials(self, template: RuleTemplate, rows: list[list[int]]) -> Iterator[Special]:
        """Plans whose lists are to be unfolded, or that range over all relations."""
        graph, vocabulary = self.graph, self.graph.vocabulary
        everything = self.watching[EVERY]
        for numbers in rows:
            graph.tick()
            row = dict(zip(template.names, numbers, strict=True))
            may_be_loose = template.loose or vocabulary.type in numbers
            for found in unfolded(graph, template, row):
                if isinstance(found, Pairs):
                    bodies = tuple(part.body for part in found.parts)
                    alike = "pairs", found.members, bodies, tuple(numbers)
                    yield Special(alike, [], [], None, row, found)
                    continue
                body, heads = found
                loose = may_be_loose and bool(parameters(body, vocabulary))
                if loose and template not in everything and not value_rule(template.rule):
                    everything.append(template)
                for some in every(graph, template, body) if loose else [{}]:
                    final = [replaced(atom, some) for atom in body] if some else body
                    codes = [relation_of(atom, vocabulary) for atom in final]
                    for head in heads:
                        target = replaced(head, some) if head is not None and some else head
                        key = tuple(final), target, tuple(numbers)
                        yield Special(key, codes, final, target, {**row, **some})

    def _solutions(self, template: RuleTemplate) -> Ids:
        """The new solutions of a template's query: a row of its variables' values for each."""
        graph = self.graph
        seen, template.seen = template.seen, graph.round
        query = template.query
        if query is None:
            return np.empty((1, 0), np.int64)
        numbers = [query.names[name] for name in template.names]
        if len(template.known) == 1 and query.body[0][0] in graph.relations and template.skips:
            found = self._skipping(template, query, seen)
        else:
            found = list(graph.tables(query, set(numbers)))
        if not numbers or not found:
            return np.empty((min(1, len(found)), len(numbers)), np.int64)
        tables = [np.array([table[n] for n in numbers]).T for table in found]
        return tables[0] if len(tables) == 1 else np.concatenate(tables)

    def _skipping(self, template: RuleTemplate, query: RulePlan, seen: int) -> list[dict[int, Ids]]:
        """The solutions, without those derived by rules that other plans subsume."""
        out = []
        for delta in self.graph.relations[query.body[0][0]].deltas:
            if delta.round > seen and delta.origin not in template.skips:
                table = Table()
                first(table, query.body[0], delta.keys)
                out.append(table.columns)
        return out


def relation_of(atom: Named, vocabulary: Vocabulary) -> int:
    """The code of a premise without variables in the position of its property or class."""
    _, p, o = atom
    assert isinstance(p, int)
    if p != vocabulary.type:
        return LIST if p == LISTS else p
    return ~o if isinstance(o, int) else p
