"""One command in a process of its own, with all limits on, and what is wrong with how it ended.

The process is forked from this one, which has loaded everything once, so a run costs some
milliseconds. A cold run starts a new interpreter instead, as a user does.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import re
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

#: Most memory that a command may take for a small input, in bytes: twice what a query may take.
MEMORY = 2 << 30
#: Where the process is stopped in any case, in bytes of address space.
_ADDRESSES = 6 << 30
#: Seconds that a command may take beyond its --timeout, on a machine that does other things too.
GRACE = 20.0
#: Seconds that a command without --timeout may take.
LONGEST = 60.0
DOCUMENTED = (0, 1, 2, 3)

_PR_SET_CHILD_SUBREAPER = 36
_FRAME = re.compile(r'File "[^"]*?src/(foedus/[\w/]+\.py)", line \d+, in (\S+)')
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Command:
    """Words of a command line, the files that lie in its folder, and what stands on its input."""

    words: tuple[bytes, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    input: bytes = b""
    seconds: float = LONGEST


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: exit code (minus the signal that ended it), its words, what it used."""

    code: int
    out: bytes
    err: bytes
    seconds: float
    memory: int
    stopped: bool
    orphans: int


@cache
def _adopt_orphans() -> None:
    """Make what outlives its parent a child of this process, so that it is seen."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def warm() -> None:
    """Load what the verbs load, once."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process with threads must not fork
    from importlib import import_module

    from foedus.cli import MODULES

    for name in (*(f"foedus.cli.{name}" for name in MODULES), *_HEAVY):
        import_module(name)


_HEAVY = (
    *("numpy", "pyoxigraph", "rdflib", "owlrl", "pyshacl", "edtf", "rapidfuzz", "SPARQLWrapper"),
    *(
        "foedus.knowledge",
        "foedus.remote",
        "foedus.reasoning.closure",
        "foedus.reasoning.witnesses.owlrl_witness",
    ),
    *(
        "foedus.whatif",
        "foedus.report",
        "foedus.render.report",
        "foedus.explain",
        "foedus.knowledge.description",
        "foedus.knowledge.findings",
    ),
)


def forked(work: Callable[[], int], place: Path, seconds: float, input: bytes = b"") -> Outcome:
    """Do the work in a process of its own, in the folder ``place``."""
    streams = [place.with_name(f"{place.name}.{n}") for n in ("in", "out", "err")]
    streams[0].write_bytes(input)
    _adopt_orphans()
    before = _children()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _confine(place, streams)
        code = 70
        try:
            code = work()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            for stream in (sys.stdout, sys.stderr):
                try:
                    stream.flush()
                except (OSError, ValueError):
                    code = 120  # as the interpreter does
            os._exit(code)
    stopped = not _wait(child, seconds)
    if stopped:
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    took = time.monotonic() - started
    orphans = _orphans(before)
    out, err = (path.read_bytes() for path in streams[1:])
    for path in streams:
        path.unlink()
    code = os.waitstatus_to_exitcode(status)
    return Outcome(code, out, err, took, usage.ru_maxrss * 1024, stopped, orphans)


def run(command: Command, place: Path, cold: bool = False) -> Outcome:
    """Run ``foedus`` with these words in the folder ``place``."""
    words = [os.fsdecode(word) for word in command.words]

    def work() -> int:
        if cold:
            os.execv(sys.executable, [sys.executable, "-m", "foedus", *words])
        from foedus.cli import run as foedus

        foedus(words)

    return forked(work, place, command.seconds, command.input)


def _confine(place: Path, streams: list[Path]) -> None:
    faulthandler.disable()  # a crash is seen by its signal
    os.setsid()
    os.chdir(place)
    for number, path in enumerate(streams):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(path, flags, 0o600), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    for name in [
        name for name in os.environ if name.startswith("FOEDUS") or "proxy" in name.lower()
    ]:
        del os.environ[name]
    os.environ |= {"HOME": str(place), "NETRC": str(place / "netrc")}
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))


def _wait(child: int, seconds: float) -> bool:
    watch = os.pidfd_open(child)
    try:
        return bool(select.select([watch], [], [], seconds)[0])
    finally:
        os.close(watch)


def _children() -> set[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return set(map(int, listed.split()))


def _orphans(before: set[int]) -> int:
    """How many processes outlive the command by more than a second; they are ended."""
    end = time.monotonic() + 1
    while left := _children() - before:
        for pid in left:
            os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > end:
            break
        time.sleep(0.01)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return len(left)


def fault(outcome: Outcome) -> str | None:
    """What is wrong with how a command ended, in words that are the same for the same fault."""
    told = (outcome.err + outcome.out).decode("utf-8", "replace")
    if "Traceback (most recent call last)" in told:
        frames = _FRAME.findall(told)
        said = told.rpartition("Traceback (most recent call last)")[2]
        error = next((m[1] for m in re.finditer(r"^([A-Za-z_][\w.]*)(?::|$)", said, re.M)), "?")
        return f"traceback {error} in {' '.join(frames[-1]) if frames else 'no code of ours'}"
    if outcome.stopped:
        return "runs past its time"
    if outcome.orphans:
        return "leaves a process behind"
    if outcome.code < 0:
        return f"ended by {signal.Signals(-outcome.code).name}"
    if outcome.code not in DOCUMENTED:
        return f"exit code {outcome.code}"
    if outcome.memory > MEMORY:
        return "takes more memory than its limit"
    if outcome.code in (2, 3) and not outcome.err.strip():
        return "fails without a word"
    if any(words in told for words in ("panicked at", "Exception ignored", "InternalError")):
        return "an internal error is shown"
    if _CONTROL.search(outcome.err):
        return "control characters in a message"
    return None
