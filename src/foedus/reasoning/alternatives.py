"""All proofs of a triple: every rule instance that gives it, the smallest proof first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from foedus.reasoning.proof import Proof
from foedus.reasoning.proofs import Prover, Step
from foedus.reasoning.view import EVER, Row
from foedus.terms import Triple

_BUDGET = 400  # explanations tried to keep one proof clear of its own conclusion
_FOUND = 10_000


def all_proofs(prover: Prover, row: Row, limit: int | None) -> Iterator[Proof]:
    """Proofs that differ in their last step, smallest first; none rests on what it proves."""
    found: list[tuple[int, int, Proof]] = []
    seen: set[tuple[object, ...]] = set()
    for step in steps(prover, row):
        proof = _proof(prover, step)
        if proof is not None:
            key = (proof.rule, tuple(sorted(proof.bindings.items())))
            if key not in seen:
                seen.add(key)
                found.append((size(proof), len(found), proof))
        if len(found) >= _FOUND:
            break
    for _, _, proof in sorted(found, key=lambda x: x[:2])[:limit]:
        yield proof


def whole(prover: Prover, triple: Triple, step: Step, parts: list[Proof]) -> Proof:
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
    return Proof(triple, step.rule, prover.bindings(step), premises)


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


def steps(prover: Prover, row: Row) -> Iterator[Step]:
    """Every last step that leads to a triple."""
    first = prover.explain(row)
    yield first
    view, equality = prover.view, prover.equality
    s, p, o = row
    for rule in prover.backward.rules_for(row):
        if view.equal and rule.id in (
            "eq-ref",
            "eq-sym",
            "eq-trans",
            "eq-rep-s",
            "eq-rep-p",
            "eq-rep-o",
        ):
            continue
        for instance in prover.backward.instances(rule, row, EVER):
            yield prover.step(row, instance)
    if not view.equal or not equality:
        return
    if p == view.same:
        if s != o and view.one(s, o, EVER):
            yield Step(row, "eq-sym", {"x": o, "y": s}, ((o, p, s),))
            for m in equality.same(s):
                if m not in (s, o):
                    parts = (s, p, m), (m, p, o)
                    yield Step(row, "eq-trans", {"x": s, "y": m, "z": o}, parts)
        return
    for place, name in enumerate("spo"):
        for other in equality.same(row[place]):
            if other != row[place]:
                form = tuple(other if k == place else x for k, x in enumerate(row))
                a, q, b = form
                values = {"s": a, "p": q, "o": b, f"{name}2": row[place]}
                same = other, view.same, row[place]
                yield Step(row, f"eq-rep-{name}", values, (same, (a, q, b)))


@dataclass(slots=True)
class _Tries:
    left: int


def _proof(prover: Prover, step: Step) -> Proof | None:
    """The proof that ends in a step, if there is one that does not rest on its own conclusion."""
    assert step.row is not None
    proof = prover.built(step, {})
    triple = prover.triple(step.row)
    if not _rests(proof, triple):
        return proof
    known: dict[Row, Proof] = {}
    tries = _Tries(_BUDGET)
    for part in step.premises:
        if isinstance(part, Step):
            return None
        clear = _clear(prover, part, frozenset([step.row]), tries)
        if clear is None:
            return None
        known[part] = clear
    parts = [known[part] for part in step.premises if not isinstance(part, Step)]
    return whole(prover, triple, step, parts)


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


def _clear(prover: Prover, row: Row, avoid: frozenset[Row], tries: _Tries) -> Proof | None:
    """A proof of a triple that uses none of those to avoid."""
    if row in avoid:
        return None
    proof = prover.prove(row)
    names = {prover.triple(r) for r in avoid}
    if not any(_rests(Proof(None, None, {}, (proof,)), name) for name in names):
        return proof
    for step in steps(prover, row):
        tries.left -= 1
        if tries.left < 0:
            return None
        if any(isinstance(part, Step) for part in step.premises):
            continue
        parts = []
        for part in step.premises:
            assert not isinstance(part, Step)
            clear = _clear(prover, part, avoid | {row}, tries)
            if clear is None:
                break
            parts.append(clear)
        else:
            return whole(prover, prover.triple(row), step, parts)
    return None
