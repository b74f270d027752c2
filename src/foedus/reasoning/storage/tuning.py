"""Thresholds by which one of several equivalent algorithms is chosen; no result depends on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Tuning:
    """The thresholds of one closure, measured on the benchmarks' graphs."""

    #: Rows of a chunk: with what is computed from them, they fit the processor's caches.
    chunk: int = 1 << 15
    #: Probes of one binary search, confined to the part of the column that they span.
    near: int = 1 << 12
    #: Probes are looked up by binary search in a column this many times longer; else it is scanned.
    few: int = 32
    #: Offsets of all subjects are computed where keys and subjects are at most so many per probe.
    offsets: int = 8
    #: Fewer keys than this are searched or merged in no time that would matter.
    small: int = 1 << 10
    #: Deleted keys are purged from their column when they are more than one in so many of its keys.
    purge: int = 64
    #: Deltas are merged into segments for look-ups. A small relation has one segment; in a larger
    #: one short deltas are merged where there are at least this many deltas ...
    segments: int = 3
    #: ... and later ones where more than so many of them are loose, so that each segment is at
    #: least twice as long as the next.
    loose: int = 2
    #: Rounds of joins in a transitive closure, before its graph is condensed to components.
    rounds: int = 16
    #: Components whose reachability is a bit matrix; of more, a sorted array each.
    components: int = 1 << 14
    #: More solutions of a template than this are examined in columns, fewer one by one.
    solutions: int = 32
    #: A relation with more deltas than this gets an index of all its history.
    indexed: int = 16
    #: Deltas are compacted when the new ones are so many times those of the first run ...
    compaction: float = 2
    #: ... and the closure is computed anew where compaction leaves so many times as many.
    growth: float = 4
    #: A withdrawal that takes longer than the closure took, and than so many processor seconds, is
    #: abandoned, and the closure computed anew.
    patience: float = 0.2


DEFAULT: Final = Tuning()
