"""All proofs of a triple: every rule instance that gives it, the smallest proof first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from foedus.reasoning.rules.proof import Proof, Row, Step
from foedus.terms import Term, Triple

_BUDGET = 400  # explanations tried to keep one proof clear of its own conclusion
_FOUND = 10_000
_EFFORT = 50_000  # steps of proofs that are made to find the smallest few


class Derivations(Protocol):
    """What leads to the triples of a closed graph; each may be written as it likes."""

    def steps(self, row: Row) -> Iterator[Step]:
        """Every last step that leads to a triple."""

    def prove(self, row: Row) -> Proof:
        """One proof of a triple that holds."""

    def built(self, goal: Step, known: dict[Row, Proof]) -> Proof:
        """One proof that ends in a step."""

    def triple(self, row: Row) -> Triple:
        """The triple as terms."""

    def bindings(self, step: Step) -> dict[str, Term]:
        """What the variables of a step stand for, as terms."""


def all_proofs(ways: Derivations, row: Row, limit: int | None) -> Iterator[Proof]:
    """Proofs that differ in their last step, smallest first; none rests on what it proves.

    Where few are asked for and all there are would be long, not all of them are compared.
    """
    effort = 0
    found: list[tuple[int, int, Proof]] = []
    seen: set[tuple[object, ...]] = set()
    for step in ways.steps(row):
        proof = _proof(ways, step)
        if proof is not None:
            key = (proof.rule, tuple(sorted(proof.bindings.items())))
            if key not in seen:
                seen.add(key)
                steps = size(proof)
                effort += steps
                found.append((steps, len(found), proof))
        if len(found) >= _FOUND or (limit and len(found) >= limit and effort > _EFFORT):
            break
    for _, _, proof in sorted(found, key=lambda x: x[:2])[:limit]:
        yield proof


def whole(ways: Derivations, triple: Triple, step: Step, parts: list[Proof]) -> Proof:
    """A proof from proofs of its premises, in which each triple again has one proof."""
    known: dict[Triple, Proof] = {}
    done: dict[int, Proof] = {}
    stack = [(part, False) for part in parts]
    while stack:
        proof, ready = stack.pop()
        if id(proof) in done:
            continue
        assert proof.triple is not None
        if proof.triple in known:
            done[id(proof)] = known[proof.triple]
        elif not ready:
            stack.append((proof, True))
            stack += [(part, False) for part in proof.premises]
        else:
            below = tuple(done[id(part)] for part in proof.premises)
            made = Proof(proof.triple, proof.rule, proof.bindings, below)
            done[id(proof)] = known[proof.triple] = made
    premises = tuple(done[id(part)] for part in parts)
    return Proof(triple, step.rule, ways.bindings(step), premises)


def size(proof: Proof) -> int:
    """The number of different steps in a proof."""
    seen = {id(proof)}
    waiting = [proof]
    while waiting:
        for premise in waiting.pop().premises:
            if id(premise) not in seen:
                seen.add(id(premise))
                waiting.append(premise)
    return len(seen)


@dataclass(slots=True)
class _Tries:
    left: int


def _proof(ways: Derivations, step: Step) -> Proof | None:
    """The proof that ends in a step, if there is one that does not rest on its own conclusion."""
    assert step.row is not None
    proof = ways.built(step, {})
    triple = ways.triple(step.row)
    if not _rests(proof, triple):
        return proof
    known: dict[Row, Proof] = {}
    tries = _Tries(_BUDGET)
    for part in step.premises:
        if isinstance(part, Step):
            return None
        clear = _clear(ways, part, frozenset([step.row]), tries)
        if clear is None:
            return None
        known[part] = clear
    parts = [known[part] for part in step.premises if not isinstance(part, Step)]
    return whole(ways, triple, step, parts)


def _rests(proof: Proof, triple: tuple[str, str, str]) -> bool:
    """Whether a proof uses its conclusion below its last step."""
    seen: set[int] = set()
    waiting = list(proof.premises)
    while waiting:
        part = waiting.pop()
        if part.triple == triple:
            return True
        for premise in part.premises:
            if id(premise) not in seen:
                seen.add(id(premise))
                waiting.append(premise)
    return False


def _clear(ways: Derivations, row: Row, avoid: frozenset[Row], tries: _Tries) -> Proof | None:
    """A proof of a triple that uses none of those to avoid."""
    if row in avoid:
        return None
    proof = ways.prove(row)
    names = {ways.triple(r) for r in avoid}
    if not any(_rests(Proof(None, None, {}, (proof,)), name) for name in names):
        return proof
    for step in ways.steps(row):
        tries.left -= 1
        if tries.left < 0:
            return None
        if any(isinstance(part, Step) for part in step.premises):
            continue
        parts = []
        for part in step.premises:
            assert not isinstance(part, Step)
            clear = _clear(ways, part, avoid | {row}, tries)
            if clear is None:
                break
            parts.append(clear)
        else:
            return whole(ways, ways.triple(row), step, parts)
    return None
