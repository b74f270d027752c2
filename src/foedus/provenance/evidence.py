"""What a row of a query rests on: the triples that give it, and what had to be absent.

This is *why-provenance*: of the witnesses of a row, sets of triples that alone give it, the
cheapest is found when it is asked for (Buneman, Khanna, Tan, *Why and Where*, ICDT 2001). Theirs
are queries without negation; here what had to be absent is told beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from foedus.errors import UsageError
from foedus.provenance.scope import Row
from foedus.provenance.search import Search
from foedus.provenance.support import Absence
from foedus.sparql.parser import deep, parse
from foedus.sparql.tree import Query, is_variable
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple


@dataclass(frozen=True, slots=True)
class Evidence:
    """The triples that give a row, the absences it assumes, and in how many other ways it holds.

    ``graphs`` names the graph of a triple found by GRAPH. ``ways`` counts the solutions behind the
    row, up to `search.WAYS`; for a grouped row, the members. ``complete`` is False when a group
    had more members than `search.MEMBERS`.
    """

    triples: tuple[Triple, ...]
    absences: tuple[Absence, ...] = ()
    graphs: Mapping[Triple, Term] = field(default_factory=dict)
    ways: int = 1
    complete: bool = True


def evidence(
    query: str | Query,
    row: Row,
    graph: QuadStore,
    cost: Callable[[Triple], float] = lambda _: 0.0,
) -> Evidence:
    """What one row of a SELECT, or the ``true`` of an ASK (an empty row), rests on.

    Args:
        query: as it was asked, its parameters filled in.
        row: the row's variables, with or without question mark; a missing one is not asked about.
        graph: where it was asked.
        cost: what a triple adds to the price of a way; the cheapest way is taken.

    Returns:
        Evidence whose triples alone, asked the same query, give the row again; but for OFFSET,
        as the rows before it are not among them.

    Raises:
        ParseFailure: a query that is not well formed.
        UsageError: a CONSTRUCT or a DESCRIBE.
    """
    with deep():
        tree = parse(query) if isinstance(query, str) else query
        if tree.form not in ("SELECT", "ASK"):
            raise UsageError(f"a {tree.form} has no rows; ask what a triple rests on")
        asked = {v if is_variable(v) else f"?{v}": t for v, t in row.items()}
        return _found(tree, asked, graph, cost)


def evidence_of(
    query: str,
    triple: Triple,
    graph: QuadStore,
    cost: Callable[[Triple], float] = lambda _: 0.0,
) -> Evidence:
    """What one triple of a CONSTRUCT or a DESCRIBE rests on.

    For a CONSTRUCT, what a row that makes it rests on: the pattern asked for that row alone. A
    DESCRIBE tells triples of the graph, each of which rests on itself.
    """
    with deep():
        tree = parse(query)
        for made in tree.template:
            row: dict[str, Term | None] = {}
            parts = zip((made.subject, made.predicate, made.object), triple, strict=True)
            if all(
                row.setdefault(str(a), t) == t if is_variable(str(a)) else a == t for a, t in parts
            ):
                asked = {v: t for v, t in row.items() if v in tree.where.binds()}
                select = replace(tree, form="SELECT", template=())
                found = _found(select, asked, graph, cost)
                if found.ways:
                    return found
        return Evidence((triple,))


def _found(query: Query, row: Row, graph: QuadStore, cost: Callable[[Triple], float]) -> Evidence:
    search = Search(graph, cost)
    support, ways = search.support(query, row)
    search.show_nodes(support)
    graphs = {t: g for t, g in support.triples.items() if g}
    triples, absences = tuple(support.triples), tuple(support.absences)
    return Evidence(triples, absences, graphs, ways, search.complete)
