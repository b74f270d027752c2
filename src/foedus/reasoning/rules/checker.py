"""Check a proof step by step against the rule table, and against nothing else.

How the proof was found does not matter: a step is right if it is an instance of its rule, a leaf if
it was asserted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter

from foedus.reasoning.rules.datatypes import in_datatype, is_ill_typed, value_key
from foedus.reasoning.rules.proof import Proof
from foedus.reasoning.rules.rule import (
    Atom,
    Before,
    Bindings,
    Differ,
    Rule,
    Sum,
    Test,
    ValueTest,
    Var,
)
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.rules.value_tests import total
from foedus.terms import Term, Triple, is_literal
from foedus.vocab import FIRST, NIL, REST


def check_proof(proof: Proof, asserted: Collection[Triple], rules: RuleSet) -> bool:
    """True if the proof is right; raises ValueError naming the first step that is not.

    A triple must not rest on itself, directly or indirectly. A subproof that is used several times
    is checked once.
    """
    rests: dict[Triple, set[Triple]] = {}
    todo, seen = [proof], {id(proof)}
    while todo:
        step = todo.pop()
        if step.rule is None:
            if step.triple not in asserted or step.premises:
                raise ValueError(f"{step.triple} was not asserted")
        elif fault := _fault(step, rules[step.rule]):
            raise ValueError(f"{step.triple} by {step.rule} with {step.bindings}: {fault}")
        for premise in step.premises:
            if step.triple and premise.triple:
                rests.setdefault(step.triple, set()).add(premise.triple)
            if id(premise) not in seen:
                seen.add(id(premise))
                todo.append(premise)
    try:
        TopologicalSorter(rests).prepare()
    except CycleError as error:
        raise ValueError(f"a triple rests on itself: {error.args[1]}") from error
    return True


def _fault(proof: Proof, rule: Rule) -> str:
    """What is wrong with one step; empty if it is an instance of the rule."""
    names, size = proof.bindings, rule.length(proof.bindings)
    given = {p.triple for p in proof.premises}
    if rule.conclusions is None:
        concluded = proof.triple is None
    else:
        concluded = proof.triple in [_instance(a, names, size) for a in rule.conclusions]
    if not concluded:
        return "another conclusion"
    needed = []
    for atom in rule.premises:
        for here in range(1, size + 1) if atom.each else (0,):
            needed.append(next(_spelt(_instance(atom, names, size, here), atom, given), None))
    for listed in rule.lists:
        members = [names[f"{listed.member}_{k}"] for k in range(1, size + 1)]
        needed += _cells(names[listed.head.name], members, given)
    if None in needed:
        return "a premise is missing"
    if set(needed) != given:
        return "a premise is not called for"
    return "" if all(_holds(test, names) for test in rule.tests) else "a test fails"


def _instance(atom: Atom, names: Bindings, size: int, here: int = 0) -> Triple:
    s, p, o = (names[n.key(names, size, here)] if isinstance(n, Var) else n for n in atom)
    return s, p, o


def _spelt(triple: Triple, atom: Atom, given: Collection[Triple | None]) -> Iterator[Triple]:
    """The triple among those given; a literal that the rule names may be spelled in any way."""
    if triple in given:
        yield triple
    if not isinstance(atom.o, str) or not is_literal(atom.o):
        return
    key = value_key(triple[2])
    for t in given:
        if t and t[:2] == triple[:2] and is_literal(t[2]) and value_key(t[2]) == key:
            yield t


def _cells(
    head: Term, members: list[Term], given: Collection[Triple | None]
) -> list[Triple | None]:
    """The triples of a list from ``head`` with these members; [None] if there is no such list."""
    tails: dict[Term, list[Triple]] = {}
    for t in given:
        if t and t[1] == REST:
            tails.setdefault(t[0], []).append(t)
    came: list[dict[Term, Triple]] = []  # for each member, the cells that it may lead to
    here = [head]
    for member in members:
        having = (cell for cell in here if (cell, FIRST, member) in given)
        came.append({tail[2]: tail for cell in having for tail in tails.get(cell, ())})
        here = list(came[-1])
    if NIL not in here:
        return [None]
    found: list[Triple | None] = []
    cell = NIL
    for member, ways in zip(reversed(members), reversed(came), strict=True):
        tail = ways[cell]
        cell = tail[0]
        found += [tail, (cell, FIRST, member)]
    return found


def _holds(test: Test, names: Bindings) -> bool:
    if isinstance(test, Before):
        return int(names[test.left]) < int(names[test.right])
    if isinstance(test, Differ):
        return names[test.left.name] != names[test.right.name]
    if isinstance(test, Sum):
        return total(test, names.__getitem__) == names[test.result.name]
    return _literals(test, names)


def _literals(test: ValueTest, names: Bindings) -> bool:
    left = names[test.left.name]
    if not is_literal(left):
        return False
    if test.right is None:
        return is_ill_typed(left)
    right = names[test.right.name]
    if test.kind in ("in", "not in"):
        return in_datatype(left, right) is (test.kind == "in")
    keys = value_key(left), value_key(right)
    if test.kind == "=":
        return left == right or (keys[0] == keys[1] is not None)
    return None not in keys and keys[0] != keys[1]
