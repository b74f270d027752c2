"""Proofs and clashes: the derivation of a triple or of a contradiction, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from foedus.short import short_repr
from foedus.terms import Term, Triple

#: A triple of terms, or of term numbers.
AnyTriple: TypeAlias = tuple[Any, Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """The derivation of a triple: the rule, its substitution, and the proofs of its premises.

    ``rule`` is None for an asserted triple. ``triple`` is None at the root of a clash's proof.
    ``bindings`` are written as ``rule.py`` says. The premises of a rule about a list include the
    ``rdf:first`` and ``rdf:rest`` triples of the list.

    A proof is a directed acyclic graph, which may be hundreds of thousands of steps deep and whose
    subproofs are shared. So it is walked, compared, pickled and copied without recursion, each step
    once; its ``repr`` leaves out the premises.
    """

    triple: Triple | None
    rule: str | None = None
    bindings: Mapping[str, Term] = field(default_factory=dict)
    premises: tuple[Proof, ...] = field(default=(), repr=False)

    __repr__ = short_repr

    def walk(self) -> Iterator[Proof]:
        """This proof and all subproofs, each once, premises before conclusions."""
        begun: set[int] = set()
        waiting = [(self, False)]
        while waiting:
            proof, ready = waiting.pop()
            if ready:
                yield proof
            elif id(proof) not in begun:
                begun.add(id(proof))
                waiting.append((proof, True))
                waiting += [(premise, False) for premise in reversed(proof.premises)]

    def asserted(self) -> tuple[Triple, ...]:
        """The asserted triples that it rests on (its why-provenance), each once."""
        found = (step.triple for step in self.walk() if step.rule is None)
        return tuple(dict.fromkeys(triple for triple in found if triple))

    def depth(self) -> int:
        """The number of steps on the longest path to a leaf, the asserted triple included."""
        depths: dict[int, int] = {}
        for step in self.walk():
            depths[id(step)] = 1 + max((depths[id(p)] for p in step.premises), default=0)
        return depths[id(self)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Proof):
            return NotImplemented
        waiting, seen = [(self, other)], set[tuple[int, int]]()
        while waiting:
            a, b = waiting.pop()
            if a is b or (id(a), id(b)) in seen:
                continue
            seen.add((id(a), id(b)))
            if (a.triple, a.rule, a.bindings) != (b.triple, b.rule, b.bindings):
                return False
            if len(a.premises) != len(b.premises):
                return False
            waiting += zip(a.premises, b.premises, strict=True)
        return True

    def __hash__(self) -> int:
        return hash((self.triple, self.rule, tuple(p.triple for p in self.premises)))

    def __reduce__(self) -> tuple[Any, ...]:
        places: dict[int, int] = {}
        steps: list[tuple[Any, ...]] = []
        for step in self.walk():
            places[id(step)] = len(steps)
            below = [places[id(premise)] for premise in step.premises]
            steps.append((step.triple, step.rule, dict(step.bindings), below))
        return _restored, (steps,)


def _restored(steps: list[tuple[Any, ...]]) -> Proof:
    """A proof from its steps in topological order; premises are given by their positions."""
    made: list[Proof] = []
    for triple, rule, bindings, below in steps:
        made.append(Proof(triple, rule, bindings, tuple(made[n] for n in below)))
    return made[-1]


@dataclass(frozen=True, slots=True)
class Clash:
    """Premises that contradict one another by a rule; ``proof()`` derives the contradiction.

    ``message`` names what collides, and why several names denote one thing or a literal is a member
    of a class, which no file states. ``rests_on()`` are the asserted triples behind it.
    """

    rule: str
    message: str
    premises: tuple[Triple, ...]
    make_proof: Callable[[], Proof] = field(repr=False, compare=False)

    __repr__ = short_repr

    def proof(self) -> Proof:
        """The proof of the contradiction; its root has no ``triple``."""
        return self.make_proof()

    def rests_on(self) -> tuple[Triple, ...]:
        """The asserted triples that cannot all be true, each once."""
        return self.proof().asserted()


@dataclass(frozen=True, slots=True)
class Inference:
    """A rule applied; its premises are triples still to be explained, or inferences themselves."""

    row: AnyTriple | None
    rule: str | None
    values: Mapping[str, Any]
    premises: tuple[AnyTriple | Inference, ...] = ()
