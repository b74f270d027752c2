"""Why a triple holds, or does not: its proofs down to the words in the sources."""

from foedus.explain.explainer import Explainer
from foedus.explain.steps import Explanation, Miss, Origin, Passage, Step

__all__ = [
    "Explainer",
    "Explanation",
    "Miss",
    "Origin",
    "Passage",
    "Step",
]
