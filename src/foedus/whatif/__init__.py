"""What would follow if less were known, or more, or somebody were believed."""

from foedus.whatif.compare import (
    Change,
    Changed,
    Contradiction,
    Outcome,
    believing,
    contradictions,
    what_if,
)
from foedus.whatif.otherwise import alternatives
from foedus.whatif.speakers import HOW, Disagreement, disagreements

__all__ = [
    "HOW",
    "Change",
    "Changed",
    "Contradiction",
    "Disagreement",
    "Outcome",
    "alternatives",
    "believing",
    "contradictions",
    "disagreements",
    "what_if",
]
