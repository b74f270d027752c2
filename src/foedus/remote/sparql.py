"""Queries and updates sent to a store, answered as the embedded store answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from foedus.errors import Unreachable
from foedus.remote.results import ROWS, TRIPLES, form, read
from foedus.remote.wire import Reply, Wire
from foedus.remote.wrapper import StoreWrapper
from foedus.resources import internal
from foedus.sparql.lexer import declared_prefixes, tokens
from foedus.store.files import read_text
from foedus.store.query import Result
from foedus.terms import Term


def select(
    url: str,
    sparql: str,
    wire: Wire,
    *,
    default_graphs: Sequence[Term] = (),
    named_graphs: Sequence[Term] = (),
    partial: bool = False,
) -> Result:
    """The result of a SELECT, ASK, CONSTRUCT or DESCRIBE on a store at this query URL.

    The query reads the store's own dataset, or one of the graphs named here. An answer that the
    store cut short is taken only where it may be ``partial``; its ``cut`` then says why. Raises
    `Unreachable`, `LimitReached`, `InputError`.
    """
    call = _Call(url, sparql, tuple(default_graphs), tuple(named_graphs))
    result = read(sparql, wire.patiently(url, lambda: _sent(wire, call)))
    if result.cut and not partial:
        raise Unreachable(result.cut)
    return result


def update(url: str, sparql: str, wire: Wire) -> None:
    """Change a store by a SPARQL Update; all of it again where the connection drops."""
    wire.patiently(url, lambda: _sent(wire, _Call(url, sparql, update=True)))


def template(name: str, **values: str) -> str:
    """The text of ``queries/load/NAME`` with each ``$word`` replaced, without its remarks."""
    text = re.sub(r"^#.*\n", "", read_text(internal("load") / name), flags=re.M)
    return re.sub(r"\$(\w+)", lambda m: values.get(m[1], m[0]), text)


def declared(sparql: str, prefixes: Mapping[str, str]) -> str:
    """The query with a PREFIX line for each known prefix that it uses and does not declare.

    >>> declared("ASK { ex:a ?p ?o }", {"ex": "http://example.org/"})
    'PREFIX ex: <http://example.org/>\\nASK { ex:a ?p ?o }'
    """
    read = list(tokens(sparql))
    used = {token.prefix for token in read if token.kind == "name"}
    missing = sorted((used - declared_prefixes(read)) & set(prefixes))
    return "".join(f"PREFIX {name}: <{prefixes[name]}>\n" for name in missing) + sparql


@dataclass(frozen=True, slots=True)
class _Call:
    url: str
    sparql: str
    default_graphs: tuple[Term, ...] = ()
    named_graphs: tuple[Term, ...] = ()
    update: bool = False


def _sent(wire: Wire, call: _Call) -> Reply:
    """The store's answer to one try; errors as `Wire` says them."""
    wrapper = StoreWrapper(call.url, wire)
    wrapper.setOnlyConneg(True)
    wrapper.setQuery(call.sparql)
    wrapper.queryType = "INSERT" if call.update else "SELECT"  # it guesses by regular expressions
    wrapper.addCustomHttpHeader("Accept", _accepted(call))
    for graph in call.default_graphs:
        wrapper.addDefaultGraph(graph[1:-1])
    for graph in call.named_graphs:
        wrapper.addNamedGraph(graph[1:-1])
    return wrapper.ask()


def _accepted(call: _Call) -> str:
    """What to ask for: some stores answer with their own favourite where they may choose."""
    if call.update:
        return "*/*"
    rows = form(call.sparql) in {"SELECT", "ASK"}
    return ROWS if rows else f"{TRIPLES}, text/turtle;q=0.9"
