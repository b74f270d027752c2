"""The ontology and the graph as files for Protégé and other OWL tools, with a page of the terms."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.material import build_query
from foedus.owlfiles.terms import gather
from foedus.reasoning.rules.proof import Proof
from foedus.render.pages import html
from foedus.replacing import replacing
from foedus.store.files import read_rdf
from foedus.store.query import QuadStore
from foedus.store.serialization import serialize
from foedus.terms import Term, Triple, expanded, is_blank, is_literal, literal, split_literal

_HERE = Path(__file__).parent


def write(graph: KnowledgeGraph, out: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write the files into a folder, and return their paths.

    ``foedus.owl`` is the ontology as asserted; ``foedus-asserted.owl`` has the individuals as well,
    ``foedus-full.owl`` also all that was derived. They are RDF/XML without imports.
    ``catalog-v001.xml`` tells Protégé where they are, ``ontology.html`` shows the terms.
    """
    ontology = ontology_triples(graph)
    terms = gather(graph, QuadStore.of(ontology), derivations(graph))
    made = {
        "foedus.owl": rdfxml(graph, ontology),
        "foedus-asserted.owl": rdfxml(graph, asserted_triples(graph)),
        "foedus-full.owl": rdfxml(graph, full_triples(graph)),
        "catalog-v001.xml": (_HERE / "catalog-v001.xml").read_bytes(),
        "ontology.html": html("ontology.html", {}, ontology=terms).encode(),
    }
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        with replacing(out / name) as file:
            file.write(content)
    return tuple(out / name for name in made)


def ontology_triples(graph: KnowledgeGraph) -> tuple[Triple, ...]:
    """The ontology as its file states it."""
    return tuple((s, p, o) for s, p, o, _ in read_rdf(graph.folders.ontology / "foedus.ttl").quads)


def asserted_triples(graph: KnowledgeGraph) -> Iterator[Triple]:
    """Ontology, facts and claims, each asserted axiom annotated with the words that it rests on.

    Nothing derived is there, so that a reasoner has all of it to derive, and to explain.
    """
    return _axioms(graph, "asserted", {}, False)


def full_triples(graph: KnowledgeGraph, records: bool = False) -> Iterator[Triple]:
    """What `asserted_triples` has and what was derived, annotated with its rule and reason.

    With ``records``, the build's records of the statements are there as well.

    Left out are derived triples about the unnamed parts of class expressions, which OWL's syntax
    cannot mention twice, and derived annotations: in OWL 2 DL nothing follows about them, so of two
    things found to be one each keeps its own label. OWL tools take a second label for a slip, so
    names in other languages than the label's are there as ``skos:prefLabel``.
    """
    notings = graph.view.match(
        None, _term(graph, "rdf:type"), _term(graph, "owl:AnnotationProperty")
    )
    unreasoned = {_term(graph, "rdfs:label"), *(s for s, _, _ in notings)}
    derived = {
        t: why
        for t, why in reasons(graph)
        if not is_blank(t[0]) and not is_blank(t[2]) and t[1] not in unreasoned
    }
    return _axioms(graph, "full", derived, records)


def _axioms(
    graph: KnowledgeGraph, header: str, derived: Mapping[Triple, str], records: bool
) -> Iterator[Triple]:
    """The axioms of a file with individuals, under the header in the Turtle file of that name."""
    a = _term(graph, "rdf:type")
    left_out = {s for s, _, _ in graph.view.match(None, a, _term(graph, "owl:Ontology"))}
    notes = []
    for row in graph.view.query(build_query("words")).dicts():
        triple = (row["subject"], row["predicate"], row["object"])
        notes.append((triple, _term(graph, "dcterms:source"), row["words"]))
        if not records:
            left_out.add(row["statement"])
    notes += [(t, derived_by(graph), literal(why, lang="en")) for t, why in derived.items()]
    everything = {q[:3] for q in read_rdf(_HERE / f"{header}.ttl").quads}
    every = (
        *sorted(graph.asserted),
        *derived,
        *graph.view.query(build_query("individuals")).triples,
    )
    everything |= {t for t in every if not left_out & {t[0], t[2]}}
    yield from _one_label(graph, everything)
    for number, (triple, prop, value) in enumerate(notes):
        if triple in everything:
            node = f"_:note{number}"
            yield node, a, _term(graph, "owl:Axiom")
            for part, term in zip(("Source", "Property", "Target"), triple, strict=True):
                yield node, _term(graph, f"owl:annotated{part}"), term
            yield node, prop, value


def _one_label(graph: KnowledgeGraph, triples: Iterable[Triple]) -> Iterator[Triple]:
    """The triples, each thing with one label, the English one if it has that."""
    label, name = _term(graph, "rdfs:label"), _term(graph, "skos:prefLabel")
    labelled = set()

    def foreign(triple: Triple) -> tuple[bool, Triple]:
        return is_literal(triple[2]) and split_literal(triple[2])[2] not in ("en", None), triple

    for s, p, o in sorted(triples, key=foreign):
        yield s, name if p == label and s in labelled else p, o
        if p == label:
            labelled.add(s)


def reasons(graph: KnowledgeGraph) -> Iterator[tuple[Triple, str]]:
    """Each derived triple with the last step of its proof: ``rule: sentence``."""
    table, label = graph.explainer.rules, graph.explainer.phrases.label
    for triple, proof in derivations(graph):
        yield triple, f"{proof.rule}: {table[str(proof.rule)].sentence(proof.bindings, label)}"


def derivations(graph: KnowledgeGraph) -> Iterator[tuple[Triple, Proof]]:
    """Each derived triple with its proof, sorted."""
    for triple in sorted(graph.closure.derived):
        proof = graph.closure.proof(triple)
        if proof is not None and proof.rule is not None:
            yield triple, proof


def derived_by(graph: KnowledgeGraph) -> Term:
    """The annotation property that marks an axiom of the full file as derived."""
    return _term(graph, "fo:derivedBy")


def rdfxml(graph: KnowledgeGraph, triples: Iterable[Triple]) -> bytes:
    """Triples as RDF/XML, sorted, with the prefixes of the graph."""
    return serialize(QuadStore.of(triples), "rdfxml", graph.prefixes)


def _term(graph: KnowledgeGraph, curie: str) -> Term:
    return expanded(curie, graph.prefixes)
