"""From patterns to plans: patterns are solved whenever their vocabulary grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from foedus.reasoning.fixpoint.unfolding import Pairs, every, replaced, unfolded
from foedus.reasoning.plans.joins import Table, first
from foedus.reasoning.plans.plan import EVERY, LIST, Named, Pattern, Plan, parameters, value_rule
from foedus.reasoning.plans.prepared import Part, planned
from foedus.reasoning.rows.columns import Ids

if TYPE_CHECKING:
    from foedus.reasoning.fixpoint.engine import Engine


def install(engine: Engine, part: Part) -> bool:
    """Take some of the rules in. Whether there were any."""
    for code, keys, rule in part.axioms:
        engine.step += 1
        relation = engine.relation(code)
        engine.take(relation, relation.new(keys), rule)
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


def instantiate(engine: Engine, pattern: Pattern) -> None:
    """Make the plans of a pattern's new solutions."""
    for key, body, head, values in wanted(engine, pattern):
        if key not in pattern.made:
            made = planned(pattern, body, head, engine.vocabulary, engine.equal)
            if made is not None:
                made.values = values
                engine.add_plan(made)
            pattern.made[key] = made


#: A plan to be: what tells it from others, its premises, its conclusion, what was given.
Wanted = tuple[object, list[Named], Named | None, dict[str, int]]


def wanted(engine: Engine, pattern: Pattern) -> Iterator[Wanted]:
    """The plans that a pattern's new solutions ask for."""
    vocabulary = engine.vocabulary
    if pattern in engine.watching[EVERY]:
        pattern.seen = -1
    for row in solutions(engine, pattern):
        if any(all(row.get(k) == v for k, v in guard.items()) for guard in pattern.redundant):
            continue
        given = tuple(sorted(row.items()))
        may_be_loose = pattern.loose or vocabulary.type in row.values()  # ?x rdf:type ?any
        for body, heads in unfolded(engine, pattern, row):
            loose = may_be_loose and bool(parameters(body, vocabulary))
            if loose and pattern not in engine.watching[EVERY] and not value_rule(pattern.rule):
                engine.watching[EVERY].append(pattern)
            for some in every(engine, pattern, body) if loose else [{}]:
                final = [replaced(atom, some) for atom in body] if some else body
                for head in heads:
                    target = replaced(head, some) if head is not None and some else head
                    yield (tuple(final), target, given), final, target, {**row, **some}


def solutions(engine: Engine, pattern: Pattern) -> list[dict[str, int]]:
    """What the vocabulary gives for a pattern's variables, as far as it is new."""
    seen, pattern.seen = pattern.seen, engine.step
    query = pattern.query
    if query is None:
        return [{}]
    numbers = query.names
    query.seen = seen
    names = sorted(numbers)
    if len(pattern.known) == 1 and query.body[0][0] in engine.relations and pattern.skips:
        found = skipping(engine, pattern, query, seen)
    else:
        found = list(engine.tables(query, {numbers[name] for name in names}))
    rows: list[dict[str, int]] = []
    for columns in found:
        if not names:
            rows.append({})
            continue
        values = zip(*(columns[numbers[name]].tolist() for name in names), strict=True)
        rows += [dict(zip(names, row, strict=True)) for row in dict.fromkeys(values)]
    return rows


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
