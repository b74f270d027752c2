"""From patterns to plans: patterns are solved whenever their vocabulary grows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from foedus.reasoning.fixpoint.unfolding import Pairs, every, replaced, unfolded
from foedus.reasoning.plans.joins import Table, first
from foedus.reasoning.plans.plan import (
    EVERY,
    LIST,
    LISTS,
    Named,
    Pattern,
    Plan,
    Vocabulary,
    parameters,
    value_rule,
)
from foedus.reasoning.plans.prepared import Part, planned
from foedus.reasoning.rows.columns import Ids
from foedus.reasoning.rules.datatypes import DATATYPES

if TYPE_CHECKING:
    from foedus.reasoning.fixpoint.engine import Engine


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


#: A plan to be: its pattern, what tells it from others, the relations that it reads, and what the
#: plan is made of, where a solution does not say that by itself.
Key: TypeAlias = "tuple[Any, ...]"
Parts: TypeAlias = "tuple[list[Named], Named | None, dict[str, int]]"
Sleeper: TypeAlias = "tuple[Pattern, Key, list[int], Parts | None]"


def instantiate(engine: Engine, pattern: Pattern) -> None:
    """Make the plans of a pattern's new solutions, as far as they have something to read."""
    made = pattern.made
    for key, reads, parts in wanted(engine, pattern):
        if key not in made:
            made[key] = None
            make(engine, (pattern, key, reads, parts))


def rouse(engine: Engine) -> None:
    """Make the plans that waited for relations which now may hold something."""
    while engine.roused:
        roused, engine.roused = engine.roused, []
        for sleeper in roused:
            pattern, key, *_ = sleeper
            if pattern.made.get(key, ()) is None:  # it is still wanted
                make(engine, sleeper)


def make(engine: Engine, sleeper: Sleeper) -> None:
    """Make a plan, unless a relation that it reads is empty, and no plan can fill it so far.

    Most of an ontology says nothing of the data at hand.
    """
    pattern, key, reads, parts = sleeper
    for code in reads:
        if code not in engine.active:
            engine.asleep[code].append(sleeper)
            return
    plans = pattern.made[key] = []
    if not is_current(engine, key, parts):
        return
    for body, head, values in [parts] if parts else plainly(engine, pattern, key):
        plan = planned(pattern, body, head, engine.vocabulary, engine.equal)
        if plan is not None:
            plan.values = values
            plans.append(plan)
            engine.add_plan(plan)


def wanted(engine: Engine, pattern: Pattern) -> Iterator[tuple[Key, list[int], Parts | None]]:
    """The plans that a pattern's new solutions ask for, as what tells them from one another, the
    relations they read and what they are made of."""
    vocabulary = engine.vocabulary
    everything = engine.watching[EVERY]
    if pattern in everything:
        pattern.seen = -1
    names, reads = pattern.names, pattern.reads
    for numbers in solutions(engine, pattern):
        if pattern.redundant:
            row = dict(zip(names, numbers, strict=True))
            if any(all(row.get(k) == v for k, v in guard.items()) for guard in pattern.redundant):
                continue
        if reads is not None and vocabulary.type not in numbers:
            yield numbers, [~numbers[n] if unary else numbers[n] for n, unary in reads], None
            continue
        row = dict(zip(names, numbers, strict=True))
        may_be_loose = pattern.loose or vocabulary.type in numbers  # ?x rdf:type ?any
        for body, heads in unfolded(engine, pattern, row):
            loose = may_be_loose and bool(parameters(body, vocabulary))
            if loose and pattern not in everything and not value_rule(pattern.rule):
                everything.append(pattern)
            for some in every(engine, pattern, body) if loose else [{}]:
                final = [replaced(atom, some) for atom in body] if some else body
                codes = [relation_of(atom, vocabulary) for atom in final]
                for head in heads:
                    target = replaced(head, some) if head is not None and some else head
                    key = tuple(final), target, numbers
                    yield key, codes, (final, target, {**row, **some})


def relation_of(atom: Named, vocabulary: Vocabulary) -> int:
    """The relation that a premise without open names is about."""
    _, p, o = atom
    assert isinstance(p, int)
    if p != vocabulary.type:
        return LIST if p == LISTS else p
    return ~o if isinstance(o, int) else p


def plainly(engine: Engine, pattern: Pattern, numbers: Key) -> Iterator[Parts]:
    """What a solution's plans are made of, where it says all of it."""
    row = dict(zip(pattern.names, numbers, strict=True))
    for body, heads in unfolded(engine, pattern, row):
        for head in heads:
            yield body, head, row


def is_current(engine: Engine, key: Key, parts: Parts | None) -> bool:
    """Whether a plan to be calls all terms by their representatives; another one does, if not."""
    if not engine.equality:
        return True
    if parts is None:
        return all(engine.equality.of(term) == term for term in key)
    body, head, _ = parts
    atoms = body if head is None else [*body, head]
    terms = [term for atom in atoms for term in atom if isinstance(term, int) and term >= 0]
    return all(engine.equality.of(term) == term for term in terms)


def solutions(engine: Engine, pattern: Pattern) -> Iterator[tuple[int, ...]]:
    """What the vocabulary gives for a pattern's names, as far as it is new, once or more."""
    seen, pattern.seen = pattern.seen, engine.step
    query = pattern.query
    if query is None:
        return iter([()])
    numbers = [query.names[name] for name in pattern.names]
    query.seen = seen
    if len(pattern.known) == 1 and query.body[0][0] in engine.relations and pattern.skips:
        found = skipping(engine, pattern, query, seen)
    else:
        found = list(engine.tables(query, set(numbers)))
    if not numbers:
        return iter([()] * len(found))
    columns = [[table[number].tolist() for number in numbers] for table in found]
    return chain.from_iterable(zip(*table, strict=True) for table in columns)


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
