"""Things that go wrong between a client and a store, each a small server on 127.0.0.1."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@contextmanager
def dropping_proxy(base: str, every: int = 3, after: int = 3000) -> Iterator[str]:
    """A proxy before a store that cuts each third connection after some bytes; its base URL."""
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
            seen += 1
            cut = after if seen % every == 0 else None
            if cut is not None and seen % (2 * every) == 0:
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


@contextmanager
def answering(
    status: int = 200, body: bytes = b"", kind: str = "text/html", wait: float = 0.0
) -> Iterator[str]:
    """A server that answers everything alike; its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            time.sleep(wait)
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _answer

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
