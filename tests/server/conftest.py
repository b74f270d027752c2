"""A graph behind the server, asked in this process; its workers are processes all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving import client_of
from starlette.testclient import TestClient

from foedus.knowledge import KnowledgeGraph


@pytest.fixture(scope="session")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.build()


@pytest.fixture(scope="session")
def client(graph: KnowledgeGraph) -> Iterator[TestClient]:
    yield from client_of(graph)
