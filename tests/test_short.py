"""What the library's things look like at a prompt: short, however much is in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foedus import whatif
from foedus.explain import Step
from foedus.knowledge import KnowledgeGraph
from foedus.reasoning import close, ruleset
from foedus.reasoning.rules.proof import Proof
from foedus.report import gather
from foedus.store.files import read_rdf

TINY = Path(__file__).parent / "data" / "tiny"
TRIPLE = ("<a:a>", "<a:p>", f'"{"x" * 1_000_000}"')


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.build()


def derived(graph: KnowledgeGraph) -> Any:
    return graph.explainer.resolve("China", "allied with", "DPRK")


def deep(kind: type) -> Any:
    """A proof of many steps, one on another."""
    made = kind(TRIPLE, "")
    for _ in range(5_000):
        made = kind(TRIPLE, "", premises=(made,))
    return made


THINGS: dict[str, Callable[[KnowledgeGraph], object]] = {
    "graph": lambda graph: graph,
    "answer": lambda graph: graph.ask("timeline"),
    "result": lambda graph: graph.query("SELECT * { ?s ?p ?o }"),
    "triples": lambda graph: graph.query("CONSTRUCT WHERE { ?s ?p ?o }"),
    "names": lambda graph: graph.names,
    "manifest": lambda graph: graph.manifest,
    "question": lambda graph: graph.question("in-force-on"),
    "view": lambda graph: graph.view,
    "closure": lambda graph: graph.closure,
    "material": lambda graph: graph._backing.material,
    "proof": lambda graph: graph.proof(derived(graph)),
    "explanation": lambda graph: graph.explainer.why(derived(graph)),
    "step": lambda graph: graph.explainer.why(derived(graph)).proofs[0],
    "support": lambda graph: graph.support(graph.ask("timeline"))[0],
    "report": gather,
    "outcome": lambda graph: whatif.what_if(graph, ["s09"]),
    "disagreement": lambda graph: whatif.disagreements(graph)[0],
    "file": lambda graph: read_rdf(graph.folders.ontology / "foedus.ttl"),
    "rules": lambda graph: ruleset(),
    "long literal": lambda graph: close([TRIPLE]),
    "proof of a long literal": lambda graph: close([TRIPLE]).proof(TRIPLE),
    "deep proof": lambda graph: deep(Proof),
    "deep step": lambda graph: deep(Step),
}


@pytest.mark.parametrize("name", THINGS)
def test_a_repr_is_short_and_names_its_class(name: str, graph: KnowledgeGraph) -> None:
    thing = THINGS[name](graph)
    text = repr(thing)
    assert type(thing).__name__ in text
    assert len(text) < 500
    assert "\n" not in text
    assert " at 0x" not in text


def test_what_reprs_say(tmp_path: Path) -> None:
    graph = KnowledgeGraph.build(TINY)
    assert repr(graph) == "<KnowledgeGraph of 103 triples, in memory>"
    graph.save(tmp_path)
    opened = KnowledgeGraph.open(tmp_path, TINY)
    assert repr(opened) == f"<KnowledgeGraph of 103 triples, opened from {str(tmp_path)!r}>"
    assert repr(graph.ask("allies-of", state="DPRK")).startswith(
        "<Answer to 'allies-of', state='DPRK': Result(kind='rows', variables=('ally',), "
        "rows=(('<https://w3id.org/foedus/id/China>',),), "
    )
    assert repr(graph.closure) == "<Closure of 102 asserted and 1 derived triples>"
