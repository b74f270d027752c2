"""The pages that lead to all others: the questions, and the article."""

from __future__ import annotations

from itertools import groupby

from foedus.errors import UsageError
from foedus.knowledge.questions import Question
from foedus.server import questions
from foedus.server.calls import Call, Reply
from foedus.server.protocol import Refused
from foedus.server.site import TEMPLATES, Site


def front(site: Site, call: Call) -> Reply:
    """The questions by topic, and those that fit what is sought."""
    sought = dict(call.values).get("q", "").strip()[:200]
    things = []
    if sought:
        try:
            things = [site.graph.names.resolve(sought)]
        except UsageError:
            things = [site.graph.names.resolve(n) for n in site.graph.names.near(sought, 3)]
    every = site.graph.questions.values()

    def spoken(question: Question) -> str:
        return question.phrase(questions.spoken(site, question), str)

    return site.page(
        "front.html",
        call,
        sought=sought,
        things=[t for t in things if site.link(call.base, t)],
        found=questions.found_by(site, sought) if sought else [],
        topics=[(topic, list(several)) for topic, several in groupby(every, lambda q: q.topic)],
        spoken=spoken,
    )


def article(site: Site, call: Call) -> Reply:
    """The text with facts, claims and doubtful words marked, and what was read from each."""
    return site.page("article.html", call)


def nothing(site: Site, call: Call) -> Reply:
    """That there is nothing at an address."""
    raise Refused(404, f"there is nothing at {call.name}")


def style(site: Site, call: Call) -> Reply:
    """How the pages look."""
    return Reply((TEMPLATES / "style.css").read_bytes(), "text/css; charset=utf-8")
