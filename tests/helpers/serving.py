"""Servers to ask: in this process, or as one of their own; and what stands in a page."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

from starlette.testclient import TestClient

from foedus.knowledge import KnowledgeGraph
from foedus.server.app import Place
from foedus.server.running import server_of

TINY = Path(__file__).parents[1] / "data" / "tiny"
VOID = {"meta", "link", "input", "br"}


def client_of(
    graph: KnowledgeGraph, seconds: float = 20, most: int = 5_000
) -> Iterator[TestClient]:
    """A client of a server of its own."""
    server, nursery = server_of(graph, Place("127.0.0.1"), 2, seconds, most)
    with TestClient(server.app(), "http://localhost", follow_redirects=False) as client:
        yield client
    nursery.close()


@contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server and its address."""
    words = ["serve", "--port", "0", "--data", str(TINY), *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "foedus", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, line + process.stdout.read()
        yield process, found[0]
    finally:
        process.kill()
        process.wait()


class Tags(HTMLParser):
    """What stands in a page: its tags with their attributes, and which of them are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]
