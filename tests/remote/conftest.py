"""A running store for each test that asks for one; a store that is absent skips with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import STARTERS, Absent, Server, start


@pytest.fixture(scope="session", params=list(STARTERS))
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Each store in turn, started once."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    try:
        server = start(request.param, folder)
    except Absent as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()


@pytest.fixture
def store(running: Server) -> Server:
    """Each store in turn, empty."""
    running.clear()
    return running


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the user's own passwords out of the tests."""
    monkeypatch.delenv("FOEDUS_USER", raising=False)
    monkeypatch.delenv("FOEDUS_PASSWORD", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
