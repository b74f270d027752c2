"""The pages that lead to all others."""

from __future__ import annotations

from foedus.server.calls import Call, Reply
from foedus.server.site import TEMPLATES, Site


def front(site: Site, call: Call) -> Reply:
    """The questions by topic."""
    return site.page("front.html", call)


def style(site: Site, call: Call) -> Reply:
    """How the pages look."""
    return Reply((TEMPLATES / "style.css").read_bytes(), "text/css; charset=utf-8")
