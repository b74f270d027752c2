"""Why a triple holds, or does not: its proofs down to the words in the sources."""

from foedus.why.explain import Explainer
from foedus.why.forms import as_json, as_markdown, as_mermaid, as_text
from foedus.why.steps import Explanation, Miss, Origin, Passage, Step

__all__ = [
    "Explainer",
    "Explanation",
    "Miss",
    "Origin",
    "Passage",
    "Step",
    "as_json",
    "as_markdown",
    "as_mermaid",
    "as_text",
]
