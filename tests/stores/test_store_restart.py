"""What a store on disk was sent is there after it ends, politely or not, and starts again."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import STARTERS, Absent, Server, start

from foedus.knowledge import KnowledgeGraph
from foedus.remote import load


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("graph") / "build"
    KnowledgeGraph.build().save(place)
    return place


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTERS)
def test_loads_outlive_the_store(name: str, build: Path, tmp_path: Path) -> None:
    def started() -> Server:
        try:
            return start(name, tmp_path, lasting=True)
        except Absent as reason:
            pytest.skip(str(reason))

    server = started()
    try:
        server.clear()
        for end in (server.stop, server.kill):
            for file in ("view.nt", "dataset.nq"):
                for _ in range(2):
                    report = load(build / file, server.to, server.wire())
                before = server.quads()
                assert len(before) > sum(report.graphs.values())
                (server.stop if end == server.stop else server.kill)()
                server = started()
                assert server.quads() == before, (file, end)
    finally:
        server.stop()
