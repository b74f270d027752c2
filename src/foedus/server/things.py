"""Linked data: each name of the graph leads to a page about it, or to what is stated of it.

Source: https://www.w3.org/TR/cooluris/#r303gendocument
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote, urlencode

from foedus.errors import UnknownName
from foedus.explain.origins import claim_contents
from foedus.explain.steps import Explanation, Passage, Step
from foedus.language.spelling import near
from foedus.render import proofs
from foedus.server.calls import Call, Reply
from foedus.server.negotiation import GRAPHS, HTML, MARKDOWN, PLAIN, PLAIN_JSON, Form
from foedus.server.protocol import Refused
from foedus.server.site import Site
from foedus.store.query import QuadStore
from foedus.store.serialization import serialize
from foedus.terms import Quad, Term, Triple, expand, is_blank, is_iri, text_of
from foedus.whatif import alternatives

IS_A = "is a"
#: Facts that a page shows of those that have a thing as their object, and of each property.
_MOST = 100


@dataclass(frozen=True, slots=True)
class Fact:
    """A triple on the page of a thing: what it says, where it comes from, where its proof is."""

    other: Term
    property: str
    sentence: str
    entailed: bool
    passages: tuple[Passage, ...]
    sources: tuple[str, ...]
    why: str


def see(site: Site, call: Call) -> Reply:
    """Where to look for a thing: at its page, or at its data, by what the client accepts."""
    name, form = _named(call.name)
    _known(site, name)
    forms = (HTML, *GRAPHS)
    chosen = form or call.choose(*forms)
    kind = "page" if chosen.name == HTML.name else "data"
    ending = "" if kind == "page" else f".{chosen.name}"
    address = f"{call.base}{kind}/{quote(name, safe=':')}{ending}"
    return Reply(b"", PLAIN.content_type, 303, {"Location": address})


def data(site: Site, call: Call) -> Reply:
    """What is stated of a thing and what follows, as RDF; its blank nodes with it."""
    name, form = _named(call.name)
    chosen = form or call.choose(*GRAPHS)
    if chosen.name == HTML.name:
        raise Refused(404, "data is no page; see /page/")
    return _rdf(site, _about(site, _known(site, name), chosen.name in ("trig", "nq")), chosen)


def ontology(site: Site, call: Call) -> Reply:
    """The terms as a page, or the ontology as RDF."""
    chosen = call.choose(HTML, *GRAPHS)
    space = site.graph.prefixes.get("fo")
    if space is None:
        raise Refused(404, "this graph has no terms of its own: its prefixes lack fo:")
    if chosen.name != HTML.name:
        name = f"<{space.rstrip('#/')}>"
        return _rdf(site, site.graph.dataset.match(graph=name), chosen)
    names = site.graph.names
    subjects = {s for s, _, _ in site.graph.view.match() if s.startswith(f"<{space}")}
    ordered = sorted((s for s in subjects if s in names), key=lambda t: names.label(t).casefold())
    kinds = {"class": "Classes", "property": "Properties", "thing": "Individuals"}
    terms = {head: [t for t in ordered if names.is_a(t, kind)] for kind, head in kinds.items()}
    define = expand("skos:definition", site.graph.prefixes)
    definitions = {t: text_of(o) for t in ordered for _, _, o in site.graph.view.match(t, define)}
    return site.page("ontology.html", call, terms=terms, definitions=definitions, space=space)


def page(site: Site, call: Call) -> Reply:
    """A page about a thing: what is stated and what follows, its words, what is claimed of it."""
    name, form = _named(call.name)
    if form is not None and form.name != HTML.name:
        raise Refused(404, f"a page is no data; see {call.base}data/{call.name}")
    thing = _known(site, name)
    explainer, view = site.graph.explainer, site.graph.view
    phrases = explainer.phrases
    named = site.graph.names
    out = [
        t
        for t in view.match(thing)
        if (t[2] in named if phrases.is_kind_of(t) else phrases.is_fact(t))
    ]
    into = [t for t in view.match(None, None, thing) if phrases.is_fact(t)]
    facts = sorted(
        _facts(site, call.base, out, thing),
        key=lambda f: (f.property != IS_A, f.property, f.sentence),
    )
    other = [
        t
        for t in view.match(thing)
        if t not in out and not phrases.is_plumbing(t) and not phrases.is_kind_of(t)
    ]
    claims = [
        (explainer.phrases.sentence(triple), passage)
        for triple, several in claim_contents(view).items()
        if thing in triple
        for claim in several
        for passage in explainer.origins.claims.get(claim, ())
    ]
    return site.page(
        "thing.html",
        call,
        thing=thing,
        curie=site.graph.names.short(thing),
        name=name,
        facts=[(said, list(few)[:_MOST]) for said, few in groupby(facts, lambda f: f.property)],
        into=sorted(_facts(site, call.base, into, thing), key=lambda f: f.sentence)[:_MOST],
        more=max(len(into) - _MOST, 0),
        notes=sorted((phrases.label(p), phrases.label(o)) for _, p, o in other if not is_blank(o)),
        claims=sorted(claims, key=lambda claim: claim[0]),
        words=explainer.origins.words_of(thing),
    )


def _facts(site: Site, base: str, triples: Iterable[Triple], thing: Term) -> Iterable[Fact]:
    explainer = site.graph.explainer
    for triple in triples:
        s, p, o = triple
        step = explainer.prove(triple)
        if step is None or is_blank(s) or is_blank(o):
            continue
        yield Fact(
            o if s == thing else s,
            explainer.phrases.label(p),
            explainer.phrases.sentence(triple),
            step.rule is not None,
            step.passages()[:3],
            _sources(step),
            _why_address(site, base, triple),
        )


def _sources(step: Step) -> tuple[str, ...]:
    found = (s for leaf in step.leaves() if leaf.origin for s in leaf.origin.sources)
    return tuple(dict.fromkeys(found))[:2]


def _why_address(site: Site, base: str, triple: Triple) -> str:
    short = site.graph.names.short
    s, p, o = (short(t) if is_iri(t) else text_of(t) for t in triple)
    p = IS_A if site.graph.explainer.phrases.is_kind_of(triple) else p
    return f"{base}why?{urlencode({'subject': s, 'predicate': p, 'object': o})}"


def why(site: Site, call: Call) -> Reply:
    """Every proof of a triple down to its words; or what is missing for it."""
    forms = (HTML, PLAIN_JSON, MARKDOWN, PLAIN)
    chosen = call.choose(*forms)
    values = dict(call.values)
    lacking = [name for name in ("subject", "predicate", "object") if not values.get(name)]
    if lacking:
        raise Refused(400, f"a triple has a subject, a predicate and an object; give {lacking[0]}=")
    explainer = site.graph.explainer
    told: Explanation = explainer.why(
        explainer.resolve(values["subject"], values["predicate"], values["object"]), every=True
    )
    if not told.proofs:
        told = alternatives(site.graph, told)
    if chosen.name == HTML.name:
        return site.page("why.html", call, told=told)
    if chosen.name == PLAIN_JSON.name:
        text = json.dumps(proofs.as_json(told), ensure_ascii=False, indent=1) + "\n"
    else:
        text = (proofs.as_text if chosen.name == PLAIN.name else proofs.as_markdown)(told)
    return Reply(text.encode(errors="replace"), chosen.content_type)


def _named(name: str) -> tuple[str, Form | None]:
    """A name without the ending that says in which form it is wanted."""
    stem, dot, ending = name.rpartition(".")
    for form in (HTML, *GRAPHS):
        if dot and form.name == ending:
            return stem, form
    return name, None


def _known(site: Site, name: str) -> Term:
    """The term of a name of the graph: of ``id:``, or with its prefix before a colon.

    Raises `UnknownName` with the near names.
    """
    prefixes, view = site.graph.prefixes, site.graph.view
    term = expand(name if ":" in name else f"id:{name}", prefixes)
    known = term is not None and all(c > " " and c not in '<>"{}|^`\\' for c in term[1:-1])
    if (
        term is None
        or not known
        or not (next(view.match(term), None) or next(view.match(None, None, term), None))
    ):
        space = f"<{site.space}"
        every = {s[len(space) : -1] for s, _, _ in view.match() if s.startswith(space)}
        raise UnknownName("thing", name, near(name, every) or site.graph.names.near(name))
    return term


def _about(site: Site, thing: Term, named: bool) -> Iterable[Quad | Triple]:
    """The triples in which a thing stands, and those of their blank nodes."""
    view, waiting, seen = site.graph.view, [thing], {thing}
    found: dict[Triple, None] = dict.fromkeys(view.match(None, None, thing))
    while waiting:
        for triple in view.match(waiting.pop()):
            found[triple] = None
            if is_blank(triple[2]) and triple[2] not in seen:
                seen.add(triple[2])
                waiting.append(triple[2])
    if not named:
        return found
    return [(*t, name) for t in found for name in site.graph.graphs(t)]


def _rdf(site: Site, quads: Iterable[Quad | Triple], chosen: Form) -> Reply:
    body = serialize(QuadStore.of(quads), chosen.name, site.graph.prefixes)
    return Reply(body, chosen.content_type)
