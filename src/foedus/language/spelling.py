"""Near misses: the names that a person may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def near(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The known names that are most like a name, best first.

    >>> near("alies-of", ["allies-of", "words-behind"])
    ['allies-of']
    """
    from rapidfuzz import fuzz, process, utils

    found = process.extract(
        name,
        list(known),
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        limit=limit,
        score_cutoff=72,
    )
    best = found[0][1] if found else 0
    return [text for text, score, _ in found if score >= best - 5]
