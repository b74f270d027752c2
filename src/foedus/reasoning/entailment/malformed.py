"""OWL constructs that lack a part, so that no rule can read them: half a restriction, a broken
list.

A rule ignores what lacks a premise, and nothing follows. That is correct and silent, so it is
reported here. ``malformed.toml`` says which parts belong together.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

from foedus.terms import Term, Triple, iri
from foedus.vocab import FIRST, NIL, OWL, REST, TYPE


class TripleSource(Protocol):
    """The part of a closure's interface that is used here."""

    def triples(
        self, s: Term | None = None, p: Term | None = None, o: Term | None = None
    ) -> Iterable[Triple]: ...


def malformed(graph: TripleSource) -> Iterator[str]:
    """A sentence for each construct that no rule can read, sorted by its subject.

    >>> from foedus.reasoning import close
    >>> some = "<http://www.w3.org/2002/07/owl#someValuesFrom>"
    >>> list(malformed(close([("<http://R>", some, "<http://C>")])))
    ['<http://R> has owl:someValuesFrom, but no owl:onProperty or owl:onProperties']
    """
    return (f"{axiom[0]} {told}" for axiom, told in halves(graph))


def halves(graph: TripleSource) -> Iterator[tuple[Triple, str]]:
    """A triple of each such construct, with what is wrong with it."""
    needs, lists = _table()
    for word, others in needs.items():
        axioms = {axiom[0]: axiom for axiom in graph.triples(*_pattern(word))}
        for name, choice in others if axioms else ():
            having = {s for p in choice for s, _, _ in graph.triples(None, _term(p))}
            named = name or " or ".join(choice)
            kind = word.removeprefix("a ")
            told = f"has {kind}, but" if kind == word else f"is an {kind}, but has"
            for node in sorted(axioms.keys() - having):
                yield axioms[node], f"{told} no {named}"
    cells: dict[Term, dict[Term, list[Term]]] = {p: {} for p in (FIRST, REST)}
    for p, found in cells.items():
        for s, _, o in graph.triples(None, p):
            found.setdefault(s, []).append(o)
    for word in lists:
        for axiom in sorted(graph.triples(None, _term(word))):
            if wrong := _fault(axiom[2], cells[FIRST], cells[REST]):
                yield axiom, f"has {word} {axiom[2]}, but {wrong}"


def _fault(head: Term, first: dict[Term, list[Term]], rest: dict[Term, list[Term]]) -> str:
    """What is wrong with a list; '' if it has a reading."""
    waiting, seen = [head], {head}
    wrong = "its cells go round in a circle"
    while waiting:
        cell = waiting.pop()
        if cell == NIL:
            return ""
        if cell not in first or cell not in rest:
            word = "rdf:rest" if cell in first else "rdf:first"
            wrong = f"the list breaks off: {cell} has no {word}"
            continue
        waiting += [c for c in rest[cell] if c not in seen]
        seen.update(rest[cell])
    return wrong


@cache
def _table() -> tuple[dict[str, list[tuple[str, list[str]]]], list[str]]:
    content = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    needs = {word: list(map(_choice, others)) for word, others in content["needs"].items()}
    return needs, content["lists"]["of"]


def _choice(text: str) -> tuple[str, list[str]]:
    """The name, if any, of a choice of properties, and the properties."""
    name, _, words = text.rpartition(": ")
    return name, words.split("|")


def _term(word: str) -> Term:
    return iri(OWL + word.partition(":")[2])


def _pattern(word: str) -> tuple[Term | None, Term, Term | None]:
    if word.startswith("a "):
        return None, TYPE, _term(word)
    return None, _term(word), None
