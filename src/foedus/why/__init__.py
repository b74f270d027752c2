"""Why a triple holds, or does not: its proofs down to the words in the sources."""

from foedus.why.explain import Explainer
from foedus.why.forms import as_json, as_markdown, as_mermaid, as_text
from foedus.why.rows import Basis, RowSupport, Support
from foedus.why.steps import Explanation, Miss, Origin, Passage, Step

__all__ = [
    "Basis",
    "Explainer",
    "Explanation",
    "Miss",
    "Origin",
    "Passage",
    "RowSupport",
    "Step",
    "Support",
    "as_json",
    "as_markdown",
    "as_mermaid",
    "as_text",
]
