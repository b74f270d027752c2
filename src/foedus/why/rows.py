"""What a row of an answer rests on, in words, and its basis."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from foedus.evidence import Absence, evidence
from foedus.phrases import Phrases, listed
from foedus.sparql import Pattern, is_variable
from foedus.sparql.scope import Row
from foedus.store.query import QuadStore
from foedus.terms import Triple
from foedus.why.origins import Origins
from foedus.why.steps import Passage, Step


@dataclass(frozen=True, slots=True)
class Basis:
    """On what an answer stands; as text its weakest part, with the background that it needs.

    >>> print(Basis(True, ("Park Won-gon",), (), False))
    claimed by Park Won-gon
    >>> print(Basis(True, (), ("Archigos 4.1",), False))
    entailed, with Archigos 4.1
    """

    entailed: bool = False
    claimed: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    default: bool = False

    def __str__(self) -> str:
        kind = f"claimed by {listed(self.claimed)}" if self.claimed else ""
        if self.default:
            kind = f"{kind}, by default" if kind else "by default"
        kind = kind or ("entailed" if self.entailed else "asserted")
        return f"{kind}, with {listed(self.background)}" if self.background else kind


@dataclass(frozen=True, slots=True)
class Support:
    """One triple that a row rests on: its proof, which is a single step where it is asserted."""

    step: Step
    basis: Basis

    def passages(self) -> tuple[Passage, ...]:
        """The words at the bottom of its proof, each once, in the order of the text."""
        return self.step.passages()


@dataclass(frozen=True, slots=True)
class RowSupport:
    """A row's basis, the triples behind it, and what it takes for granted, in words.

    ``ways`` counts the solutions that give the row (at most `foedus.evidence.WAYS`); for a row
    that sums up a group, the members.
    """

    basis: Basis
    supports: tuple[Support, ...]
    assumptions: tuple[str, ...] = ()
    ways: int = 1

    def passages(self) -> tuple[Passage, ...]:
        """The words behind the row, each once, in the order of the text."""
        found = {p: None for s in self.supports for p in s.passages()}
        return tuple(sorted(found, key=lambda p: (p.source, p.start or 0)))


@dataclass(slots=True)
class Rows:
    """Finds the support of rows in one graph.

    ``prove`` gives a triple's proof in words, and None for what the graph does not hold.
    """

    view: QuadStore
    phrases: Phrases
    origins: Origins
    asserted: Callable[[Triple], bool]
    prove: Callable[[Triple], Step | None]

    def support(self, query: str, row: Row) -> RowSupport:
        """What one row of a query's answer rests on."""
        found = evidence(query, row, self.view, lambda t: 0.0 if self.asserted(t) else 1.0)
        supports = tuple(s for t in found.triples if (s := self._support(t)))
        assumptions = dict.fromkeys(map(self.assumption, found.absences))
        default = bool(found.absences)
        return RowSupport(
            _joined((s.basis for s in supports), default), supports, (*assumptions,), found.ways
        )

    def _support(self, triple: Triple) -> Support | None:
        step = self.prove(triple)
        if step is None:
            return None
        leaves = [leaf.origin for leaf in step.leaves() if leaf.origin]
        claimed = {b for o in leaves if o.kind == "belief" for b in o.believed}
        claimed |= set(self.origins.speakers_in(triple))
        background = {_short(s) for o in leaves if o.kind == "background" for s in o.sources[:1]}
        basis = Basis(step.rule is not None, tuple(sorted(claimed)), tuple(sorted(background)))
        return Support(step, basis)

    def assumption(self, absence: Absence) -> str:
        """What a row takes for granted, as a sentence without a full stop."""
        named = [
            p for p in absence.patterns if not (is_variable(p.subject) and is_variable(p.object))
        ]
        what = listed([self._pattern(p) for p in named or absence.patterns])
        if absence.kind == "total":
            return "nothing counts but what is stated"
        if absence.kind == "order":
            return "nothing comes before it but what is stated"
        return f"nothing states that {what}" if what else "nothing states it"

    def _pattern(self, pattern: Pattern) -> str:
        """A pattern as a sentence; what is open is "something"."""

        def name(term: str) -> str:
            return "something" if is_variable(term) else self.phrases.label(term)

        if isinstance(pattern.predicate, str) and not is_variable(pattern.predicate):
            if not is_variable(pattern.subject) and not is_variable(pattern.object):
                return self.phrases.sentence((pattern.subject, pattern.predicate, pattern.object))
            verb = self.phrases.label(pattern.predicate)
        else:
            verb = "has to do with"
        return f"{name(pattern.subject)} {verb} {name(pattern.object)}"


def _short(title: str) -> str:
    """The part of a record's title that names it.

    >>> _short("Archigos 4.1, a data set of political leaders")
    'Archigos 4.1'
    """
    return re.split(r"[,:(]", title)[0].strip()


def _joined(parts: Iterable[Basis], default: bool) -> Basis:
    every = list(parts)
    return Basis(
        any(b.entailed for b in every),
        tuple(sorted({c for b in every for c in b.claimed})),
        tuple(sorted({c for b in every for c in b.background})),
        default,
    )
