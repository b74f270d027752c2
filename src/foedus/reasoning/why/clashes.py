"""Contradictions: found on columns, each told as an application of its rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from foedus.reasoning.fixpoint.engine import Engine
from foedus.reasoning.fixpoint.unfolding import Pairs
from foedus.reasoning.fixpoint.view import EVER, Row
from foedus.reasoning.plans.plan import Plan, named, replaced, value_rule
from foedus.reasoning.rows.columns import LOW, NONE, SHIFT, Ids, pack, unique, within
from foedus.reasoning.rules.datatypes import in_datatype, value_key
from foedus.reasoning.rules.proof import Clash
from foedus.reasoning.rules.rule import Rule, Value
from foedus.reasoning.why.backward import Instance, Values
from foedus.reasoning.why.proofs import Prover
from foedus.reasoning.words.dictionary import LITERAL
from foedus.terms import compact

MOST = 100  # told of one rule


def clashes(engine: Engine, prover: Prover) -> tuple[tuple[Clash, ...], Counter[str]]:
    """The contradictions, at most ``MOST`` of a rule, sorted; and how many there are of each."""
    counts: Counter[str] = Counter()
    found: dict[tuple[str, frozenset[Row]], Clash] = {}
    told: Counter[str] = Counter()
    for rule, instances, count in _all(engine, prover):
        if count:
            counts[rule.id] += count
        for instance in instances:
            if told[rule.id] >= MOST:
                break
            key = rule.id, frozenset(instance.premises)
            if key not in found:
                told[rule.id] += 1
                found[key] = _clash(engine, prover, instance)
    return tuple(sorted(found.values(), key=lambda c: (c.rule, c.premises))), counts


def _clash(engine: Engine, prover: Prover, instance: Instance) -> Clash:
    step = prover.step(None, instance)
    names = prover.bindings(step)
    prefixes = engine.rules.prefixes
    message = instance.rule.sentence(names, lambda term: compact(term, prefixes))
    premises = tuple(prover.triple(row) for row in instance.premises)
    return Clash(instance.rule.id, message, premises, lambda: prover.built(step, {}))


Found = tuple[Rule, Iterator[Instance], int]


def _all(engine: Engine, prover: Prover) -> Iterator[Found]:
    for plan in engine.clashing:
        rule = engine.rules[plan.rule]
        if isinstance(plan, Pairs):
            yield from _pairs(engine, prover, rule, plan)
            continue
        names = plan.names
        for columns in engine.tables(plan, set(names.values())):
            size = len(next(iter(columns.values()))) if columns else 1
            yield rule, _told(engine, prover, rule, plan, columns, size), size
    for rule in engine.rules:
        if rule.conclusions is None and value_rule(rule) == "missing" and len(rule.premises) == 1:
            yield from _ill_typed(engine, prover, rule)


def _told(
    engine: Engine, prover: Prover, rule: Rule, plan: Plan, columns: dict[int, Ids], size: int
) -> Iterator[Instance]:
    """Rows of a plan's bindings as applications of the rule."""
    for row in range(min(size, 10 * MOST)):
        values = dict(plan.values)
        for name, number in plan.names.items():
            if number in columns:
                values[name] = int(columns[number][row])
        yield from _first(_forms(prover, rule, values))


def _forms(prover: Prover, rule: Rule, values: Values) -> Iterator[Instance]:
    """Applications with the given values, or with other names for them where one says more."""
    same = prover.view.same
    test = next((t for t in rule.tests if isinstance(t, Value)), None)
    if test is not None and len(rule.premises) == 1 and test.right is not None:
        kind = prover.engine.terms.token(values[test.right.name])
        for v in prover.equality.same(values[test.left.name]):
            if in_datatype(prover.engine.terms.token(v), kind) is False:
                final = {**values, test.left.name: v}
                s, p, o = replaced(named(rule.premises[0], prover.backward.ids), final)
                yield Instance(rule, final, ((int(s), int(p), int(o)),))
        return
    if prover.view.equal and prover.equality:
        for atom in rule.premises:
            if atom.p == prover.engine.terms.token(same) and not rule.lists:
                for changed in _apart(prover, rule, values, str(atom.s)[1:], str(atom.o)[1:]):
                    yield from prover.backward.applied(rule, changed, None, None, EVER)
    yield from prover.backward.applied(rule, values, None, None, EVER)


def _apart(prover: Prover, rule: Rule, values: Values, a: str, b: str) -> Iterator[Values]:
    """Values that name two things which are one by different names."""
    if a not in values or b not in values:
        return
    names = prover.equality.same(values[a])
    ids = prover.backward.ids
    for atom in rule.premises:
        if {str(atom.s)[1:], str(atom.o)[1:]} == {a, b} and ids.get(str(atom.p)) not in (
            None,
            prover.view.same,
        ):
            rows = prover.forms((values[a], ids[str(atom.p)], values[b]), EVER)
            for s, _, o in rows:
                if s != o:
                    first, second = (s, o) if str(atom.s)[1:] == a else (o, s)
                    yield {**values, a: first, b: second}
    literal = [n for n in names if prover.engine.terms.kinds[n] >= LITERAL]
    keys = {n: value_key(prover.engine.terms.token(n)) for n in literal}
    for x in literal:
        for y in literal:
            if keys[x] != keys[y] and None not in (keys[x], keys[y]):
                yield {**values, a: x, b: y}


def _first(instances: Iterator[Instance]) -> Iterator[Instance]:
    found = next(instances, None)
    if found is not None:
        yield found


def _pairs(engine: Engine, prover: Prover, rule: Rule, plan: Pairs) -> Iterator[Found]:
    """What holds of two members of a list that exclude each other."""
    members = np.array(plan.members, np.int64)
    if not plan.parts:
        rep = engine.equality.rep[members] if engine.equality else members
        groups = rep
        where = np.arange(len(members))
    else:
        keys, places = [], []
        for place, part in enumerate(plan.parts):
            assert part.head is not None
            _, s, o = part.head
            for columns in engine.tables(part, {s, o}):
                if plan.shared == 1:
                    found = unique(columns[s])
                elif plan.shared:
                    found = unique(pack(columns[s], columns[o]))
                else:
                    found = np.zeros(1, np.int64)
                keys.append(found)
                places.append(np.full(len(found), place))
        if not keys:
            return
        groups, where = np.concatenate(keys), np.concatenate(places)
    order = np.lexsort((where, groups))
    ranked, where = groups[order], where[order]
    alike = np.flatnonzero(ranked[1:] == ranked[:-1])
    if not len(alike):
        return
    sizes = np.diff(
        np.append(np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1])), len(ranked))
    )
    count = int((sizes * (sizes - 1) // 2).sum())

    def told() -> Iterator[Instance]:
        for at in alike[: 10 * MOST].tolist():
            i, j = int(where[at]) + 1, int(where[at + 1]) + 1
            values = dict(plan.values)
            if plan.parts:
                names = plan.parts[i - 1].names
                assert plan.parts[i - 1].head is not None
                head = plan.parts[i - 1].head
                assert head is not None
                by_number = {number: name for name, number in names.items()}
                key = int(ranked[at])
                if plan.shared == 1:
                    values[by_number[head[1]]] = key
                elif plan.shared:
                    values[by_number[head[1]]] = key >> SHIFT
                    values[by_number[head[2]]] = key & LOW
            picks = (i, j)
            apart = prover.backward.applied(rule, values, None, None, EVER, picks, not plan.parts)
            some = next(apart, None) or next(
                prover.backward.applied(rule, values, None, None, EVER, picks), None
            )
            if some is not None:
                yield some

    yield rule, told(), count


def _ill_typed(engine: Engine, prover: Prover, rule: Rule) -> Iterator[Found]:
    """Triples with a literal that is not in the datatype that it is written with."""
    bad = engine.literals.ill
    if not len(bad):
        return
    (test,) = rule.tests
    value = test.left.name  # type: ignore[union-attr]
    place = [str(node)[1:] for node in rule.premises[0]].index(value)
    names = [str(node)[1:] for node in rule.premises[0]]
    same = engine.vocabulary.same
    for literal in bad.tolist() if engine.equality and place == 2 else ():
        for other in engine.equality.same(literal):
            if other != literal:
                row = (other, same, literal)
                yield rule, iter([Instance(rule, dict(zip(names, row, strict=True)), (row,))]), 1
    for code, relation in list(engine.relations.items()):
        keys = relation.full
        for layer in (*relation.layers, *relation.dead):
            keys = layer.keys
            if code < 0 and place != 0:  # the class is the literal, or it is none
                hits = keys if ~code in bad else NONE
            else:
                term = keys if code < 0 else (keys >> SHIFT if place == 0 else keys & LOW)
                hits = keys[within(term, bad)]
            if not len(hits):
                continue

            def told(code: int = code, hits: Ids = hits) -> Iterator[Instance]:
                for key in hits[: 10 * MOST].tolist():
                    row = (
                        (key, engine.vocabulary.type, ~code)
                        if code < 0
                        else (key >> SHIFT, code, key & LOW)
                    )
                    yield Instance(rule, dict(zip(names, row, strict=True)), (row,))

            yield rule, told(), len(hits)
