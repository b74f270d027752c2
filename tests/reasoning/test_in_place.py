"""What follows, added to an rdflib graph: as we call it, and as those who know owlrl do."""

from __future__ import annotations

import inspect

import owlrl
import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, XSD, BNode, Literal, Namespace

from foedus.errors import LimitReached, NotRdf, UnknownName, UsageError
from foedus.reasoning import close, expand
from foedus.reasoning import owlrl as ours

EX = Namespace("http://example.org/")

DATA = """
@prefix : <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:partOf a owl:TransitiveProperty ; rdfs:domain :Part .
:leg :partOf :table . :table :partOf :room .
:Part rdfs:subClassOf :Thing .
:code rdfs:subPropertyOf :label .
:leg :code "a", "b"^^xsd:string, "c"@en-GB, "01"^^xsd:integer, "x"^^:own .
[] :partOf :leg .
"""
SHAPES = """
@prefix : <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
:shape a sh:NodeShape ; sh:targetNode :leg ; sh:property [ sh:path :partOf ; sh:minCount 2 ] .
"""


@pytest.fixture
def graph() -> rdflib.Graph:
    return rdflib.Graph().parse(data=DATA, format="turtle")


def test_what_follows_is_added_and_counted(graph: rdflib.Graph) -> None:
    before = set(graph)
    count = expand(graph)
    assert count == len(set(graph) - before) == len(list(close(graph).asserted)) - len(before)
    assert (EX.leg, EX.partOf, EX.room) in graph and before < set(graph)
    assert expand(graph) == 0


def test_blank_nodes_and_literals_stay_who_they_are(graph: rdflib.Graph) -> None:
    (blank,) = (s for s in graph.subjects(EX.partOf, EX.leg) if isinstance(s, BNode))
    graph.add((EX.leg, EX.code, Literal("007", datatype=XSD.integer, normalize=False)))
    expand(graph)
    assert (blank, EX.partOf, EX.room) in graph and (blank, RDF.type, EX.Part) in graph
    codes = set(graph.objects(EX.leg, EX.code))
    assert set(graph.objects(EX.leg, EX.label)) == codes
    assert {"007", "x"} < {str(o) for o in codes}
    assert Literal("b", datatype=XSD.string) in codes


def test_it_goes_elsewhere_where_that_is_said(graph: rdflib.Graph) -> None:
    before, out = set(graph), rdflib.Graph()
    assert expand(graph, out) == len(out) > 0
    assert set(graph) == before and not set(out) & before


def test_a_dataset_is_read_whole(graph: rdflib.Graph) -> None:
    whole = rdflib.Dataset()
    for triple in graph:
        whole.graph(EX.one if triple[1] == EX.partOf else EX.other).add(triple)
    assert expand(whole) > 0
    assert (EX.leg, RDF.type, EX.Thing) in whole.default_graph


@pytest.mark.parametrize(
    "given", [None, "graph.ttl", [], ox.Store()], ids=lambda given: type(given).__name__
)
def test_what_is_no_graph_of_rdflib_is_refused(given: object) -> None:
    with pytest.raises(NotRdf, match="no rdflib graph"):
        expand(given)


def test_nothing_is_added_where_a_limit_is_reached(graph: rdflib.Graph) -> None:
    before = set(graph)
    with pytest.raises(LimitReached):
        expand(graph, limit_triples=3)
    assert set(graph) == before


# -- by the names of owlrl ---------------------------------------------------------------------


def test_changing_one_import_is_enough(graph: rdflib.Graph) -> None:
    theirs = rdflib.Graph().parse(data=DATA, format="turtle")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(theirs)
    ours.DeductiveClosure(ours.OWLRL_Semantics).expand(graph)

    def said(found: rdflib.Graph) -> set[object]:
        about = {EX.leg, EX.table, EX.room}
        return {
            t
            for t in found
            if t[0] in about and t[2] not in (OWL.Thing, RDFS.Resource) and t[1] != OWL.sameAs
        }

    assert said(theirs) - {t for t in said(theirs) if isinstance(t[2], Literal)} == {
        t for t in said(graph) if not isinstance(t[2], Literal)
    }


@pytest.mark.parametrize("name", ours.__all__)
def test_owlrl_has_each_name(name: str) -> None:
    assert hasattr(owlrl, name)


def test_the_arguments_are_those_of_owlrl() -> None:
    for method in ("__init__", "expand"):
        mine = inspect.signature(getattr(ours.DeductiveClosure, method)).parameters
        its = inspect.signature(getattr(owlrl.DeductiveClosure, method)).parameters
        assert [*mine] == [*its]
        assert [p.default for p in mine.values()] == [p.default for p in its.values()]


def test_rdfs_alone_derives_less(graph: rdflib.Graph) -> None:
    ours.DeductiveClosure(ours.RDFS_Semantics).expand(graph)
    assert (EX.leg, RDF.type, EX.Thing) in graph
    assert (EX.leg, EX.partOf, EX.room) not in graph


def test_what_is_not_done_is_said() -> None:
    with pytest.raises(UnknownName, match="OWLRL_Extension"):
        ours.DeductiveClosure(owlrl.OWLRL_Extension)
    with pytest.raises(UsageError, match="axiomatic triples"):
        ours.DeductiveClosure(ours.OWLRL_Semantics, axiomatic_triples=True)


# -- as pySHACL and brickschema call it --------------------------------------------------------


@pytest.mark.parametrize("kind", [rdflib.Graph, rdflib.Dataset])
def test_pyshacl_may_call_it_for_owlrl(
    kind: type[rdflib.Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    class Watched(ours.DeductiveClosure):
        def expand(self, graph: rdflib.Graph, destination: rdflib.Graph | None = None) -> int:
            calls.append(super().expand(graph, destination))
            return calls[-1]

    data = kind()
    data.parse(data=DATA, format="turtle")
    shapes = rdflib.Graph().parse(data=SHAPES, format="turtle")
    assert not pyshacl.validate(data, shacl_graph=shapes, inference="none")[0]
    monkeypatch.setattr(owlrl, "DeductiveClosure", Watched)
    assert pyshacl.validate(data, shacl_graph=shapes, inference="owlrl")[0]
    assert len(calls) == 1 and calls[0] > 0
    assert (EX.leg, EX.partOf, EX.room) not in data, "pySHACL works on a copy"


def test_a_graph_that_is_expanded_needs_no_inference_of_pyshacl(graph: rdflib.Graph) -> None:
    shapes = rdflib.Graph().parse(data=SHAPES, format="turtle")
    expand(graph)
    assert pyshacl.validate(graph, shacl_graph=shapes, inference="none", inplace=True)[0]


def test_brickschema_may_call_it_for_owlrl(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "brickschema is not installed; pip install brickschema to try it"
    inference = pytest.importorskip("brickschema.inference", reason=reason)
    monkeypatch.setattr(owlrl, "DeductiveClosure", ours.DeductiveClosure)
    building = rdflib.Graph().parse(data=DATA, format="turtle")
    inference.OWLRLNaiveInferenceSession().expand(building)
    assert (EX.leg, EX.partOf, EX.room) in building


def test_a_graph_of_a_kind_of_its_own_is_expanded() -> None:
    """brickschema subclasses ``rdflib.Graph``, and passes itself to ``expand``."""

    class Building(rdflib.Graph):
        def expand(self) -> Building:
            ours.DeductiveClosure(ours.OWLRL_Semantics).expand(self)
            return self

    building = Building()
    building.parse(data=DATA, format="turtle")
    assert (EX.leg, EX.partOf, EX.room) in building.expand()
