"""What a question gave, as Python and a notebook show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from foedus.errors import UsageError
from foedus.knowledge.questions import Question
from foedus.language.names import Names
from foedus.short import brief
from foedus.store.query import Result
from foedus.terms import Term, text_of

if TYPE_CHECKING:
    from foedus.explain.rows import RowSupport


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gave: the question, the values it was asked with, and the result.

    ``names`` are those of the graph that was asked; without them things are called by their IRIs.
    ``on`` is the time of which it tells, where relations are asked for that begin and end.
    """

    question: Question
    values: Mapping[str, str]
    sparql: str
    result: Result
    names: Names | None = field(default=None, compare=False)
    on: str | None = None

    def __repr__(self) -> str:
        values = "".join(f", {name}={brief(value)}" for name, value in self.values.items())
        return f"<Answer to {self.question.slug!r}{values}: {self.result!r}>"

    @property
    def supports(self) -> tuple[RowSupport, ...]:
        """What each row rests on, where it was asked with ``why=True``."""
        return self.result.supports

    def phrase(self, names: Names) -> str:
        """The question in words, with the names of what it was asked about."""

        def label(value: str) -> str:
            try:
                return names.label(names.resolve(value))
            except UsageError:  # a date, a number or words
                return value

        return self.question.phrase(self.values, label)

    def to_pandas(self) -> Any:
        """The rows as a ``pandas.DataFrame``: things by their labels, literals as Python's values.

        Raises `UsageError` where pandas is not installed.
        """
        from foedus.store.notebook import frame

        return frame(self.result, self._label)

    def _repr_html_(self) -> str:
        from foedus.store.notebook import html

        asked = self.phrase(self.names) if self.names else self.question.slug
        return f"<p>{escape(asked)}</p>{html(self.result, self._label)}"

    def _label(self, term: Term) -> str:
        return self.names.label(term) if self.names else text_of(term)
