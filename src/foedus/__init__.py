"""Foedus: an article's states, leaders, alliances and treaties, answered with proof and words."""

__version__ = "0.1.0"
