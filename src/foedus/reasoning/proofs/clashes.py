"""Clashes: contradictions found by joins, each reported as an instance of its rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, islice

import numpy as np

from foedus.reasoning.encoding.dictionary import LITERAL
from foedus.reasoning.evaluation.engine import Engine
from foedus.reasoning.planning.plan import BUILTIN, Pairs, RulePlan, named, replaced, value_rule
from foedus.reasoning.proofs.backward import EncodedInstance, Substitution
from foedus.reasoning.proofs.history import EVER, Fact
from foedus.reasoning.proofs.prover import Prover
from foedus.reasoning.rules.datatypes import in_datatype, value_key
from foedus.reasoning.rules.proof import Clash, Inference, Proof
from foedus.reasoning.rules.rule import Rule, ValueTest
from foedus.reasoning.storage.columns import LOW, NONE, SHIFT, Ids, pack, sort_unique, within
from foedus.terms import Triple, compact

MOST = 100  # clashes reported for one rule
_PREMISES = 100_000  # of all clashes of one rule; one can rest on a list of 20,000 members
_REASONS = 3  # in the message of a clash
_RENAMING = BUILTIN - {"eq-ref"}


def clashes(engine: Engine, prover: Prover) -> tuple[tuple[Clash, ...], Counter[str]]:
    """Contradictions, sorted, at most ``MOST`` of a rule; and the number of them by rule."""
    counts: Counter[str] = Counter()
    found: dict[tuple[str, frozenset[Fact]], Clash] = {}
    told: Counter[str] = Counter()
    premises: Counter[str] = Counter()
    triples: dict[Fact, Triple] = {}  # a cache: clashes about the members of a list share its cells
    for rule, instances, count in _all(engine, prover):
        if count:
            counts[rule.id] += count
        for instance in instances:
            if told[rule.id] >= MOST or premises[rule.id] > _PREMISES:
                break
            engine.tick()
            key = rule.id, frozenset(instance.premises)
            if key not in found:
                told[rule.id] += 1
                premises[rule.id] += len(instance.premises)
                for row in instance.premises:
                    if row not in triples:
                        triples[row] = prover.triple(row)
                found[key] = _clash(engine, prover, instance, triples)
    counts |= told  # several clashes about one equality class are one row of the join
    return tuple(sorted(found.values(), key=lambda c: (c.rule, c.premises))), +counts


def _clash(
    engine: Engine,
    prover: Prover,
    instance: EncodedInstance,
    triples: Mapping[Fact, Triple],
) -> Clash:
    step = prover.step(None, instance)

    def sentence(step: Inference) -> str:
        rule = engine.rules[str(step.rule)]
        return rule.sentence(prover.bindings(step), lambda t: compact(t, engine.rules.prefixes))

    reasons = islice(_reasons(prover, instance.premises), _REASONS)
    message = "; ".join(dict.fromkeys(map(sentence, (step, *reasons))))
    premises = tuple(triples[row] for row in instance.premises)

    def proof() -> Proof:
        engine.begin()
        return prover.built(step, {})

    return Clash(instance.rule.id, message, premises, proof)


def _reasons(prover: Prover, premises: Iterable[Fact]) -> Iterator[Inference]:
    """The inferences by which terms are equal, or literals members of a class.

    No file states such a premise: these inferences name the subjects and properties behind it.
    """
    kinds, same = prover.engine.terms.kinds, prover.history.same
    waiting: list[Fact | Inference] = []
    waiting += [row for row in premises if row[1] == same or kinds[row[0]] >= LITERAL]
    while waiting:
        part = waiting.pop()
        step = part if isinstance(part, Inference) else prover.explain(part)
        if step.rule in _RENAMING:
            waiting += reversed(step.premises)
        elif step.premises and step.rule != "eq-ref":
            yield step


Found = tuple[Rule, Iterator[EncodedInstance], int]


def _all(engine: Engine, prover: Prover) -> Iterator[Found]:
    for plan in engine.agenda.clashing:
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
    engine: Engine, prover: Prover, rule: Rule, plan: RulePlan, columns: dict[int, Ids], size: int
) -> Iterator[EncodedInstance]:
    """Rows of a plan's bindings as instances of the rule."""
    for row in range(min(size, 10 * MOST)):
        values = dict(plan.values)
        for name, number in plan.names.items():
            if number in columns:
                values[name] = int(columns[number][row])
        yield from _forms(prover, rule, values)


def _forms(prover: Prover, rule: Rule, values: Substitution) -> Iterator[EncodedInstance]:
    """An instance with these values; or those with equal terms for them that say more."""
    test = next((t for t in rule.tests if isinstance(t, ValueTest)), None)
    if test is not None and len(rule.premises) == 1 and test.right is not None:
        kind = prover.engine.terms.token(values[test.right.name])
        for v in prover.equality.same(values[test.left.name]):
            if in_datatype(prover.engine.terms.token(v), kind) is False:
                yield _instance(prover, rule, {**values, test.left.name: v})
                return
        return
    apart = _apart(prover, rule, values)
    first = next(apart, None)
    if first is None:
        first = next(prover.backward.applied(rule, values, None, None, EVER), None)
    if first is not None:
        yield first
        yield from apart


def _instance(prover: Prover, rule: Rule, values: Substitution) -> EncodedInstance:
    """The instance of a rule whose variables are all given."""
    rows = (replaced(named(atom, prover.backward.ids), values) for atom in rule.premises)
    return EncodedInstance(rule, values, tuple((int(s), int(p), int(o)) for s, p, o in rows))


def _apart(prover: Prover, rule: Rule, values: Substitution) -> Iterator[EncodedInstance]:
    """Instances in which a thing has two names that another premise tells apart."""
    if rule.lists or not prover.history.equal or not prover.equality:
        return
    properties = [prover.backward.ids.get(str(atom.p)) for atom in rule.premises]
    for atom, p in zip(rule.premises, properties, strict=True):
        a, b = str(atom.s)[1:], str(atom.o)[1:]
        if p != prover.history.same or a not in values or b not in values:
            continue
        for other, q in zip(rule.premises, properties, strict=True):
            ends = str(other.s)[1:], str(other.o)[1:]
            if {*ends} != {a, b} or q is None or q == p:
                continue
            for s, _, o in prover.forms((values[a], q, values[b]), EVER):
                if s != o:
                    changed = {**values, ends[0]: s, ends[1]: o}
                    yield from islice(prover.backward.applied(rule, changed, None, None, EVER), 1)
            if q == prover.history.different and len(properties) == 2:
                for x, y in _values_apart(prover, values[a]):
                    yield _instance(prover, rule, {**values, a: x, b: y})


def _values_apart(prover: Prover, number: int) -> Iterator[tuple[int, int]]:
    """All pairs of different values (dt-diff) among the literals that are equal to a term."""
    if "dt-diff" not in prover.engine.rules:
        return
    terms = prover.engine.terms
    each: dict[object, int] = {}  # value: a literal
    for n in prover.equality.same(number):
        if terms.kinds[n] >= LITERAL and (key := value_key(terms.token(n))) is not None:
            each.setdefault(key, n)
    yield from combinations(each.values(), 2)


def _pairs(engine: Engine, prover: Prover, rule: Rule, plan: Pairs) -> Iterator[Found]:
    """The clashes of two members of a list that exclude each other."""
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
                    found = sort_unique(columns[s])
                elif plan.shared:
                    found = sort_unique(pack(columns[s], columns[o]))
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

    def told() -> Iterator[EncodedInstance]:
        for at in alike[: 10 * MOST].tolist():
            i, j = int(where[at]) + 1, int(where[at + 1]) + 1
            values = dict(plan.values)
            if plan.parts:
                part = plan.parts[i - 1]
                assert part.head is not None
                _, s, o = part.head
                by_number = {number: name for name, number in part.names.items()}
                key = int(ranked[at])
                if plan.shared == 1:
                    values[by_number[s]] = key
                elif plan.shared:
                    values[by_number[s]] = key >> SHIFT
                    values[by_number[o]] = key & LOW
            picks = (i, j)
            apart = prover.backward.applied(rule, values, None, None, EVER, picks, not plan.parts)
            some = next(apart, None) or next(
                prover.backward.applied(rule, values, None, None, EVER, picks), None
            )
            if some is not None:
                yield some

    yield rule, told(), count


def _ill_typed(engine: Engine, prover: Prover, rule: Rule) -> Iterator[Found]:
    """The triples with an ill-typed literal."""
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
                yield (
                    rule,
                    iter([EncodedInstance(rule, dict(zip(names, row, strict=True)), (row,))]),
                    1,
                )
    for code, relation in list(engine.relations.items()):
        keys = relation.full
        for delta in (*relation.deltas, *relation.superseded):
            keys = delta.keys
            if code < 0 and place != 0:  # only the class can be the literal
                hits = keys if ~code in bad else NONE
            else:
                term = keys if code < 0 else (keys >> SHIFT if place == 0 else keys & LOW)
                hits = keys[within(term, bad)]
            if not len(hits):
                continue

            def told(code: int = code, hits: Ids = hits) -> Iterator[EncodedInstance]:
                for key in hits[: 10 * MOST].tolist():
                    row = (
                        (key, engine.vocabulary.type, ~code)
                        if code < 0
                        else (key >> SHIFT, code, key & LOW)
                    )
                    yield EncodedInstance(rule, dict(zip(names, row, strict=True)), (row,))

            yield rule, told(), len(hits)
