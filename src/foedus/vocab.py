"""The IRIs of RDF, RDFS, OWL and XSD that the code names; rules and queries name their own."""

from __future__ import annotations

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"

TYPE, FIRST, REST, NIL = (f"<{RDF}{name}>" for name in ("type", "first", "rest", "nil"))
SAME, DIFFERENT, THING = (f"<{OWL}{name}>" for name in ("sameAs", "differentFrom", "Thing"))
