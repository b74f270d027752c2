"""On the article's own graph, the engine, the naive closure and owlrl come to the same."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pytest

from foedus import reasoning
from foedus.reasoning.rules.datatypes import DATATYPES
from foedus.reasoning.witnesses import naive, owlrl_witness
from foedus.terms import Triple

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "ontology" / "foedus.ttl", *sorted(ROOT.glob("graph/sources/*/*.trig"))]


@pytest.fixture(scope="module")
def article() -> list[Triple]:
    quads = (quad for path in FILES for quad in pyoxigraph.parse(path=str(path)))
    return sorted({(str(q.subject), str(q.predicate), str(q.object)) for q in quads})


@pytest.mark.slow
def test_the_engine_and_the_naive_closure_agree(article: list[Triple]) -> None:
    domain = [ROOT / "ontology" / "rules.toml"]
    fast = reasoning.close(article, extra_rules=domain)
    slow = naive.close(article, extra_rules=domain)
    assert set(fast.triples()) == set(slow)
    assert not fast.clashes and not slow.clashes


@pytest.mark.slow
def test_owlrl_agrees_but_for_what_it_says_of_datatypes(article: list[Triple]) -> None:
    """owlrl adds that the primitive datatypes are disjoint, which no row of the tables does."""
    ours = set(reasoning.close(article).derived)
    theirs = set(owlrl_witness.close(article).derived)
    assert ours <= theirs
    assert all(s in DATATYPES and o in DATATYPES for s, _, o in theirs - ours)
