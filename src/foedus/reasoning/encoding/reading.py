"""RDF read into numbered triples: ``n x 3`` arrays of term numbers with contiguous columns.

N-Triples and N-Quads are split by numpy (``lines.py``); other formats are converted to such lines
first. A term is checked once, when it is new (``plain.py``). What is not plainly canonical
(escapes, odd spacing, comments, rare characters) is parsed by pyoxigraph, line by line, so it is
always pyoxigraph that defines which terms are valid and how they are spelled.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from foedus.errors import NotRdf
from foedus.reasoning.encoding.dictionary import BLANK, Terms
from foedus.reasoning.encoding.lines import (
    LineReader,
    Prefixes,
    Scope,
    Watch,
    intern_checked,
    interned,
    joined,
    pieces_of,
    well_placed,
)
from foedus.reasoning.encoding.spans import Ids, hash_spans, lines_as_spans
from foedus.reasoning.storage.columns import LOW, NONE, SHIFT
from foedus.reasoning.storage.partition import partition
from foedus.store import convert
from foedus.store.given import ONE_TERM, canonical, is_term, triple_of
from foedus.store.reading import Source, opened, quad_lines
from foedus.terms import Term, Triple
from foedus.vocab import OWL, TYPE

if TYPE_CHECKING:
    from foedus.store.imports import Imports

_BATCH: Final = 1 << 16
_MOST_KNOWN: Final = 1 << 20
_DATA_IS: Final = (
    "triples are given as paths of files, bytes of N-Triples, a graph of rdflib, a store of "
    "pyoxigraph, or several triples"
)


def read(data: Any, terms: Terms, watch: Watch = None) -> Ids:
    """The triples of ``data`` as one ``n x 3`` array; see :func:`parts_of`."""
    return joined(list(parts_of(data, terms, watch)))


def triples(
    data: Any,
    limit: int | None = None,
    watch: Watch = None,
    format: str | None = None,
    imports: Imports | None = None,
) -> Iterator[Triple]:
    """The distinct triples of ``data`` as strings; see :func:`parts_of`."""
    terms = Terms()
    none = -1  # so rdf:type is a property like others here
    parts = (
        following(data, terms, imports, {}, watch, format)
        if imports
        else parts_of(data, terms, watch, format)
    )
    for code, keys in partition(parts, none, limit).items():
        yield from strings(terms, code, keys, none)


def strings(terms: Terms, code: int, keys: Ids, type_: int) -> Iterator[Triple]:
    """The keys of a relation as triples of strings, in their order."""
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
    """The triples of ``data`` as ``n x 3`` arrays, read as they are asked for.

    New terms are added to ``terms``. ``watch`` is called with messages of progress, and may raise
    to stop.

    ``data``: a path or several (their blank nodes are kept apart), ``bytes`` of N-Triples or
    N-Quads, an rdflib graph or dataset, a pyoxigraph store or dataset, or an iterable of triples
    whose terms are N-Triples strings, rdflib's or pyoxigraph's. Named graphs are read as one.
    Duplicates are kept. ``format`` (``ttl``, ...) is that of files whose names do not say it; the
    path ``-`` is standard input. Raises ``ParseFailure``, ``InputError`` or ``UnknownName``.
    """
    if is_term(data):
        raise NotRdf(data, f"a term holds no triples; {_DATA_IS}")
    if isinstance(data, str | os.PathLike):
        return _file_parts([data], terms, watch, format)
    if isinstance(data, bytes | bytearray):
        text = io.BytesIO(data.removeprefix(codecs.BOM_UTF8))
        given = Source(text, "the given bytes", convert.known(format or "nq"), None)
        return _source_parts(given, terms, watch, Prefixes(terms))
    if convert.is_graph(data):
        if convert.is_rdflib(data):
            return map(_Tokens(terms, watch).trees, convert.graph_trees(data))
        lines = LineReader(terms, "the store", quads=True, numbered=False, watch=watch)
        return lines.read(convert.store_lines(data))
    if not isinstance(data, Iterable):
        raise NotRdf(data, f"an object of type {type(data).__name__} holds no triples; {_DATA_IS}")
    items = iter(data)
    first = next(items, items)
    if first is items:
        return iter(())
    items = chain([first], items)
    if isinstance(first, os.PathLike) or (isinstance(first, str) and not is_term(first)):
        return _file_parts(list(items), terms, watch, format)
    return _triple_parts(items, terms, watch)


def read_known(data: Any, terms: Terms) -> Ids:
    """The triples of ``data`` whose terms are all in the dictionary, ``n x 3``; none is added."""
    if isinstance(data, list) and set(map(type, data)) == {tuple} and set(map(len, data)) == {3}:
        flat = list(chain.from_iterable(data))
        if set(map(type, flat)) == {str} and all(map(str.isascii, flat)):
            numbers = terms.find_many(flat)
            if (numbers >= 0).all():
                return numbers.reshape(-1, 3)
    given = Terms()
    rows = read(data, given)
    found = terms.find_many(given.tokens(np.arange(len(given))))[rows]
    return found[(found >= 0).all(axis=1)]


def following(
    data: Any,
    terms: Terms,
    imports: Imports,
    found: dict[Term, Path],
    watch: Watch = None,
    format: str | None = None,
) -> Iterator[Ids]:
    """The triples of ``data`` and of all ontologies that these import; see :func:`parts_of`.

    ``found`` receives the imported ontologies and their files; those not found are passed over.
    """
    names = ("Ontology", "imports", "versionIRI")
    type_, *rest = terms.intern_many([TYPE, *(f"<{OWL}{n}>" for n in names)]).tolist()
    ontology, importing, version = rest
    given = data if isinstance(data, list | tuple) else [data]
    paths = {Path(p).resolve() for p in given if isinstance(p, str | os.PathLike)}
    here: set[int] = set()
    waiting: list[int] = []

    def noted(parts: Iterator[Ids]) -> Iterator[Ids]:
        for part in parts:
            s, p, o = part.T
            here.update(s[(p == type_) & (o == ontology)].tolist(), o[p == version].tolist())
            waiting.extend(o[p == importing].tolist())
            yield part

    yield from noted(parts_of(data, terms, watch, format))
    for number in waiting:  # grows meanwhile
        name = terms.token(number)
        path = imports.find(name[1:-1]) if number not in here else None
        here.add(number)
        if path is not None:
            found[name] = path
            if path.resolve() not in paths:
                paths.add(path.resolve())
                yield from noted(parts_of(path, terms, watch))


def _triple_parts(triples: Iterable[Any], terms: Terms, watch: Watch) -> Iterator[Ids]:
    tokens = _Tokens(terms, watch)
    rest = iter(triples)
    while batch := list(islice(rest, _BATCH)):
        if set(map(type, batch)) != {tuple} or set(map(len, batch)) != {3}:
            batch = list(map(triple_of, batch))
        flat = list(chain.from_iterable(batch))
        if set(map(type, flat)) != {str}:
            flat = [term if type(term) is str else convert.term_of(term) for term in flat]
        yield tokens.flat(flat)


def _file_parts(paths: list[Any], terms: Terms, watch: Watch, format: str | None) -> Iterator[Ids]:
    prefixes = Prefixes(terms)
    for given in paths:
        with opened(Path(given), format) as source:
            yield from _source_parts(source, terms, watch, prefixes)


def _source_parts(source: Source, terms: Terms, watch: Watch, prefixes: Prefixes) -> Iterator[Ids]:
    plain, name, form = source.has_lines, source.name, source.format
    lines = LineReader(terms, name, form != "nt", numbered=plain, watch=watch)
    if not plain or (terms.kinds == BLANK).any():  # labels are random, or taken by another file
        lines.scope = Scope(prefixes.free())
    if plain:
        yield from lines.read(pieces_of(source.file))
    else:
        yield from lines.read(quad_lines(source.file, form, name, source.base, watch))


@dataclass(slots=True)
class _Tokens:
    """A reader of triples whose terms are Python strings."""

    terms: Terms
    watch: Watch = None
    known: dict[Term, int] = field(default_factory=dict)  # a cache; -1: left to the parser
    count: int = 0

    def trees(self, batch: list[convert.Tree]) -> Ids:
        """The triples of some subjects, given as rdflib's nested indexes."""
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
        """The triples of a flat list of terms, three for each."""
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
        """The same for terms joined by line breaks."""
        if not count:
            return NONE
        try:
            buffer, starts, lengths = lines_as_spans(lines, count)
        except ValueError:  # a line break or a lone surrogate: the parser will report it
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
                if not all(map(ONE_TERM.fullmatch, row)):  # a term must not end the triple
                    raise ValueError("a term is none")
                found += convert.parse_lines(text.encode(), quads=False)
            except (SyntaxError, ValueError) as error:
                try:
                    for term in row:
                        canonical(term)
                except NotRdf as wrong:
                    told = f"{wrong.reason}; in the triple {text[:-2]}"
                    raise NotRdf(wrong.given, told) from None
                raise convert.failure(f"the triple {text[:-2]}", error, None) from None
        return interned(self.terms, found)
