"""Reprs that fit on a line or two, however much is in a thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

#: Letters of a text, and members of a collection, that are shown; of more, the number is told.
LETTERS, MEMBERS = 60, 3


def short_repr(self: object) -> str:
    """A dataclass by its fields; a class takes it as ``__repr__ = short_repr``.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Pile:
    ...     name: str
    ...     rows: tuple[int, ...]
    ...     __repr__ = short_repr
    >>> Pile("mine", tuple(range(1_000_000)))
    Pile(name='mine', rows=<1,000,000 in a tuple>)
    """
    assert is_dataclass(self)
    shown = (f"{f.name}={brief(getattr(self, f.name))}" for f in fields(self) if f.repr)
    return f"{type(self).__name__}({', '.join(shown)})"


def brief(value: object, members: int = MEMBERS) -> str:
    """What a value is, in few letters: a long one is cut, what holds much is counted."""
    kind = type(value).__name__
    if isinstance(value, str):
        text = repr(value[: LETTERS + 1])
        return text if len(value) <= LETTERS else f"{text[: LETTERS - 3]}...'"
    if isinstance(value, tuple | list | set | frozenset | Mapping):
        if len(value) > members:
            return f"<{len(value):,} in a {kind}>"
        if isinstance(value, Mapping):
            pairs = (f"{brief(k, 0)}: {brief(v, 0)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
        inner = ", ".join(brief(item, max(members - 2, 0)) for item in value)
        return f"({inner}{',' if len(value) == 1 else ''})" if kind == "tuple" else f"[{inner}]"
    if is_dataclass(value) or type(value).__module__.startswith("foedus"):
        return f"<{kind}>"
    text = repr(value)
    return text if len(text) <= 2 * LETTERS else f"<{kind}>"
