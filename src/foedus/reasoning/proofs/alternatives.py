"""All proofs of a triple: one for each rule instance that derives it, the smallest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from foedus.reasoning.rules.proof import AnyTriple, Inference, Proof
from foedus.terms import Term, Triple

_BUDGET = 400  # inferences tried to keep one proof free of its own conclusion
_FOUND = 10_000  # proofs compared
_EFFORT = 50_000  # steps of the proofs built to find the smallest few


class Derivations(Protocol):
    """The inferences behind the triples of a closed graph, in whatever form its triples have."""

    def steps(self, row: AnyTriple) -> Iterator[Inference]:
        """Every last inference of a triple."""

    def prove(self, row: AnyTriple) -> Proof:
        """One proof of a triple that holds."""

    def built(self, goal: Inference, known: dict[AnyTriple, Proof]) -> Proof:
        """One proof that ends in an inference."""

    def triple(self, row: AnyTriple) -> Triple:
        """The triple as terms."""

    def bindings(self, step: Inference) -> dict[str, Term]:
        """The substitution of an inference, as terms."""


def all_proofs(ways: Derivations, row: AnyTriple, limit: int | None) -> Iterator[Proof]:
    """Proofs that differ in their last inference, smallest first (of many, not all compared)."""
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


def whole(ways: Derivations, triple: Triple, step: Inference, parts: list[Proof]) -> Proof:
    """A proof with these subproofs of its premises, in which each triple has one proof."""
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
    """The number of distinct steps of a proof."""
    return sum(1 for _ in proof.walk())


@dataclass(slots=True)
class _Tries:
    left: int


def _proof(ways: Derivations, step: Inference) -> Proof | None:
    """A proof that ends in an inference and does not rest on its conclusion, or None."""
    assert step.row is not None
    proof = ways.built(step, {})
    triple = ways.triple(step.row)
    if not _rests(proof, triple):
        return proof
    known: dict[AnyTriple, Proof] = {}
    tries = _Tries(_BUDGET)
    for part in step.premises:
        if isinstance(part, Inference):
            return None
        clear = _clear(ways, part, frozenset([step.row]), tries)
        if clear is None:
            return None
        known[part] = clear
    parts = [known[part] for part in step.premises if not isinstance(part, Inference)]
    return whole(ways, triple, step, parts)


def _rests(proof: Proof, triple: Triple) -> bool:
    """Whether a triple is used in a proof below its root."""
    return any(part.triple == triple for part in proof.walk() if part is not proof)


def _clear(
    ways: Derivations, row: AnyTriple, avoid: frozenset[AnyTriple], tries: _Tries
) -> Proof | None:
    """A proof of a triple that uses none of those to avoid; None if none is found."""
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
        if any(isinstance(part, Inference) for part in step.premises):
            continue
        parts = []
        for part in step.premises:
            assert not isinstance(part, Inference)
            clear = _clear(ways, part, avoid | {row}, tries)
            if clear is None:
                break
            parts.append(clear)
        else:
            return whole(ways, ways.triple(row), step, parts)
    return None
