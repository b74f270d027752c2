"""Work in a process of its own: ended when its time is up, bounded in memory, gone with its parent.

The process is forked, so it has the graph at hand and nothing is copied. What it gives comes back
through a pipe; its standard streams go nowhere, so that nobody who reads ours waits for it.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import selectors
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from foedus.errors import BadParameter, LimitReached

#: Most memory that the work may take beyond what is there already, in bytes.
MEMORY = 1 << 30
#: Seconds between two looks at whether the parent still lives.
WATCH = 0.1
#: How a process ends that has no memory left to say so.
_EXHAUSTED = 3

T = TypeVar("T")


def within(seconds: float | None, work: Callable[[], T], what: str, closed: bool = False) -> T:
    """What the work gives, or the error that it raises; `LimitReached` when it takes too much.

    Args:
        seconds: how long it may take; None runs it here and now, without any limit.
        work: what is to be done; its result must be one that pickle takes.
        what: what it is called in the message, such as "the query".
        closed: whether it may open no file and no connection.

    Where no process can be forked, it runs in a thread: in time, but its memory is not bounded.
    """
    if seconds is None:
        return work()
    if math.isnan(seconds) or seconds <= 0:
        raise BadParameter("timeout", f"{seconds:g}", "a number of seconds above 0")
    run = _in_child if hasattr(os, "fork") else _in_thread
    return run(seconds, work, what, closed)


def _too_long(what: str, seconds: float) -> LimitReached:
    return LimitReached(
        f"{what} was stopped after {round(seconds, 1):g} s; "
        "narrow it, add LIMIT, or allow more --timeout"
    )


def _in_child(seconds: float, work: Callable[[], T], what: str, closed: bool) -> T:
    end = time.monotonic() + seconds
    reader, writer = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _confine(seconds, parent, writer, closed)
            _send(writer, work)
        finally:
            os._exit(1)  # whatever happens, nothing of the parent's goes on in here
    os.close(writer)
    status = None
    chunks: list[bytes] = []
    try:
        with selectors.DefaultSelector() as ready:
            ready.register(reader, selectors.EVENT_READ)
            while True:
                left = end - time.monotonic()
                if left <= 0:
                    raise _too_long(what, seconds)
                if ready.select(min(left, 3600)):
                    chunk = os.read(reader, 1 << 20)
                    if not chunk:
                        break
                    chunks.append(chunk)
        _, status = os.waitpid(child, 0)
    finally:
        os.close(reader)
        if status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    found: T = _received(b"".join(chunks), os.waitstatus_to_exitcode(status), what)
    return found


def _confine(seconds: float, parent: int, writer: int, closed: bool) -> None:
    """Leave the child no words, a bounded memory, a last hour, and no way out where it is closed.

    Its time is the kernel's to end, should the parent be stopped; a thread looks for the parent.
    """
    import resource

    for stream in range(3):
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, min(seconds + 1, 1e8))
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    with contextlib.suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if closed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)


def _send(writer: int, work: Callable[[], Any]) -> None:
    try:
        try:
            body = (True, work())
        except MemoryError:
            raise
        except Exception as error:  # whatever it is, the parent raises it again
            body = (False, error)
        with os.fdopen(writer, "wb") as out:
            out.write(pickle.dumps(body))
    except MemoryError:
        os._exit(_EXHAUSTED)
    os._exit(0)


def _received(data: bytes, ended: int, what: str) -> Any:
    if ended == 0:
        good, found = pickle.loads(data)
        if good:
            return found
        raise found
    if ended == -signal.SIGALRM:  # this process was stopped for a while, its clock was not
        raise LimitReached(f"{what} was stopped, as its time was up")
    if ended in (_EXHAUSTED, -signal.SIGABRT):
        raise LimitReached(
            f"{what} was stopped because it needed more than {MEMORY >> 30} GB of memory; "
            "narrow it or add LIMIT"
        )
    raise LimitReached(f"{what} was more than its engine can hold (it ended with {ended})")


def _in_thread(seconds: float, work: Callable[[], T], what: str, closed: bool) -> T:
    """Where no process can be forked: answer in time; what runs on ends with the program."""
    box: list[T | BaseException] = []

    def run() -> None:
        try:
            box.append(work())
        except BaseException as error:
            box.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(min(seconds, threading.TIMEOUT_MAX))
    if not box:
        raise _too_long(what, seconds)
    if isinstance(box[0], BaseException):
        raise box[0]
    return box[0]
