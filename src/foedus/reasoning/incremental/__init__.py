"""Incremental maintenance: triples withdrawn by overdeletion and rederivation."""
