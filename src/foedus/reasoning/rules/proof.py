"""What a proof and a clash are; any engine that applies the rule table can make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from foedus.short import short_repr
from foedus.terms import Term, Triple

#: A triple as terms, or as an engine's numbers.
Row: TypeAlias = tuple[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a triple holds: the rule, what its variables stand for, and proofs of its premises.

    ``rule`` is None for an asserted triple. ``triple`` is None at the top of a clash's proof.
    ``bindings`` are written as ``rule.py`` says. The premises of a rule about a list include the
    ``rdf:first`` and ``rdf:rest`` triples of the list.
    """

    triple: Triple | None
    rule: str | None = None
    bindings: Mapping[str, Term] = field(default_factory=dict)
    premises: tuple[Proof, ...] = ()

    __repr__ = short_repr

    def walk(self) -> Iterator[Proof]:
        """This proof and all proofs below it, each after those it rests on."""
        for premise in self.premises:
            yield from premise.walk()
        yield self


@dataclass(frozen=True, slots=True)
class Clash:
    """Premises that contradict one another by a rule; ``proof()`` shows where they come from."""

    rule: str
    message: str
    premises: tuple[Triple, ...]
    make_proof: Callable[[], Proof] = field(repr=False, compare=False)

    __repr__ = short_repr

    def proof(self) -> Proof:
        """The proof of the contradiction, with ``triple`` None at its top."""
        return self.make_proof()


@dataclass(frozen=True, slots=True)
class Step:
    """A rule applied; premises are triples still to be explained, or steps of their own."""

    row: Row | None
    rule: str | None
    values: Mapping[str, Any]
    premises: tuple[Row | Step, ...] = ()
