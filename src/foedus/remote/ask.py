"""A question put to a running store, answered as the embedded one answers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from foedus.remote.credentials import find_credentials
from foedus.remote.endpoint import query_paths
from foedus.remote.failures import NotThere
from foedus.remote.record import Record, read_record
from foedus.remote.sparql import declared, select
from foedus.remote.wire import Wire
from foedus.store.guard import guard
from foedus.store.query import Result

#: Seconds that a store may take where nothing else is said.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Store:
    """A running store that is to be asked: its query URL, and what loads have left there.

    Where `load` put the view into a named graph, the default graph of each query is that one,
    whatever else the store holds.
    """

    url: str
    wire: Wire
    record: Record

    def query(self, sparql: str, prefixes: Mapping[str, str] | None = None) -> Result:
        """The result of a query that only reads; ``prefixes`` need no declaration."""
        guard(sparql)
        view = self.record.view
        return select(
            self.url,
            declared(sparql, prefixes or {}),
            self.wire,
            default_graphs=() if view is None else (view,),
            named_graphs=() if view is None else sorted(self.record.graphs - {view}),
            partial=True,
        )


def find_store(
    endpoint: str,
    timeout: float | None = None,
    *,
    user: str | None = None,
    retries: int = 3,
    ca: Path | None = None,
) -> Store:
    """The store at a query URL, or at a base URL: then the usual paths below it are tried.

    ``timeout`` is in seconds; credentials come from where `find_credentials` looks, ``ca`` is a
    file or folder of certificates to trust. Raises `UsageError` for what is no URL, `Unreachable`,
    `LimitReached`, `InputError`.
    """
    wire = Wire(find_credentials(endpoint, user), timeout or PATIENCE, retries, ca=ca)
    try:
        return Store(endpoint, wire, read_record(endpoint, wire))
    except NotThere as error:
        parts = urlsplit(endpoint)
        for path in query_paths():
            url = urlunsplit((*parts[:2], parts.path.rstrip("/") + path, parts.query, ""))
            with suppress(NotThere):
                return Store(url, wire, read_record(url, wire))
        below = " or ".join(query_paths())
        raise NotThere(f"{error}; nor are queries taken at {below} below it") from None


def remote_select(
    endpoint: str,
    sparql: str,
    timeout: float | None = None,
    *,
    prefixes: Mapping[str, str] | None = None,
    user: str | None = None,
    retries: int = 3,
    ca: Path | None = None,
) -> Result:
    """The result of a query (SELECT, ASK, CONSTRUCT, DESCRIBE) on the store at this URL.

    `find_store` says what the other arguments are, and `Store` what is asked. Raises
    `QueryRefused` for what does more than read, and what `find_store` raises.
    """
    guard(sparql)
    return find_store(endpoint, timeout, user=user, retries=retries, ca=ca).query(sparql, prefixes)
