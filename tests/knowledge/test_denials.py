"""Claims that deny, and claims of what should or may be: what follows if they are believed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from foedus.errors import UnknownName
from foedus.knowledge import KnowledgeGraph
from foedus.store.files import read_rdf
from foedus.whatif import believing, disagreements

DATA = Path(__file__).parents[1] / "data"
TARGETS = "ASK { VALUES ?who { id:UnitedStates id:SouthKorea id:Japan } ?what fo:targetedAt ?who }"


@cache
def graph() -> KnowledgeGraph:
    """The graph with three claims more."""
    return KnowledgeGraph.build().changed(adding=read_rdf(DATA / "denials.ttl", "d").quads)


def test_a_denial_asserts_that_it_is_not_so() -> None:
    made = believing(graph(), ["China"])
    assert not made.query(TARGETS).boolean
    denied = made.query(
        "ASK { [] a owl:NegativePropertyAssertion ; owl:sourceIndividual id:MessageExchange2021 ;"
        " owl:assertionProperty fo:targetedAt ; owl:targetIndividual id:UnitedStates }"
    )
    assert denied.boolean
    assert not made.closure.clashes


def test_a_claim_and_its_denial_exclude_each_other_by_rule() -> None:
    made = believing(graph(), ["China", "the experts"])
    assert "prp-npa1" in {clash.rule for clash in made.closure.clashes}
    alone = believing(KnowledgeGraph.build(), ["the experts"])
    assert "prp-npa1" not in {clash.rule for clash in alone.closure.clashes}


@pytest.mark.parametrize("speaker", ["South Korea", "Japan"])
def test_what_should_or_may_be_asserts_nothing(speaker: str) -> None:
    with pytest.raises(UnknownName, match="claims are by"):
        believing(graph(), [speaker])


def test_a_claim_and_its_denial_are_found() -> None:
    made = graph()
    rows = made.ask("contradicting-claims").result.rows
    label = made.names.label
    found = [[label(term) for term in row if term] for row in rows]
    says = [row for row in found if any("not targeted" in text for text in row)]
    assert len(says) == 1
    assert "China" in says[0]


def test_the_words_of_a_denial_are_told_where_it_is_supposed() -> None:
    told = [d for d in disagreements(graph()) if d.how == "rules" and "prp-npa1" in d.remark]
    assert len(told) == 1
