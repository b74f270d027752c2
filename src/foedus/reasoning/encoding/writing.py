"""Numbered triples written as files: N-Triples by numpy, other formats through pyoxigraph.

A file is replaced as a whole or not at all. Literals as subjects are not filtered here: the
materialization holds none.
"""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.encoding.spans import PAD, Bytes, Ids, copy_spans
from foedus.replacing import replacing
from foedus.store import convert
from foedus.terms import Triple

_BATCH: Final = 1 << 15


def lines(terms: Terms, parts: Iterable[Ids]) -> Iterator[Bytes]:
    """``n x 3`` arrays of term numbers as N-Triples text, some megabytes at a time."""
    for part in parts:
        for at in range(0, len(part), _BATCH):
            yield _text(terms, part[at : at + _BATCH])


def _text(terms: Terms, rows: Ids) -> Bytes:
    """The lines of some triples; each term is copied with the space that follows it."""
    numbers = np.ascontiguousarray(rows).ravel()
    starts = terms.all_starts[numbers]
    sizes = terms.all_starts[numbers + 1] - starts
    sizes[2::3] += 2  # the dot and the line break
    ends = np.cumsum(sizes)
    out = np.empty(int(ends[-1]) + PAD, np.uint8)
    copy_spans(terms.buffer, starts, sizes, out, ends - sizes)
    ends = ends[2::3]
    out[ends - 2] = ord(".")
    out[ends - 1] = ord("\n")
    return out[:-PAD]


def write(
    terms: Terms,
    parts: Iterable[Ids],
    target: Any,
    extension: str | None = None,
    prefixes: Mapping[str, str] | None = None,
) -> None:
    """Write triples to a path or an open binary file.

    ``extension`` names the format (``nt``, ``ttl``, ...); by default the path's suffix does, and
    ``.gz`` after it compresses the file. Formats with prefixes use those given. An existing file is
    replaced only when everything is written.
    """
    if not isinstance(target, str | os.PathLike):
        _write(terms, parts, target, extension or "nt", prefixes)
        return
    path = Path(target)
    extension = extension or convert.format_of(path)
    with replacing(path) as file:
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
                _write(terms, parts, packed, extension, prefixes)
        else:
            _write(terms, parts, file, extension, prefixes)


def write_triples(
    triples: Iterable[Triple],
    target: Any,
    extension: str | None = None,
    prefixes: Mapping[str, str] | None = None,
) -> None:
    """Write triples given as strings; see :func:`write`."""
    terms = Terms()
    numbers = terms.intern_many(term for triple in triples for term in triple)
    write(terms, [numbers.reshape(-1, 3)], target, extension, prefixes)


def _write(
    terms: Terms,
    parts: Iterable[Ids],
    file: Any,
    extension: str,
    prefixes: Mapping[str, str] | None,
) -> None:
    if extension in ("nt", "nq"):  # without graph names, N-Quads is N-Triples
        for text in lines(terms, parts):
            file.write(text.data)
        return
    with tempfile.TemporaryFile() as whole:
        for text in lines(terms, parts):
            whole.write(text.data)
        whole.seek(0)
        convert.write_format(whole, extension, file, prefixes)
