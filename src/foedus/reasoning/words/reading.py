"""RDF read into numbered triples: an ``n x 3`` array of term numbers, column by column in memory.

Lines of N-Triples and N-Quads are taken apart by numpy (``lines.py``); other files become such
lines first. A term is checked once, when it is new (``plain.py``). What is not plainly right
(escapes, odd spacing, comments, rare characters) is left to pyoxigraph line by line, so what is
valid and what a term's canonical form is are always pyoxigraph's.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from foedus.errors import InputError
from foedus.reasoning.rows.columns import LOW, NONE, SHIFT
from foedus.reasoning.rows.partition import partition
from foedus.reasoning.words.dictionary import BLANK, Terms
from foedus.reasoning.words.lines import (
    Lines,
    Scope,
    Watch,
    free_prefix,
    intern_checked,
    interned,
    joined,
    pieces_of,
    well_placed,
)
from foedus.reasoning.words.spans import Ids, hash_spans, lines_as_spans
from foedus.store import convert
from foedus.store.reading import Source, opened, quad_lines
from foedus.terms import Term, Triple

_BATCH: Final = 1 << 16
_MOST_KNOWN: Final = 1 << 20


def read(data: Any, terms: Terms, watch: Watch = None) -> Ids:
    """The triples of ``data`` as an ``n x 3`` array; see :func:`parts_of`."""
    return joined(list(parts_of(data, terms, watch)))


def triples(
    data: Any, limit: int | None = None, watch: Watch = None, format: str | None = None
) -> Iterator[Triple]:
    """The triples of ``data`` as strings, without duplicates; see :func:`partition`."""
    terms = Terms()
    none = -1  # rdf:type is a property like others here
    for code, keys in partition(parts_of(data, terms, watch, format), none, limit).items():
        yield from strings(terms, code, keys, none)


def strings(terms: Terms, code: int, keys: Ids, type_: int) -> Iterator[Triple]:
    """The keys of a relation as triples of strings."""
    name = terms.token(~code if code < 0 else code)
    for at in range(0, len(keys), _BATCH):
        part = keys[at : at + _BATCH]
        if code < 0:
            type_name = terms.token(type_)
            for s in terms.tokens(part):
                yield s, type_name, name
        else:
            for s, o in zip(terms.tokens(part >> SHIFT), terms.tokens(part & LOW), strict=True):
                yield s, name, o


def parts_of(
    data: Any, terms: Terms, watch: Watch = None, format: str | None = None
) -> Iterator[Ids]:
    """The triples of ``data`` as ``n x 3`` arrays, read one after the other as they are asked for;
    new terms are added to ``terms``.

    ``watch`` is told now and then how far it is, and may raise to stop.

    ``data``: a path or several (their blank nodes are kept apart), ``bytes`` of N-Triples or
    N-Quads, an rdflib graph or dataset, a pyoxigraph store or dataset, or an iterable of triples
    whose terms are N-Triples strings, rdflib's or pyoxigraph's. Named graphs are read as one.
    Duplicates stay. ``format`` (``ttl``, ...) is that of files whose names do not say it; the path
    ``-`` is standard input. Raises ``ParseFailure``, ``InputError`` or ``UnknownName``.
    """
    if isinstance(data, str | os.PathLike):
        return _file_parts([data], terms, watch, format)
    if isinstance(data, bytes | bytearray):
        text = io.BytesIO(data.removeprefix(codecs.BOM_UTF8))
        given = Source(text, "the given bytes", convert.known(format or "nq"), None)
        return _source_parts(given, terms, watch)
    if convert.is_graph(data):
        if convert.is_rdflib(data):
            return map(_Tokens(terms, watch).trees, convert.graph_trees(data))
        lines = Lines(terms, "the store", quads=True, numbered=False, watch=watch)
        return lines.read(convert.store_lines(data))
    items = iter(data)
    first = next(items, None)
    if first is None:
        return iter(())
    items = chain([first], items)
    if isinstance(first, str | os.PathLike):
        return _file_parts(list(items), terms, watch, format)
    if hasattr(first, "graph_name"):  # pyoxigraph's quads
        items = (quad.triple for quad in items)
    return _triple_parts(items, terms, watch)


def read_triples(triples: Iterable[Any], terms: Terms) -> Ids:
    """The triples as an ``n x 3`` array; terms are N-Triples strings, rdflib's or pyoxigraph's."""
    return joined(list(_triple_parts(triples, terms, None)))


def _triple_parts(triples: Iterable[Any], terms: Terms, watch: Watch) -> Iterator[Ids]:
    tokens = _Tokens(terms, watch)
    rest = iter(triples)
    while batch := list(islice(rest, _BATCH)):
        found = [
            term if type(term) is str else convert.term_of(term) for row in batch for term in row
        ]
        if len(found) != 3 * len(batch):
            raise InputError("a triple is three terms; something given has another length")
        yield tokens.flat(found)


def _file_parts(paths: list[Any], terms: Terms, watch: Watch, format: str | None) -> Iterator[Ids]:
    for given in paths:
        with opened(Path(given), format) as source:
            yield from _source_parts(source, terms, watch)


def _source_parts(source: Source, terms: Terms, watch: Watch) -> Iterator[Ids]:
    plain, name, form = source.has_lines, source.name, source.format
    lines = Lines(terms, name, form != "nt", numbered=plain, watch=watch)
    if not plain or (terms.kinds == BLANK).any():  # random labels, or another file's
        lines.scope = Scope(free_prefix(terms))
    if plain:
        yield from lines.read(pieces_of(source.file))
    else:
        yield from lines.read(quad_lines(source.file, form, name, source.base, watch))


@dataclass(slots=True)
class _Tokens:
    """A reader of terms that are Python strings, three for each triple."""

    terms: Terms
    watch: Watch = None
    known: dict[Term, int] = field(default_factory=dict)  # -1: left to the parser
    count: int = 0

    def trees(self, batch: list[convert.Tree]) -> Ids:
        """The triples of some subjects in rdflib's terms."""
        tables = [table for _, table in batch]
        ends = [found for table in tables for found in table.values()]
        s, p = [subject for subject, _ in batch], list(chain.from_iterable(tables))
        o = list(chain.from_iterable(ends))
        ids = self._terms([*s, *p, *o])
        of_p = np.repeat(np.arange(len(p)), np.fromiter(map(len, ends), np.int64, len(p)))
        of_s = np.repeat(np.arange(len(s)), np.fromiter(map(len, tables), np.int64, len(s)))[of_p]

        def row(n: int) -> tuple[Term, ...]:
            return tuple(map(convert.term_of, (s[of_s[n]], p[of_p[n]], o[n])))

        return self._taken(ids[of_s], ids[len(s) + of_p], ids[len(s) + len(p) :], row)

    def _terms(self, terms: list[Any]) -> Ids:
        """The number of each of rdflib's terms, -1 where it is left to the parser."""
        named, iris, others = convert.iris_and_others(terms)
        mask = np.array(named, np.bool_)
        ids = np.empty(len(terms), np.int64)
        ids[~mask] = self._found(others)
        ids[mask] = self._numbers(iris, len(terms) - len(others))
        return ids

    def flat(self, flat: list[Term]) -> Ids:
        """The triples of a flat list of terms."""
        s, p, o = self._found(flat).reshape(-1, 3).T
        return self._taken(s, p, o, lambda n: tuple(flat[3 * n : 3 * n + 3]))

    def _found(self, tokens: list[Term]) -> Ids:
        """The number of each term, -1 where it is left to the parser."""
        if len(self.known) > _MOST_KNOWN:
            self.known.clear()
        new = [token for token in dict.fromkeys(tokens) if token not in self.known]
        if new:
            numbers = self._numbers("\n".join(new), len(new)).tolist()
            self.known.update(zip(new, numbers, strict=True))
        return np.fromiter(map(self.known.__getitem__, tokens), np.int64, len(tokens))

    def _numbers(self, lines: str, count: int) -> Ids:
        """The same for terms that stand one a line."""
        if not count:
            return NONE
        try:
            buffer, starts, lengths = lines_as_spans(lines, count)
        except ValueError:  # a line break or half a character: the parser says what it thinks
            return np.full(count, -1)
        hashes = hash_spans(buffer, starts, lengths)
        return intern_checked(self.terms, buffer, starts, lengths, hashes)

    def _taken(self, s: Ids, p: Ids, o: Ids, row: Callable[[int], tuple[Term, ...]]) -> Ids:
        """The triples of three columns of numbers; those not plainly right are parsed."""
        good = well_placed(self.terms, s, p, o)
        rows = np.stack([s[good], p[good], o[good]]).T
        odd = [row(n) for n in np.flatnonzero(~good).tolist()]
        self.count += len(good)
        if self.watch:
            self.watch(f"read {self.count:,} triples")
        return joined([rows, self._parsed(odd)]) if odd else rows

    def _parsed(self, odd: list[tuple[Term, ...]]) -> Ids:
        found: list[Triple] = []
        for row in odd:
            text = " ".join((*row, "."))
            try:
                found += convert.parse_lines(text.encode(), quads=False)
            except (SyntaxError, ValueError) as error:
                raise convert.failure(f"the triple {text[:-2]}", error, None) from None
        return interned(self.terms, found)
