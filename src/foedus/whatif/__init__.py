"""What would follow if less were known, or more, or somebody were believed."""

from foedus.whatif.compare import (
    Change,
    Changed,
    Contradiction,
    Outcome,
    alternatives,
    believing,
    contradictions,
    what_if,
)
from foedus.whatif.forms import as_json, as_markdown, as_text, sides

__all__ = [
    "Change",
    "Changed",
    "Contradiction",
    "Outcome",
    "alternatives",
    "as_json",
    "as_markdown",
    "as_text",
    "believing",
    "contradictions",
    "sides",
    "what_if",
]
