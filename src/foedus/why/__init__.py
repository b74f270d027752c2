"""Why a triple holds, or does not: its proofs down to the words in the sources."""
