"""Unfolding: a template's lists written out, and its open properties bound to all there are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TypeAlias

from foedus.reasoning.evaluation.state import State
from foedus.reasoning.planning.plan import (
    Argument,
    Named,
    Pairs,
    RulePlan,
    RuleTemplate,
    plan_of,
    replaced,
    value_rule,
    variables,
)
from foedus.reasoning.rules.datatypes import DATATYPES

#: The premises and conclusions of a plan to be; or one plan for all pairs of a list's members.
Unfolded: TypeAlias = "tuple[list[Named], list[Named | None]] | Pairs"


def unfolded(state: State, template: RuleTemplate, row: dict[str, int]) -> Iterator[Unfolded]:
    """The premises and conclusions of a solution, once for each reading of its list."""
    rest = [replaced(atom, row) for atom in template.rest]
    heads: list[Named | None] = [replaced(head, row) for head in template.heads] or [None]
    if not template.each and not template.pairs:
        yield rest, heads
        return
    for members in state.lists.readings(row[template.head_of_list]):
        size = len(members)
        if template.pairs:
            yield from paired(state, template, row, members)
            continue
        body = list(rest)
        for here in range(1, size + 1):
            body += [shifted(replaced(atom, row), "i", here, size) for atom in template.each]
        named = {f"{template.member}_{k}": m for k, m in enumerate(members, start=1)}
        ends = [shifted(head, "", 0, size) if head is not None else None for head in heads]
        yield (
            [replaced(atom, named) for atom in body],
            [replaced(head, named) if head is not None else None for head in ends],
        )


def paired(
    state: State, template: RuleTemplate, row: dict[str, int], members: tuple[int, ...]
) -> Iterator[Unfolded]:
    """The same for a rule about any two members: one plan for all pairs, where that is possible."""
    assert template.pairs
    i, j = template.pairs
    name_i, name_j = f"{template.member}_{i}", f"{template.member}_{j}"
    first = [replaced(a, row) for a in template.rest if name_i in a and name_j not in a]
    second = [replaced(a, row) for a in template.rest if name_j in a and name_i not in a]
    both = [replaced(a, row) for a in template.rest if name_i in a and name_j in a]
    other = [replaced(a, row) for a in template.rest if name_i not in a and name_j not in a]
    alike = {replaced(a, {name_i: 0}) for a in first} == {replaced(a, {name_j: 0}) for a in second}
    same = state.vocabulary.same
    if not template.heads and not template.tests and not other and alike:
        vocabulary = state.vocabulary
        parts: list[RulePlan] = []
        if not both and first:
            shared = sorted(variables(first) - {name_i})
            if 1 <= len(shared) <= 2:
                for member in members:
                    body = [replaced(a, {name_i: member}) for a in first]
                    head = (shared[0], same, shared[-1])
                    parts.append(plan_of(template.rule, body, head, vocabulary))
                yield Pairs(template.rule.id, members, parts, len(shared))
                return
        equal = both in ([(name_i, same, name_j)], [(name_j, same, name_i)])
        if not first and equal and state.equal:
            yield Pairs(template.rule.id, members, [], 0)
            return
    for x, y in product(range(len(members)), repeat=2):
        if x < y:
            chosen = {name_i: members[x], name_j: members[y]}
            heads: list[Named | None] = [replaced(h, {**row, **chosen}) for h in template.heads]
            yield [replaced(replaced(a, row), chosen) for a in template.rest], heads or [None]


def shifted(atom: Named, index: str, here: int, size: int) -> Named:
    """A premise with indices replaced by positions: ``u_i+1``, ``u_n`` become ``u_3``, ``u_5``."""

    def name(node: Argument) -> Argument:
        if isinstance(node, int) or "_" not in node:
            return node
        stem, _, tail = node.rpartition("_")
        letter, _, shift = tail.partition("+")
        if letter == "n":
            return f"{stem}_{size + int(shift or 0)}"
        if index and letter == index:
            return f"{stem}_{here + int(shift or 0)}"
        return node

    s, p, o = atom
    return name(s), name(p), name(o)


def every(state: State, template: RuleTemplate, body: list[Named]) -> Iterator[dict[str, int]]:
    """The bindings of the properties and classes left open: every relation there is."""
    vocabulary = state.vocabulary
    if value_rule(template.rule) == "not in":
        kinds = [~vocabulary.ids[name] for name in sorted(DATATYPES)]
        relations = [code for code in kinds if state.database.relation(code).deltas]
    else:
        relations = [code for code, relation in state.relations.items() if relation.deltas]
        if state.equal:
            relations.append(vocabulary.same)

    def fill(values: dict[str, int], left: list[Named]) -> Iterator[dict[str, int]]:
        if not left:
            yield values
            return
        atom = replaced(left[0], values)
        _, p, o = atom
        if isinstance(p, int) and not (p == vocabulary.type and isinstance(o, str)):
            yield from fill(values, left[1:])
            return
        for code in relations:
            more = dict(values)
            if code >= 0:
                if not isinstance(p, str):
                    continue
                more[p] = code
            else:
                if isinstance(p, str):
                    more[p] = vocabulary.type
                if isinstance(o, str):
                    more[o] = ~code
                elif o != ~code:
                    continue
            yield from fill(more, left[1:])

    yield from fill({}, body)
