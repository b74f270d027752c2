"""Patterns solved, whenever their vocabulary grows: which plans there are to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from foedus.reasoning.fixpoint.unfolding import Pairs, every, unfolded
from foedus.reasoning.plans.joins import Table, first
from foedus.reasoning.plans.plan import (
    EVERY,
    LIST,
    LISTS,
    Key,
    Named,
    Pattern,
    Plan,
    Vocabulary,
    parameters,
    replaced,
    value_rule,
)
from foedus.reasoning.plans.prepared import Part
from foedus.reasoning.rows.columns import Ids
from foedus.reasoning.rules.datatypes import DATATYPES

if TYPE_CHECKING:
    from foedus.reasoning.fixpoint.engine import Engine


NO_ROWS: Final[Ids] = np.empty((0, 0), np.int64)


def install(engine: Engine, part: Part) -> bool:
    """Take some of the rules in. Whether there were any."""
    for code, keys, rule in part.axioms:
        engine.step += 1
        relation = engine.relation(code)
        engine.take(relation, relation.new(keys), rule)
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


class Special(NamedTuple):
    """A plan to be that a solution does not say all of."""

    key: Key
    reads: list[int]  # the relations of its premises
    body: list[Named]
    head: Named | None
    values: dict[str, int]


def solved(engine: Engine, pattern: Pattern) -> tuple[Ids, Iterator[Special]]:
    """The solutions of a pattern that say all of their plans, and plans to be of the others.

    Those that are new, or all if it is to be looked at again: then none of them waits any more.
    """
    if pattern in engine.watching[EVERY]:
        pattern.seen = -1
    if pattern.seen < 0:
        pattern.turn += 1
    if pattern.query is not None:
        pattern.query.seen = pattern.seen
    if pattern.query is None or engine.changed(pattern.query):
        rows = solutions(engine, pattern)
    else:  # mostly
        rows, pattern.seen = NO_ROWS, engine.step
    if not len(rows):
        return rows, iter(())
    for guard in pattern.redundant:
        if guard.keys() <= set(pattern.names):
            places = [pattern.names.index(name) for name in guard]
            rows = rows[(rows[:, places] != list(guard.values())).any(axis=1)]
    special = (rows == engine.vocabulary.type).any(axis=1)  # ?x rdf:type ?any
    if pattern.reads is None:
        special[:] = True
    elif not special.any():  # mostly
        return rows, iter(())
    return rows[~special], specials(engine, pattern, rows[special].tolist())


def specials(engine: Engine, pattern: Pattern, rows: list[list[int]]) -> Iterator[Special]:
    """Plans to be that want lists written out, or all relations there are."""
    vocabulary = engine.vocabulary
    everything = engine.watching[EVERY]
    for numbers in rows:
        engine.tick()
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
                    yield Special(key, codes, final, target, {**row, **some})


def relation_of(atom: Named, vocabulary: Vocabulary) -> int:
    """The relation that a premise without open names is about."""
    _, p, o = atom
    assert isinstance(p, int)
    if p != vocabulary.type:
        return LIST if p == LISTS else p
    return ~o if isinstance(o, int) else p


def solutions(engine: Engine, pattern: Pattern) -> Ids:
    """What the vocabulary gives for a pattern's names, as far as it is new: a row for each, or
    several."""
    seen, pattern.seen = pattern.seen, engine.step
    query = pattern.query
    if query is None:
        return np.empty((1, 0), np.int64)
    numbers = [query.names[name] for name in pattern.names]
    if len(pattern.known) == 1 and query.body[0][0] in engine.relations and pattern.skips:
        found = skipping(engine, pattern, query, seen)
    else:
        found = list(engine.tables(query, set(numbers)))
    if not numbers or not found:
        return np.empty((min(1, len(found)), len(numbers)), np.int64)
    tables = [np.array([table[n] for n in numbers]).T for table in found]
    return tables[0] if len(tables) == 1 else np.concatenate(tables)


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
        found = set(engine.vocabulary.numbers)
        all_plans = chain(*engine.readers.values(), engine.clashing)
        for plan in {id(plan): plan for plan in all_plans}.values():  # one may have many readers
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

    @cache
    def stale(made: Plan) -> bool:
        if isinstance(made, Pairs):
            return bool(names.intersection(made.members))
        atoms = made.body if made.head is None else (*made.body, made.head)
        return any(
            (~code if code < 0 else code) in names or s in names or o in names
            for code, s, o in atoms
        )

    drop_plans(engine, stale)
    if names.intersection(engine.vocabulary.numbers):
        engine.rename_vocabulary()


def drop_plans(engine: Engine, stale: Callable[[Plan], bool]) -> None:
    """Drop the plans that a condition holds of."""
    for table in (engine.incoming, engine.readers):
        for code, plans in table.items():
            if any(map(stale, plans)):
                table[code] = [made for made in plans if not stale(made)]
    engine.clashing = [made for made in engine.clashing if not stale(made)]
    engine.stale, engine.constants = True, None
