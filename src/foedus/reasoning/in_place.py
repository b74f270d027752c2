"""What follows from an rdflib graph, added to it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from foedus.errors import NotRdf
from foedus.reasoning.closure import close
from foedus.reasoning.rules.table import RuleSet
from foedus.store.convert import extend_rdflib, is_rdflib

if TYPE_CHECKING:
    from foedus.store.convert import RdflibGraph


def expand(
    graph: RdflibGraph,
    destination: RdflibGraph | None = None,
    *,
    rules: str | Iterable[str] | RuleSet = "owl2rl",
    extra_rules: Iterable[str | Path] = (),
    limit_triples: int | None = None,
    timeout: float | None = None,
) -> int:
    """Add to an rdflib graph what follows from it; how many triples that were.

    Of a dataset all graphs are read, and its default graph is added to. Blank nodes and literals
    are those of the graph. A contradiction adds nothing: `foedus.close` has the ``clashes``. If a
    limit is reached or the graph is not well formed, nothing is added.

    Args:
        graph: what is read.
        destination: what is added to, where that is another graph.
        rules: a profile (``owl2rl``, ``rdfs-plus``, ``rdfs``), names of rules, or a table.
        extra_rules: files of more rules.
        limit_triples: the most triples that take part.
        timeout: seconds.

    Raises:
        NotRdf: what is given is no rdflib graph.
        LimitReached: a limit is reached.
    """
    into = graph if destination is None else destination
    for given in (graph, into):
        if not is_rdflib(given):
            raise NotRdf(given, f"an object of type {type(given).__name__} is no rdflib graph")
    closure = close(
        graph, rules=rules, extra_rules=extra_rules, limit_triples=limit_triples, timeout=timeout
    )
    return extend_rdflib(into, closure.derived, graph)
