"""Inputs: sentences of a grammar, and mutations of what the project's own files hold."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
_NAME = re.compile(r"\$([a-z]+[0-9]*)")
_WORD = re.compile(rb"[^\s(){}\[\],;]+")
#: From this depth on a sentence takes the first alternative, the one that ends.
_DEEP = 12


@cache
def _grammar(name: str) -> dict[str, list[str]]:
    symbols: dict[str, list[str]] = {}
    alternatives: list[str] = []
    for line in (HERE / "grammars" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            alternatives.append(line[2:])
        elif line and not line.startswith("#"):
            alternatives = symbols.setdefault(line, [])
    return symbols


def sentence(grammar: str, rng: Random) -> str:
    """A sentence of `grammars/NAME.txt`."""
    symbols = _grammar(grammar)

    def expand(symbol: str, depth: int) -> str:
        choices = symbols[symbol]
        chosen = choices[0] if depth > _DEEP else rng.choice(choices)
        return _NAME.sub(lambda m: expand(m[1], depth + 1) if m[1] in symbols else m[0], chosen)

    return expand("start", 0)


def unescaped(text: str) -> bytes:
    r"""The bytes of a text with ``\xNN``, ``\r``, ``\n`` and the like.

    >>> unescaped(r"caf\xe9")
    b'caf\xe9'
    """
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


@cache
def tokens() -> tuple[bytes, ...]:
    """What a mutation inserts."""
    lines = (HERE / "grammars" / "tokens.txt").read_text(encoding="utf-8").splitlines()
    return tuple(unescaped(line) for line in lines if line and not line.startswith("#"))


def _place(data: bytes, rng: Random) -> int:
    return rng.randrange(len(data) + 1)


def _piece(data: bytes, rng: Random) -> tuple[int, int]:
    start = _place(data, rng)
    return start, min(len(data), start + int(rng.expovariate(1 / 12)) + 1)


def _flip(data: bytes, rng: Random, other: bytes) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _insert(data: bytes, rng: Random, other: bytes) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.choice(tokens()) + data[at:]


def _delete(data: bytes, rng: Random, other: bytes) -> bytes:
    start, end = _piece(data, rng)
    return data[:start] + data[end:]


def _move(data: bytes, rng: Random, other: bytes) -> bytes:
    start, end = _piece(data, rng)
    at = _place(data, rng)
    return data[:at] + data[start:end] + data[at:]


def _repeat(data: bytes, rng: Random, other: bytes) -> bytes:
    """A piece many times over: long names, long numbers, many alike."""
    start, end = _piece(data, rng)
    return data[:start] + data[start:end] * rng.choice((3, 50, 5_000)) + data[end:]


_BRACKETS = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"), (b"<a>", b"</a>"), (b'{"a":', b"}"))


def _nest(data: bytes, rng: Random, other: bytes) -> bytes:
    """A piece in many brackets."""
    start, end = _piece(data, rng)
    opening, closing = rng.choice(_BRACKETS)
    many = rng.choice((3, 100, 5_000))
    inner = opening * many + data[start:end] + closing * many
    return data[:start] + inner + data[end:]


def _cut(data: bytes, rng: Random, other: bytes) -> bytes:
    return data[: _place(data, rng)]


def _splice(data: bytes, rng: Random, other: bytes) -> bytes:
    start, end = _place(other, rng), _place(other, rng)
    at = _place(data, rng)
    return data[:at] + other[min(start, end) : max(start, end)] + data[at:]


def _word(data: bytes, rng: Random, other: bytes) -> bytes:
    """A word for another: what comes of it is often well formed."""
    words, others = list(_WORD.finditer(data)), _WORD.findall(other)
    if not words or not others:
        return data
    place = rng.choice(words)
    return data[: place.start()] + rng.choice(others) + data[place.end() :]


def _lines(data: bytes, rng: Random, other: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines[: rng.randrange(len(lines) + 1)])


_MUTATIONS: tuple[Callable[[bytes, Random, bytes], bytes], ...] = (
    *(
        _flip,
        _word,
        _word,
        _word,
        _word,
        _insert,
        _delete,
        _move,
        _repeat,
        _nest,
        _cut,
        _splice,
        _lines,
    ),
)
#: Longest input, in bytes: small files are what must not hurt.
LONGEST = 200_000


def mutated(data: bytes, rng: Random, other: bytes = b"") -> bytes:
    """The data after one to four random mutations; ``other`` is what is spliced in."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(_MUTATIONS)(data, rng, other or data)
    return data[:LONGEST]


def packed(data: bytes, rng: Random) -> bytes:
    """The data as a ``.gz``, one in two of them damaged."""
    made = gzip.compress(data, mtime=0)
    return mutated(made, rng) if rng.random() < 0.5 else made
