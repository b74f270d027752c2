"""Things that go wrong between a client and a store, each a small server on 127.0.0.1."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes, urlsplit


@contextmanager
def dropping_proxy(base: str, *allowed: int | None) -> Iterator[str]:
    """A proxy before a store that cuts connections after so many bytes; its base URL.

    The numbers are for one connection after the other, over and over; None is as many as it likes.
    """
    there = urlsplit(base)
    listener = socket.create_server(("127.0.0.1", 0))
    seen = 0

    def pump(source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        moved = 0
        with suppress(OSError):
            while data := source.recv(1024):
                moved += len(data)
                if limit is not None and moved > limit:
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        nonlocal seen
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            cut = allowed[seen % len(allowed)]
            seen += 1
            if cut == 0:
                client.close()
                continue
            server = socket.create_connection((there.hostname, there.port))
            threading.Thread(target=pump, args=(client, server, cut), daemon=True).start()
            threading.Thread(target=pump, args=(server, client, None), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{there.path}"
    finally:
        listener.close()


@dataclass(frozen=True)
class Asked:
    """A request that a server was sent."""

    method: str
    path: str
    headers: Message
    body: bytes

    @property
    def is_record(self) -> bool:
        """Whether it asks what loads have left."""
        return b"source/load" in unquote_to_bytes(self.body)


@dataclass(frozen=True)
class Given:
    """What a server answers; without a ``kind`` it says no content type."""

    body: bytes = b""
    kind: str = "application/sparql-results+json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0


#: What a store answers that no load has filled.
NO_RECORD = Given(b'{"head":{"vars":["property","value"]},"results":{"bindings":[]}}')


@contextmanager
def serving(
    answer: Callable[[Asked], Given], secure: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[Asked]]]:
    """A server that answers as the function says; its base URL, and what it was asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            request = Asked(self.command, self.path, self.headers, self._body())
            asked.append(request)
            given = answer(request)
            if given.wait:
                time.sleep(given.wait)
            with suppress(OSError):
                self.send_response(given.status)
                if given.kind:
                    self.send_header("Content-Type", given.kind)
                for name, value in {
                    "Content-Length": str(len(given.body)),
                    **given.headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(given.body)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_CONNECT = _answer

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if secure:
        server.socket = secure.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http{'s' if secure else ''}://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def answering(
    status: int = 200, body: bytes = b"", kind: str = "text/html", wait: float = 0.0
) -> Iterator[str]:
    """A server that answers everything alike; its base URL."""
    with serving(lambda _: Given(body, kind, status, wait=wait)) as (base, _):
        yield base


@contextmanager
def sending(*parts: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that sends these bytes to every client, with a pause before each; its base URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def greet(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.recv(1 << 16)
            for part in parts:
                time.sleep(pause)
                client.sendall(part)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=greet, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
