"""The IRIs of RDF, RDFS, OWL and XSD that the reasoner's code names; the rules name their own."""

from __future__ import annotations

from foedus.terms import iri

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"

TYPE, FIRST, REST, NIL = (iri(RDF + name) for name in ("type", "first", "rest", "nil"))
SAME, DIFFERENT, THING = (iri(OWL + name) for name in ("sameAs", "differentFrom", "Thing"))

#: The words that the engine itself knows, in the order of ``Vocabulary``.
WORDS = (TYPE, SAME, DIFFERENT, FIRST, REST, NIL)
