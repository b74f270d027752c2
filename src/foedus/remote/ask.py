"""A question put to a running store, answered as the embedded one answers."""

from __future__ import annotations

from collections.abc import Mapping

from foedus.remote.credentials import find_credentials
from foedus.remote.record import read_record
from foedus.remote.sparql import declared, select
from foedus.remote.wire import Wire
from foedus.store.guard import guard
from foedus.store.query import Result

#: Seconds that a store may take where nothing else is said.
PATIENCE = 60.0


def remote_select(
    endpoint: str,
    sparql: str,
    timeout: float | None = None,
    *,
    prefixes: Mapping[str, str] | None = None,
    user: str | None = None,
    retries: int = 3,
) -> Result:
    """The result of a query (SELECT, ASK, CONSTRUCT, DESCRIBE) on the store at this query URL.

    Where `load` put the view into a named graph, the query's default graph is that one, whatever
    else the store holds. ``prefixes`` need no declaration; ``timeout`` is in seconds; credentials
    come from where `find_credentials` looks. Raises `QueryRefused` for what does more than read,
    `Unreachable`, `LimitReached`, `InputError`.
    """
    guard(sparql)
    wire = Wire(find_credentials(endpoint, user), timeout or PATIENCE, retries)
    record = read_record(endpoint, wire)
    return select(
        endpoint,
        declared(sparql, prefixes or {}),
        wire,
        default_graphs=() if record.view is None else (record.view,),
        named_graphs=() if record.view is None else sorted(record.graphs - {record.view}),
    )
