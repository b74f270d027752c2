"""What had to be in the graph, and what had to be absent from it, for one row."""

from __future__ import annotations

from dataclasses import dataclass, field

from foedus.provenance.scope import Row, filled, is_limited
from foedus.sparql.tree import Group, Pattern
from foedus.terms import Term, Triple


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that is not stated, and that the row takes as not so.

    ``kind`` is ``not stated`` (NOT EXISTS, MINUS, an OPTIONAL tested for emptiness), ``total``
    (a count or a sum, a largest or a smallest), ``order`` (the first of a sorted list) or
    ``no answer`` (an ASK that is false, a query without rows). ``patterns`` are what was looked
    for, with what was known filled in; ``limited`` says that not all of it would have counted,
    but what a filter lets through.
    """

    kind: str
    patterns: tuple[Pattern, ...] = ()
    limited: bool = False


@dataclass(slots=True)
class Support:
    """What has been gathered for one solution."""

    triples: dict[Triple, Term | None] = field(default_factory=dict)
    absences: dict[Absence, None] = field(default_factory=dict)
    #: Ends of paths without steps: nodes of a graph, which a triple of it must show.
    nodes: set[tuple[Term, Term | None]] = field(default_factory=set)

    def merge(self, other: Support) -> None:
        """Add what another holds."""
        self.triples.update(other.triples)
        self.absences.update(other.absences)
        self.nodes |= other.nodes

    def lacks(self, group: Group, solution: Row) -> None:
        """Add that this group, with what is known filled in, is not met."""
        absence = Absence("not stated", tuple(filled(group, solution)), is_limited(group))
        self.absences[absence] = None
