"""owlrl as a second reasoner: another implementation of the same standard.

Its known faults are filtered out:

- literals as subjects, trivial triples (``x owl:sameAs x``, ``x a owl:Thing`` ...) and its error
  messages, which it states as triples; these become clashes;
- ``prp-key``, ``eq-diff2``, ``eq-diff3`` and ``prp-adp`` miss the last member of the list, so a key
  of one property equates everything: owlrl never sees these axioms. The naive reasoner applies
  these rules, and the domain rules that owlrl does not know, in turn with it to the fixpoint;
- clashes of literals (two values of a functional property, a value outside a range) are not found,
  and nothing is proved: ``clashes`` may be incomplete, ``proof`` is of asserted triples only.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from foedus.errors import LimitReached
from foedus.reasoning.rules.proof import Clash, Proof
from foedus.reasoning.rules.table import ruleset
from foedus.reasoning.witnesses import naive
from foedus.store import convert
from foedus.terms import Term, Triple, iri, text_of
from foedus.vocab import OWL, RDFS

_FAULTY = ("eq-ref", "prp-key", "eq-diff2", "eq-diff3", "prp-adp")
_KEPT_BACK = {
    iri(OWL + name) for name in ("hasKey", "AllDifferent", "AllDisjointProperties")
}  # as predicate or object: the axioms of those rules
_DATATYPE = iri(RDFS + "Datatype")
_NOTES = "http://www.daml.org/2002/03/agents/agent-ont#"


@dataclass(frozen=True, slots=True)
class SecondClosure:
    """What owlrl derives, without its faults; the interface of a closure, except for proofs."""

    asserted: tuple[Triple, ...]
    derived: tuple[Triple, ...]
    clashes: tuple[Clash, ...]
    rounds: int
    seconds: float

    def __len__(self) -> int:
        return len(self.asserted) + len(self.derived)

    def __iter__(self) -> Iterator[Triple]:
        yield from self.asserted
        yield from self.derived

    def __contains__(self, triple: Triple) -> bool:
        return any(triple == t for t in self)

    @property
    def clash_counts(self) -> dict[str, int]:
        """The number of contradictions by rule."""
        return dict(Counter(clash.rule for clash in self.clashes))

    @property
    def statistics(self) -> dict[str, object]:
        """Rounds, seconds, asserted triples; owlrl does not say which rule derived what."""
        found = {"rounds": self.rounds, "seconds": self.seconds}
        return {**found, "asserted": len(self.asserted), "derived": {}}

    def triples(
        self, s: Term | None = None, p: Term | None = None, o: Term | None = None
    ) -> Iterator[Triple]:
        """The triples that match a pattern; None matches any term."""
        wanted = (s, p, o)
        for triple in self:
            if all(w is None or w == t for w, t in zip(wanted, triple, strict=True)):
                yield triple

    def proof(self, triple: Triple) -> Proof | None:
        """A proof of an asserted triple; None for a derived one, which owlrl does not explain."""
        return Proof(triple) if triple in self.asserted else None


def close(
    data: Iterable[Triple],
    *,
    extra_rules: Iterable[str | Path] = (),
    limit_triples: int | None = None,
    timeout: float | None = None,
) -> SecondClosure:
    """The closure of triples by owlrl, without its known faults, under all rules of OWL 2 RL.

    ``limit_triples`` and ``timeout`` (seconds) are checked after each round, since owlrl cannot be
    interrupted; either raises LimitReached.

    >>> a, p, b = "<urn:a>", "<urn:p>", '"b"'
    >>> domain = "<http://www.w3.org/2000/01/rdf-schema#domain>"
    >>> close([(a, p, b), (p, domain, "<urn:C>")]).derived
    (('<urn:a>', '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>', '<urn:C>'),)
    """
    started = time.monotonic()
    asserted = tuple(dict.fromkeys(data))
    ours = ruleset(_FAULTY, extra_rules)
    everything = ruleset()
    known = dict.fromkeys(asserted)
    clashes: dict[str, Clash] = {}
    rounds, before = 0, -1
    while before != len(known):
        before = len(known)
        rounds += 1
        for triple in _owlrl([t for t in known if not _KEPT_BACK.intersection(t)]):
            if triple[1] == f"<{_NOTES}error>":
                clash = _noted(text_of(triple[2]))
                clashes[clash.message] = clash
            elif not (_is_added(triple) or everything.is_trivial(triple)):
                known.setdefault(triple)
        step = naive.close(known, rules=ours, limit_triples=limit_triples)
        known.update(dict.fromkeys(step.derived))
        _within(len(known), limit_triples, started, timeout)
    found = tuple(step.clashes) + tuple(clashes[message] for message in sorted(clashes))
    derived = tuple(sorted(set(known) - set(asserted)))
    return SecondClosure(asserted, derived, found, rounds, time.monotonic() - started)


def _owlrl(triples: Iterable[Triple]) -> Iterator[Triple]:
    import owlrl

    # rdflib logs a traceback for each ill-typed literal, which is reported as a clash.
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    graph = convert.to_rdflib(triples)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    for s, p, o in graph:
        yield convert.term_of(s), convert.term_of(p), convert.term_of(o)


def _is_added(triple: Triple) -> bool:
    """Whether a triple is owlrl's own: an error message, or a datatype's declaration."""
    return triple[2].startswith(f"<{_NOTES}") or triple[2] == _DATATYPE


def _noted(message: str) -> Clash:
    return Clash("owlrl", message, (), lambda: Proof(None, "owlrl"))


def _within(size: int, limit: int | None, started: float, timeout: float | None) -> None:
    if limit is not None and size > limit:
        raise LimitReached.triples(limit)
    if timeout is not None and time.monotonic() - started > timeout:
        raise LimitReached(f"the {timeout:g} seconds are used up; nothing was written")
