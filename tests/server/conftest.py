"""A graph behind the server, asked in this process; its workers are processes all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from foedus.knowledge import KnowledgeGraph
from foedus.server.app import Place
from foedus.server.running import server_of


def client_of(
    graph: KnowledgeGraph, seconds: float = 20, most: int = 5_000
) -> Iterator[TestClient]:
    """A client of a server of its own."""
    server, nursery = server_of(graph, Place("127.0.0.1"), 2, seconds, most)
    with TestClient(server.app(), "http://localhost", follow_redirects=False) as client:
        yield client
    nursery.close()


@pytest.fixture(scope="session")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.build()


@pytest.fixture(scope="session")
def client(graph: KnowledgeGraph) -> Iterator[TestClient]:
    yield from client_of(graph)
