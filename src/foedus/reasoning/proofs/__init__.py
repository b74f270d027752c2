"""Provenance: proofs of triples and clashes, found on demand by backward chaining."""
