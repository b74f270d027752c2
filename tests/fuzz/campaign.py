"""A fuzzing campaign: cases by seed, a report, and for each fault a folder that reproduces it."""

from __future__ import annotations

import shlex
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from attempts import Case
from corpus import built
from reduce import smallest
from sandbox import warm
from targets import TARGETS, Target

#: Seconds that may go into making one failing input smaller.
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that failed: what is wrong, and the smallest case found that fails the same way."""

    target: Target
    name: str
    says: str
    case: Case

    @property
    def kind(self) -> str:
        """What is wrong, in words that are the same for the same fault."""
        return f"{self.target.name}: {self.says.splitlines()[0]}"


@dataclass(slots=True)
class Tally:
    """How many inputs of each target were tried, and how often each kind of fault was met."""

    inputs: Counter[str]
    kinds: Counter[str]
    seconds: Counter[str]


def case(name: str) -> tuple[Target, Case]:
    """The case of a name, SEED/TARGET/NUMBER."""
    target = TARGETS[name.split("/")[1]]
    return target, target.make(Random(name))


def names(seed: str, targets: Iterable[str], rounds: Iterable[int]) -> Iterator[str]:
    """The names of the cases, each target by its share, round after round."""
    chosen = [TARGETS[name] for name in targets]
    for number in rounds:
        for target in chosen:
            for k in range(target.share):
                yield f"{seed}/{target.name}/{number * target.share + k}"


def start() -> None:
    """Load everything and make the build that the commands ask."""
    warm()
    built()


def attempt(name: str, cold: bool = False) -> Failure | None:
    """Try one case; None if nothing is wrong."""
    target, made = case(name)
    says = _tried(target, made, cold)
    return Failure(target, name, says, made) if says else None


def reduced(failure: Failure) -> Failure | None:
    """The failure with a smaller case; None if it does not come again from a new interpreter.

    A fault that hangs on the moment, as of a kill, is taken as it is.
    """
    target = failure.target
    if not target.reducible:
        return failure
    if _tried(target, failure.case, cold=True) is None:
        return None

    def fails(case: Case) -> bool:
        says = _tried(target, case, cold=False)
        return says is not None and replace(failure, says=says).kind == failure.kind

    return replace(failure, case=_smaller(failure.case, fails))


def _smaller(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The case with less in its files, by lines and then by bytes, and with fewer words."""
    end = time.monotonic() + _PATIENCE
    for name in case.command.files:
        for split in (bytes.splitlines, bytes):
            case = _less(case, name, split, fails, end - time.monotonic())

    def worded(words: tuple[bytes, ...]) -> Case:
        return replace(case, command=replace(case.command, words=words))

    words = case.command.words
    return worded(smallest(words, lambda less: fails(worded(less)), end - time.monotonic()))


def _less(case: Case, name: str, split: Any, fails: Callable[[Case], bool], seconds: float) -> Case:
    def filled(parts: bytes | list[bytes]) -> Case:
        content = parts if isinstance(parts, bytes) else b"\n".join(parts)
        files = {**case.command.files, name: content}
        return replace(case, command=replace(case.command, files=files))

    parts = split(case.command.files[name])
    small = smallest(parts, lambda less: fails(filled(less)), seconds)
    return case if small == parts else filled(small)


def _tried(target: Target, case: Case, cold: bool) -> str | None:
    with tempfile.TemporaryDirectory(prefix="foedus-fuzz-") as folder:
        place = Path(folder) / "in"
        place.mkdir()
        return target.attempt(case, place, cold)


def written(failure: Failure, into: Path) -> Path:
    """Write the folder that reproduces a failure: its files, its command, what is wrong."""
    slug = "".join(c if c.isalnum() else "-" for c in failure.kind)[:90].strip("-")
    place = into / slug
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    command = failure.case.command
    for name, content in command.files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    words = shlex.join(w.decode("utf-8", "backslashreplace") for w in command.words)
    text = [failure.says, "", f"foedus {words}" if failure.target.reducible else words]
    text += [f"as found: make fuzz CASE={failure.name}", ""]
    (place / "README").write_text("\n".join(text), encoding="utf-8", errors="replace")
    return place


def campaign(
    seed: str, targets: Iterable[str], rounds: Iterable[int], minutes: float, into: Path
) -> Iterator[Failure | Tally]:
    """Try cases until rounds or minutes are used up: each new kind of fault, then the tally."""
    tally = Tally(Counter(), Counter(), Counter())
    end = time.monotonic() + minutes * 60
    for name in names(seed, list(targets), rounds):
        if time.monotonic() > end:
            break
        target, made = case(name)
        started = time.monotonic()
        found = attempt(name)
        tally.inputs[target.name] += made.inputs
        tally.seconds[target.name] += time.monotonic() - started
        if found and found.kind not in tally.kinds:
            found = reduced(found)
            if found and found.kind not in tally.kinds:
                written(found, into)
                yield found
        if found:
            tally.kinds[found.kind] += 1
    yield tally
