"""A SPARQL query as a small tree: which patterns a row rests on, and what must be absent."""

from foedus.sparql.parse import deep, parse
from foedus.sparql.tree import Pattern, Query, is_variable

__all__ = ["Pattern", "Query", "deep", "is_variable", "parse"]
