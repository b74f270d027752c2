"""The errors of foedus: what was wrong, where, and what to try.

FoedusError
├── UsageError (exit 2)           the call is wrong
│   ├── UnknownName               no such question, parameter, property, person ...
│   └── BadParameter              a value that its parameter cannot take
└── InputError (exit 3)           what was read or reached is wrong
    ├── ParseFailure              a file or a query that is not well formed
    │   └── NotRdf                what was given as a term or a triple is none (a TypeError too)
    ├── QuoteMismatch             a quote that does not stand in its source
    ├── QueryRefused              a query that would reach outside
    ├── LimitReached              the stated time or size was used up
    └── Unreachable               a store that does not answer, or answers wrongly

A *finding* (a clash, a broken shape, an empty answer) is a result, not an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from reprlib import Repr
from typing import Any

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 200


class FoedusError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line returns."""

    exit_code = 3

    def __reduce__(self) -> tuple[Any, ...]:
        """As pickle needs it: the message is made already, the facts are attributes."""
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[FoedusError], said: tuple[str, ...], facts: dict[str, Any]) -> FoedusError:
    made = kind.__new__(kind, *said)
    made.__dict__.update(facts)
    return made


class UsageError(FoedusError):
    """The call itself is wrong: nothing was read or written."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that stands for nothing; ``near`` holds the closest names that do.

    >>> print(UnknownName("question", "alies-of", near=["allies-of"]))
    no question is called 'alies-of'; did you mean 'allies-of'?
    """

    def __init__(self, kind: str, name: str, near: Sequence[str] = (), hint: str = "") -> None:
        self.kind, self.name, self.near, self.hint = kind, name, tuple(near), hint
        tail = "; did you mean " + " or ".join(f"'{n}'" for n in near) + "?" if near else ""
        super().__init__(f"no {kind} is called '{name}'{tail}{'; ' + hint if hint else ''}")


class BadParameter(UsageError):
    """A value that its parameter cannot take; ``expected`` says what it takes."""

    def __init__(self, parameter: str, value: object, expected: str) -> None:
        self.parameter, self.value, self.expected = parameter, value, expected
        super().__init__(f"{parameter}={value!r} is not {expected}")


class InputError(FoedusError):
    """What was read, or the store that was reached, is wrong."""


class ParseFailure(InputError):
    """Text that is not well formed; ``line`` counts from 1, or is None where unknown.

    ``at`` is the place in the text, in characters from its start, where the reader knows it.
    """

    def __init__(
        self, file: str, reason: str, line: int | None = None, at: int | None = None
    ) -> None:
        self.file, self.reason, self.line, self.at = file, reason, line, at
        super().__init__(f"{file}{f', line {line}' if line else ''}: {reason}")


class NotRdf(ParseFailure, TypeError):
    """What a caller gave as an RDF term, a triple or a graph, and is none; ``given`` holds it.

    >>> print(NotRdf(None, "an object of type NoneType is no RDF term"))
    None: an object of type NoneType is no RDF term
    """

    def __init__(self, given: object, reason: str) -> None:
        self.given = given
        super().__init__(_SHORT.repr(given), reason)


class QuoteMismatch(InputError):
    """A quote that does not stand in the source at its offsets; ``nearest`` stands at ``at``."""

    def __init__(self, file: str, passage: str, quote: str, nearest: str, at: int) -> None:
        self.file, self.passage, self.quote, self.nearest = file, passage, quote, nearest
        self.at = at
        super().__init__(
            f"{file}: the words of {passage}, {quote!r}, are not in the article there; "
            f"the nearest text is {nearest!r} at {at}-{at + len(nearest)}"
        )


class QueryRefused(InputError):
    """A query that would fetch from outside the graph (SERVICE, FROM, LOAD)."""


class LimitReached(InputError):
    """The stated limit of time or size was used up; nothing was written."""

    @classmethod
    def triples(cls, limit: int) -> LimitReached:
        """There are more triples than the limit."""
        told = f"more than {limit:,} triples; nothing was written. Try a higher limit"
        return cls(told)

    @classmethod
    def readings(cls, head: str) -> LimitReached:
        """A list forks again and again."""
        told = (
            f"the list {head} can be read in too many ways; nothing was written. "
            "Give each of its cells one rdf:first and one rdf:rest"
        )
        return cls(told)


class Unreachable(InputError):
    """A store that does not answer, or answers with something else than RDF or results."""
