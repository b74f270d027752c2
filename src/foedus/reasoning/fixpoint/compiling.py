"""From patterns to plans: patterns are solved whenever their vocabulary grows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from operator import invert
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from foedus.reasoning.fixpoint.unfolding import Pairs, every, replaced, unfolded
from foedus.reasoning.plans.joins import Table, first
from foedus.reasoning.plans.plan import (
    EVERY,
    LIST,
    LISTS,
    Named,
    Node,
    Pattern,
    Plan,
    Premise,
    Vocabulary,
    parameters,
    value_rule,
)
from foedus.reasoning.plans.prepared import Part, planned
from foedus.reasoning.rows.columns import Ids, counted, spread, within
from foedus.reasoning.rules.datatypes import DATATYPES

if TYPE_CHECKING:
    from foedus.reasoning.fixpoint.engine import Engine


#: Of more solutions than this, those that wait are found and kept together.
_MANY: Final = 32

#: So many solutions or more are compared, to make the plans of those alike together.
_ALIKE: Final = 8


def install(engine: Engine, part: Part) -> bool:
    """Take some of the rules in. Whether there were any."""
    for code, keys, rule in part.axioms:
        engine.step += 1
        relation = engine.relation(code)
        engine.take(relation, relation.new(keys), rule)
    engine.active |= {code for code, relation in engine.relations.items() if relation.layers}
    engine.active |= always(engine)
    for made in part.plans:
        engine.add_plan(made.fresh())
    patterns = [pattern.fresh() for pattern in part.patterns]
    engine.patterns += patterns
    for pattern in patterns:
        for code in pattern.watches:
            engine.watching[code].append(pattern)
        engine.waiting[id(pattern)] = pattern
    if patterns:
        mark_schema(engine)
    return bool(part)


def always(engine: Engine) -> set[int]:
    """The relations that fill up when they are read, or are none."""
    datatypes = {~engine.vocabulary.ids[name] for name in DATATYPES}
    return {LIST, engine.data.same, engine.vocabulary.type} | engine.idle | datatypes


def mark_schema(engine: Engine) -> None:
    """Find the targets that patterns depend on: they are computed before all others."""
    found = {code for code in engine.watching if code not in (LIST, EVERY)}
    vocabulary = engine.vocabulary
    found |= {vocabulary.first, vocabulary.rest}
    while True:
        more = {
            code
            for target, plans in engine.incoming.items()
            if target in found
            for p in plans
            for code, _, _ in p.body
            if code != LIST
        } - found
        if not more:
            break
        found |= more
    engine.schema = found
    engine.stale = True


#: What tells a plan from the others of its pattern: the numbers of a solution, where they say all.
Key: TypeAlias = "tuple[Any, ...]"

#: A plan to be that a solution does not say all of: its key, the relations it reads, and what it is
#: made of: premises, conclusion, and the values of names.
Special: TypeAlias = "tuple[Key, list[int], tuple[list[Named], Named | None, dict[str, int]]]"

#: Plans to be that wait: their pattern, when it was last solved, and a solution or a special one.
Sleeper: TypeAlias = "tuple[Pattern, int, Key | Special]"

#: Many at once: their pattern, when it was last solved, what each waits for, sorted, and the rows.
Sleepers: TypeAlias = "tuple[Pattern, int, Ids, Ids]"


def instantiate(engine: Engine, pattern: Pattern) -> None:
    """Make the plans of a pattern's new solutions, as far as they have something to read.

    Most of an ontology says nothing of the data at hand. So a plan waits for the first relation
    it reads that is empty and that no plan can fill.
    """
    rows, others = solved(engine, pattern)
    make_all(engine, pattern, rows)
    for special in others:
        make_special(engine, pattern, special)


def rouse(engine: Engine) -> None:
    """Make the plans that waited for relations which now may hold something."""
    while engine.roused:
        codes, engine.roused = engine.roused, []
        engine.dormitory = [some for some in engine.dormitory if some[1] == some[0].turn]
        fresh = np.array(codes)
        for pattern, _, waits, rows in engine.dormitory:
            first, counts = counted(waits, fresh, fresh)
            if counts.any():
                make_all(engine, pattern, rows[spread(first, counts)[1]])
        for code in codes:
            for pattern, turn, found in engine.asleep.pop(code, ()):
                if turn != pattern.turn:
                    continue  # solved again since
                if isinstance(found[0], int):
                    make_all(engine, pattern, np.array([found]))
                else:
                    make_special(engine, pattern, found)


def make_all(engine: Engine, pattern: Pattern, rows: Ids) -> None:
    """Make the plans of solutions that say all of them, or let them wait."""
    made, ready = pattern.made, []
    for row in awake(engine, pattern, rows):
        if row not in made:
            made[row] = []
            if is_current(engine, row):
                ready.append(row)
    for some in alike(engine, ready):
        values = dict(zip(pattern.names, some[0], strict=True))
        for body, heads in unfolded(engine, pattern, values):
            for head in heads:
                model = planned(pattern, body, head, engine.vocabulary, engine.equal)
                if model is None:
                    continue
                for row, plan in zip(some, copies(model, some), strict=True):
                    if plan.tests or plan.head is None:
                        plan.values = dict(zip(pattern.names, row, strict=True))
                    made[row].append(plan)
                    engine.add_plan(plan)


def make_special(engine: Engine, pattern: Pattern, special: Special) -> None:
    """Make a plan, or let it wait."""
    key, reads, (body, head, values) = special
    if key in pattern.made:
        return
    empty = first_empty(engine, reads)
    if empty is not None:
        engine.asleep[empty].append((pattern, pattern.turn, special))
        return
    pattern.made[key] = []
    if not is_current(engine, chain(*body, head or ())):
        return
    plan = planned(pattern, body, head, engine.vocabulary, engine.equal)
    if plan is not None:
        plan.values = values
        pattern.made[key].append(plan)
        engine.add_plan(plan)


def awake(engine: Engine, pattern: Pattern, rows: Ids) -> Iterator[Key]:
    """The solutions that need not wait; the others are put to sleep."""
    reads, target = pattern.reads or (), pattern.target
    unwanted = engine.idle - engine.demanded if target is not None else set()
    if len(rows) > _MANY:
        active = np.fromiter(engine.active, np.int64, len(engine.active))
        active.sort()
        empty = np.full(len(rows), LIST)
        for n, unary in reads:
            codes = ~rows[:, n] if unary else rows[:, n]
            empty = np.where(within(codes, active), empty, codes)
        if target is not None and unwanted:
            codes = ~rows[:, target]
            empty = np.where(within(codes, np.array(sorted(unwanted))), demand_of(codes), empty)
        waiting = empty != LIST
        waits, sleepers = empty[waiting], rows[waiting]
        order = waits.argsort(kind="stable")
        engine.dormitory.append((pattern, pattern.turn, waits[order], sleepers[order]))
        rows = rows[~waiting]
        yield from map(tuple, rows.tolist())
        return
    for row in rows.tolist():
        key = tuple(row)
        wait = first_empty(engine, [~key[n] if unary else key[n] for n, unary in reads])
        if target is not None and ~key[target] in unwanted:
            wait = demand_of(~key[target])
        if wait is None:
            yield key
        else:
            engine.asleep[wait].append((pattern, pattern.turn, key))


def demand_of(code: Any) -> Any:
    """What plans wait for that conclude a class which nothing reads so far."""
    return code - LIST


def first_empty(engine: Engine, codes: list[int]) -> int | None:
    """The first of some relations that cannot hold anything so far."""
    return next((code for code in codes if code not in engine.active), None)


def alike(engine: Engine, rows: list[Key]) -> Iterable[list[Key]]:
    """Solutions in groups whose plans differ only in the numbers.

    In a group the same columns are equal, and the same hold the same terms of the vocabulary.
    """
    if len(rows) < _ALIKE:
        return ([row] for row in rows)
    named = frozenset(engine.vocabulary.ids.values())
    groups: dict[Key, list[Key]] = defaultdict(list)
    for row in rows:
        kind = tuple(term if term in named else ~row.index(term) for term in row)
        groups[kind].append(row)
    return groups.values()


def copies(model: Plan, rows: list[Key]) -> Iterable[Plan]:
    """A plan for each solution, like that of the first."""
    if len(rows) == 1:
        return [model]
    columns = dict(zip(rows[0], zip(*rows, strict=True), strict=True))

    def of(premise: Premise) -> Iterator[Premise]:
        code, s, o = premise
        if code < 0 and ~code in columns:
            relations: Iterable[int] = map(invert, columns[~code])
        else:
            relations = columns.get(code, repeat(code))
        return zip(relations, columns.get(s, repeat(s)), columns.get(o, repeat(o)), strict=False)

    bodies = zip(*map(of, model.body), strict=False)
    heads = repeat(None) if model.head is None else of(model.head)
    return (model.like(body, head) for _, body, head in zip(rows, bodies, heads, strict=False))


def solved(engine: Engine, pattern: Pattern) -> tuple[Ids, Iterator[Special]]:
    """The solutions of a pattern that say all of their plans, and plans to be of the others.

    Those that are new, or all if it is to be looked at again: then none of them waits any more.
    """
    if pattern in engine.watching[EVERY]:
        pattern.seen = -1
    if pattern.seen < 0:
        pattern.turn += 1
    rows = solutions(engine, pattern)
    if not len(rows):
        return rows, iter(())
    for guard in pattern.redundant:
        if guard.keys() <= set(pattern.names):
            places = [pattern.names.index(name) for name in guard]
            rows = rows[(rows[:, places] != list(guard.values())).any(axis=1)]
    special = (rows == engine.vocabulary.type).any(axis=1)  # ?x rdf:type ?any
    if pattern.reads is None:
        special[:] = True
    return rows[~special], specials(engine, pattern, rows[special].tolist())


def specials(engine: Engine, pattern: Pattern, rows: list[list[int]]) -> Iterator[Special]:
    """Plans to be that want lists written out, or all relations there are."""
    vocabulary = engine.vocabulary
    everything = engine.watching[EVERY]
    for numbers in rows:
        row = dict(zip(pattern.names, numbers, strict=True))
        may_be_loose = pattern.loose or vocabulary.type in numbers
        for body, heads in unfolded(engine, pattern, row):
            loose = may_be_loose and bool(parameters(body, vocabulary))
            if loose and pattern not in everything and not value_rule(pattern.rule):
                everything.append(pattern)
            for some in every(engine, pattern, body) if loose else [{}]:
                final = [replaced(atom, some) for atom in body] if some else body
                codes = [relation_of(atom, vocabulary) for atom in final]
                for head in heads:
                    target = replaced(head, some) if head is not None and some else head
                    key = tuple(final), target, tuple(numbers)
                    yield key, codes, (final, target, {**row, **some})


def relation_of(atom: Named, vocabulary: Vocabulary) -> int:
    """The relation that a premise without open names is about."""
    _, p, o = atom
    assert isinstance(p, int)
    if p != vocabulary.type:
        return LIST if p == LISTS else p
    return ~o if isinstance(o, int) else p


def is_current(engine: Engine, nodes: Iterable[Node]) -> bool:
    """Whether terms are called by their representatives. If not, another solution does so."""
    if not engine.equality:
        return True
    of = engine.equality.of
    return all(of(node) == node for node in nodes if isinstance(node, int) and node >= 0)


def solutions(engine: Engine, pattern: Pattern) -> Ids:
    """What the vocabulary gives for a pattern's names, as far as it is new: a row for each, or
    several."""
    seen, pattern.seen = pattern.seen, engine.step
    query = pattern.query
    if query is None:
        return np.empty((1, 0), np.int64)
    query.seen = seen
    numbers = [query.names[name] for name in pattern.names]
    if len(pattern.known) == 1 and query.body[0][0] in engine.relations and pattern.skips:
        found = skipping(engine, pattern, query, seen)
    else:
        found = list(engine.tables(query, set(numbers)))
    if not numbers or not found:
        return np.empty((min(1, len(found)), len(numbers)), np.int64)
    return np.concatenate([np.stack([table[n] for n in numbers], axis=1) for table in found])


def skipping(engine: Engine, pattern: Pattern, query: Plan, seen: int) -> list[dict[int, Ids]]:
    """Solutions without those that other plans make superfluous."""
    out = []
    for layer in engine.relations[query.body[0][0]].layers:
        if layer.step > seen and layer.origin not in pattern.skips:
            table = Table()
            first(table, query.body[0], layer.keys)
            out.append(table.columns)
    return out


def reread_lists(engine: Engine) -> None:
    """Have every pattern and plan that reads lists look at all of them again."""
    for pattern in engine.patterns:
        if pattern.head_of_list:
            pattern.seen = -1
            engine.waiting[id(pattern)] = pattern
    for made in engine.readers.get(LIST, ()):
        made.seen = -1
        if made.head is not None:
            engine.wake(made.head[0])


def constants(engine: Engine) -> frozenset[int]:
    """The terms that plans and the vocabulary name."""
    if engine.constants is None:
        found = set(engine.vocabulary.ids.values())
        for plans in (*engine.readers.values(), engine.clashing):
            for plan in plans:
                for code, s, o in plan.body if plan.head is None else (*plan.body, plan.head):
                    found |= {~code if code < 0 else code, s, o}
                if isinstance(plan, Pairs):
                    found.update(plan.members)
        engine.constants = frozenset(term for term in found if 0 <= term < LIST)
    return engine.constants


def retire(engine: Engine, gone: Ids) -> None:
    """Drop the plans that name a term by what is no longer its representative."""
    names = constants(engine).intersection(gone.tolist())
    if not names:
        return

    def stale(made: Plan) -> bool:
        if isinstance(made, Pairs):
            return bool(names.intersection(made.members))
        atoms = made.body if made.head is None else (*made.body, made.head)
        return any(
            (~code if code < 0 else code) in names or s in names or o in names
            for code, s, o in atoms
        )

    for table in (engine.incoming, engine.readers):
        for code, plans in table.items():
            if any(stale(made) for made in plans):
                table[code] = [made for made in plans if not stale(made)]
    engine.clashing = [made for made in engine.clashing if not stale(made)]
    engine.stale, engine.constants = True, None
    if names.intersection(engine.vocabulary.ids.values()):
        engine.rename_vocabulary()
