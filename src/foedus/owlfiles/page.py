"""A page of an ontology's terms, each under the anchor that its IRI ends in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from pathlib import Path

from foedus.knowledge.material import build_query
from foedus.names import Name, Names
from foedus.phrases import Phrases
from foedus.store.query import QuadStore
from foedus.terms import Term, compact, is_blank, text_of

_TEMPLATE = Path(__file__).with_name("page.html")
_HEADINGS = {
    "class": "Classes",
    "object property": "Object properties",
    "data property": "Data properties",
    "annotation property": "Annotation properties",
    "individual": "Individuals",
}


@dataclass(slots=True)
class _Entry:
    """One term with what is said of it: property to values, in the order of the query."""

    kind: str
    term: Term
    label: str
    definition: str
    said: dict[Term, list[Term]] = field(default_factory=dict)


def page(ontology: QuadStore, prefixes: Mapping[str, str]) -> str:
    """The HTML of the page: self-contained, and the same for the same ontology."""
    entries = _entries(ontology)
    names = Names((Name(e.term, e.label, "en", 0, e.kind) for e in entries), prefixes)
    writer = _Writer(Phrases(names, ontology.match), {e.term for e in entries}, prefixes)
    header = next(ontology.query(build_query("header")).dicts())
    parts, menu = [], []
    for kind, group in groupby(entries, key=lambda e: e.kind):
        several = list(group)
        anchor = kind.replace(" ", "-") + "-list"
        menu.append(f'<a href="#{anchor}">{_HEADINGS[kind]} ({len(several)})</a>')
        parts.append(f'<h2 id="{anchor}">{_HEADINGS[kind]}</h2>')
        parts += [writer.entry(e) for e in several]
    text = _TEMPLATE.read_text(encoding="utf-8")
    fills = {name: escape(text_of(value)) for name, value in header.items()}
    for name, value in (fills | {"menu": "\n".join(menu), "terms": "\n".join(parts)}).items():
        text = text.replace(f"<!--{name}-->", value)
    return text


def _entries(ontology: QuadStore) -> list[_Entry]:
    found: dict[tuple[str, Term], _Entry] = {}
    for row in ontology.query(build_query("terms")).dicts():
        kind, label, definition = (text_of(row[n]) for n in ("kind", "label", "definition"))
        entry = found.setdefault((kind, row["term"]), _Entry(kind, row["term"], label, definition))
        if "property" in row and row["value"] not in entry.said.setdefault(row["property"], []):
            entry.said[row["property"]].append(row["value"])
    order = list(_HEADINGS)
    return sorted(found.values(), key=lambda e: order.index(e.kind))


@dataclass(slots=True)
class _Writer:
    phrases: Phrases
    known: set[Term]
    prefixes: Mapping[str, str]

    def entry(self, entry: _Entry) -> str:
        rows = "".join(
            f"<dt>{escape(self._property(p))}</dt><dd>{'; '.join(self._values(entry, p))}</dd>"
            for p in entry.said
        )
        curie = compact(entry.term, self.prefixes)
        return (
            f'<section id="{escape(_anchor(entry.term))}"><h3>{escape(entry.label)} '
            f"<code>{escape(curie)}</code></h3>"
            f"<p>{escape(entry.definition)}</p><dl>{rows}</dl></section>"
        )

    def _property(self, term: Term) -> str:
        return compact(term, self.prefixes)

    def _values(self, entry: _Entry, prop: Term) -> Iterator[str]:
        for value in entry.said[prop]:
            if is_blank(value):
                yield escape(self.phrases.sentence((entry.term, prop, value)))
            elif value in self.known:
                yield f'<a href="#{escape(_anchor(value))}">{escape(self.phrases.label(value))}</a>'
            elif value.startswith(("<https:", "<http:")):
                yield f'<a href="{escape(value[1:-1])}">{escape(compact(value, self.prefixes))}</a>'
            else:
                yield escape(text_of(value))


def _anchor(term: Term) -> str:
    """The part of an IRI behind the last # or /, which browsers look for on the page."""
    return text_of(term).replace("#", "/").rsplit("/", 1)[1]
