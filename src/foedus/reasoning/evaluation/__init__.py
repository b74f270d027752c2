"""Semi-naive evaluation: the engine, specialization against the ontology, the materialization."""
