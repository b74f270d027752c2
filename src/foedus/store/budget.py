"""Work in a process of its own: bounded in time and memory, killed alone, gone with its parent.

Libraries that are not Python cannot be interrupted; they may abort, overrun their stack or not come
back. What they do here costs the child alone, and the parent tells what became of it. The process
is forked, so it has the graph at hand and nothing is copied; what it gives comes back in a pipe.

`within` serves queries, `output` the parsers of files, `run` whole commands.
"""

from __future__ import annotations

import contextlib
import faulthandler
import math
import os
import pickle
import select
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from foedus.errors import BadParameter, LimitReached

#: Most memory that a query may take beyond what is there already, in bytes.
MEMORY = 1 << 30
#: The same of a parser, where nothing else is set.
PARSER_MEMORY = 2 << 30

#: Milliseconds between two looks at whether to go on.
_BEAT: Final = 100
#: Hundredths of a second in which a child that is told to stop may clean up.
_PATIENCE: Final = 100
#: Bytes of output that are handed on at once.
_PIECE: Final = 1 << 22
#: How a process ends that has no memory left to say so.
_EXHAUSTED: Final = 3

T = TypeVar("T")


class Late(Exception):
    """The time was up before the work was done."""


class Died(Exception):
    """The child ended before its work did: by a signal, or for want of memory."""

    def __init__(self, status: int) -> None:
        super().__init__(f"it ended with {status}")
        self.status = status

    @property
    def exhausted(self) -> bool:
        """Whether it was for want of memory; a parser may also die otherwise of it."""
        return self.status in (_EXHAUSTED, -signal.SIGABRT)


def within(seconds: float | None, work: Callable[[], T], what: str, closed: bool = False) -> T:
    """What the work gives, or the error that it raises; `LimitReached` when it takes too much.

    Args:
        seconds: how long it may take; None runs it here and now, without any limit.
        work: what is to be done; its result must be one that pickle takes.
        what: what it is called in the message, such as "the query".
        closed: whether it may open no file and no connection.

    Its standard streams go nowhere, so that nobody who reads ours waits for it. Where no process
    can be forked, it runs in a thread: in time, but its memory is not bounded.
    """
    if seconds is None:
        return work()
    if math.isnan(seconds) or seconds <= 0:
        raise BadParameter("timeout", f"{seconds:g}", "a number of seconds above 0")

    def confined() -> T:
        _confine_query(seconds, closed)
        return work()

    try:
        return run(confined, seconds, MEMORY) if _forks() else _in_thread(work, seconds)
    except Late:
        raise LimitReached(
            f"{what} was stopped after {round(seconds, 1):g} s; "
            "narrow it, add LIMIT, or allow more --timeout"
        ) from None
    except Died as error:
        if error.exhausted:
            said = f"stopped because it needed more than {MEMORY >> 30} GB of memory"
            raise LimitReached(f"{what} was {said}; narrow it or add LIMIT") from None
        if error.status == -signal.SIGALRM:  # this process was stopped for a while, its clock not
            raise LimitReached(f"{what} was stopped, as its time was up") from None
        said = f"more than its engine can hold (it ended with {error.status})"
        raise LimitReached(f"{what} was {said}") from None


def output(work: Callable[[IO[bytes]], T], tick: Callable[[], None]) -> Generator[bytes, None, T]:
    """What ``work`` writes, a few megabytes at a time; the generator returns what it returns.

    The child is killed when the generator is closed, or when ``tick`` raises, which is called while
    there is nothing to read. Raises `Died`, and what ``work`` raises. Where no process can be
    forked, the work is done here.
    """
    if not _forks():
        with tempfile.TemporaryFile() as file:
            result = work(file)
            file.seek(0)
            while piece := file.read(_PIECE):
                yield piece
        return result
    data, writer = os.pipe()

    def confined() -> T:
        import resource

        os.close(data)
        if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
            limit_memory(PARSER_MEMORY)
        _silence(2)
        with os.fdopen(writer, "wb") as out:
            return work(out)

    with _forked(confined) as told:
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
        return told(tick)


def run(
    work: Callable[[], T], seconds: float | None, memory: int | None, gently: bool = False
) -> T:
    """What ``work`` returns or raises, with so many seconds and bytes beyond those of its parent.

    What it prints is printed. When its time is up it is killed; ``gently``, it is told to stop
    (SIGTERM) and killed a second later. Raises `Late` or `Died`.
    """
    end = math.inf if seconds is None else time.monotonic() + seconds

    def tick() -> None:
        if time.monotonic() > end:
            raise Late

    def limited() -> T:
        if gently:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        if memory is not None:
            limit_memory(memory)
        return work()

    with _forked(limited, gently) as told:
        return told(tick)


def _forks() -> bool:
    return hasattr(os, "fork")


# -- the parent ------------------------------------------------------------------------------------


@contextmanager
def _forked(
    work: Callable[[], T], gently: bool = False
) -> Iterator[Callable[[Callable[[], None]], T]]:
    """A function that waits for what ``work`` gives in a process of its own, calling its argument.

    A process that still runs at the end of the block is ended.
    """
    bind_to_parent = binding()
    reader, writer = os.pipe()
    parent, child = os.getpid(), os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            bind_to_parent(parent)
            status = _tell(writer, work)
        finally:  # whatever happens, the child must not go on as if it were its parent
            os._exit(status)
    os.close(writer)
    ended = False

    def told(tick: Callable[[], None]) -> T:
        nonlocal ended
        pieces: list[bytes] = []
        while piece := _read(reader, tick):
            pieces.append(piece)
            tick()
        _, status = os.waitpid(child, 0)
        ended = True
        if status:
            raise Died(os.waitstatus_to_exitcode(status))
        good, found = pickle.loads(b"".join(pieces))
        if good:
            return found  # type: ignore[no-any-return]
        raise found

    try:
        yield told
    finally:
        os.close(reader)
        if not ended:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                _end(child, gently)


def _read(end: int, tick: Callable[[], None]) -> bytes:
    """What is to be read next; nothing at the end."""
    ready = select.poll()
    ready.register(end)
    while not ready.poll(_BEAT):
        tick()
    return os.read(end, 1 << 20)


def _end(child: int, gently: bool) -> None:
    """End a process; one that is asked to end may clean up if it can within a second."""
    os.kill(child, signal.SIGTERM if gently else signal.SIGKILL)
    for _ in range(_PATIENCE if gently else 0):
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _in_thread(work: Callable[[], T], seconds: float) -> T:
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
        raise Late
    if isinstance(box[0], BaseException):
        raise box[0]
    return box[0]


# -- the child -------------------------------------------------------------------------------------


def _tell(writer: int, work: Callable[[], Any]) -> int:
    """Do the work and write what it gives or raises; the process ends with the status returned."""
    try:
        try:
            said = (True, work())
        except MemoryError:
            raise
        except Exception as error:  # whatever it is, the parent raises it again
            said = (False, error)
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))  # a proof may go deep
        with os.fdopen(writer, "wb") as out:
            out.write(pickle.dumps(said))
    except MemoryError:
        return _EXHAUSTED
    return 0


@cache
def binding() -> Callable[[int], None]:
    """What a child calls to see that it does not outlive the parent given; loaded before a fork."""
    if sys.platform != "linux":
        return lambda parent: threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    import ctypes

    prctl = ctypes.CDLL(None).prctl

    def die_with(parent: int) -> None:
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(0)

    return die_with


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_BEAT / 1000)
    os._exit(1)


def limit_memory(most: int) -> None:
    """Let this process take at most so many bytes more than it has."""
    import resource

    with contextlib.suppress(OSError, ValueError):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft == resource.RLIM_INFINITY or soft > used + most:
            resource.setrlimit(resource.RLIMIT_AS, (used + most, hard))


def _silence(*streams: int) -> None:
    """Have these streams go nowhere, and leave no core behind."""
    import resource

    faulthandler.disable()
    for stream in streams:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _confine_query(seconds: float, closed: bool) -> None:
    """Leave a query no words, a last hour, and no way out where it is closed.

    Its time is the kernel's to end, should the parent be stopped.
    """
    import resource

    _silence(0, 1, 2)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, min(seconds + 1, 1e8))
    if closed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
