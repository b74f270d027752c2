"""Why a triple holds, in one way or in all; why a clash; and the same without the engine."""
