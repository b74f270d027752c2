"""The server as a process: what it says, how it stops, and what becomes of work that goes on."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import TINY, served

#: Takes for ever.
RUNAWAY = "SELECT (COUNT(*) AS ?n) {?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o}"
#: Needs more memory than there is for one.
GREEDY = "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?d), STR(?g), STR(?j))) AS ?x) \
{?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o}"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    with served("--timeout", "60", "--workers", "2") as found:
        yield found


def ask(address: str, query: str, seconds: float = 90) -> httpx.Response:
    return httpx.get(f"{address}sparql", params={"query": query}, timeout=seconds)


def processes_of(pid: int) -> set[int]:
    """A process and all that it forked."""
    found = {pid}
    for _ in range(3):
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent in found:
                found.add(int(stat.parent.name))
    return found


def lives(pid: int) -> bool:
    """Whether a process is there, and is not one that only waits to be counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def busiest(pid: int) -> int:
    """The process below one that has used most time."""

    def used(number: int) -> int:
        words = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return int(words[11])

    return max(processes_of(pid) - {pid}, key=used)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_all_its_workers(number: signal.Signals) -> None:
    with served() as (process, address):
        assert ask(address, "ASK {}").json()["boolean"] is True
        family = processes_of(process.pid)
        assert len(family) > 4
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        time.sleep(0.2)
        assert not list(filter(lives, family))


def test_workers_end_with_a_server_that_was_killed() -> None:
    with served() as (process, address):
        ask(address, "ASK {}")
        family = processes_of(process.pid) - {process.pid}
        process.kill()
        process.wait()
        time.sleep(0.5)
        assert not list(filter(lives, family))


def test_a_port_that_is_taken_is_told(running: tuple[subprocess.Popen[str], str]) -> None:
    port = running[1].rstrip("/").rpartition(":")[2]
    words = ["serve", "--port", port, "--data", str(TINY)]
    done = subprocess.run(
        [sys.executable, "-m", "foedus", *words], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3
    assert f"127.0.0.1:{port} cannot be listened at" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_query_that_takes_too_long_is_told_so() -> None:
    with served("--timeout", "1", "--workers", "1") as (_, address):
        start = time.monotonic()
        got = ask(address, RUNAWAY)
        assert got.status_code == 504
        assert "stopped after 1 s" in got.text
        assert time.monotonic() - start < 5
        assert ask(address, "ASK {}").status_code == 200


def test_a_query_that_takes_too_much_memory_ends_alone() -> None:
    with served("--timeout", "100", "--workers", "1") as (_, address):
        got = ask(address, GREEDY, 120)
        assert got.status_code == 422, got.text
        assert "too much memory" in got.text
        assert ask(address, "ASK {}").status_code == 200


def test_when_all_are_busy_it_says_when_to_come_again(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    _, address = running
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(gone_after, address, 8) for _ in range(2)]
        time.sleep(1)
        got = ask(address, "ASK {}")
        page = httpx.get(address, timeout=5)
        for each in waiting:
            each.result()
    assert got.status_code == 503
    assert int(got.headers["retry-after"]) > 0
    assert page.status_code == 200  # pages have workers of their own
    assert ask(address, "ASK {}").status_code == 200


def gone_after(address: str, seconds: float) -> None:
    """Ask for what takes for ever, and hang up."""
    with pytest.raises(httpx.ReadTimeout):
        ask(address, RUNAWAY, seconds)


def test_a_query_is_stopped_when_its_client_goes(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = running
    gone_after(address, 1)
    time.sleep(0.5)
    before = processes_of(process.pid)
    load = [cpu(pid) for pid in before]
    time.sleep(1)
    assert sum(cpu(pid) for pid in before) - sum(load) < 20  # hundredths of a second
    assert ask(address, "ASK {}").status_code == 200


def cpu(pid: int) -> int:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11])


def test_a_worker_that_is_killed_is_replaced(running: tuple[subprocess.Popen[str], str]) -> None:
    process, address = running
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, address, RUNAWAY)
        time.sleep(1)
        os.kill(busiest(process.pid), signal.SIGKILL)
        got = asked.result(timeout=20)
    assert got.status_code == 503
    assert "retry-after" in got.headers
    for _ in range(4):
        assert ask(address, "ASK {}").status_code == 200


def test_what_is_no_http_disturbs_nobody(running: tuple[subprocess.Popen[str], str]) -> None:
    _, address = running
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    slow = socket.create_connection((host, int(port)))
    slow.sendall(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: localhost\r\n")
    with socket.create_connection((host, int(port))) as wrong:
        wrong.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert wrong.recv(100).startswith(b"HTTP/1.1 400")
    assert ask(address, "ASK {}").status_code == 200
    slow.close()
