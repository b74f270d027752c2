"""Processes that do the work of a server and may be killed; one that ends is replaced.

A query cannot be interrupted from Python, so what runs too long, or for a client that has gone, is
killed with its process. All are forked from a *nursery*, a process with one thread that holds the
graph and nothing else: forking the server itself, with its threads, would not be safe. The graph is
in memory once, as forked processes share their pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pickle
import signal
import socket
import struct
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import IO, Any, NoReturn

from foedus.store.budget import binding, limit_memory

#: Seconds that a call waits for a worker before it is told that all are busy.
PATIENCE = 3.0
#: Calls after which a worker is replaced, so that what it remembers does not grow for ever.
_LIFE = 5_000
_EXHAUSTED = 3
_SIZE, _ORDER, _HATCHED = struct.Struct("!Q"), struct.Struct("!i?"), struct.Struct("!ii")

Work = Callable[[Any], Any]


class Busy(Exception):
    """No worker was free in time."""


class Late(Exception):
    """The work took longer than it may, and was ended."""


class Died(Exception):
    """The worker ended before its work did; ``code`` is how, negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the worker ended with {code}")
        self.code = code

    @property
    def exhausted(self) -> bool:
        """Whether it was for want of memory."""
        return self.code in (_EXHAUSTED, -signal.SIGABRT)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process and the two ends of what is said to it and by it."""

    pid: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, call: Any) -> Any:
        """What it makes of a call; raises `asyncio.IncompleteReadError` or `OSError` if it ends."""
        body = pickle.dumps(call)
        self.writer.write(_SIZE.pack(len(body)) + body)
        await self.writer.drain()
        (size,) = _SIZE.unpack(await self.reader.readexactly(_SIZE.size))
        return pickle.loads(await self.reader.readexactly(size))


class Nursery:
    """The process that workers are forked from; make it while this process has one thread.

    ``work`` is what a worker does with a call, and what pickle takes goes in and out; ``memory`` is
    how many bytes a worker may take beyond what it was born with.
    """

    def __init__(self, work: Work, memory: int) -> None:
        self._control, theirs = socket.socketpair()
        parent, self.pid = os.getpid(), os.fork()
        if self.pid == 0:
            try:
                self._control.close()
                binding()(parent)
                _nurse(theirs, work, memory)
            finally:  # whatever happens, nothing of the parent's goes on in here
                os._exit(1)
        theirs.close()
        self._control.setblocking(False)
        self._turn = asyncio.Lock()

    async def hatch(self, old: int, closed: bool) -> tuple[Worker, int]:
        """A new worker, and how the ``old`` one ended, which is killed if it lives (0 for none).

        One that is ``closed`` can open no file and no connection.
        """
        ours, theirs = socket.socketpair()
        async with self._turn:
            with theirs:
                socket.send_fds(self._control, [_ORDER.pack(old, closed)], [theirs.fileno()])
            said = await asyncio.get_running_loop().sock_recv(self._control, _HATCHED.size)
        pid, ended = _HATCHED.unpack(said)
        reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
        return Worker(pid, reader, writer), ended

    def close(self) -> None:
        """End it and all its workers."""
        self._control.shutdown(socket.SHUT_RDWR)  # another nursery may hold this end as well
        self._control.close()
        os.waitpid(self.pid, 0)


class Pool:
    """So many workers of a nursery, each with one call at a time."""

    def __init__(self, nursery: Nursery, size: int, seconds: float, closed: bool) -> None:
        self._nursery, self._size, self._closed = nursery, size, closed
        self.seconds = seconds
        self._idle: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        self._calls: Counter[int] = Counter()
        self._hatching: set[asyncio.Task[int]] = set()

    async def open(self) -> None:
        """Have all workers at hand."""
        for _ in range(self._size):
            await self._replace(0)

    async def run(self, call: Any) -> Any:
        """What a worker makes of a call. A cancelled call is ended, and its worker with it.

        Raises `Busy`, `Late` or `Died`.
        """
        try:
            worker = await asyncio.wait_for(self._idle.get(), PATIENCE)
        except TimeoutError:
            raise Busy from None
        try:
            async with asyncio.timeout(self.seconds):
                found = await worker.ask(call)
        except TimeoutError:
            self._end(worker)
            raise Late from None
        except (asyncio.IncompleteReadError, OSError):
            raise Died(await self._end(worker)) from None
        except asyncio.CancelledError:
            self._end(worker)
            raise
        self._calls[worker.pid] += 1
        if self._calls[worker.pid] < _LIFE:
            self._idle.put_nowait(worker)
        else:
            self._end(worker)
        return found

    def _end(self, worker: Worker) -> Awaitable[int]:
        """Kill a worker and have another, even if nobody waits for it."""
        worker.writer.close()
        del self._calls[worker.pid]
        task = asyncio.create_task(self._replace(worker.pid))
        self._hatching.add(task)
        task.add_done_callback(self._hatching.discard)
        return asyncio.shield(task)

    async def _replace(self, old: int) -> int:
        worker, ended = await self._nursery.hatch(old, self._closed)
        self._idle.put_nowait(worker)
        return ended


def _nurse(control: socket.socket, work: Work, memory: int) -> NoReturn:
    """Fork a worker at each order, until the server has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the server sees to the rest
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.collect()
    gc.freeze()  # or a collection would write to pages that are shared
    living: set[int] = set()
    while True:
        order, ends, *_ = socket.recv_fds(control, _ORDER.size, 1)
        if not order:
            for pid in living:
                _killed(pid)
            os._exit(0)
        old, closed = _ORDER.unpack(order)
        ended = 0
        if old in living:
            living.discard(old)
            ended = _killed(old)
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            try:
                control.close()
                binding()(parent)
                _confine(memory, closed)
                end = socket.socket(fileno=ends[0])
                _serve(end.makefile("rb"), end.makefile("wb"), work)
            finally:
                os._exit(1)
        living.add(pid)
        os.close(ends[0])
        control.sendall(_HATCHED.pack(pid, ended))


def _killed(pid: int) -> int:
    """How a worker ended, which is killed if it lives; its number is its own until then."""
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _confine(memory: int, closed: bool) -> None:
    import resource

    limit_memory(memory)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if closed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _serve(calls: IO[bytes], replies: IO[bytes], work: Work) -> None:
    """Answer calls until there are no more."""
    try:
        while head := calls.read(_SIZE.size):
            call = pickle.loads(calls.read(*_SIZE.unpack(head)))
            body = pickle.dumps(work(call))
            replies.write(_SIZE.pack(len(body)))
            replies.write(body)
            replies.flush()
    except MemoryError:
        os._exit(_EXHAUSTED)
    except BrokenPipeError:
        os._exit(0)
    except Exception:  # a fault of ours: it is told, and the next worker starts afresh
        with contextlib.suppress(OSError):
            traceback.print_exc()
        os._exit(1)
    os._exit(0)
