"""Where owlrl is a witness: the part of a graph that it reads as the tables do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from strategies import FIRST, NIL, REST

from foedus.reasoning.rules.datatypes import DATATYPES
from foedus.terms import Triple, is_literal

#: Axioms that the second reasoner keeps from owlrl, and so does not copy to other names either.
KEPT_BACK = ("hasKey", "AllDifferent", "AllDisjointProperties")


def sound(graph: list[Triple]) -> list[Triple]:
    """The part of a graph that owlrl reads as the tables do: no values, no broken lists."""
    plain = [
        t
        for t in graph
        if t[0] not in DATATYPES
        and t[2] not in DATATYPES
        and not (is_literal(t[2]) and "nonNegativeInteger" not in t[2])
    ]
    firsts, rests = (Counter(s for s, p, _ in plain if p == end) for end in (FIRST, REST))
    tails = {o for _, p, o in plain if p == REST} - {NIL}
    cells = firsts.keys() | rests.keys() | tails
    broken = any(firsts[cell] != 1 or rests[cell] != 1 for cell in cells)
    return [t for t in plain if t[1] not in (FIRST, REST)] if broken else plain


def compared(triples: Iterable[Triple]) -> set[Triple]:
    """What the two closures must have in common."""
    return {t for t in triples if not any(name in term for name in KEPT_BACK for term in t)}
