"""Each query about a pitfall finds it in the smallest file that has it, and not in our graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from foedus.resources import folder
from foedus.store.files import read_rdf, read_text
from foedus.store.query import QuadStore

CASES = Path(__file__).parent / "pitfalls"
QUERIES = {p.stem: p for p in sorted((folder("queries") / "checks").glob("ontology-*.rq"))}
ONTOLOGY = QuadStore.of(read_rdf(folder("ontology") / "foedus.ttl").quads)

#: What only the whole graph can tell: these look for uses of a term.
WANT_DATA = {"ontology-orphan-class", "ontology-unused-property"}


@pytest.mark.parametrize("name", QUERIES)
def test_the_pitfall_is_found(name: str) -> None:
    case = QuadStore.of(read_rdf(CASES / f"{name}.ttl").quads)
    assert case.query(read_text(QUERIES[name])).rows


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WANT_DATA))
def test_the_ontology_avoids_it(name: str) -> None:
    assert not ONTOLOGY.query(read_text(QUERIES[name])).rows


def test_every_case_has_its_query() -> None:
    assert {p.stem for p in CASES.glob("*.ttl")} == QUERIES.keys()
