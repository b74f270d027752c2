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
from foedus.whatif.forms import as_json, as_markdown, as_text, sides
from foedus.whatif.otherwise import alternatives
from foedus.whatif.speakers import DISAGREEMENTS, HOW, Disagreement, as_lines, disagreements
from foedus.whatif.speakers import as_markdown as disagreements_as_markdown

__all__ = [
    "DISAGREEMENTS",
    "HOW",
    "Change",
    "Changed",
    "Contradiction",
    "Disagreement",
    "Outcome",
    "alternatives",
    "as_json",
    "as_lines",
    "as_markdown",
    "as_text",
    "believing",
    "contradictions",
    "disagreements",
    "disagreements_as_markdown",
    "sides",
    "what_if",
]
