"""SPARQL on quads in memory: read only, never outside, and stopped when its time is up."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyoxigraph as ox

from foedus.errors import InputError, LimitReached, ParseFailure
from foedus.short import short_repr
from foedus.sparql.guard import QUERY, guard
from foedus.sparql.lexer import tokens
from foedus.store.budget import within
from foedus.store.syntax import syntax_error
from foedus.terms import Quad, Term, Triple, is_iri, is_literal, text_of


@dataclass(frozen=True, slots=True)
class Graphs:
    """The dataset of one query: graphs merged into its default graph, and graphs it can name."""

    default: tuple[Term, ...]
    named: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gave: rows of a SELECT, the truth of an ASK, or triples.

    An unbound variable is None in its row. Rows stand in the order of the query; triples of a
    CONSTRUCT or DESCRIBE are sorted. ``cut`` says why there may be more, empty where all is there.
    """

    kind: Literal["rows", "boolean", "triples"]
    variables: tuple[str, ...] = ()
    rows: tuple[tuple[Term | None, ...], ...] = ()
    boolean: bool | None = None
    triples: tuple[Triple, ...] = ()
    cut: str = field(default="", compare=False)
    #: What each row or triple rests on, where a graph was asked for that (``why=True``).
    supports: tuple[Any, ...] = field(default=(), compare=False, repr=False)

    __repr__ = short_repr

    def __bool__(self) -> bool:
        """Whether there is any row or triple, or the ASK is true."""
        return bool(self.rows or self.triples or self.boolean)

    def to_pandas(self) -> Any:
        """The rows as a ``pandas.DataFrame``: literals as Python's values, all else as text.

        Raises `UsageError` where pandas is not installed.
        """
        from foedus.store.notebook import frame

        return frame(self, text_of)

    def _repr_html_(self) -> str:
        from foedus.store.notebook import html

        return html(self)

    def dicts(self) -> Iterator[dict[str, Term]]:
        """Each row as a mapping from variable to term, unbound variables left out."""
        for row in self.rows:
            yield {v: t for v, t in zip(self.variables, row, strict=True) if t is not None}


class QuadStore:
    """Quads in memory that SPARQL can ask.

    >>> store = QuadStore.of([("<http://e.org/a>", "<http://e.org/p>", '"1"', None)])
    >>> store.query("SELECT ?o { ?s ?p ?o }").rows
    (('"1"',),)
    """

    def __init__(self, store: ox.Store | None = None) -> None:
        self.oxigraph = ox.Store() if store is None else store

    @classmethod
    def of(cls, quads: Iterable[Quad | Triple]) -> QuadStore:
        """A store of these quads; a triple goes to the default graph."""
        made = cls()
        made.add(quads)
        return made

    @classmethod
    def load(cls, path: Path) -> QuadStore:
        """A store read from an N-Triples or N-Quads file that foedus wrote itself."""
        made = cls()
        try:
            made.oxigraph.bulk_extend(ox.parse(path=path, lenient=True))
        except SyntaxError as error:
            raise ParseFailure(str(path), str(error), getattr(error, "lineno", None)) from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
        return made

    @classmethod
    def parse(cls, turtle: str, base: str) -> QuadStore:
        """A store of a Turtle text that foedus wrote itself."""
        made = cls()
        made.oxigraph.bulk_extend(ox.parse(turtle, ox.RdfFormat.TURTLE, base_iri=base))
        return made

    def add(self, quads: Iterable[Quad | Triple]) -> None:
        """Put quads in; a triple goes to the default graph."""
        lines = (" ".join(part for part in quad if part) + " .\n" for quad in quads)
        # Not Store.load: it gives blank nodes new names, and the closure's would not be found.
        parsed = ox.parse("".join(lines), ox.RdfFormat.N_QUADS, lenient=True)
        self.oxigraph.bulk_extend(parsed)

    def remove(self, triples: Iterable[Triple]) -> None:
        """Take triples out of the default graph."""
        for s, p, o in triples:
            self.oxigraph.remove(ox.Quad(_term(s), _term(p), _term(o)))

    def __len__(self) -> int:
        return len(self.oxigraph)

    def __repr__(self) -> str:
        return f"<QuadStore of {len(self):,} quads>"

    def quads(self) -> Iterator[Quad]:
        """Every quad, in no order; the graph is None for the default graph."""
        for q in self.oxigraph:
            name = None if isinstance(q.graph_name, ox.DefaultGraph) else str(q.graph_name)
            yield str(q.subject), str(q.predicate), _text(q.object), name

    def match(
        self,
        s: Term | None = None,
        p: Term | None = None,
        o: Term | None = None,
        graph: Term | None = None,
    ) -> Iterator[Triple]:
        """The triples that fit in one graph, by default the default graph; None is anything."""
        if (s and is_literal(s)) or (p and not is_iri(p)):
            return  # such a triple is no RDF, and no store holds it
        name = _term(graph) or ox.DefaultGraph()
        for q in self.oxigraph.quads_for_pattern(_term(s), _term(p), _term(o), name):
            yield str(q.subject), str(q.predicate), _text(q.object)

    def graphs(self, triple: Triple) -> list[Term]:
        """The names of the graphs that hold a triple, sorted; the default graph is left out."""
        s, p, o = map(_term, triple)
        found = (q.graph_name for q in self.oxigraph.quads_for_pattern(s, p, o, None))
        return sorted(str(g) for g in found if not isinstance(g, ox.DefaultGraph))

    def query(
        self,
        text: str,
        *,
        prefixes: Mapping[str, str] | None = None,
        timeout: float | None = None,
        file: str = QUERY,
        base: str | None = None,
        graphs: Graphs | None = None,
        most: int | None = None,
    ) -> Result:
        """The result of a SELECT, ASK, CONSTRUCT or DESCRIBE on this store.

        ``prefixes`` need not be declared in the query, and relative IRIs stand against ``base``.
        ``graphs`` are read in place of the default graph and all named ones; what FROM says then
        does not count. With a ``timeout`` in seconds the query runs in a process of its own, which
        is ended when its time is up or its caller is gone, takes at most
        `foedus.store.budget.MEMORY` bytes, and can open no file or connection. Raises
        `QueryRefused` for SERVICE, FROM and updates, `ParseFailure` with line and column, and
        `LimitReached`, for more than ``most`` rows or triples too.
        """
        known = dict(prefixes or {})

        def work() -> Result:
            guard(text, file, given=graphs is not None)
            return self._run(text, known, file, base, graphs, most)

        return within(timeout, work, "the query", closed=True)

    def solutions(self, text: str, given: Mapping[str, Term]) -> Iterator[dict[str, Term]]:
        """The rows of a SELECT that foedus wrote itself, one by one; not for a user to write.

        ``given`` are terms of some columns, which may be blank nodes.
        """
        terms = {ox.Variable(v.removeprefix("?")): _term(t) for v, t in given.items()}
        found: Any = self.oxigraph.query(text, substitutions=terms)
        names = [v.value for v in found.variables]
        return ({n: str(t) for n in names if (t := row[n]) is not None} for row in found)

    def _run(
        self,
        text: str,
        prefixes: dict[str, str],
        file: str,
        base: str | None = None,
        graphs: Graphs | None = None,
        most: int | None = None,
    ) -> Result:
        asked: dict[str, Any] = {}
        if graphs is not None:
            asked["default_graph"] = [_term(name) for name in graphs.default]
            asked["named_graphs"] = [_term(name) for name in graphs.named]
        try:
            found = self.oxigraph.query(text, prefixes=prefixes, base_iri=base, **asked)
            return _result(found, text, most)
        except SyntaxError as error:
            raise syntax_error(text, str(error), prefixes, file) from None
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(f"{file} cannot be answered: {error}") from None


def _term(text: Term | None) -> Any:
    if text is None:
        return None
    return next(ox.parse(f"<a:> <a:> {text} .", ox.RdfFormat.N_TRIPLES, lenient=True)).object


def _text(term: Any) -> Term:
    """A term of the engine as text; it writes a triple without the brackets around it."""
    return f"<<( {term} )>>" if isinstance(term, ox.Triple) else str(term)


def _result(found: Any, text: str, most: int | None) -> Result:
    if isinstance(found, ox.QueryBoolean):
        return Result("boolean", boolean=bool(found))
    if isinstance(found, ox.QueryTriples):
        triples = sorted(
            (str(t.subject), str(t.predicate), _text(t.object)) for t in _bounded(found, most)
        )
        return Result("triples", triples=tuple(triples))
    names = [v.value for v in found.variables]
    first = {t.text[1:]: i for i, t in reversed(list(enumerate(tokens(text))))}
    star = any(a.text.upper() == "SELECT" and b.text == "*" for a, b in _pairs(text))
    order = sorted(names, key=lambda v: first.get(v, 0)) if star else names
    rows = tuple(
        tuple(None if (t := row[name]) is None else _text(t) for name in order)
        for row in _bounded(found, most)
    )
    return Result("rows", tuple(order), rows)


def _bounded(found: Iterable[Any], most: int | None) -> Iterator[Any]:
    """All that is found; raises `LimitReached` where that is more than the ``most``."""
    for number, row in enumerate(found):
        if number == most:
            raise LimitReached(
                f"the answer has more than {most:,} rows, and none of them is given; "
                "narrow the query or add LIMIT"
            )
        yield row


def _pairs(text: str) -> Iterable[tuple[Any, Any]]:
    words = [t for t in tokens(text) if t.text.upper() not in {"DISTINCT", "REDUCED"}]
    return itertools.pairwise(words)
