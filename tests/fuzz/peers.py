"""Stores to talk to: one that answers what it is told to, and a real one behind a bad line.

Each runs in a process of its own, which is ended with its ``with`` block.
"""

from __future__ import annotations

import itertools
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

#: Where an answer goes silent, with the connection open.
STALL = b"<stall>"
#: Seconds of that silence, longer than any patience that a command is given.
_SILENCE = 90.0


@contextmanager
def process(work: Callable[[], None]) -> Iterator[None]:
    """The work goes on beside the block, in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@contextmanager
def answering(answers: Sequence[bytes]) -> Iterator[int]:
    """A port at which each request is given the next of the answers, byte for byte.

    Without answers there is no such process, and the port is 0.
    """
    if not answers:
        yield 0
        return
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def work() -> None:
            for answer in itertools.cycle(answers):
                connection, _ = listener.accept()
                threading.Thread(target=_answer, args=(connection, answer), daemon=True).start()

        with process(work):
            yield listener.getsockname()[1]


def _answer(connection: socket.socket, answer: bytes) -> None:
    connection.settimeout(5)
    try:
        request = b""
        while b"\r\n\r\n" not in request:
            part = connection.recv(1 << 16)
            if not part:
                return
            request += part
        for number, part in enumerate(answer.split(STALL)):
            if number:
                time.sleep(_SILENCE)
            connection.sendall(part)
    except OSError:
        pass
    finally:
        connection.close()


class _Store(BaseHTTPRequestHandler):
    """SPARQL 1.1 Protocol and Graph Store Protocol on a store in memory."""

    protocol_version = "HTTP/1.1"
    store: ox.Store

    def do_GET(self) -> None:
        """Answer a query, or give a graph."""
        where, asked = self._asked()
        if where.startswith("/query"):
            self._query(asked.get("query", [""])[0])
        else:
            name = self._graph(asked)
            quads = self.store.quads_for_pattern(None, None, None, name)
            body = ox.serialize((q.triple for q in quads), format=ox.RdfFormat.N_TRIPLES)
            self._say(200, body or b"", "application/n-triples")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Answer a query, do an update, or add to a graph."""
        where, asked = self._asked()
        body = self._body()
        kind = self.headers.get("Content-Type", "").partition(";")[0]
        if kind == "application/x-www-form-urlencoded":
            asked |= parse_qs(body.decode())
        if where.startswith("/query"):
            self._query(asked["query"][0] if "query" in asked else body.decode())
        elif where.startswith("/update"):
            text = asked["update"][0] if "update" in asked else body.decode()
            self._do(lambda: self.store.update(text))
        else:
            self._do(lambda: self._take(body, kind, self._graph(asked)))

    def do_PUT(self) -> None:
        """Replace a graph."""
        _, asked = self._asked()
        body, kind = self._body(), self.headers.get("Content-Type", "").partition(";")[0]

        def work() -> None:
            parsed = list(ox.parse(body, ox.RdfFormat.from_media_type(kind)))
            name = self._graph(asked)
            self.store.clear_graph(name)
            self.store.extend(ox.Quad(*quad.triple, name) for quad in parsed)

        self._do(work)

    def do_DELETE(self) -> None:
        """Drop a graph."""
        _, asked = self._asked()
        self._do(lambda: self.store.remove_graph(self._graph(asked)))

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return parts.path, parse_qs(parts.query, keep_blank_values=True)

    def _graph(self, asked: dict[str, list[str]]) -> Any:
        return ox.NamedNode(asked["graph"][0]) if "graph" in asked else ox.DefaultGraph()

    def _take(self, body: bytes, kind: str, name: Any) -> None:
        parsed = list(ox.parse(body, ox.RdfFormat.from_media_type(kind)))
        within = isinstance(name, ox.DefaultGraph)
        self.store.extend(q if within else ox.Quad(*q.triple, name) for q in parsed)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionError("the request was cut")
            return body
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _query(self, text: str) -> None:
        try:
            found = self.store.query(text)
        except (SyntaxError, ValueError) as error:
            self._say(400, str(error).encode(), "text/plain")
            return
        if isinstance(found, ox.QueryTriples):
            body = ox.serialize(found, format=ox.RdfFormat.N_TRIPLES) or b""
            self._say(200, body, "application/n-triples")
        else:
            body = found.serialize(format=ox.QueryResultsFormat.JSON) or b""
            self._say(200, body, "application/sparql-results+json")

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except (SyntaxError, ValueError) as error:
            self._say(400, str(error).encode(), "text/plain")
        else:
            self._say(204)

    def _say(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A cut connection is what these stores are for."""


@contextmanager
def store() -> Iterator[int]:
    """The port of a store in memory that speaks as Oxigraph's server does."""
    handler = type("Store", (_Store,), {"store": ox.Store()})
    with _Quiet(("127.0.0.1", 0), handler) as server, process(server.serve_forever):
        yield server.server_port


@contextmanager
def bad_line(to: int, there: int | None, back: int | None) -> Iterator[int]:
    """A port that leads to another, until so many bytes went there, or came back; then no more.

    The first to run out cuts that connection and refuses all later ones. None is no limit.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def work() -> None:
            left = [there, back]
            while 0 not in left:
                client, _ = listener.accept()
                threading.Thread(target=_pass_on, args=(client, to, left), daemon=True).start()

        with process(work):
            yield listener.getsockname()[1]


def _pass_on(client: socket.socket, to: int, left: list[int | None]) -> None:
    with client, socket.create_connection(("127.0.0.1", to)) as server:
        ends = [client, server]
        while 0 not in left:
            for ready in select.select(ends, [], [], 1)[0]:
                way = ends.index(ready)
                try:
                    part = ready.recv(1 << 16)
                    known = left[way]
                    if known is not None:
                        part = part[:known]
                        left[way] = known - len(part)
                    ends[1 - way].sendall(part)
                except OSError:
                    return
                if not part:
                    return
