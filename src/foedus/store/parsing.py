"""An RDF file parsed by pyoxigraph, with what it leaves out: the line of each error, and bounds.

This runs in a process of its own (``budget.py``), as deep nesting overruns the parser's stack. What
an XML file's entities grow to is bounded by expat, which allows a hundred times the file's length;
entities for the beginnings of IRIs stay far below.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, Final, cast
from xml.parsers import expat

import pyoxigraph as ox

from foedus.store.xmlliteral import mended
from foedus.vocab import RDF

_BATCH: Final = 50_000

_PART: Final = 1 << 16
_XML: Final = ox.NamedNode(f"{RDF}XMLLiteral")
_ENTITY: Final = b"<!ENTITY"
#: JSON that is nested more deeply is not parsed: its parser takes memory as the square of depth.
DEEPEST: Final = 500
_ESCAPED: Final = re.compile(rb"\\.", re.DOTALL)
_NO_MARK: Final = bytes(set(range(256)) - set(b'"[]{}'))
_DOCTYPE: Final = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->|\xef\xbb\xbf)*+<!DOCTYPE", re.DOTALL)


def write_quads(
    file: IO[bytes], kind: ox.RdfFormat, base: str | None, out: IO[bytes], most: int | None = None
) -> dict[str, Any]:
    """Write what a file says, or its first ``most`` quads, as lines of N-Quads.

    Gives the ``prefixes`` that it declares; or what is ``wrong`` with its text, on which ``line``
    if that is known; or why it is ``unread``.
    """
    try:
        if kind in (ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD) and not file.seekable():
            file = _copied(file)  # it is read more than once
        if kind == ox.RdfFormat.RDF_XML:
            file = _with_plain_entities(file)
        if kind == ox.RdfFormat.JSON_LD and (line := _line_too_deep(file)):
            return {
                "wrong": f"this is nested more than {DEEPEST} deep; write it flatter",
                "line": line,
            }
        parser = ox.parse(file, kind, base_iri=base)
        quads = islice(parser, most)
        while batch := list(islice(quads, _BATCH)):
            if kind == ox.RdfFormat.RDF_XML:
                batch = list(map(_mended, batch))
            ox.serialize(batch, out, ox.RdfFormat.N_QUADS)
        return {"prefixes": dict(parser.prefixes)}
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code) or str(error)
        if "amplification" in why:
            why = "its entities make it grow more than a hundredfold"
        return {"wrong": why, "line": error.lineno}
    except SyntaxError as error:
        why, line = error.msg or str(error), error.lineno
        if line is None:
            line = _failing_line(file, kind, base)
            why += " (on this line or before it)" * (kind == ox.RdfFormat.JSON_LD)
        return {"wrong": why, "line": line}
    except ValueError as error:
        return {"wrong": str(error), "line": None}
    except (OSError, EOFError, zlib.error) as error:
        return {"unread": getattr(error, "strerror", None) or str(error)}


def _mended(quad: ox.Quad) -> ox.Quad:
    """The same with an XML literal that is XML."""
    found = quad.object
    if not isinstance(found, ox.Literal) or found.datatype != _XML:
        return quad
    return ox.Quad(quad.subject, quad.predicate, ox.Literal(mended(found.value), datatype=_XML))


def _copied(file: IO[bytes]) -> IO[bytes]:
    """A pipe's content as a file that can be read again."""
    copy = _temporary()
    shutil.copyfileobj(file, copy)
    copy.seek(0)
    return copy


def _with_plain_entities(file: IO[bytes]) -> IO[bytes]:
    """An XML file whose entities are declared in the one way that pyoxigraph reads.

    Raises ``ExpatError`` if the text grows beyond measure by its entities.
    """
    before = b""
    while part := file.read(_PART):
        if _ENTITY in before + part:
            break
        before = part[-len(_ENTITY) :]
    file.seek(0)
    if not part:
        return file
    entities: dict[str, str] = {}
    ends = [0]

    def entity(name: str, is_parameter: bool, value: str | None, *_: object) -> None:
        if value is not None and not is_parameter:
            entities.setdefault(name, value)  # the first one counts

    reader = expat.ParserCreate()
    reader.EntityDeclHandler = entity
    reader.EndDoctypeDeclHandler = lambda: ends.append(reader.CurrentByteIndex)
    while part := file.read(_PART):
        reader.Parse(part)
    reader.Parse(b"", True)
    file.seek(0)
    head = file.read(ends[-1])
    start = _DOCTYPE.match(head)
    copy = _temporary()
    if start:
        copy.write(head[: start.end()] + b" x [")
        for name, value in entities.items():
            quoted = value.replace('"', "&#34;")
            copy.write(f'<!ENTITY {name} "{quoted}">'.encode())
        copy.write(b"]" + b"\n" * head.count(b"\n", start.end()))
    else:
        copy.write(head)
    shutil.copyfileobj(file, copy)
    copy.seek(0)
    return copy


def _temporary() -> IO[bytes]:
    return tempfile.TemporaryFile()  # which goes when the process does


def _line_too_deep(file: IO[bytes]) -> int | None:
    """The line on which JSON is nested too deeply for its parser's stack and memory."""
    import numpy as np

    inside, depth, line = 0, 0, 1  # inside: 1 in a string
    while part := file.read(_PART << 4):
        while part.endswith(b"\\"):  # no escape is cut
            part += file.read(1) or b" "
        text = _ESCAPED.sub(b"", part)
        marks = np.frombuffer(text.translate(None, _NO_MARK), np.uint8)
        quotes = np.cumsum(marks == ord('"')) + inside
        opens, closes = (marks | 32 == ord(mark) for mark in "{}")  # or the square ones
        steps = opens.astype(np.int8) - closes.astype(np.int8)
        depths = np.cumsum(np.where(quotes & 1, 0, steps)) + depth
        deep = depths > DEEPEST
        if deep.any():
            places = np.flatnonzero(np.isin(np.frombuffer(text, np.uint8), np.unique(marks)))
            return line + text.count(b"\n", 0, int(places[deep.argmax()]))
        if len(marks):
            inside, depth = int(quotes[-1]) & 1, int(depths[-1])
        line += text.count(b"\n")
    file.seek(0)
    return None


@dataclass(slots=True)
class _ByLines:
    """A file that gives one line at a time, so that its reader is never ahead of it."""

    file: IO[bytes]
    line: int = 1
    _ended: bool = False

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes of one line."""
        self.line += self._ended
        part = self.file.readline(_PART if size < 0 else size)
        self._ended = part.endswith(b"\n")
        return part


def _failing_line(file: IO[bytes], kind: ox.RdfFormat, base: str | None) -> int | None:
    """The line at whose end the parser knows that the file is wrong."""
    try:
        file.seek(0)
        lines = _ByLines(file)
        for _ in ox.parse(cast(IO[bytes], lines), kind, base_iri=base):
            pass
    except SyntaxError:
        return lines.line
    except (OSError, ValueError):
        return None
    return None
