"""The SPARQL endpoint, the graphs by their names, and the description of both."""

from __future__ import annotations

from dataclasses import dataclass

from foedus.errors import FoedusError
from foedus.resources import internal
from foedus.server.calls import Call, Problem, Reply
from foedus.server.negotiation import ANSWERS, GRAPHS, HTML, JSONLD, QUADS, TRIG, Form
from foedus.server.protocol import Query, Refused, absolute
from foedus.server.results import written
from foedus.server.site import Site, problem_of
from foedus.sparql.guard import form
from foedus.sparql.lexer import tokens
from foedus.store.files import read_text
from foedus.store.query import Graphs, QuadStore, Result
from foedus.store.serialization import serialize
from foedus.terms import iri

_KINDS = {"SELECT": "rows", "ASK": "boolean"}


@dataclass(frozen=True, slots=True)
class Example:
    """A question as an example of a query; ``form`` is ``select``, ``ask`` or ``construct``."""

    slug: str
    words: str
    form: str
    sparql: str


def sparql(site: Site, call: Call) -> Reply:
    """The answer to a query; without one, a form for browsers or the service's description."""
    query = call.query
    if query is None:
        if call.prefers(HTML, *GRAPHS):
            return site.page("sparql.html", call, query=Query(""), problem=None, result=None)
        return description(site, call)
    read = form(list(tokens(query.text)))
    said = read.text.upper() if read else ""
    chosen = call.choose(*ANSWERS[_KINDS.get(said, "triples")])
    try:
        result = _asked(site, query, call.base)
    except FoedusError as error:
        if chosen.name != HTML.name:
            raise
        return _page(site, call, query, None, problem_of(error))
    if chosen.name == HTML.name:
        return _page(site, call, query, result, None)
    return Reply(written(result, chosen.name, site.graph.prefixes), chosen.content_type)


def _asked(site: Site, query: Query, base: str) -> Result:
    graphs = None
    if query.default is not None and query.named is not None:
        graphs = Graphs(tuple(map(iri, query.default)), tuple(map(iri, query.named)))
    return site.graph.dataset.query(
        query.text,
        prefixes=site.graph.prefixes,
        base=f"{base}sparql",
        graphs=graphs,
        most=site.most,
    )


def _page(
    site: Site, call: Call, query: Query, result: Result | None, problem: Problem | None
) -> Reply:
    status = problem.status if problem else 200
    return site.page("sparql.html", call, status, query=query, problem=problem, result=result)


def graphs(site: Site, call: Call) -> Reply:
    """A graph by its name, the default graph, or all of them.

    Source: https://www.w3.org/TR/sparql11-http-rdf-update/#http-get
    """
    dataset = site.graph.dataset
    names = [value for name, value in call.values if name == "graph"]
    default = any(name == "default" for name, _ in call.values)
    if len(names) + default > 1:
        raise Refused(400, "name one graph, or the default one")
    if default:
        triples = dataset.match()
    elif names:
        name = iri(absolute("graph", names[0]))
        triples = dataset.match(graph=name)
        if not next(dataset.match(graph=name), None):
            raise Refused(404, f"there is no graph {name}; GET {call.base}sparql lists them")
    else:
        chosen = call.choose(TRIG, QUADS, JSONLD)
        return Reply(serialize(dataset, chosen.name, site.graph.prefixes), chosen.content_type)
    return _sent(site, QuadStore.of(triples), call.choose(*GRAPHS))


def description(site: Site, call: Call) -> Reply:
    """What the service and its graph are, in the words of sd:, void: and sh:."""
    chosen = call.choose(*GRAPHS)
    if call.base not in site.descriptions:
        site.descriptions.clear()  # or there would be one for each name that a client calls us by
        site.descriptions[call.base] = _described(site, call)
    return _sent(site, site.descriptions[call.base], chosen)


def _described(site: Site, call: Call) -> QuadStore:
    examples = []
    for question in site.graph.questions.values():
        read = form(list(tokens(question.sparql)))
        assert read is not None  # a question is a query
        words = question.phrase({p.name: p.spoken for p in question.parameters}, str)
        examples.append(Example(question.slug, words, read.text.lower(), question.sparql))
    text = site.fill("service.ttl", call, prefixes=site.graph.prefixes, examples=examples)
    store = QuadStore.parse(text, call.base)
    for path in sorted(internal("server").glob("*.rq")):
        store.add(site.graph.dataset.query(read_text(path), base=call.base).triples)
    return store


def _sent(site: Site, store: QuadStore, chosen: Form) -> Reply:
    return Reply(serialize(store, chosen.name, site.graph.prefixes), chosen.content_type)
