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
from foedus.whatif.forms import as_json, as_markdown, as_text

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
    "what_if",
]
