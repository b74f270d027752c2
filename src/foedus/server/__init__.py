"""The graph over HTTP: a SPARQL endpoint, questions, things and pages. Nothing of it writes."""
