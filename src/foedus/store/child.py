"""Work in a process of its own, which may die alone: bounded in memory, and ended with its parent.

Libraries that are not Python may abort, overrun their stack or not come back. What they do here
costs the child; the parent tells what became of it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

#: Most memory that a child takes beyond what its parent holds, in bytes, where nothing else is set.
MEMORY: Final = 2 << 30

_PIECE: Final = 1 << 22
_BEAT: Final = 100  # milliseconds
_PATIENCE: Final = 100  # hundredths of a second


class Died(Exception):
    """The child ended before its work did: by a signal, or for want of memory."""


def output(
    work: Callable[[IO[bytes]], Any], tick: Callable[[], None]
) -> Generator[bytes, None, Any]:
    """What ``work`` writes, a few megabytes at a time; the generator returns what it returns.

    The child is ended when the generator is closed, or when ``tick`` raises, which is called while
    there is nothing to read. ``work`` returns what JSON can say. Raises `Died`. Where no process
    can be forked (Windows), the work is done here.
    """
    if not hasattr(os, "fork"):
        with tempfile.TemporaryFile() as file:
            word = work(file)
            file.seek(0)
            while piece := file.read(_PIECE):
                yield piece
        return word
    data, writer = os.pipe()

    def confined() -> Any:
        os.close(data)
        _confine()
        with os.fdopen(writer, "wb") as out:
            return work(out)

    with _forked(confined, signal.SIGKILL) as word_end:
        os.close(writer)
        try:
            pieces: list[bytes] = []
            while piece := _read(data, tick):
                pieces.append(piece)
                if sum(map(len, pieces)) >= _PIECE:
                    yield b"".join(pieces)
                    pieces.clear()
            yield b"".join(pieces)
        finally:
            os.close(data)
        return _word(word_end, tick)


def run(work: Callable[[], Any], timeout: float | None, memory: int | None) -> Any:
    """What ``work`` returns, done in a child that has so many seconds and bytes beyond its own.

    What it prints is printed. When its time is up, it is told to stop (SIGTERM), and killed a
    second later. Raises `TimeoutError`, or `Died`, as when its memory is used up.
    """
    end = time.monotonic() + timeout if timeout is not None else float("inf")

    def tick() -> None:
        if time.monotonic() > end:
            raise TimeoutError

    def limited() -> Any:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        if memory is not None:
            limit_memory(memory)
        return work()

    sys.stdout.flush()  # or both would print what waits
    with _forked(limited, signal.SIGTERM) as word_end:
        return _word(word_end, tick)


@contextmanager
def _forked(work: Callable[[], Any], ending: signal.Signals) -> Iterator[int]:
    """A pipe from which to read what ``work`` returns, as JSON.

    At the end of the block the process gets the signal ``ending``.
    """
    word_end, writer = os.pipe()
    parent, child = os.getpid(), os.fork()
    if child == 0:
        try:
            os.close(word_end)
            die_with(parent)
            word = json.dumps(work()).encode()
            with os.fdopen(writer, "wb") as out:
                out.write(word)
        finally:  # whatever happens, the child must not go on as if it were its parent
            if isinstance(sys.exc_info()[1], Exception):
                traceback.print_exc()
            os._exit(0)
    os.close(writer)
    try:
        yield word_end
    finally:
        os.close(word_end)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            _end(child, ending)


def _word(word_end: int, tick: Callable[[], None]) -> Any:
    said = b""
    while piece := _read(word_end, tick):
        said += piece
    if not said:
        raise Died
    return json.loads(said)


def _end(child: int, ending: signal.Signals) -> None:
    """End a process; one that is asked to end may clean up if it can within a second."""
    os.kill(child, ending)
    for _ in range(_PATIENCE if ending != signal.SIGKILL else 0):
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _read(end: int, tick: Callable[[], None]) -> bytes:
    """What is to be read next; nothing at the end."""
    ready = select.poll()
    ready.register(end)
    while not ready.poll(_BEAT):
        tick()
    return os.read(end, 1 << 20)


def die_with(parent: int) -> None:
    """See that this process does not outlive the one that forked it, where the system can."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(0)


def limit_memory(most: int) -> None:
    """Let this process take so many bytes more than it has, unless a limit is set already."""
    import resource

    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        with contextlib.suppress(OSError, ValueError):
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + most, used + most))


def _confine() -> None:
    """Bound the child's memory; it says nothing when it dies, and leaves no core behind."""
    import resource

    limit_memory(MEMORY)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
