"""A query's result as the bytes of a standard format.

Sources: https://www.w3.org/TR/sparql12-results-json/, https://www.w3.org/TR/sparql12-results-xml/,
https://www.w3.org/TR/sparql11-results-csv-tsv/
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from foedus.render.tables import json_term
from foedus.store.query import QuadStore, Result
from foedus.store.serialization import FORMATS, serialize
from foedus.terms import Term, is_blank, is_iri, split_literal, split_triple, text_of

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_PARTS = ("subject", "predicate", "object")


def written(result: Result, form: str, prefixes: Mapping[str, str]) -> bytes:
    """The result in the form of that name: json, xml, csv, tsv; or a format of graphs."""
    if form in FORMATS:
        return serialize(QuadStore.of(result.triples), form, prefixes)
    return _WRITERS[form](result).encode(errors="backslashreplace")


def _json(result: Result) -> str:
    if result.kind == "boolean":
        return json.dumps({"head": {}, "boolean": result.boolean})
    rows = [{name: json_term(term) for name, term in row.items()} for row in result.dicts()]
    body = {"head": {"vars": list(result.variables)}, "results": {"bindings": rows}}
    return json.dumps(body, ensure_ascii=False)


def _xml(result: Result) -> str:
    return "".join(_xml_parts(result))


def _xml_parts(result: Result) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head>'
    yield from (f"<variable name={quoteattr(name)}/>" for name in result.variables)
    yield "</head>"
    if result.kind == "boolean":
        yield f"<boolean>{'true' if result.boolean else 'false'}</boolean></sparql>\n"
        return
    yield "<results>"
    for row in result.dicts():
        yield "\n<result>"
        for name, term in row.items():
            yield f"<binding name={quoteattr(name)}>{_xml_term(term)}</binding>"
        yield "</result>"
    yield "\n</results></sparql>\n"


def _xml_term(term: Term) -> str:
    if triple := split_triple(term):
        parts = (f"<{n}>{_xml_term(t)}</{n}>" for n, t in zip(_PARTS, triple, strict=True))
        return f"<triple>{''.join(parts)}</triple>"
    if is_iri(term):
        return f"<uri>{escape(text_of(term))}</uri>"
    if is_blank(term):
        return f"<bnode>{escape(term[2:])}</bnode>"
    value, datatype, tag = split_literal(term)
    more = f" datatype={quoteattr(datatype)}" if datatype else ""
    if tag:
        tag, _, direction = tag.partition("--")
        more = f" xml:lang={quoteattr(tag)}"
        if direction:
            more += f' xmlns:its="http://www.w3.org/2005/11/its" its:dir={quoteattr(direction)}'
    return f"<literal{more}>{_xml_text(value)}</literal>"


def _xml_text(value: str) -> str:
    """Text of a document of XML 1.0, which has no way to write most control characters."""
    return escape(_NO_XML.sub("\ufffd", value), {"\r": "&#13;"})


def _csv(result: Result) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(result.variables)
    writer.writerows(
        [(term if is_blank(term) else text_of(term)) if term else "" for term in row]
        for row in result.rows
    )
    return out.getvalue()


def _tsv(result: Result) -> str:
    lines = ["\t".join(f"?{name}" for name in result.variables)]
    lines += ["\t".join(term or "" for term in row) for row in result.rows]
    return "\n".join(lines) + "\n"


_WRITERS: dict[str, Callable[[Result], str]] = {
    "json": _json,
    "xml": _xml,
    "csv": _csv,
    "tsv": _tsv,
}
