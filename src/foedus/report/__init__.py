"""What one readable document of a whole graph says."""

from foedus.report.content import Report, gather

__all__ = ["Report", "gather"]
