"""How a case is tried: what is run in an empty folder, and what is wrong with what it leaves."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox
from corpus import FORMATS, built
from inputs import HERE
from peers import answering, bad_line, store
from sandbox import Command, fault, forked, run

_PORT = b"{port}"


@dataclass(frozen=True, slots=True)
class Case:
    """An input: a command, the seed of what is random in trying it, and how many inputs it is."""

    command: Command
    seed: int = 0
    inputs: int = 1


def attempt(case: Case, place: Path, cold: bool) -> str | None:
    """Run the command, with a store that gives its answers; see what it leaves."""
    command = case.command
    _lay(command, place)
    before = _listing(place)
    with answering([c for name, c in command.files.items() if name.endswith(".http")]) as port:
        words = tuple(word.replace(_PORT, str(port).encode()) for word in command.words)
        outcome = run(replace(command, words=words), place, cold)
    return fault(outcome) or _left(place, before, command, outcome.code)


def _lay(command: Command, place: Path) -> None:
    for name, content in command.files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if any(word.startswith(b"GRAPH") for word in command.words):
        shutil.copytree(built(), place / "GRAPH")


def _listing(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*")}


def _left(place: Path, before: set[str], command: Command, code: int) -> str | None:
    """What is wrong with the files: one too many, or an output neither old nor whole."""
    asked = {word.decode("utf-8", "replace") for word in command.words}
    for name in sorted(_listing(place) - before):
        if not any(name == a or name.startswith(f"{a}/") for a in asked) and "build" not in asked:
            return "leaves a temporary file behind"
    for name in sorted(_OUTPUTS & _listing(place)):
        content = (place / name).read_bytes()
        if content == command.files.get(name):
            continue
        if code not in (0, 1):
            return "writes a file although it fails"
        if not _whole(content, name):
            return "writes a file that is not whole"
    return None


_OUTPUTS = {f"out.{name}" for name in FORMATS}


def _whole(content: bytes, name: str) -> bool:
    try:
        for _ in ox.parse(content, FORMATS[name.rpartition(".")[2]]):
            pass
    except (SyntaxError, ValueError):
        return False
    return True


def attempt_killed(case: Case, place: Path, cold: bool) -> str | None:
    """Build, kill the next build, ask, and build again."""
    rng = random.Random(case.seed)
    _lay(case.command, place)
    started = time.monotonic()
    if told := fault(run(case.command, place, cold)):
        return told
    took = time.monotonic() - started
    ask = replace(
        case.command, words=(b"ask", b"allies-of", b"--data", b"tiny", b"--graph", b"made")
    )
    first = run(ask, place, cold)
    when, how = rng.uniform(0, took), rng.choice([signal.SIGKILL, signal.SIGTERM])
    forked(_kill_after(case.command, when, how, cold), place, 60)
    again = run(ask, place, cold)
    if (again.code, again.out) != (first.code, first.out):
        return f"the old build does not answer after {how.name}"
    if told := fault(run(case.command, place, cold)):
        return f"after {how.name}: {told}"
    extra = sorted(p.name for p in place.iterdir() if p.name not in {"tiny", "made"})
    return f"a folder stays after {how.name}" if extra else None


def _kill_after(
    command: Command, when: float, how: signal.Signals, cold: bool
) -> Callable[[], int]:
    words = [os.fsdecode(word) for word in command.words]

    def work() -> int:
        from foedus.cli import run as foedus

        child = os.fork()
        if child == 0:
            if cold:
                os.execv(sys.executable, [sys.executable, "-m", "foedus", *words])
            try:
                foedus(words)
            finally:
                os._exit(0)
        time.sleep(when)
        os.kill(child, how)
        os.waitpid(child, 0)
        return 0

    return work


def attempt_cut(case: Case, place: Path, cold: bool) -> str | None:
    """Load the old, cut the load of the new: the old or the new answers; then complete the load."""
    rng = random.Random(case.seed)
    command = case.command
    old, new = command.files["old.nt"], command.files["new.nt"]

    def load(port: int, content: bytes) -> str | None:
        (place / "mine.nt").write_bytes(content)
        url = f"http://127.0.0.1:{port}".encode()
        made = run(replace(command, words=(*command.words, b"--endpoint", url)), place, cold)
        return fault(made) or (made.code and f"exit code {made.code}: {made.err.decode()}") or None

    with store() as plain, store() as port:
        for content in (old, new) if old else (new,):
            if told := load(plain, content):
                return told
        if old and (told := load(port, old)):
            return told
        before, after = _held(port), _held(plain)
        limits = [rng.randrange(60_000), None]
        with bad_line(port, *rng.choice([limits, limits[::-1]])) as bad:
            told = load(bad, new)
        if told and not told.startswith("exit code 3"):
            return told
        if old and _held(port) not in (before, after):
            return "a load that was cut leaves neither the old nor the new"
        if told := load(port, new):
            return f"a load that was cut is not completed by the same command: {told}"
        return None if _held(port) == after else "the completed load is not the load"


def _held(port: int) -> set[tuple[str, ...]]:
    """The quads of a store, less what a load notes for itself."""
    asked = urllib.parse.quote((HERE / "held.rq").read_text(encoding="utf-8"))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/query?query={asked}", timeout=10) as told:
        rows = json.load(told)["results"]["bindings"]
    quads = {tuple(row[name]["value"] for name in "gspo" if name in row) for row in rows}
    return {quad for quad in quads if not re.search(r"source/load$|\.loading$", quad[0])}


def attempt_loop(case: Case, place: Path, cold: bool) -> str | None:
    """Do the checks in a process of its own."""
    from loops import LOOPS

    check = LOOPS[case.command.words[1].decode()]

    def work() -> int:
        for number in range(case.inputs):
            check(random.Random(f"{case.seed}/{number}"))
        return 0

    outcome = forked(work, place, case.command.seconds)
    if outcome.code == 0:
        return fault(outcome)
    told = (outcome.out + outcome.err).decode("utf-8", "replace")[-4000:]
    return f"{fault(outcome) or 'fails'}\n{told}"
