"""A SPARQL query as a small tree: which patterns a row rests on, and what must be absent."""
