"""A graph and what it answers, as a worker does it."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import jinja2

from foedus.errors import FoedusError, LimitReached, ParseFailure, QueryRefused, UnknownName
from foedus.knowledge import KnowledgeGraph
from foedus.language.prose import capital, full, said_by
from foedus.render import pages
from foedus.render.report import anchor, is_heading, kind, noted, paragraphs
from foedus.report.content import Read, article
from foedus.safe_text import printable
from foedus.server.calls import Call, Problem, Reply
from foedus.server.negotiation import HTML, PLAIN, PROBLEM, choose
from foedus.server.protocol import Refused
from foedus.store.query import QuadStore
from foedus.terms import Term, is_iri, literal

TEMPLATES = Path(__file__).with_name("templates")
_STATUSES: Mapping[type[FoedusError], int] = {
    QueryRefused: 403,
    UnknownName: 404,
    LimitReached: 422,
}
#: Letters of the longest name that a field offers.
_SHORT = 40
#: Bodies of so many bytes and more are compressed.
_LONG = 1_000

Handler = Callable[["Site", Call], Reply]


class Site:
    """A graph and what it answers; ``most`` rows or triples are the largest answer.

    ``handlers`` are what answers calls, by their kinds.
    """

    def __init__(self, graph: KnowledgeGraph, most: int, handlers: Mapping[str, Handler]) -> None:
        self.graph, self.most, self._handlers = graph, most, handlers
        self.space = graph.prefixes.get("id", "")
        passages = [p for several in graph.explainer.origins.passages.values() for p in several]
        self.title = next((p.quote for p in passages if p.place == "title"), "Foedus")
        self.descriptions: dict[str, QuadStore] = {}

    @cached_property
    def offered(self) -> list[str]:
        """The names that a field can offer; those of claims are sentences, and left out."""
        names, space = self.graph.names, f"<{self.space}"
        things = {s for s, _, _ in self.graph.view.match() if s.startswith(space) and s in names}
        short = {label for label in map(names.label, things) if len(label) <= _SHORT}
        return sorted(short, key=str.casefold)

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """The article with what was read from each sentence."""
        return tuple(article(self.graph, self.graph.explainer))

    def warm(self) -> None:
        """Make what every worker needs, before they are forked: they may open no file."""
        graph = self.graph
        for made in (graph.names, graph.questions, graph.dataset, graph.asserted):
            assert made is not None
        assert self.offered is not None and self.reads is not None
        for slug in list(graph.questions)[:1]:  # with its proofs, which read the rules
            graph.support(graph.ask(slug))
        for name in ("proof.html", *(path.name for path in TEMPLATES.iterdir())):
            self.templates.get_template(name)

    @cached_property
    def templates(self) -> jinja2.Environment:
        """The templates; what is put into an HTML one is escaped."""
        made = jinja2.Environment(
            loader=jinja2.FileSystemLoader([TEMPLATES, pages.TEMPLATES]),
            autoescape=jinja2.select_autoescape(["html"]),
            undefined=jinja2.StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        filters = (
            literal,
            capital,
            full,
            said_by,
            kind,
            anchor,
            is_heading,
            paragraphs,
            noted,
        )
        made.filters |= {filter.__name__: filter for filter in filters}
        made.tests["in_article"] = lambda passage: passage.start is not None
        made.tests["plumbing"] = self.graph.explainer.phrases.is_plumbing
        made.globals |= {"label": self.graph.explainer.phrases.label, "link": self.link}
        return made

    def link(self, base: str, term: Term) -> str:
        """The address of a term's page here; empty where it has none."""
        if not is_iri(term):
            return ""
        short = self.graph.names.short(term)
        prefix, _, name = short.partition(":")
        if short.startswith("<") or term not in self.graph.names:
            return ""
        return f"{base}page/{quote(name if prefix == 'id' else short)}"

    def fill(self, template: str, call: Call, **values: object) -> str:
        """The text of a template filled in."""
        return self.templates.get_template(template).render(site=self, base=call.base, **values)

    def page(self, template: str, call: Call, status: int = 200, **values: object) -> Reply:
        """A page as a reply."""
        text = self.fill(template, call, **values)
        return Reply(text.encode(errors="replace"), HTML.content_type, status)

    def answer(self, call: Call) -> Reply:
        """The reply to a call, whatever is wrong with it."""
        try:
            made = self._handlers[call.kind](self, call)
        except Refused as error:
            made = self.problem(call, Problem(error.status, error.message))
            made = replace(made, headers=error.headers)
        except FoedusError as error:
            made = self.problem(call, problem_of(error))
        if made.status == HTTPStatus.OK:
            tag = f'W/"{hashlib.sha256(made.body).hexdigest()[:24]}"'
            made = replace(made, headers={**made.headers, "ETag": tag})
        return _packed(made) if call.packed else made

    def problem(self, call: Call, problem: Problem) -> Reply:
        """What is wrong, as a page for browsers, else as JSON or text."""
        if call.prefers(HTML, PLAIN, PROBLEM):
            reason = HTTPStatus(problem.status).phrase
            return self.page("problem.html", call, problem.status, problem=problem, reason=reason)
        return plain(call.accept, problem)


def _shown(value: object) -> object:
    """Text of others without characters that steer; what is a part of a page stays as it is."""
    return printable(value, keep="\n\t") if type(value) is str else value


def problem_of(error: FoedusError) -> Problem:
    """What is wrong, with its status."""
    line = error.line if isinstance(error, ParseFailure) else None
    return Problem(_STATUSES.get(type(error), 400), str(error), line)


def plain(accept: str, problem: Problem) -> Reply:
    """What is wrong as text, or as JSON (RFC 9457) for who likes that better."""
    form = choose(accept, (PLAIN, PROBLEM)) or PLAIN
    text = problem.detail + "\n"
    if form.name == PROBLEM.name:
        title = HTTPStatus(problem.status).phrase
        body = {"status": problem.status, "title": title, "detail": problem.detail}
        text = json.dumps(body if problem.line is None else body | {"line": problem.line})
    return Reply(text.encode(errors="replace"), form.content_type, problem.status)


def _packed(reply: Reply) -> Reply:
    if len(reply.body) < _LONG:
        return reply
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return replace(reply, body=gzip.compress(reply.body, 5, mtime=0), headers=headers)
