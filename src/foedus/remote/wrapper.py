"""SPARQLWrapper on a connection of ours."""

from __future__ import annotations

import io
from email.message import Message
from typing import Any
from urllib.response import addinfourl

from SPARQLWrapper import POST, SPARQLWrapper

from foedus.errors import InputError
from foedus.remote.failures import said
from foedus.remote.places import bare
from foedus.remote.results import as_utf8
from foedus.remote.wire import Reply, Wire


class StoreWrapper(SPARQLWrapper):
    """SPARQLWrapper whose requests go over a `Wire`, with all that a Wire minds.

    It builds the request and reads the result as it always does; errors are those of foedus.

    >>> store = StoreWrapper("http://127.0.0.1:7878/query", Wire(timeout=5))
    >>> store.setReturnFormat("json")
    >>> store.setQuery("SELECT ?s { ?s ?p ?o }")  # store.queryAndConvert() asks the store
    """

    def __init__(self, endpoint: str, wire: Wire | None = None, **options: Any) -> None:
        super().__init__(endpoint, agent="foedus", **options)
        self.wire = wire or Wire()
        self.setMethod(POST)

    def ask(self) -> Reply:
        """The store's answer to one try.

        Raises `InputError` for a query that the store refuses, and what `Wire` raises.
        """
        request: Any = self._createRequest()
        url, headers = request.full_url, dict(request.header_items())
        reply = self.wire.exchange(request.get_method(), url, request.data, headers, whole=True)
        is_update = self.isSparqlUpdateRequest()
        faulty = reply.status == 400 or (reply.status == 500 and _is_query_error(reply.body))
        if faulty and (reply.status == 400 or not is_update):
            what = "update" if is_update else "query"
            raise InputError(f"{bare(url)} refused the {what}{said(reply.body)}")
        if reply.status >= 300:
            raise self.wire.refused(url, reply)
        return reply

    def _query(self) -> tuple[Any, str]:
        """What SPARQLWrapper calls to have a request answered, and reads."""
        reply = self.wire.patiently(self.endpoint, self.ask)
        headers = Message()
        for name, value in reply.headers.items():
            headers[name] = value
        body = io.BytesIO(as_utf8(reply))
        return addinfourl(body, headers, bare(reply.url), reply.status), self.returnFormat


def _is_query_error(body: bytes) -> bool:
    """Whether the store answers 500 to what is a mistake in the query (Virtuoso does)."""
    return b"Virtuoso 37000" in body or b"SPARQL compiler" in body
