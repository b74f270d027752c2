"""RDF of any kind as N-Quads text, and back: files, rdflib graphs and pyoxigraph stores.

The text is what the reasoner reads: pyoxigraph writes and reads it without a Python object per
term, so a file of another format costs little more than one of N-Quads.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import compress, islice
from operator import not_
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard

import pyoxigraph as ox

from foedus.errors import NotRdf, ParseFailure, UnknownName
from foedus.store.recognize import CONVERT, NOT_RDF
from foedus.terms import Term, Triple, literal, split_literal

if TYPE_CHECKING:
    import rdflib

    #: What Python users know as a graph, named here for those who must not import rdflib.
    RdflibGraph: TypeAlias = rdflib.Graph

FORMATS: Final[dict[str, ox.RdfFormat]] = {
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "ttl": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "rdf": ox.RdfFormat.RDF_XML,
    "owl": ox.RdfFormat.RDF_XML,
    "xml": ox.RdfFormat.RDF_XML,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "n3": ox.RdfFormat.N3,
}
TERMS_ARE: Final = (
    'a term is N-Triples text such as "<http://example.org/a>", "_:b0" or \'"words"@en\', '
    "or a term of rdflib or pyoxigraph"
)
LINES: Final = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
_BATCH: Final = 50_000
_CACHED: Final = 1 << 12  # so few subjects that their terms stay in the processor's cache
_TOLD: Final = 400
_NOT_TRIPLE: Final = re.compile(rb'"(?:[^"\\\n]++|\\.)*+"|<[^<>\s]*>|#[^\n]*')
_WHERE: Final = re.compile(r"^Parser error[^:]*: | \(line \d+\)$")


def format_of(path: Path) -> str:
    """The format that a file's name says, a key of ``FORMATS``; ``.gz`` behind it is ignored.

    >>> format_of(Path("graph.ttl.gz"))
    'ttl'
    """
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return known(name.suffix.lower().removeprefix(".") or path.name)


def known(format: str) -> str:
    """The format, if it is a key of ``FORMATS``; raises `UnknownName` otherwise."""
    if format in NOT_RDF:
        raise UnknownName("RDF format", format, hint=f"it is {NOT_RDF[format]}; {CONVERT}")
    if format not in FORMATS:
        endings = ", ".join(f".{e}" for e in FORMATS)
        raise UnknownName("RDF format", format, hint=f"known endings are {endings}")
    return format


def _text(quads: list[Any]) -> bytes:
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert text is not None  # as no output file was given
    return text


def failure(name: str, error: Exception, line: int | None) -> ParseFailure:
    """The library's error as ours, with the place said once."""
    told = error.msg if isinstance(error, SyntaxError) else str(error)
    if "LoadDocumentCallback" in told:
        told = "its @context is at another address, and nothing is fetched; write it into the file"
    told = _WHERE.sub("", _WHERE.sub("", told))
    if len(told) > _TOLD:  # with a long term in it
        told = f"{told[: _TOLD // 2]} ... {told[-_TOLD // 2 :]}"
    return ParseFailure(name, told, line)


def refuse_nested(text: bytes) -> None:
    """Raise ``ValueError`` for a triple inside a triple; deep ones would overrun the stack."""
    if b"<<(" in text and b"<<(" in _NOT_TRIPLE.sub(b"", text):
        raise ValueError("a triple inside a triple (RDF 1.2) is not supported; reify it")


def parse_lines(text: bytes, quads: bool) -> list[Triple]:
    """The triples of some lines of N-Triples or N-Quads in canonical form.

    Raises ``SyntaxError`` whose ``lineno`` counts within ``text``, or ``ValueError``.
    """
    refuse_nested(text)
    found = []
    for quad in ox.parse(text, ox.RdfFormat.N_QUADS if quads else ox.RdfFormat.N_TRIPLES):
        found.append((str(quad.subject), str(quad.predicate), str(quad.object)))
    return found


def is_valid_iri(text: str) -> bool:
    """Whether this is an absolute IRI of RFC 3987."""
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def term_of(term: Any) -> Term:
    """The term for an rdflib or pyoxigraph term, or the string itself.

    >>> import rdflib
    >>> term_of(rdflib.Literal(1)) == str(ox.Literal(1))
    True
    """
    if type(term) is str:
        return term
    if isinstance(term, ox.NamedNode | ox.BlankNode | ox.Literal):
        return str(term)
    if isinstance(term, str):  # rdflib's terms are strings
        import rdflib

        kind = type(term)  # its own checks for instances are slow
        if kind is rdflib.Literal or isinstance(term, rdflib.Literal):
            made: Any = term
            datatype = None if made.datatype is None else str(made.datatype)
            return literal(str(made), datatype, made.language)
        if kind is rdflib.URIRef or isinstance(term, rdflib.URIRef):
            return f"<{term}>"
        if isinstance(term, rdflib.BNode):
            return f"_:{term}"
        if not isinstance(term, rdflib.term.Identifier):
            return str.__str__(term)
    raise NotRdf(term, f"an object of type {type(term).__name__} is no RDF term; {TERMS_ARE}")


def rdflib_term(term: Term) -> rdflib.term.Identifier:
    """The rdflib term for a term, its literal written as it is.

    >>> rdflib_term('"1"^^<http://www.w3.org/2001/XMLSchema#integer>').toPython()
    1
    """
    import rdflib

    if term.startswith("<"):
        return rdflib.URIRef(term[1:-1])
    if term.startswith("_:"):
        return rdflib.BNode(term[2:])
    value, datatype, lang = split_literal(term)
    return rdflib.Literal(value, lang, None if datatype is None else rdflib.URIRef(datatype), False)


def ox_term(term: Term) -> Any:
    """The pyoxigraph term for a term."""
    if term.startswith("<"):
        return ox.NamedNode(term[1:-1])
    if term.startswith("_:"):
        return ox.BlankNode(term[2:])
    (quad,) = ox.parse(f"<a:a> <a:a> {term} .", ox.RdfFormat.N_TRIPLES)
    return quad.object


def to_rdflib(triples: Iterable[Triple]) -> rdflib.Graph:
    """An rdflib graph of the triples; equal terms share one object."""
    import rdflib

    known: dict[Term, rdflib.term.Identifier] = {}

    def node(term: Term) -> rdflib.term.Identifier:
        found = known.get(term)
        if found is None:
            found = known[term] = rdflib_term(term)
        return found

    graph = rdflib.Graph()
    add = graph.store.add
    for s, p, o in triples:
        add((node(s), node(p), node(o)), graph)
    return graph


def extend_rdflib(graph: rdflib.Graph, triples: Iterable[Triple], of: rdflib.Graph) -> int:
    """Add triples to an rdflib graph; how many it did not have.

    A literal is written as ``of`` writes it, which has what they were derived from: there
    ``"a"^^xsd:string`` and ``"a"`` are two, and here they are one.
    """
    import rdflib

    known: dict[Term, rdflib.term.Identifier] = {
        term_of(o): o for _, _, o in of.triples((None, None, None)) if isinstance(o, rdflib.Literal)
    }
    count = 0
    for triple in triples:
        for term in triple:
            if term not in known:
                known[term] = rdflib_term(term)
        s, p, o = (known[term] for term in triple)
        if (s, p, o) not in graph:
            graph.add((s, p, o))
            count += 1
    return count


def to_pyoxigraph(triples: Iterable[Triple]) -> ox.Store:
    """A pyoxigraph store in memory with the triples in its default graph."""
    store = ox.Store()
    rest = iter(triples)
    while batch := list(islice(rest, _BATCH)):
        text = "".join(f"{s} {p} {o} .\n" for s, p, o in batch).encode()
        store.bulk_load(text, ox.RdfFormat.N_TRIPLES)
    return store


def is_graph(data: object) -> bool:
    """Whether this is an rdflib graph or dataset, or a pyoxigraph store or dataset."""
    return isinstance(data, ox.Store | ox.Dataset) or is_rdflib(data)


def is_rdflib(data: object) -> TypeGuard[rdflib.Graph]:
    """Whether this is an rdflib graph or dataset; without rdflib, nobody can have made one."""
    if "rdflib" not in sys.modules:
        return False
    import rdflib

    return isinstance(data, rdflib.Graph)


#: The triples of one subject: the objects by predicate.
Tree: TypeAlias = tuple[Any, Mapping[Any, Collection[Any]]]


def graph_trees(graph: rdflib.Graph) -> Iterator[list[Tree]]:
    """The triples of an rdflib graph, or of all graphs of a dataset, in batches."""
    trees = iter(_trees(graph))
    while batch := list(islice(trees, _CACHED)):
        yield batch


def iris_and_others(terms: list[Any]) -> tuple[list[bool], str, list[Term]]:
    """Of rdflib's terms, which are IRIs; these as text, one a line; and all others.

    No Python string is made for each IRI: a graph names the same ones over and over.
    """
    from rdflib import Literal, URIRef

    named = [type(term) is URIRef for term in terms]
    others = [
        literal(str(term), term.datatype and str(term.datatype), term.language)
        if type(term) is Literal
        else term_of(term)
        for term in compress(terms, map(not_, named))
    ]
    iris = ">\n<".join(compress(terms, named))
    return named, f"<{iris}>", others


def _trees(graph: rdflib.Graph) -> Iterable[Tree]:
    """The triples of an rdflib graph, subject by subject where its store keeps them so.

    rdflib looks up the named graphs of every triple that it gives, which takes longer than all the
    rest. So the tables inside its store in memory are read where they are as we know them, and
    where they hold this graph alone.
    """
    import rdflib

    within = None if isinstance(graph, rdflib.ConjunctiveGraph) else graph
    store = graph.store
    sets = getattr(store, "_Memory__contextTriples", None)
    name = getattr(store, "_Memory__ctx_to_str", None)
    if isinstance(sets, dict) and name is not None:
        mine = sets.get(name(within), ())
        tables = getattr(store, "_Memory__spo", None)
        if isinstance(tables, dict) and len(sets) <= 2 and len(mine) == len(sets.get(None, ())):
            return tuple(tables.items())
        return ((s, {p: (o,)}) for s, p, o in tuple(mine))
    return ((s, {p: (o,)}) for (s, p, o), _ in store.triples((None, None, None), within))


def store_lines(store: ox.Store | ox.Dataset) -> Iterator[bytes]:
    """What a pyoxigraph store or dataset holds, all graphs, as N-Quads text."""
    if isinstance(store, ox.Store):
        with tempfile.TemporaryFile() as file:  # Rust writes it whole: a file keeps it off memory
            store.dump(file, ox.RdfFormat.N_QUADS)
            file.seek(0)
            while part := file.read(1 << 22):
                yield part
    else:
        quads = iter(store)
        while batch := list(islice(quads, _BATCH)):
            yield _text(batch)


def write_format(
    lines: IO[bytes], extension: str, out: IO[bytes], prefixes: Mapping[str, str] | None = None
) -> None:
    """Write N-Triples text in another format."""
    kind = FORMATS[extension]
    quads = ox.parse(lines, ox.RdfFormat.N_TRIPLES, lenient=True)
    whole = kind.supports_datasets
    rows = (quad if whole else quad.triple for quad in quads)  # in Python, so that signals are seen
    ox.serialize(rows, out, kind, prefixes=dict(prefixes or {}))
