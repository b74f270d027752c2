"""Files of RDF opened by what they are, and read as lines of N-Quads within bounds."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import pyoxigraph as ox

from foedus.errors import InputError, ParseFailure
from foedus.store import budget, parsing
from foedus.store.convert import FORMATS, LINES, failure, format_of, known
from foedus.store.recognize import recognized, refuse_others

_TURTLE: Final = (*LINES, ox.RdfFormat.TURTLE)
#: What a format may begin like, where it is not like itself alone; and what names of any have.
_LIKE: Final = {
    "nt": _TURTLE,
    "nq": _TURTLE,
    "trig": (*_TURTLE, ox.RdfFormat.JSON_LD),
    "n3": (*_TURTLE, ox.RdfFormat.JSON_LD),
}
_ANY: Final = ("owl", "rdf")
_HEAD: Final = 1 << 16  # so many bytes tell what a file is
_GZIP: Final = b"\x1f\x8b"
_TOO_MUCH: Final = (
    "this ends its parser: it is nested too deeply, or needs more memory than there is; "
    "write it flatter, or as N-Triples"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, open: its format is a key of ``FORMATS``, ``base`` that of relative IRIs."""

    file: IO[bytes]
    name: str
    format: str
    base: str | None

    @property
    def has_lines(self) -> bool:
        """Whether it is of N-Triples or N-Quads."""
        return FORMATS[self.format] in LINES


@contextmanager
def opened(path: Path, format: str | None = None) -> Iterator[Source]:
    """A file open for reading; ``-`` with a ``format`` is standard input.

    Its name says the format, if ``format`` does not; under ``.owl`` and ``.rdf``, which are in use
    for any syntax, its first bytes do. What is packed with gzip is unpacked, and a byte-order mark
    passed over. Raises `InputError`, which names the format of a file that is of another one, or
    of none that is read here.
    """
    standard = str(path) == "-" and format is not None
    name = "standard input" if standard else str(path)
    chosen = known(format) if format else format_of(path)
    try:
        with ExitStack() as stack:
            raw = open(0, "rb", closefd=False) if standard else path.open("rb")  # noqa: SIM115
            file = stack.enter_context(raw)
            if file.peek(2)[:2] == _GZIP or path.suffix.lower() == ".gz":
                unpacked = gzip.GzipFile(fileobj=file)
                file = stack.enter_context(io.BufferedReader(unpacked, 1 << 20))
            head = file.peek(_HEAD)[:_HEAD]
            if head.startswith(codecs.BOM_UTF8):
                head = head[file.readinto(bytearray(3)) :]
            base = f"{Path.cwd().as_uri()}/" if standard else path.resolve().as_uri()
            if format is None:
                chosen = _told_apart(head, chosen, name)
            yield Source(file, name, chosen, base)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{name} cannot be read: {why}") from None


def _told_apart(head: bytes, named: str, name: str) -> str:
    """The format of a file by its first bytes, where these tell of another one than its name."""
    refuse_others(head, name)
    found = recognized(head)
    if found is None or FORMATS[found] in _LIKE.get(named, (FORMATS[named],)):
        return named
    if named in _ANY:
        return found
    told = f"this begins as a file called .{found} does, not .{named}; give it that ending"
    raise ParseFailure(name, told, 1)


def quad_lines(
    file: IO[bytes],
    extension: str,
    name: str,
    base: str | None,
    watch: Callable[[str], None] | None = None,
    most: int | None = None,
) -> Generator[bytes, None, dict[str, str]]:
    """What the file says as N-Quads text, some megabytes at a time; gives its prefixes at the end.

    It is parsed in a process of its own, of at most `budget.PARSER_MEMORY` bytes. ``watch`` is told
    while nothing comes, and may raise to stop; after ``most`` quads the rest of the file is left.
    """
    kind = FORMATS[extension]

    def tick() -> None:
        if watch:
            watch(f"reading {name}")

    try:
        told = yield from budget.output(
            lambda out: parsing.write_quads(file, kind, base, out, most), tick
        )
    except budget.Died:
        raise ParseFailure(name, _TOO_MUCH) from None
    if "unread" in told:
        raise InputError(f"{name} cannot be read: {told['unread']}")
    if "wrong" in told:
        raise failure(name, ValueError(told["wrong"]), told["line"])
    prefixes: dict[str, str] = told["prefixes"]
    return prefixes


def read_lines(source: Source, most: int | None = None) -> tuple[bytes, dict[str, str]]:
    """A whole file as N-Quads text, or its first ``most`` quads, and the prefixes it declares."""
    lines = quad_lines(source.file, source.format, source.name, source.base, most=most)
    pieces = []
    while True:
        try:
            pieces.append(next(lines))
        except StopIteration as end:
            return b"".join(pieces), end.value


def prefixes_of(path: Path, format: str | None = None) -> dict[str, str]:
    """The prefixes that a file declares before its first triple; none if it cannot be read."""
    if not path.is_file():  # a pipe is read once
        return {}
    try:
        with opened(path, format) as source:
            return {} if source.has_lines else read_lines(source, most=1)[1]
    except InputError:
        return {}
