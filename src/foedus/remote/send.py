"""A file sent to a store that is named as people name it: a URL, a preset, where to put it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from foedus.errors import UsageError
from foedus.remote.credentials import find_credentials
from foedus.remote.endpoint import endpoint as find_endpoint
from foedus.remote.load import LoadReport, Progress, load
from foedus.remote.plan import Into, Mode
from foedus.remote.record import Source
from foedus.remote.wire import Wire
from foedus.terms import Term, iri

#: What ``graph`` takes for the store's default graph.
DEFAULT = "default"


def send(
    path: Path,
    source: Source,
    endpoint: str | None = None,
    *,
    preset: str | None = None,
    query_url: str | None = None,
    update_url: str | None = None,
    graph_store_url: str | None = None,
    graph: str | None = None,
    replace: bool = False,
    append: bool = False,
    user: str | None = None,
    timeout: float = 600.0,
    retries: int = 5,
    batch: int | None = None,
    ca: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> LoadReport:
    """Put a ``.nt`` or ``.nq`` file into a store; see `foedus.remote.load.load`.

    Args:
        path: the file.
        source: the data set that it is: what an earlier load of it put there is replaced.
        endpoint: base URL of the store, with ``preset``, the name of a kind of store; or instead
            ``query_url``, ``update_url`` and ``graph_store_url``.
        graph: the IRI where the default graph of the file goes, or ``default``.
        replace: remove what else is in the graph.
        append: add to the graph, and remove nothing.
        user: a name to log in with; see `find_credentials` for the password.
        timeout: the longest silence of the store, in seconds.
        retries: tries after a dropped connection.
        batch: the most bytes to send at once.
        ca: a file or folder of certificates to trust for https.
        progress: hears how many triples are sent, and of how many.
        tell: hears what will be gone before it is, and of each new try.
    """
    if replace and append:
        raise UsageError("--replace and --append exclude each other")
    to = find_endpoint(endpoint, preset, query=query_url, update=update_url, graphs=graph_store_url)
    if batch:
        to = to.sending(batch)
    mode = Mode.replace if replace else Mode.append if append else Mode.own
    into = Into(_iri(graph), graph == DEFAULT, mode)
    who = find_credentials(to.update or to.query, user)
    wire = Wire(who, timeout, retries, tell=tell, ca=None if ca is None else Path(ca))
    return load(path, to, wire, into, source=source, progress=progress, tell=tell)


def _iri(text: str | None) -> Term | None:
    if text is None or text == DEFAULT:
        return None
    if ":" not in text or any(c in text for c in ' <>"{}|\\^`'):
        raise UsageError(f"--graph {text!r} is not an IRI, and not 'default'")
    return iri(text)
