"""One readable document of a whole graph, as Markdown or HTML."""

from foedus.report.content import Report, gather
from foedus.report.html import render as as_html
from foedus.report.markdown import render as as_markdown

__all__ = ["Report", "as_html", "as_markdown", "gather"]
