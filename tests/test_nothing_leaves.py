"""Nothing leaves the machine: no verb connects, and no file or query makes one fetch.

What is written in Python is watched by an audit hook; what is not, by a server at the address that
the files name.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

OUTSIDE = sorted((Path(__file__).parent / "data" / "outside").iterdir())
VERBS = [
    ["build"],
    ["tour"],
    ["ask", "allies-of", "--why"],
    ["query", "SELECT ?ally { id:China fo:alliedWith ?ally }", "--why"],
    ["why", "China", "alliedWith", "DPRK"],
    ["what-if"],
    ["check"],
    ["export"],
    ["report"],
    ["reason", "view.nt"],
]
WATCHED = """
import sys
def watch(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        print("LEAVES", event, arguments, file=sys.stderr, flush=True)
sys.addaudithook(watch)
from foedus.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a build, and its view as a file."""
    place = tmp_path_factory.mktemp("inside")
    assert "LEAVES" not in told(place, "build")
    (place / "view.nt").write_bytes((place / "build" / "view.nt").read_bytes())
    return place


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A server that counts who comes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.came += 1  # type: ignore[attr-defined]
            self.send_error(404)

        do_POST = do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.came = 0  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def told(place: Path, *words: str) -> str:
    """What a command says, with every attempt to leave."""
    run = subprocess.run(
        [sys.executable, "-c", WATCHED, *words], cwd=place, capture_output=True, timeout=120
    )
    assert b"Traceback" not in run.stderr, run.stderr.decode()
    return run.stderr.decode()


@pytest.mark.parametrize("words", VERBS, ids=lambda words: words[0])
def test_no_verb_connects(place: Path, words: list[str]) -> None:
    assert "LEAVES" not in told(place, *words)


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda p: p.name)
def test_no_file_is_fetched_that_another_names(
    place: Path, path: Path, server: HTTPServer, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{server.server_port}/outside"
    there = tmp_path / path.name
    there.write_text(path.read_text(encoding="utf-8").replace("URL", url), encoding="utf-8")
    words = ["query", "-f"] if path.suffix == ".rq" else ["reason"]
    assert "LEAVES" not in told(place, *words, str(there))
    assert server.came == 0  # type: ignore[attr-defined]
