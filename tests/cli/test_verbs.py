"""The command line and the library are the same verbs, with the same arguments."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import typer

from foedus import KnowledgeGraph
from foedus.cli import program

#: Verbs of the command line that speak of no graph: a show, the reasoner on any file, its rules.
NO_GRAPH = {"tour", "reason", "rules"}
#: What a verb does in a method of another name.
ELSEWHERE = {
    ("ask", "sparql"): "sparql",
    ("what-if", "contradictions"): "contradictions",
}
#: What the command line has for itself: which graph is meant, and how the result is
#: printed.
EDGE = {"graph", "data", "format", "help"}
#: What the library has for itself: who hears of progress, and of what stands beside an answer.
LIBRARY = {"self", "cls", "progress", "tell"}
#: Arguments whose names differ, as one is a flag that turns off, or may be left out.
CALLED = {("build", "without_background"): "background"}
#: Arguments of the command line that say which graph, and of the library what to do with it.
PLACES = {"load": {"source"}, "check": {"proofs"}}

GROUP: Any = typer.main.get_command(program())
VERBS = sorted(GROUP.commands.keys() - NO_GRAPH)


def options(verb: str) -> set[str]:
    """The names of a verb's arguments, as Python writes them."""
    found = set()
    for parameter in GROUP.commands[verb].params:
        long = [text for text in parameter.opts if text.startswith("--")]
        name = long[0].removeprefix("--").replace("-", "_") if long else parameter.name
        name = CALLED.get((verb, name), name)
        if (verb, name) in ELSEWHERE:
            assert callable(getattr(KnowledgeGraph, ELSEWHERE[verb, name]))
        else:
            found.add(name)
    return found


def arguments(verb: str) -> set[str]:
    """The names of a method's arguments; those of ``ask`` that are the question's own are one."""
    signature = inspect.signature(getattr(KnowledgeGraph, verb.replace("-", "_")))
    return {"chosen_values" if n == "values" else n for n in signature.parameters if n != "more"}


def test_the_verbs_without_a_graph_are_those() -> None:
    assert GROUP.commands.keys() > NO_GRAPH
    assert not any(hasattr(KnowledgeGraph, verb) for verb in NO_GRAPH)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_method_with_the_same_arguments(verb: str) -> None:
    said, taken = options(verb), arguments(verb)
    keeps = {"build": {"data"}, "export": {"format"}, "report": {"format"}, "load": {"graph"}}
    edge = EDGE - keeps.get(verb, set()) | PLACES.get(verb, set())
    assert said - edge == taken - LIBRARY - PLACES.get(verb, set())


@pytest.mark.parametrize("verb", [v.replace("-", "_") for v in VERBS] + ["why_not"])
def test_a_verb_of_the_library_says_what_it_does(verb: str) -> None:
    method = getattr(KnowledgeGraph, verb)
    told = inspect.getdoc(method) or ""
    first = told.splitlines()[0]
    assert first.endswith((".", ";", ",")) or "." in first
