"""What is needed of a graph to say what would change; `foedus.knowledge.KnowledgeGraph` has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, Self

from foedus.explain.explainer import Explainer, Known
from foedus.language.names import Names
from foedus.reasoning.rules.proof import Clash, Proof
from foedus.store.query import Result
from foedus.terms import Quad, Triple


class Words(Protocol):
    """A canned question."""

    @property
    def topic(self) -> str: ...
    @property
    def assumes(self) -> str: ...


class Answered(Protocol):
    """The answer to a canned question."""

    @property
    def question(self) -> Words: ...
    @property
    def sparql(self) -> str: ...
    @property
    def result(self) -> Result: ...
    def phrase(self, names: Names) -> str: ...


class Clashing(Protocol):
    """A closure, for what contradicts in it."""

    @property
    def clashes(self) -> tuple[Clash, ...]: ...
    def proof(self, triple: Triple) -> Proof | None: ...


class Graph(Known, Protocol):
    """A graph that can be asked, and changed into another."""

    @property
    def questions(self) -> Mapping[str, object]: ...
    @property
    def closure(self) -> Clashing: ...
    @property
    def explainer(self) -> Explainer: ...
    @property
    def on(self) -> str | None: ...
    def missed(self, triple: Triple) -> str: ...
    def ask(self, question: str, /) -> Answered: ...
    def stated(self) -> tuple[Quad, ...]: ...
    def changed(self, without: Iterable[Quad] = (), adding: Iterable[Quad] = ()) -> Self: ...
