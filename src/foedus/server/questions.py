"""Each question as a page, a form and an API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from foedus.errors import UsageError
from foedus.explain.rows import RowSupport
from foedus.knowledge import Answer
from foedus.knowledge.questions import ANY, KINDS, Parameter, Question, suggest
from foedus.provenance.scope import filled, given
from foedus.render import supports, tables
from foedus.render.tables import Format
from foedus.server.calls import Call, Problem, Reply
from foedus.server.negotiation import CSV, HTML, MARKDOWN, PLAIN_JSON, Form
from foedus.server.protocol import Refused
from foedus.server.site import Site, problem_of
from foedus.sparql.parser import parse
from foedus.sparql.tree import is_variable
from foedus.version import __version__

FORMS = (HTML, PLAIN_JSON, CSV, MARKDOWN)


def ask(site: Site, call: Call) -> Reply:
    """The answer to a question with the values that the address gives."""
    slug, chosen = _form_of(call)
    question = site.graph.question(slug)
    given = _values(question, call)
    try:
        answer = site.graph.ask(slug, given)
    except UsageError as error:  # a name that is not known, a date that is none
        if chosen.name != HTML.name:
            raise Refused(400, str(error)) from None
        problem = Problem(400, problem_of(error).detail)
        return _page(site, call, question, given, problem=problem)
    if len(answer.result.rows) > site.most:
        raise Refused(422, f"the answer has more than {site.most:,} rows; use /sparql with LIMIT")
    found = site.graph.support(answer)
    if chosen.name == HTML.name:
        return _page(site, call, question, given, answer=answer, found=found)
    if chosen.name == CSV.name:
        text = tables.render(answer.result, Format.csv, site.graph.names.label) + "\n"
        return _sent(text, chosen)
    phrases = site.graph.explainer.phrases
    if chosen.name == MARKDOWN.name:
        told = supports.render(answer.result, found, phrases, Format.md)
        return _sent(f"# {answer.phrase(site.graph.names)}\n\n{told}\n", chosen)
    body = json.loads(supports.render(answer.result, found, phrases, Format.json))
    head = {
        "question": slug,
        "words": answer.phrase(site.graph.names),
        "values": {**_defaults(question), **answer.values},
        "assumes": question.assumes or None,
    }
    return _sent(json.dumps(head | body, ensure_ascii=False, indent=1) + "\n", chosen)


def _sent(text: str, form: Form) -> Reply:
    return Reply(text.encode(errors="replace"), form.content_type)


def _form_of(call: Call) -> tuple[str, Form]:
    """The question's name and the form of its answer: by the ending of the address, else Accept."""
    slug, _, ending = call.name.partition(".")
    if not ending:
        return slug, call.choose(*FORMS)
    for form in FORMS:
        if form.name == ending:
            return slug, form
    known = ", ".join(form.name for form in FORMS)
    raise Refused(404, f"an answer is not to be had as {ending!r}; known are {known}")


def _values(question: Question, call: Call) -> dict[str, str]:
    """The values of the address; one that is empty is left as it is in the question."""
    found: dict[str, str] = {}
    for name, value in call.values:
        try:
            question.parameter(name)
        except UsageError as error:
            raise Refused(400, str(error)) from None
        if name in found:
            raise Refused(400, f"{name} is given twice; give one value for each name")
        if value.strip():
            found[name] = value.strip()
    return found


def _defaults(question: Question) -> dict[str, str]:
    return {p.name: p.spoken for p in question.parameters}


def _page(
    site: Site,
    call: Call,
    question: Question,
    values: Mapping[str, str],
    *,
    answer: Answer | None = None,
    found: Sequence[RowSupport] = (),
    problem: Problem | None = None,
) -> Reply:
    shown = {**spoken(site, question), **values}
    return site.page(
        "ask.html",
        call,
        problem.status if problem else 200,
        question=question,
        words=answer.phrase(site.graph.names) if answer else question.phrase(shown, str),
        shown=shown,
        answer=answer,
        supports=found,
        problem=problem,
        why_not=_why_empty(site, answer) if answer and not answer.result else (),
        names=site.offered if any(p.kind == "name" for p in question.parameters) else [],
    )


def spoken(site: Site, question: Question) -> dict[str, str]:
    """The defaults as a person would type them."""
    return {p.name: _label(site, p) for p in question.parameters}


def _label(site: Site, parameter: Parameter) -> str:
    if parameter.kind != "name" or parameter.default == ANY:
        return parameter.default
    return site.graph.names.label(site.graph.names.resolve(parameter.default))


def _why_empty(site: Site, answer: Answer) -> tuple[str, ...]:
    """Why an answer is empty: what is not stated by itself, then what is not stated at once."""
    return tuple(dict.fromkeys(_missing(site, answer)))


def _missing(site: Site, answer: Answer) -> Iterator[str]:
    explainer = site.graph.explainer
    where = parse(answer.sparql).where
    for pattern in filled(where, given(where)):
        p = pattern.predicate
        if isinstance(p, str) and not is_variable(p):
            s, o = (None if is_variable(t) else t for t in (pattern.subject, pattern.object))
            if not explainer.find(s, p, o):
                yield f"Nothing states that {explainer.open_sentence((s, p, o))}."
    for text in explainer.support(answer.sparql, {}).assumptions:
        yield f"{text[:1].upper()}{text[1:]}."


def found_by(site: Site, text: str) -> list[Question]:
    """The questions that somebody may mean: their words have those of the text, most first."""
    questions = site.graph.questions
    if text in questions:
        return [questions[text]]
    words = {word for word in text.casefold().replace("?", " ").split() if len(word) > 2}
    scored = []
    for question in questions.values():
        said = f"{question.slug.replace('-', ' ')} {question.words}".casefold()
        score = sum(word.rstrip("s") in said for word in words)
        if score:
            scored.append((-score, question.slug))
    named = [questions[slug] for _, slug in sorted(scored)]
    return named or [questions[slug] for slug in suggest(text, questions)]


def openapi(site: Site, call: Call) -> Reply:
    """What can be asked, in the words of OpenAPI 3.1, made from the files of the questions.

    Source: https://spec.openapis.org/oas/v3.1.0
    """
    paths = {f"/ask/{q.slug}": {"get": _operation(site, q)} for q in site.graph.questions.values()}
    problem = {"description": "what is wrong, in a sentence", "content": {"application/json": {}}}
    body = {
        "openapi": "3.1.0",
        "info": {"title": site.title, "version": __version__},
        "servers": [{"url": call.base.rstrip("/")}],
        "paths": paths,
        "components": {"responses": {"problem": problem}},
    }
    text = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
    return Reply(text.encode(), "application/json")


def _operation(site: Site, question: Question) -> dict[str, Any]:
    defaults = spoken(site, question)
    parameters = [
        {
            "name": p.name,
            "in": "query",
            "required": False,
            "description": f"{p.about or p.name}; {KINDS[p.kind]}",
            "schema": {"type": "string", "default": defaults[p.name]},
        }
        for p in question.parameters
    ]
    content: dict[str, Any] = {form.types[0]: {"schema": {"type": "string"}} for form in FORMS}
    content[PLAIN_JSON.types[0]] = {"schema": {"type": "object"}}
    problem = {"$ref": "#/components/responses/problem"}
    return {
        "operationId": question.slug,
        "summary": question.phrase(defaults, str),
        "tags": [question.topic],
        "parameters": parameters,
        "responses": {
            "200": {"description": "rows, each with its basis and its words", "content": content},
            **dict.fromkeys(("400", "406", "422", "503", "504"), problem),
        },
    }
