"""Delta debugging: the smallest part that still fails.

Zeller and Hildebrandt, *Simplifying and isolating failure-inducing input* (2002).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Parts = TypeVar("Parts", bound=Sequence[object])


def smallest(parts: Parts, fails: Callable[[Parts], bool], seconds: float = 60.0) -> Parts:
    """The parts less all that can go while it still fails, as far as the seconds suffice.

    >>> smallest("one needle in a haystack", lambda text: "needle" in text)
    'needle'
    """
    end = time.monotonic() + seconds
    size = max(1, len(parts) // 2)
    while size:
        at = 0
        while at < len(parts) and time.monotonic() < end:
            less: Parts = parts[:at] + parts[at + size :]  # type: ignore[assignment,operator]
            if fails(less):
                parts = less
            else:
                at += size
        size //= 2
    return parts
