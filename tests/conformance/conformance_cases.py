"""The OWL 2 RL cases of others, read where their folder exists, and how we do on them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph

from foedus.reasoning.entailment.entails import Closed, entailment
from foedus.reasoning.witnesses import naive
from foedus.terms import Triple, iri

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("FOEDUS_SHARED", HERE.parents[2] / "shared"))
OWL = "http://www.w3.org/2002/07/owl#"
TYPE = iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
ONTOLOGY, IMPORTS = iri(OWL + "Ontology"), iri(OWL + "imports")

Close = Callable[[list[Triple]], Closed]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a case asks: ``kind`` is the word of its suite."""

    suite: str
    case: str
    kind: str

    @property
    def folder(self) -> Path:
        return SHARED / "conformance" / "owl2-rl" / self.suite / self.case

    def __str__(self) -> str:
        return f"{self.case}:{self.kind}"


def checks(suite: str) -> Iterator[Check]:
    """Every check of a suite, by name; none where the folder is missing."""
    for kinds in sorted((SHARED / "conformance" / "owl2-rl" / suite).glob("*/kind")):
        for kind in kinds.read_text().split():
            yield Check(suite, kinds.parent.name, kind)


def read(path: Path) -> list[Triple]:
    """The triples of a file."""
    return [
        (str(quad.subject), str(quad.predicate), str(quad.object))
        for quad in pyoxigraph.parse(path=str(path))
    ]


def premise(check: Check) -> list[Triple]:
    """The premise, with what it imports."""
    triples = read(check.folder / "premise.nt")
    for _, _, imported in [t for t in triples if t[1] == IMPORTS]:
        document = HERE / "imports" / f"{imported[1:-1].rpartition('/')[2]}.ttl"
        if document.exists():
            triples += read(document)
    return triples


def conclusion(check: Check) -> list[Triple]:
    """The (non-)conclusion without the name of its document, which is no axiom of it.

    https://www.w3.org/TR/owl2-direct-semantics/#Inference_Problems: an ontology entails another if
    its models are models of the other's axioms.
    """
    name = "nonconclusion" if check.kind == "negative-entailment" else "conclusion"
    triples = read(check.folder / f"{name}.nt")
    headers = {s for s, p, o in triples if (p, o) == (TYPE, ONTOLOGY)}
    return [t for t in triples if t[0] not in headers]


@cache
def comes_out(check: Check, close: Close, trials: bool = True) -> bool:
    """Whether a check comes out as its suite expects.

    Without ``trials`` only what is stored counts, and what is true of everything.
    """
    closure = close(premise(check))
    if check.kind == "consistency":
        return not closure.clashes
    if check.kind == "inconsistency":
        return bool(closure.clashes)
    follows = bool(entailment(closure, conclusion(check), trials=trials))
    return follows is (check.kind == "positive-entailment")


@cache
def excused() -> dict[str, str]:
    """The reason by the name of the case."""
    content = tomllib.loads((HERE / "excused.toml").read_text(encoding="utf-8"))
    return {name: block["reason"] for name, block in content.items()}


def engines() -> dict[str, Close]:
    """The ways to close that there are, by name."""
    found: dict[str, Close] = {"naive": naive.close}
    try:
        from foedus.reasoning import close
    except ImportError:
        return found
    return {**found, "foedus": close}


def tally(suite: str, close: Close, trials: bool) -> dict[str, tuple[int, int]]:
    """How many checks come out, of how many, by kind."""
    counts: dict[str, tuple[int, int]] = {}
    for check in checks(suite):
        right, total = counts.get(check.kind, (0, 0))
        counts[check.kind] = (right + comes_out(check, close, trials), total + 1)
    return counts


def total(counts: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """The sum of a tally."""
    pairs: Iterable[tuple[int, int]] = counts.values()
    rights, totals = zip(*pairs, strict=True)
    return sum(rights), sum(totals)
