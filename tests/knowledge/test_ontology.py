"""The ontology says what each term means, stays within OWL 2 DL and RL, and has no idle term."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, XSD, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from foedus.reasoning.rules.table import Rule, RuleSet, read_rules, ruleset
from foedus.reasoning.witnesses.naive import close
from foedus.resources import folder

FO = Namespace("https://w3id.org/foedus/ontology#")
ONTOLOGY = URIRef("https://w3id.org/foedus/ontology")
SCHEMA = Namespace("https://schema.org/")
VANN = Namespace("http://purl.org/vocab/vann/")
SH = Namespace("http://www.w3.org/ns/shacl#")
DCTERMS = Namespace("http://purl.org/dc/terms/")
FOLDER = folder("ontology")
KINDS = {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty}
#: Outside the datatype map of OWL 2: HermiT refuses a file with one of them.
FOREIGN = {XSD.date, XSD.gYear, XSD.gYearMonth, XSD.gMonth, XSD.gDay, XSD.gMonthDay, XSD.time}
RULES = read_rules(FOLDER / "rules.toml")


@cache
def ontology() -> Graph:
    return Graph().parse(FOLDER / "foedus.ttl")


@cache
def data() -> Dataset:
    found = Dataset(default_union=True)
    for path in sorted(folder("graph").rglob("*.trig")):
        found.parse(path)
    return found


def own() -> list[URIRef]:
    """The terms of the ontology, each once."""
    found = {s for s in ontology().subjects(RDF.type) if isinstance(s, URIRef) and s in FO}
    return sorted(found)


def test_header() -> None:
    graph = ontology()
    for needed in (
        DCTERMS.title,
        DCTERMS.description,
        DCTERMS.creator,
        DCTERMS.license,
        OWL.versionIRI,
        OWL.versionInfo,
        VANN.preferredNamespacePrefix,
        VANN.preferredNamespaceUri,
        DCTERMS.publisher,
        DCTERMS.bibliographicCitation,
        SCHEMA.codeRepository,
    ):
        assert graph.value(ONTOLOGY, needed), needed
    created, modified = (graph.value(ONTOLOGY, p) for p in (DCTERMS.created, DCTERMS.modified))
    assert isinstance(created, Literal) and isinstance(modified, Literal)
    assert created.toPython() <= modified.toPython()


def test_the_versions_are_those_of_the_changelog() -> None:
    """The first version has no prior one, so that the header names none until there is a second."""
    graph = ontology()
    text = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    this, *prior = (URIRef(f"{ONTOLOGY}/{v}") for v in re.findall(r"(?m)^## (\d\S*)", text))
    assert graph.value(ONTOLOGY, OWL.versionIRI) == this
    assert list(graph.objects(ONTOLOGY, OWL.priorVersion)) == prior[:1]
    number = str(graph.value(ONTOLOGY, OWL.versionInfo))
    assert str(this) == f"{ONTOLOGY}/{number}"
    assert str(this) in str(graph.value(ONTOLOGY, DCTERMS.bibliographicCitation))


def test_every_term_has_a_label_a_definition_and_a_home() -> None:
    graph = ontology()
    for term in own():
        assert any(o.language == "en" for o in graph.objects(term, RDFS.label)), term
        definitions = list(graph.objects(term, SKOS.definition))
        assert len(definitions) == 1, term
        assert str(definitions[0]).endswith("."), term
        assert graph.value(term, RDFS.isDefinedBy) == ONTOLOGY, term


def used() -> Iterator[tuple[Node, str]]:
    """Every name of ours and of Web Annotation and PROV-O that a file uses, with the file."""
    ours = (str(FO), "http://www.w3.org/ns/oa#", "http://www.w3.org/ns/prov#")
    for name in ("foedus.ttl", "shapes.ttl"):
        for triple in Graph().parse(FOLDER / name):
            yield from ((node, name) for node in triple if str(node).startswith(ours))
    for triple in Graph().parse(FOLDER / "alignments.ttl"):
        yield from ((node, "alignments.ttl") for node in triple if str(node).startswith(str(FO)))
    for s, p, o, _ in data().quads():
        yield from ((n, "graph") for n in (s, p, o) if str(n).startswith(ours))
    for rule in RULES:
        for atom in (*rule.premises, *(rule.conclusions or ())):
            for node in atom:
                if str(node).startswith(f"<{FO}"):
                    yield URIRef(str(node)[1:-1]), rule.id


def test_every_name_that_is_used_is_declared() -> None:
    graph = ontology()
    declared = {*KINDS, OWL.NamedIndividual}
    for node, where in used():
        if not isinstance(node, URIRef):
            continue
        kinds = set(graph.objects(node, RDF.type))
        assert kinds & declared, f"{node} in {where} is not declared"


def test_every_property_of_the_graph_is_declared() -> None:
    graph = ontology()
    known = {RDF.type, RDFS.label}
    for predicate in set(data().predicates()) - known:
        assert KINDS & set(graph.objects(predicate, RDF.type)), predicate


def test_no_property_is_of_two_kinds() -> None:
    graph = ontology()
    for term in set(graph.subjects(RDF.type)):
        assert len(KINDS & set(graph.objects(term, RDF.type))) <= 1, term


def test_no_datatype_that_hermit_refuses() -> None:
    graph = Graph()
    for path in sorted(FOLDER.glob("*.ttl")):
        graph.parse(path)
    everything = [*graph, *((s, p, o) for s, p, o, _ in data().quads())]
    for _, _, o in everything:
        assert o not in FOREIGN
        assert not (isinstance(o, Literal) and o.datatype in FOREIGN), o


def composite() -> set[Node]:
    """Properties that are transitive, defined by a chain, or above one that is (not simple)."""
    graph = ontology()
    found: set[Node] = set(graph.subjects(RDF.type, OWL.TransitiveProperty))
    found |= set(graph.subjects(OWL.propertyChainAxiom))
    while True:
        more = {o for s, o in graph.subject_objects(RDFS.subPropertyOf) if s in found}
        more |= {o for s, o in graph.subject_objects(OWL.inverseOf) if s in found}
        more |= {s for s, o in graph.subject_objects(OWL.inverseOf) if o in found}
        if more <= found:
            return found
        found |= more


def test_composite_properties_have_no_axiom_that_dl_forbids() -> None:
    graph = ontology()
    forbidden = {
        OWL.IrreflexiveProperty,
        OWL.AsymmetricProperty,
        OWL.FunctionalProperty,
        OWL.InverseFunctionalProperty,
    }
    for term in composite():
        assert not forbidden & set(graph.objects(term, RDF.type)), term
        assert not list(graph.objects(term, OWL.propertyDisjointWith)), term
        assert not list(graph.subjects(OWL.propertyDisjointWith, term)), term


def test_no_chain_goes_out_and_comes_back() -> None:
    """A chain of a property and its inverse leads from everything to itself."""
    graph = ontology()
    inverse = set(graph.subject_objects(OWL.inverseOf))
    for chain in graph.objects(None, OWL.propertyChainAxiom):
        steps = list(Collection(graph, chain))
        for one, two in pairwise(steps):
            assert (one, two) not in inverse, steps
            assert (two, one) not in inverse, steps


#: What the project makes when it builds or exports, so that no file of ours holds it.
MADE = {"Statement", "subject", "predicate", "object", "value", "derivedBy"}


def test_no_term_is_idle() -> None:
    """Each term is used by an individual, a rule, a shape, a question or another term."""
    graph = ontology()
    texts = [p.read_text(encoding="utf-8") for p in sorted(folder("queries").rglob("*.rq"))]
    queries = "\n".join(texts)
    busy = {str(n) for s, p, o, _ in data().quads() for n in (p, o)}
    busy |= {str(n) for s, p, o in Graph().parse(FOLDER / "shapes.ttl") for n in (s, p, o)}
    busy |= {
        str(node)[1:-1] for r in RULES for a in (*r.premises, *(r.conclusions or ())) for node in a
    }
    logical = {
        str(o)
        for s, p, o in graph
        if p not in (RDF.type, RDFS.isDefinedBy, RDFS.label, RDFS.domain, RDFS.range)
    }
    busy |= {str(p) for p in graph.predicates(unique=True)}
    # What a chain, a sub-property or an inverse derives is used by being derived.
    derived = (OWL.propertyChainAxiom, OWL.inverseOf, OWL.equivalentClass)
    for individual in graph.subjects(RDF.type, OWL.NamedIndividual):
        busy |= {str(kind) for kind in graph.objects(individual, RDF.type)}
    busy |= logical | {str(s) for p in derived for s in graph.subjects(p)}
    idle = [
        term
        for term in own()
        if str(term) not in busy
        and term.removeprefix(str(FO)) not in MADE
        and f"fo:{term.removeprefix(str(FO))}" not in queries
    ]
    assert not idle, sorted(idle)


def test_alignments_are_apart() -> None:
    """Nothing that is reasoned over comes from another vocabulary's classes."""
    graph = ontology()
    for s, p, o in graph:
        if p in (RDFS.subClassOf, RDFS.subPropertyOf, OWL.equivalentClass):
            assert not isinstance(o, URIRef) or o in FO, (s, p, o)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_domain_rule_fires_on_its_example_and_on_nothing_less(rule: Rule) -> None:
    prefixes = ruleset().prefixes

    def found(triples: tuple[tuple[str, str, str], ...]) -> set[tuple[str, str, str]]:
        closure = close(triples, rules=RuleSet((rule,), (), prefixes))
        return {t for t in closure.derived if t[0] != t[2]}

    assert rule.note, "a rule says why OWL cannot"
    assert found(rule.example)
    for gone in rule.example:
        less = tuple(t for t in rule.example if t != gone)
        assert not found(less), gone


BROKEN = sorted((Path(__file__).parents[1] / "data" / "broken-shapes").glob("*.ttl"))


@cache
def shapes() -> Graph:
    return Graph().parse(FOLDER / "shapes.ttl")


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_graph_is_told_so(path: Path) -> None:
    """The first line of each file is what the shapes say of it; the ontology gives subclasses."""
    from pyshacl import validate

    broken = Graph().parse(path) + ontology()
    fine, report, _ = validate(broken, shacl_graph=shapes(), inference="none")
    assert not fine
    messages = {str(o) for o in report.objects(None, SH.resultMessage)}
    assert path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") in messages


def test_every_shape_speaks() -> None:
    graph = shapes()
    constraints = {SH.minCount, SH.maxCount, SH["class"], SH["or"], SH.xone, SH.select}
    for shape in graph.subjects(SH.path):
        top = [s for s in graph.subjects(SH.property, shape) if isinstance(s, URIRef)]
        if top and constraints & set(graph.predicates(shape)):
            assert graph.value(shape, SH.message), top


def test_the_catalog_names_files_that_are_there() -> None:
    text = (FOLDER / "catalog-v001.xml").read_text(encoding="utf-8")
    for part in text.split('uri="')[1:]:
        assert Path(FOLDER, part.partition('"')[0]).is_file()
