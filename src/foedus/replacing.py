"""Files and folders that are written whole or not at all, and what killed writers left."""

from __future__ import annotations

import fcntl
import glob
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from foedus.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new binary file that takes the place of ``path`` when the block ends without an error.

    A link is followed. A pipe, a terminal or another device is written to as it is. What a killed
    writer of the same file left is removed. Raises `InputError` where nothing can be written.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; name a file")
        if (stream := _stream(path)) is not None or (path.exists() and not path.is_file()):
            with path.open("wb") if stream is None else _again(stream) as file:
                yield file
            return
        target = Path(os.path.realpath(path))
        with _among(target) as (handle, made):
            try:
                with os.fdopen(handle, "wb") as file:
                    yield file
                made.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
                _move(made, target)
            finally:
                made.unlink(missing_ok=True)
    except BrokenPipeError:  # the reader has seen enough
        raise
    except OSError as error:
        raise cannot_write(path, error) from None


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else is in such a block for the folder; waits until the others have left.

    A killed process has left. False where the file system knows no locks.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield _locked(handle, fcntl.LOCK_EX)
    finally:
        os.close(handle)


def cannot_write(path: Path, error: OSError) -> InputError:
    """The error that says why nothing can be written there."""
    return InputError(f"{path} cannot be written: {error.strerror or error}")


@contextmanager
def _among(target: Path) -> Iterator[tuple[int, Path]]:
    """A new file beside the target, or elsewhere if its folder takes none.

    Whoever writes in a folder holds a shared lock on it. If none does, what is named like our file
    is of killed writers.
    """
    prefix = f".{target.name[:60]}."
    try:
        folder = os.open(target.parent, os.O_RDONLY)
    except OSError:  # it may still be written to
        folder = None
    try:
        if folder is not None:
            if _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                for left in target.parent.glob(f"{glob.escape(prefix)}????????.part"):
                    left.unlink(missing_ok=True)
            _locked(folder, fcntl.LOCK_SH)
        try:
            handle, name = tempfile.mkstemp(".part", prefix, target.parent)
        except OSError:
            if not os.access(target, os.W_OK):
                raise
            handle, name = tempfile.mkstemp(".part", prefix)
        yield handle, Path(name)
    finally:
        if folder is not None:
            os.close(folder)


def _move(made: Path, target: Path) -> None:
    """Put a whole file in the place of another; a mounted one can only be written over."""
    try:
        made.replace(target)
    except OSError:
        if not target.is_file():
            raise
        shutil.copyfile(made, target)


def _locked(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how)
    except OSError:
        return False
    return True


def _stream(path: Path) -> int | None:
    """The number of the open file that a path such as ``/dev/stdout`` stands for."""
    named = {"/dev/stdout": 1, "/dev/stderr": 2}
    found = re.fullmatch(r"/(?:dev|proc/self)/fd/(\d+)", str(path))
    return int(found[1]) if found else named.get(str(path))


def _again(stream: int) -> IO[bytes]:
    """An open file once more, so that what is written comes after what was written before."""
    for printed in (sys.stdout, sys.stderr):
        printed.flush()
    return os.fdopen(os.dup(stream), "wb")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
