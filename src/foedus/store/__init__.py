"""RDF in and out: the only unit that knows rdflib and pyoxigraph."""
