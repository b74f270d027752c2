"""The SPARQL 1.1 entailment cases whose regime is RDF, RDFS, D or OWL with RDF-based semantics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox
from conformance_cases import SHARED, Close, read

from foedus.reasoning.entailment.entails import obvious

MANIFEST = SHARED / "conformance" / "sparql11" / "entailment" / "manifest.ttl"
#: Our rules for each regime, the strongest first.
RULES = {"OWL-RDF-Based": "owl2rl", "D": "rdfs", "RDFS": "rdfs", "RDF": ()}
SD = "http://www.w3.org/ns/sparql-service-description#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"


@dataclass(frozen=True, slots=True)
class Case:
    """A query, its data, and the results it has under a regime."""

    name: str
    regime: str
    query: Path
    data: Path
    result: Path

    def __str__(self) -> str:
        return f"{self.name}:{self.regime}"


@cache
def manifest() -> ox.Store:
    store = ox.Store()
    store.load(path=str(MANIFEST), base_iri=MANIFEST.as_uri())
    return store


def _value(subject: object, predicate: str) -> object:
    return next(iter(manifest().quads_for_pattern(subject, ox.NamedNode(predicate), None))).object


def _members(cell: object) -> Iterator[object]:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    while isinstance(cell, ox.BlankNode):
        yield _value(cell, rdf + "first")
        cell = _value(cell, rdf + "rest")


def cases() -> Iterator[Case]:
    """Every case and regime of ours, by name; none where the folder is missing."""
    if not MANIFEST.exists():
        return
    for quad in manifest().quads_for_pattern(None, ox.NamedNode(MF + "action"), None):
        action = quad.object
        regimes = _value(action, SD + "entailmentRegime")
        listed = list(_members(regimes)) or [regimes]
        for regime in sorted(str(r)[1:-1].rpartition("/")[2] for r in listed):
            if regime in RULES:
                yield Case(
                    name=quad.subject.value.rpartition("#")[2],
                    regime=regime,
                    query=_path(_value(action, QT + "query")),
                    data=_path(_value(action, QT + "data")),
                    result=_path(_value(quad.subject, MF + "result")),
                )


def _path(node: object) -> Path:
    return MANIFEST.parent / str(node)[1:-1].rpartition("/")[2]


def comes_out(case: Case, close: Close) -> bool:
    """Whether the query, asked of what follows under the regime, has the results of the suite."""
    closure = close(read(case.data), rules=RULES[case.regime])
    store = ox.Store()
    for s, p, o in {*closure.triples(), *obvious(closure)}:
        store.add(next(iter(ox.parse(f"{s} {p} {o} .", format=ox.RdfFormat.N_TRIPLES))))
    found = store.query(case.query.read_text(encoding="utf-8"))
    wanted = ox.parse_query_results(path=str(case.result), format=ox.QueryResultsFormat.XML)
    if isinstance(wanted, ox.QueryBoolean):
        return bool(found) is bool(wanted)
    return _rows(found) == _rows(wanted)


def _rows(solutions: ox.QuerySolutions) -> set[tuple[tuple[str, str], ...]]:
    """Rows as sets of bindings; blank nodes are all alike here."""
    names = [variable.value for variable in solutions.variables]
    return {
        tuple(
            (name, "_:" if isinstance(row[name], ox.BlankNode) else str(row[name]))
            for name in sorted(names)
            if row[name] is not None
        )
        for row in solutions
    }
