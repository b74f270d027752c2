"""What would follow if less were known, or more, or somebody were believed."""

from foedus.whatif.compare import (
    Change,
    Changed,
    Contradiction,
    Outcome,
    alternatives,
    believing,
    what_if,
)

__all__ = [
    "Change",
    "Changed",
    "Contradiction",
    "Outcome",
    "alternatives",
    "believing",
    "what_if",
]
