"""Work of a verb within its limits of time and memory, whatever it is doing when they are reached.

The library looks at its limits between steps. One step may be long: a page of Rust, an array that
does not fit. So a verb with limits works in a process of its own, which can be ended.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import Final

from foedus.errors import BadParameter, LimitReached
from foedus.store.budget import Died, Late, run

_SIZE: Final = re.compile(r"([0-9]+)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_LATE: Final = "the time is used up; nothing was written. Try a longer --timeout"
#: Seconds beyond the limit, in which the library may end the work itself.
_GRACE: Final = 0.5


def size(text: str) -> int:
    """Bytes of memory as people write them.

    >>> size("2G")
    2147483648
    """
    found = _SIZE.fullmatch(text.strip())
    if not found or not int(found[1][:20]):
        raise BadParameter("--memory", text, "a size such as 500M or 2G")
    return int(found[1][:20]) << 10 * " KMGT".index(found[2].upper() or " ")


def bounded(work: Callable[[], None], timeout: float | None, memory: int | None) -> None:
    """Do the work, in a process of its own if there is a limit. Raises what it raises."""
    if memory is not None and sys.platform != "linux":
        raise BadParameter("--memory", str(memory), "possible on this system, only on Linux")
    if (timeout is None and memory is None) or not hasattr(os, "fork"):
        work()
        return
    sys.stdout.flush()  # or both processes would print what waits

    def printed() -> None:
        try:
            work()
        finally:
            sys.stdout.flush()

    try:
        run(printed, None if timeout is None else timeout + _GRACE, memory, gently=True)
    except Late:
        raise LimitReached(_LATE) from None
    except Died:
        if memory is None:
            raise
        raise LimitReached(
            f"this needs more than the {memory >> 20:,} MB of memory allowed; nothing was "
            "written. Try a higher --memory"
        ) from None
