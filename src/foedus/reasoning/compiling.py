"""From rules to plans: rules taken apart once, patterns solved whenever their vocabulary grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from foedus.reasoning.columns import Ids
from foedus.reasoning.datatypes import DATATYPES
from foedus.reasoning.grouping import halved
from foedus.reasoning.joins import Table, first
from foedus.reasoning.plans import (
    BUILTIN,
    EVERY,
    LIST,
    LISTS,
    Named,
    Pattern,
    Plan,
    Vocabulary,
    has,
    parameters,
    plan,
    read_rule,
    value_rule,
    variables,
)
from foedus.reasoning.redundancy import prune
from foedus.reasoning.rule import Differ, Rule, Var
from foedus.reasoning.rules import RuleSet
from foedus.reasoning.unfolding import Pairs, every, replaced, unfolded

if TYPE_CHECKING:
    from foedus.reasoning.engine import Engine


def idle(rules: RuleSet, vocabulary: Vocabulary) -> set[int]:
    """Classes whose members are never stored: not computed unless a plan reads them."""
    found = set()
    for form in rules.noise:
        s, p, o = form
        if isinstance(s, Var) and vocabulary.ids.get(str(p)) == vocabulary.type:
            found |= {~vocabulary.ids[o]} if not isinstance(o, Var) else set()
    return found


def install(engine: Engine, second: bool) -> bool:
    """Take the rules in; those with ``!=`` only the second time. Whether there were any."""
    vocabulary = engine.vocabulary
    rules = [rule for rule in engine.rules if has(rule, Differ) == second]
    if engine.equal:
        rules = [rule for rule in rules if rule.id not in BUILTIN]
    patterns = []
    for rule in rules:
        if not rule.premises:
            if not rule.tests:
                axioms(engine, rule)
            continue
        if value_rule(rule) == "missing" and rule.conclusions is None and len(rule.premises) == 1:
            continue  # dt-ill-typed: clashes are found from the literals
        pattern = read_rule(rule, vocabulary)
        if not (pattern.known or pattern.each or pattern.pairs) and not parameters(
            [*pattern.rest, *pattern.heads], vocabulary
        ):
            heads: list[Named | None] = [*pattern.heads] or [None]
            for head in heads:
                add(engine, pattern, pattern.rest, head)
            continue
        patterns.append(pattern)
    engine.patterns += patterns
    for pattern in patterns:
        for code in codes(pattern, vocabulary):
            engine.watching[code].append(pattern)
        engine.waiting[id(pattern)] = pattern
    if patterns:
        mark_schema(engine)
        prune(engine.rules, engine.patterns, vocabulary)
    return bool(rules)


def axioms(engine: Engine, rule: Rule) -> None:
    """Take in what a rule without premises says."""
    ids = engine.vocabulary.ids
    engine.step += 1
    for atom in rule.conclusions or ():
        s, p, o = (ids[str(node)] for node in atom)
        code, key = (~o, s) if p == engine.vocabulary.type else (p, s << 32 | o)
        if not engine.relation(code).holds(key):
            engine.take(engine.relation(code), np.array([key]), rule.id)
            engine.step += 1


def codes(pattern: Pattern, vocabulary: Vocabulary) -> set[int]:
    """The relations whose growth makes new plans of a pattern."""
    found = set()
    for _, p, o in pattern.known:
        if p == LISTS:
            found.add(LIST)
        elif p == vocabulary.type:
            assert isinstance(o, int)
            found.add(~o)
        else:
            assert isinstance(p, int)
            found.add(p)
    if value_rule(pattern.rule) == "not in":
        found |= {~vocabulary.ids[name] for name in DATATYPES}
    elif unbound(pattern, vocabulary):
        found.add(EVERY)
    return found


def unbound(pattern: Pattern, vocabulary: Vocabulary) -> bool:
    """Whether a premise over the data has a property or class that the vocabulary does not give."""
    given = variables(pattern.known)
    if pattern.member and (pattern.each or pattern.pairs):
        indices = ["i", *(pattern.pairs or ())]
        given |= {f"{pattern.member}_{index}" for index in indices}
    return bool(parameters([*pattern.rest, *pattern.each], vocabulary) - given)


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


def add(
    engine: Engine,
    pattern: Pattern,
    body: list[Named],
    head: Named | None,
    values: dict[str, int] | None = None,
) -> Plan | None:
    """Make a plan and hand it over."""
    made = plan(pattern.rule, body, head, engine.vocabulary, pattern.tests)
    made.values = values or {}
    if made.head is not None:
        if made.head in made.body:
            return None
        code = made.head[0]
        if code == engine.vocabulary.same and engine.equal:
            if halved(made) is not None:
                made.kind = "group"
        elif transitive(made):
            made.kind = "close"
    engine.add_plan(made)
    return made


def transitive(made: Plan) -> bool:
    """Whether a plan says that its relation is transitive."""
    assert made.head is not None
    code, x, z = made.head
    if code < 0 or len(made.body) != 2 or made.tests or x >= 0 or z >= 0 or x == z:
        return False
    (c1, a, b), (c2, c, d) = made.body
    if c1 != code or c2 != code:
        return False
    middle = b if b < 0 and b == c else None
    return ((a, d) == (x, z) and middle is not None and middle not in (x, z)) or (
        (c, b) == (x, z) and a == d and a < 0 and a not in (x, z)
    )


def instantiate(engine: Engine, pattern: Pattern) -> None:
    """Make the plans of a pattern's new solutions."""
    for key, body, head, values in wanted(engine, pattern):
        if key not in pattern.made:
            pattern.made[key] = add(engine, pattern, body, head, values)


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
        for body, heads in unfolded(engine, pattern, row):
            loose = bool(parameters(body, vocabulary))
            if loose and pattern not in engine.watching[EVERY] and not value_rule(pattern.rule):
                engine.watching[EVERY].append(pattern)
            for some in every(engine, pattern, body) if loose else [{}]:
                final = [replaced(atom, some) for atom in body]
                for head in heads:
                    target = replaced(head, some) if head is not None else None
                    given = tuple(sorted(row.items()))
                    yield (tuple(final), target, given), final, target, {**row, **some}


def solutions(engine: Engine, pattern: Pattern) -> list[dict[str, int]]:
    """What the vocabulary gives for a pattern's variables, as far as it is new."""
    seen, pattern.seen = pattern.seen, engine.step
    if not pattern.known:
        return [{}]
    query = plan(pattern.rule, pattern.known, None, engine.vocabulary)
    numbers = query.names
    query.seen = seen
    names = sorted(variables(pattern.known))
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


def retire(engine: Engine, gone: Ids) -> None:
    """Drop the plans that name a term by what is no longer its representative."""
    names = set(gone.tolist())

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
    engine.stale = True
    if names.intersection(engine.vocabulary.ids.values()):
        engine.rename_vocabulary()
