"""Blank nodes in a conclusion: existential variables, class descriptions, axiom nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from foedus.reasoning.entailment.conclusions import ConclusionForm, conclusions
from foedus.reasoning.rules.rule import Atom, Var
from foedus.terms import Term, Triple, is_blank
from foedus.vocab import TYPE

#: Prefixes of fresh names: for what a trial assumes, and for what a conclusion describes.
ASSUMED, DESCRIBED = "_:assumed", "_:described"


def parts(conclusion: Iterable[Triple]) -> list[list[Triple]]:
    """The connected components of a conclusion: parts that share no blank node."""
    parts: list[tuple[set[Term], list[Triple]]] = []
    for triple in dict.fromkeys(conclusion):
        blanks = {term for term in triple if is_blank(term)}
        joined = [part for part in parts if blanks & part[0]]
        parts = [part for part in parts if part not in joined]
        for part in joined:
            blanks |= part[0]
        parts.append((blanks, [*(t for part in joined for t in part[1]), triple]))
    return [triples for _, triples in parts]


def as_atom(triple: Triple) -> Atom:
    """A triple with its blank nodes as variables; fresh names stay constants."""
    s, p, o = (Var(term) if is_unknown(term) else term for term in triple)
    return Atom(s, p, o)


def is_unknown(term: Term) -> bool:
    """Whether a term is a blank node of the conclusion, and not a fresh name."""
    return is_blank(term) and not term.startswith((ASSUMED, DESCRIBED))


def read_node(form: ConclusionForm, said: list[Triple]) -> dict[str, Term] | None:
    """The variables of an axiom node's form, if it has exactly the form's triples; else None."""
    bindings: dict[str, Term] = {}
    for atom in form.conclude:
        found = [b for b in (atom.unify(triple) for triple in said) if b is not None]
        if len(found) != 1 or len(said) != len(form.conclude):
            return None
        bindings |= found[0]
    return bindings


def rename(triple: Triple, names: dict[Term, Term]) -> Triple:
    """The triple with some terms replaced."""
    s, p, o = (names.get(term, term) for term in triple)
    return s, p, o


def descriptions(
    part: list[Triple],
) -> tuple[dict[Term, Term], list[Triple], list[Triple]]:
    """Fresh names for the described blank nodes of a part, their descriptions, and the rest.

    A description must be complete, unambiguous and not circular; otherwise it is a claim.
    """
    table = conclusions()
    said: dict[Term, list[Triple]] = defaultdict(list)
    for triple in part:
        if is_blank(triple[0]):
            said[triple[0]].append(triple)
    vocabulary = {p for kind in table.kinds for p in kind}
    describes = {node: [t for t in triples if t[1] in vocabulary] for node, triples in said.items()}
    whole = {
        node
        for node, triples in describes.items()
        if frozenset(t[1] for t in triples) in table.kinds
        and len(triples) == len({t[1] for t in triples})
    }
    named: dict[Term, Term] = {}
    while True:
        ready = [
            node
            for node in sorted(whole - named.keys())
            if all(not is_blank(t[2]) or t[2] in named for t in describes[node])
        ]
        if not ready:
            break
        for node in ready:
            named[node] = f"{DESCRIBED}{len(named)}"
    granted: list[Triple] = []
    rest: list[Triple] = []
    for triple in part:
        s, p, o = triple
        describing = s in named and (p in vocabulary or (p == TYPE and o in table.types))
        (granted if describing else rest).append(triple)
    return named, [rename(t, named) for t in granted], rest
