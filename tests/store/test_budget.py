"""Work with a limit ends with its time, with its memory, and with whoever asked for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foedus.errors import BadParameter, LimitReached, ParseFailure, QueryRefused, UnknownName
from foedus.store.budget import Late, run, within
from foedus.store.query import QuadStore

if not hasattr(os, "fork"):
    pytest.skip("this system forks no process", allow_module_level=True)

#: Says who works, and works for a minute, as a query does.
WORKING = """
import os, sys, time
from foedus.store.budget import within
def work():
    os.write(told, str(os.getpid()).encode())
    time.sleep(60)
told = os.dup(1)
within(60, work, "the query")
"""


def alive(process: int) -> bool:
    """Whether a process still runs; one that ended and waits for its parent does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_work_ends_with_its_caller(number: signal.Signals) -> None:
    caller = subprocess.Popen(
        [sys.executable, "-c", WORKING], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert caller.stdout is not None
    worker = int(os.read(caller.stdout.fileno(), 20))
    assert alive(worker)
    caller.send_signal(number)
    caller.wait(5)
    end = time.monotonic() + 3
    while alive(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(worker)


def test_nobody_waits_for_the_work_of_a_caller_that_is_gone() -> None:
    silent = WORKING.replace("os.write", "0 and os.write").replace("told = os.dup(1)", "told = 0")
    start = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", silent], capture_output=True, timeout=2)
    assert time.monotonic() - start < 6


def test_a_query_that_takes_too_much_memory_is_stopped() -> None:
    doubled = " ".join(f"BIND(CONCAT(?v{i}, ?v{i}) AS ?v{i + 1})" for i in range(40))
    query = f"SELECT (STRLEN(?v40) AS ?length) {{ BIND('{'a' * 4096}' AS ?v0) {doubled} }}"
    with pytest.raises(LimitReached, match="needed more than 1 GB of memory"):
        QuadStore().query(query, timeout=60)


def hungry() -> int:
    """Work that asks for more than there is."""
    return len(bytearray(1 << 42))


def deep() -> int:
    """Work that goes deeper than Python does."""
    return 1 + deep()


@pytest.mark.parametrize(
    ("work", "error", "says"),
    [
        (hungry, LimitReached, "more than 1 GB"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), LimitReached, "more than its engine can"),
        (lambda: time.sleep(9), LimitReached, "stopped after 0.5 s"),
        (deep, RecursionError, "maximum recursion"),
    ],
    ids=["memory", "broken", "time", "a fault of ours"],
)
def test_how_the_work_ended_is_told(work: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        within(0.5 if error is LimitReached else 5, work, "the query")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        ParseFailure("q.rq", "wrong", 3, 17),
        QueryRefused("refused"),
        UnknownName("question", "alies", near=["allies"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_back_as_it_was(error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        within(5, work, "the query")
    assert str(raised.value) == str(error)
    assert vars(raised.value) == vars(error)


def test_a_command_that_is_told_to_stop_may_clean_up(tmp_path: Path) -> None:
    def work() -> None:
        try:
            time.sleep(60)
        finally:
            (tmp_path / "cleaned").touch()

    with pytest.raises(Late):
        run(work, 0.3, None, gently=True)
    assert (tmp_path / "cleaned").exists()


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(BadParameter, match="a number of seconds above 0"):
        within(seconds, lambda: 1, "the query")


def test_any_length_of_time_is_taken() -> None:
    assert within(float("inf"), lambda: 1, "the query") == 1
    assert within(1e12, lambda: 1, "the query") == 1


def test_where_nothing_is_forked_the_time_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert within(5, lambda: 1, "the query") == 1
    with pytest.raises(QueryRefused):
        QuadStore().query("LOAD <http://e.org/>", timeout=5)
    with pytest.raises(LimitReached, match=r"the query was stopped after 0\.2 s"):
        within(0.2, lambda: time.sleep(2), "the query")
