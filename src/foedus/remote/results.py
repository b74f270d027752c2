"""The body of a store's answer as a result: SPARQL JSON, or RDF."""

from __future__ import annotations

import codecs
import io
import json
import re
from dataclasses import replace
from typing import Any

from foedus.errors import InputError, ParseFailure
from foedus.remote.failures import NotThere
from foedus.remote.places import bare
from foedus.remote.wire import Reply
from foedus.safe_text import printable
from foedus.sparql.lexer import tokens
from foedus.store.convert import is_valid_iri, parse_lines
from foedus.store.query import Result
from foedus.store.reading import quad_lines
from foedus.terms import Term, iri, literal

#: The content types of rows and of triples that are asked for.
ROWS, TRIPLES = "application/sparql-results+json", "application/n-triples"
_TRIPLES = {
    TRIPLES: "nt",
    "text/turtle": "ttl",
    "application/x-turtle": "ttl",
    "text/plain": "nt",
    "application/rdf+xml": "rdf",
}
_FORMS = {"SELECT": "rows", "ASK": "boolean", "CONSTRUCT": "triples", "DESCRIBE": "triples"}
_ASKED = {"rows": "rows", "boolean": "true or false", "triples": "triples"}
#: Virtuoso answers ASK with a row of this variable.
_VIRTUOSO_ASK = "__ASK_RETVAL"
_LABEL = re.compile(r"\W", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]+(?:-[A-Za-z0-9]+)*")


class _Unreadable(ValueError):
    """What is wrong with a body, in words that follow "cannot be read: "."""


def form(sparql: str) -> str:
    """What a query does: SELECT, ASK, CONSTRUCT or DESCRIBE."""
    words = (t.text.upper() for t in tokens(sparql) if t.kind == "word")
    return next((word for word in words if word in _FORMS), "SELECT")


def columns(sparql: str) -> tuple[str, ...] | None:
    """The variables that a SELECT gives; None where it leaves them open with ``*``.

    >>> columns("SELECT DISTINCT ?a (COUNT(?b) AS ?many) WHERE { ?a ?p ?b }")
    ('a', 'many')
    """
    found: dict[str, None] = {}
    depth, named = 0, False
    rest = iter(tokens(sparql))
    for token in rest:
        if token.text.upper() == "SELECT":
            break
    for token in rest:
        word = token.text.upper()
        depth += (word == "(") - (word == ")")
        if token.kind == "variable" and (depth == 0 or (depth == 1 and named)):
            found[token.text[1:]] = None
        elif depth == 0 and word in {"{", "WHERE", "FROM"}:
            return (*found,)
        elif depth == 0 and word not in {")", "DISTINCT", "REDUCED"}:
            break  # a star, or a dialect
        named = word == "AS"
    return None


def read(sparql: str, reply: Reply) -> Result:
    """The result that a store gave to a query.

    Raises `Unreachable`, in one sentence, for a body that is no result, or is one of another query.
    """
    there, kind = bare(reply.url), reply.type
    wanted = _FORMS[form(sparql)]
    if kind in {"text/html", "application/xhtml+xml"}:
        raise NotThere(f"{there} answers with a web page, not with SPARQL results; check the path")
    try:
        if "json" in kind:
            result = _rows(_json(reply))
        elif kind in _TRIPLES:
            result = _triples(reply, _TRIPLES[kind])
        else:
            what = f"with {printable(kind)}" if kind else "without saying in which format"
            format = TRIPLES if wanted == "triples" else ROWS
            raise NotThere(f"{there} answers {what} where {format} was asked for; check the path")
    except (_Unreadable, ParseFailure) as error:
        why = error.reason if isinstance(error, ParseFailure) else error
        raise NotThere(
            f"{there} answers with {printable(kind)} that cannot be read: {printable(str(why))}"
        ) from None
    if result.kind != wanted:
        raise NotThere(
            f"{there} answers with {_ASKED[result.kind]} where {_ASKED[wanted]} were asked for"
        )
    return _of_width(_told_whole(result, reply), columns(sparql), there)


def _of_width(result: Result, asked: tuple[str, ...] | None, there: str) -> Result:
    """The result with its columns as the query names them."""
    if result.kind != "rows" or asked is None or result.variables == asked:
        return result
    if result.rows and sorted(result.variables) != sorted(asked):
        given = ", ".join(f"?{name}" for name in result.variables) or "no column"
        raise NotThere(
            f"{there} answers with {given} where "
            f"{', '.join(f'?{name}' for name in asked)} were asked for"
        )
    places = [result.variables.index(name) for name in asked] if result.rows else []
    rows = tuple(tuple(row[place] for place in places) for row in result.rows)
    return replace(result, variables=asked, rows=rows)


def _told_whole(result: Result, reply: Reply) -> Result:
    """The result, marked where the store says that there is more of it."""
    there, cut = bare(reply.url), ""
    most = reply.headers.get("x-sparql-maxrows", "").strip()
    limit = int(most[:9]) if most.isascii() and most.isdigit() else 0
    if limit and (len(result.rows) >= limit or result.kind == "triples"):
        cut = f"{there} gives no more rows than {limit:,}, so some may be missing; ask for less"
    elif reply.status == 206 or reply.headers.get("x-sql-state", "").startswith("S1T"):
        cut = f"{there} stopped early, so some of the answer may be missing; ask for less"
    return replace(result, cut=cut)


def as_utf8(reply: Reply) -> bytes:
    """The body in UTF-8, without a byte order mark, whatever the charset of the answer is."""
    charset = reply.charset or json.detect_encoding(reply.body)
    if charset.lower().replace("_", "-") in {"utf-8", "utf8", "us-ascii"}:
        return reply.body.removeprefix(codecs.BOM_UTF8)
    try:
        return reply.body.decode(charset).removeprefix("\ufeff").encode()
    except UnicodeError:
        raise _Unreadable(f"it is not in the charset {charset!r}") from None
    except (LookupError, ValueError):
        raise _Unreadable(f"its charset {charset!r} is unknown") from None


def _json(reply: Reply) -> Any:
    body = as_utf8(reply)
    try:
        return json.loads(body.decode())
    except UnicodeDecodeError as error:
        raise _Unreadable(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        if not body[error.pos :].strip() or error.msg.startswith("Unterminated string"):
            raise _Unreadable(f"it is cut off after {len(body):,} bytes") from None
        raise _Unreadable(f"it is no JSON at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _Unreadable("its JSON is nested too deeply") from None
    except ValueError:
        raise _Unreadable("a number in it is too long") from None


def _triples(reply: Reply, extension: str) -> Result:
    body = as_utf8(reply)
    if extension == "rdf" and b"<!DOCTYPE" in body:
        raise _Unreadable("it has a DOCTYPE, whose entities may be endless")
    base = bare(reply.url)
    try:
        text = b"".join(quad_lines(io.BytesIO(body), extension, base, base))
        return Result("triples", triples=tuple(sorted(set(parse_lines(text, quads=True)))))
    except (InputError, SyntaxError, ValueError) as error:
        raise _Unreadable(str(error)) from None


def _rows(answer: Any) -> Result:
    try:
        if "boolean" in answer:
            if not isinstance(answer["boolean"], bool):
                raise _Unreadable("its boolean is neither true nor false")
            return Result("boolean", boolean=answer["boolean"])
        names = tuple(answer["head"].get("vars", ()))
        found = answer["results"]["bindings"]
        if names == (_VIRTUOSO_ASK,):  # no row for false
            return Result("boolean", boolean=any(r[_VIRTUOSO_ASK]["value"] != "0" for r in found))
        if any(printable(name) != name for name in names) or len(set(names)) < len(names):
            raise _Unreadable("its columns have no usable names")
        valid: set[str] = set()
        rows = tuple(
            tuple(_term(row[name], valid) if name in row else None for name in names)
            for row in found
        )
    except (KeyError, TypeError, AttributeError):
        raise _Unreadable("it is not laid out as SPARQL 1.1 JSON results") from None
    if stray := {str(name) for row in found for name in row} - set(names):
        raise _Unreadable(f"a row has a column {min(stray)!r} that its head does not name")
    return Result("rows", names, rows)


def _term(value: Any, valid: set[str]) -> Term:
    """The term of a JSON object; ``valid`` are IRIs that were seen to be well-formed."""
    kind, content = value["type"], value["value"]
    if kind == "triple":
        parts = (_term(content[part], valid) for part in ("subject", "predicate", "object"))
        return f"<<( {' '.join(parts)} )>>"
    if not isinstance(content, str):
        raise _Unreadable(f"the value {content!r} is not a string")
    if kind == "uri":
        return iri(_iri(content, valid))
    if kind == "bnode":
        return "_:" + _LABEL.sub(lambda m: f"_{ord(m[0]):x}_", content)
    if kind not in {"literal", "typed-literal"}:
        raise _Unreadable(f"there is no kind of term {kind!r}")
    if not content.isascii() and any("\ud800" <= c <= "\udfff" for c in content):
        raise _Unreadable("a literal has half a character (a lone surrogate)")
    language, datatype = value.get("xml:lang"), value.get("datatype")
    if language and not _LANGUAGE.fullmatch(language):
        raise _Unreadable(f"{language!r} is not a language tag")
    return literal(content, datatype and _iri(datatype, valid), language)


def _iri(text: str, valid: set[str]) -> str:
    if text not in valid:
        if not is_valid_iri(text):
            raise _Unreadable(f"{text!r} is not a well-formed IRI")
        valid.add(text)
    return text
