"""An RDF file parsed by pyoxigraph, with what it leaves out: the line of each error, and bounds.

This runs in a process of its own (``child.py``), as deep nesting overruns the stack of the parser
of JSON-LD. What an XML file's entities grow to is bounded by expat, which allows a hundred times
the file's length; entities for the beginnings of IRIs stay far below.
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

#: So many quads are written at a time.
BATCH: Final = 50_000

_PART: Final = 1 << 16
_XML: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral")
_ENTITY: Final = b"<!ENTITY"
_DOCTYPE: Final = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->|\xef\xbb\xbf)*<!DOCTYPE", re.DOTALL)


def write_quads(
    file: IO[bytes], kind: ox.RdfFormat, base: str | None, out: IO[bytes], most: int | None = None
) -> dict[str, Any]:
    """Write what a file says, or its first ``most`` quads, as lines of N-Quads.

    Gives the ``prefixes`` that it declares; or what is ``wrong`` with its text, on which ``line``
    if that is known; or why it is ``unread``.
    """
    try:
        if not file.seekable():
            file = _copied(file)
        if kind == ox.RdfFormat.RDF_XML:
            file = _with_plain_entities(file)
        parser = ox.parse(file, kind, base_iri=base)
        quads = islice(parser, most)
        while batch := list(islice(quads, BATCH)):
            if kind == ox.RdfFormat.RDF_XML:
                batch = list(map(_mended, batch))
            ox.serialize(batch, out, ox.RdfFormat.N_QUADS)
        return {"prefixes": dict(parser.prefixes)}
    except expat.ExpatError as error:
        return {"wrong": expat.ErrorString(error.code), "line": error.lineno}
    except SyntaxError as error:
        line = error.lineno or _failing_line(file, kind, base)
        return {"wrong": error.msg or str(error), "line": line}
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
    entities: list[tuple[str, str]] = []
    ends = [0]

    def entity(name: str, is_parameter: bool, value: str | None, *_: object) -> None:
        if value is not None and not is_parameter:
            entities.append((name, value))

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
        for name, value in entities:
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
