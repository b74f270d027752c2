"""SPARQL on quads in memory: read only, never outside, and stopped when its time is up."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyoxigraph as ox

from foedus.errors import FoedusError, InputError, LimitReached, ParseFailure
from foedus.short import short_repr
from foedus.store.guard import QUERY, guard, syntax_error, tokens
from foedus.terms import Quad, Term, Triple, is_iri, is_literal

#: Most memory that a query under a time limit may take beyond the graph itself, in bytes.
MEMORY = 1 << 30


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gave: rows of a SELECT, the truth of an ASK, or triples.

    An unbound variable is None in its row. Rows stand in the order of the query; triples of a
    CONSTRUCT or DESCRIBE are sorted.
    """

    kind: Literal["rows", "boolean", "triples"]
    variables: tuple[str, ...] = ()
    rows: tuple[tuple[Term | None, ...], ...] = ()
    boolean: bool | None = None
    triples: tuple[Triple, ...] = ()

    __repr__ = short_repr

    def __bool__(self) -> bool:
        """Whether there is any row or triple, or the ASK is true."""
        return bool(self.rows or self.triples or self.boolean)

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

    def add(self, quads: Iterable[Quad | Triple]) -> None:
        """Put quads in; a triple goes to the default graph."""
        lines = (" ".join(part for part in quad if part) + " .\n" for quad in quads)
        # Not Store.load: it gives blank nodes new names, and the closure's would not be found.
        parsed = ox.parse("".join(lines), ox.RdfFormat.N_QUADS, lenient=True)
        self.oxigraph.bulk_extend(parsed)

    def __len__(self) -> int:
        return len(self.oxigraph)

    def __repr__(self) -> str:
        return f"<QuadStore of {len(self):,} quads>"

    def quads(self) -> Iterator[Quad]:
        """Every quad, in no order; the graph is None for the default graph."""
        for q in self.oxigraph:
            name = None if isinstance(q.graph_name, ox.DefaultGraph) else str(q.graph_name)
            yield str(q.subject), str(q.predicate), str(q.object), name

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
            yield str(q.subject), str(q.predicate), str(q.object)

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
    ) -> Result:
        """The result of a SELECT, ASK, CONSTRUCT or DESCRIBE on this store.

        ``prefixes`` need not be declared in the query. With a ``timeout`` in seconds the query runs
        in a process of its own, which is ended when its time is up, takes at most `MEMORY` bytes
        and can open no file or connection. Raises `QueryRefused` for SERVICE, FROM and updates,
        `ParseFailure` with line and column, `LimitReached`.
        """
        guard(text)
        known = dict(prefixes or {})
        if timeout is None:
            return self._run(text, known, file)
        if hasattr(os, "fork"):
            return _in_child(lambda: self._run(text, known, file), timeout)
        return _in_thread(lambda: self._run(text, known, file), timeout)

    def solutions(self, text: str) -> Iterator[dict[str, Term]]:
        """The rows of a SELECT that foedus wrote itself, one by one; not for a user to write."""
        found: Any = self.oxigraph.query(text)
        names = [v.value for v in found.variables]
        return ({n: str(t) for n in names if (t := row[n]) is not None} for row in found)

    def _run(self, text: str, prefixes: dict[str, str], file: str) -> Result:
        try:
            found = self.oxigraph.query(text, prefixes=prefixes)
            return _result(found, text)
        except SyntaxError as error:
            raise syntax_error(text, str(error), prefixes, file) from None
        except (RuntimeError, OSError, ValueError) as error:
            raise InputError(f"{file} cannot be answered: {error}") from None


def _term(text: Term | None) -> Any:
    if text is None:
        return None
    return next(ox.parse(f"<a:> <a:> {text} .", ox.RdfFormat.N_TRIPLES, lenient=True)).object


def _result(found: Any, text: str) -> Result:
    if isinstance(found, ox.QueryBoolean):
        return Result("boolean", boolean=bool(found))
    if isinstance(found, ox.QueryTriples):
        triples = sorted((str(t.subject), str(t.predicate), str(t.object)) for t in found)
        return Result("triples", triples=tuple(triples))
    names = [v.value for v in found.variables]
    first = {t.text[1:]: i for i, t in reversed(list(enumerate(tokens(text))))}
    star = any(a.text.upper() == "SELECT" and b.text == "*" for a, b in _pairs(text))
    order = sorted(names, key=lambda v: first.get(v, 0)) if star else names
    rows = tuple(
        tuple(None if (t := row[name]) is None else str(t) for name in order) for row in found
    )
    return Result("rows", tuple(order), rows)


def _pairs(text: str) -> Iterable[tuple[Any, Any]]:
    words = [t for t in tokens(text) if t.text.upper() not in {"DISTINCT", "REDUCED"}]
    return itertools.pairwise(words)


def _too_long(timeout: float) -> LimitReached:
    return LimitReached(
        f"the query was stopped after {timeout:g} s; narrow it, add LIMIT, or allow more --timeout"
    )


def _in_child(work: Any, timeout: float) -> Result:
    """Run in a forked process: it shares the graph, and the kernel can end it at any moment."""
    end = time.monotonic() + timeout
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _confine()
        _send(writer, work)
        os._exit(0)
    os.close(writer)
    chunks: list[bytes] = []
    try:
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([reader], [], [], left)[0]:
                raise _too_long(timeout)
            chunk = os.read(reader, 1 << 20)
            if not chunk:
                break
            chunks.append(chunk)
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return _received(b"".join(chunks))


def _confine() -> None:
    """Leave the child no way out: no new file or socket, a bounded memory, no words."""
    import resource

    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with contextlib.suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _send(writer: int, work: Any) -> None:
    try:
        r: Result = work()
        body: Any = [r.kind, r.variables, r.rows, r.boolean, r.triples]
    except FoedusError as error:
        body = [type(error).__name__, vars(error), str(error)]
    except MemoryError:
        os._exit(1)
    with os.fdopen(writer, "wb") as out:
        out.write(json.dumps(body).encode())


def _received(data: bytes) -> Result:
    if not data:
        raise LimitReached(
            f"the query was stopped because it needed more than {MEMORY >> 30} GB of memory; "
            "narrow it or add LIMIT"
        )
    kind, *rest = json.loads(data)
    if kind == "ParseFailure":
        raise ParseFailure(rest[0]["file"], rest[0]["reason"], rest[0]["line"])
    if kind not in {"rows", "boolean", "triples"}:
        raise InputError(rest[1])
    variables, rows, boolean, triples = rest
    return Result(
        kind, tuple(variables), tuple(map(tuple, rows)), boolean, tuple(map(tuple, triples))
    )


def _in_thread(work: Any, timeout: float) -> Result:
    """Where no process can be forked: answer in time; what runs on ends with the program."""
    box: list[Result | BaseException] = []

    def run() -> None:
        try:
            box.append(work())
        except BaseException as error:
            box.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout)
    if not box:
        raise _too_long(timeout)
    if isinstance(box[0], BaseException):
        raise box[0]
    return box[0]
