"""Checks inside one process, many a second: closures, changes, terms, dates.

Each takes a random number generator and does one check; an ``AssertionError``, or any error that
is not foedus's own, is a fault. A graph that shows a fault is made as small as possible first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import pyoxigraph as ox
import strategies as words
from corpus import TINY
from inputs import mutated, sentence
from reduce import smallest

from foedus.errors import FoedusError
from foedus.reasoning import check_proof, close, naive
from foedus.reasoning.rules.table import Var, ruleset
from foedus.store import convert
from foedus.terms import Term, Triple, literal

logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)  # it logs each ill-typed literal
_TERMS = [*words.INDIVIDUALS, *words.CLASSES, *words.PROPERTIES, *words.SPECIAL_CLASSES]


@cache
def _vocabulary() -> list[Term]:
    """Every IRI that some rule speaks of."""
    atoms = [a for rule in ruleset() for a in (*rule.premises, *(rule.conclusions or ()))]
    return sorted({n for a in atoms for n in a if not isinstance(n, Var) and n.startswith("<")})


def graph(rng: Random) -> list[Triple]:
    """A few triples of few names, most of them with a predicate of RDF, RDFS or OWL."""
    cells = [f"_:l{n}" for n in range(4)]

    def triple() -> Triple:
        kind = rng.random()
        if kind < 0.2:
            return rng.choice(cells), words.FIRST, rng.choice(_TERMS)
        if kind < 0.4:
            return rng.choice(cells), words.REST, rng.choice([*cells, words.NIL, words.NIL])
        subject = rng.choice([*_TERMS, *cells])
        if kind < 0.6:
            objects = [*_TERMS, *words.LITERALS]
            return subject, rng.choice(words.PROPERTIES), rng.choice(objects)
        objects = [*_TERMS, *_TERMS, *_vocabulary(), *words.LITERALS, *cells]
        return subject, rng.choice(_vocabulary()), rng.choice(objects)

    return list(dict.fromkeys(triple() for _ in range(rng.randint(1, 14))))


def lines(triples: list[Triple]) -> bytes:
    """The triples as N-Triples."""
    return "".join(" ".join(t) + " .\n" for t in triples).encode()


def closures(rng: Random) -> None:
    """The closure is that of the naive reasoner, contradictions too."""

    def differs(triples: list[Triple]) -> bool:
        ours, theirs = close(lines(triples)), naive.close(triples)
        rules = [{clash.rule for clash in made.clashes} for made in (ours, theirs)]
        return set(ours.derived) != set(theirs.derived) or rules[0] != rules[1]

    _holds_for(graph(rng), differs)


def changes(rng: Random) -> None:
    """A closure that was changed is the closure of what is then asserted."""
    first, more, less = graph(rng), graph(rng), rng.random()

    def differs(triples: list[Triple]) -> bool:
        old = [t for t in triples if t in first]
        gone = old[: int(len(old) * less)]
        live = close(lines(old))
        live.add([t for t in triples if t not in old])
        live.withdraw(gone)
        anew = close(lines([t for t in triples if t not in gone]))
        return set(live) != set(anew) or bool(live.clashes) != bool(anew.clashes)

    _holds_for(list(dict.fromkeys(first + more)), differs)


def proofs(rng: Random) -> None:
    """Whatever is derived has a proof that holds, and so has every contradiction."""

    def differs(triples: list[Triple]) -> bool:
        made = close(lines(triples))
        known = set(triples)
        found = [made.proof(t) for t in made.derived]
        found += [clash.proof() for clash in made.clashes]
        return not all(p is not None and check_proof(p, known, ruleset()) for p in found)

    _holds_for(graph(rng), differs)


def terms(rng: Random) -> None:
    """A term comes out as it went in: by N-Triples, pyoxigraph and rdflib."""
    text = mutated(rng.choice(words.LITERALS).encode(), rng).decode("utf-8", "replace")
    kind = rng.choice([None, words.XSD + "integer", words.XSD + "string", words.EX + "t"])
    lang = None if kind or rng.random() < 0.5 else rng.choice(["en", "EN-gb", "x-a"])
    term = literal(text, kind, lang)
    triple = (words.INDIVIDUALS[0], words.PROPERTIES[0], term)
    (parsed,) = ox.parse(lines([triple]), ox.RdfFormat.N_TRIPLES)
    assert str(parsed.object) == term, term
    made = close(lines([triple]))
    assert triple in made, term
    assert list(made.triples(o=term)) == [triple], term
    assert convert.term_of(parsed.object) == term, term
    assert convert.term_of(convert.rdflib_term(term)) == term, term


@cache
def _knowledge() -> Any:
    from foedus import KnowledgeGraph

    return KnowledgeGraph.build(TINY)


def dates(rng: Random) -> None:
    """A date is understood or refused."""
    text = sentence("edtf", rng)
    if rng.random() < 0.3:
        text = mutated(text.encode(), rng).decode("utf-8", "replace")[:200]
    try:
        _knowledge().ask("signed-on", on=text)
    except FoedusError:
        pass
    except Exception as error:
        raise AssertionError(f"{text!r}: {error!r}") from error


LOOPS: dict[str, Callable[[Random], None]] = {
    loop.__name__: loop for loop in (closures, changes, proofs, terms, dates)
}


def _holds_for(triples: list[Triple], differs: Callable[[list[Triple]], bool]) -> None:
    def fails(part: list[Triple]) -> str | None:
        try:
            return "differs" if differs(part) else None
        except FoedusError:
            return None
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:60]

    if kind := fails(triples):
        small = smallest(triples, lambda part: fails(part) == kind)
        told = lines(small).decode()
        print(f"the graph is\n{told}")
        differs(small)  # raises as it did, if it did
        raise AssertionError(f"{kind}:\n{told}")
