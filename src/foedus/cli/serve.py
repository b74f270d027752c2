"""The verb serve: the graph over HTTP."""

from __future__ import annotations

import os
from typing import Annotated
from urllib.parse import urlsplit

import typer

from foedus.cli.common import DataOption, GraphOption, graph, seconds
from foedus.errors import BadParameter, UsageError


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port to listen at; 0 for a free one.")
    ] = 8765,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="Where it is reached behind a proxy."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=256, help="Queries that run at once.")
    ] = 4,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", callback=seconds, help="Most for an answer."),
    ] = 30.0,
    max_rows: Annotated[
        int, typer.Option("--max-rows", min=1, help="Most rows or triples of an answer.")
    ] = 100_000,
    graph_: GraphOption = None,
    data: DataOption = None,
) -> None:
    """Answer in a browser and at a SPARQL endpoint, until Ctrl-C.

    Nothing can be changed through it.

    \b
    Examples:
      foedus serve
      foedus serve --port 9000 --timeout 5
      foedus serve --base-url https://example.org/foedus/
    """
    if not timeout:
        raise BadParameter("--timeout", timeout, "a number of seconds above 0")
    if base_url is not None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise BadParameter("--base-url", base_url, "an address such as https://example.org/")
    if not hasattr(os, "fork"):
        raise UsageError("'serve' needs processes that can be forked, which this system lacks")
    from foedus.server.running import serve as run

    run(
        graph(graph_, data),
        host=host,
        port=port,
        base_url=base_url,
        workers=workers,
        timeout=timeout,
        max_rows=max_rows,
        ready=lambda address: print(f"answering at {address} (Ctrl-C stops)", flush=True),
    )


def register(app: typer.Typer) -> None:
    """Give the command line this verb."""
    app.command()(serve)
