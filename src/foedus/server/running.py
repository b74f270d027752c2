"""A site that answers until it is told to stop."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Mapping

import uvicorn

from foedus.errors import InputError
from foedus.knowledge import KnowledgeGraph
from foedus.server import endpoint, pages, questions, things
from foedus.server.app import Place, Server
from foedus.server.site import Handler, Site
from foedus.server.workers import Nursery, Pool
from foedus.store.budget import MEMORY

#: Workers that pages are made by, beside those for queries, so that a page never waits for these.
PAGES = 2
#: Seconds in which requests may end when the server is told to stop.
_LAST = 3

HANDLERS: Mapping[str, Handler] = {
    "sparql": endpoint.sparql,
    "graphs": endpoint.graphs,
    "description": endpoint.description,
    "front": pages.front,
    "style": pages.style,
    "nothing": pages.nothing,
    "ask": questions.ask,
    "openapi": questions.openapi,
    "article": pages.article,
    "id": things.see,
    "page": things.page,
    "data": things.data,
    "ontology": things.ontology,
    "why": things.why,
}


def server_of(
    graph: KnowledgeGraph, place: Place, workers: int, seconds: float, most: int
) -> tuple[Server, Nursery]:
    """A server of a graph, and the process that its workers come from.

    To be called while there is one thread. ``seconds`` bound each answer, ``most`` its rows.
    """
    site = Site(graph, most, HANDLERS)
    site.warm()
    nursery = Nursery(site.answer, MEMORY)
    queries, pages = Pool(nursery, workers, seconds, True), Pool(nursery, PAGES, seconds, False)
    return Server(queries, pages, place), nursery


def serve(
    graph: KnowledgeGraph,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    base_url: str | None = None,
    workers: int = 4,
    timeout: float = 30.0,
    max_rows: int = 100_000,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Answer over HTTP until SIGINT or SIGTERM; ``ready`` is told the address first.

    Raises `InputError` where the address cannot be had.
    """
    with contextlib.ExitStack() as stack:
        bound = stack.enter_context(_bound(host, port))
        bound.set_inheritable(False)
        server, nursery = server_of(graph, Place(host, base_url), workers, timeout, max_rows)
        stack.callback(nursery.close)
        settings = uvicorn.Config(
            server.app(),
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_LAST,
        )
        shown = f"[{host}]" if ":" in host else host
        ready(base_url or f"http://{shown}:{bound.getsockname()[1]}/")
        # The server raises the signal again when it has closed, and both then end it here.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack.callback(signal.signal, signal.SIGTERM, before)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(settings).run(sockets=[bound])


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, or asyncio would not turn off the waiting of Nagle's algorithm.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(1024)
    except OSError as error:
        made.close()
        reason = error.strerror or error
        raise InputError(
            f"{host}:{port} cannot be listened at: {reason}; try another --port or --host"
        ) from None
    return made
