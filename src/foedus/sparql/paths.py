"""Property paths, as frozen values; ``str`` of a path is SPARQL again.

Source: https://www.w3.org/TR/sparql11-query/#propertypaths
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Inverse:
    """``^path``."""

    path: Path

    def __str__(self) -> str:
        return f"(^{self.path})"


@dataclass(frozen=True, slots=True)
class Sequence:
    """``a / b``."""

    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return f"({'/'.join(map(str, self.paths))})"


@dataclass(frozen=True, slots=True)
class Alternative:
    """``a | b``."""

    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return f"({'|'.join(map(str, self.paths))})"


@dataclass(frozen=True, slots=True)
class Repeat:
    """``path*``, ``path+`` or ``path?``, after its ``sign``."""

    path: Path
    sign: str

    def __str__(self) -> str:
        return f"({self.path}{self.sign})"


@dataclass(frozen=True, slots=True)
class Negated:
    """``!(a | ^b)``: any property but these, forwards and backwards."""

    forward: tuple[str, ...]
    backward: tuple[str, ...]

    def __str__(self) -> str:
        return f"(!({'|'.join([*self.forward, *('^' + p for p in self.backward)])}))"


Path: TypeAlias = str | Inverse | Sequence | Alternative | Repeat | Negated
