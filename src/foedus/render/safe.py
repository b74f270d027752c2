"""What others wrote, made safe once for each kind of output, before any of it is put in its place.

A terminal is not steered, Markdown and Mermaid show each letter as it is, a page has no control
characters; HTML's own escapes are the templates' (`foedus.render.pages`).
"""

from __future__ import annotations

import re
from functools import partial
from typing import TypeVar

from foedus.safe_text import markdown, one_line, printable, reworded

T = TypeVar("T")


def for_text(found: T) -> T:
    """A dataclass whose texts may be shown on a terminal, each on one line."""
    return reworded(found, one_line)


def for_markdown(found: T) -> T:
    """A dataclass whose texts Markdown shows as they are."""
    return reworded(found, markdown)


def for_html(found: T) -> T:
    """A dataclass whose texts have no character that steers."""
    return reworded(found, partial(printable, keep="\n\t"))


def for_mermaid(found: T) -> T:
    """A dataclass whose texts end no quote of Mermaid's, and are no directive and no HTML."""
    return reworded(found, _mermaid)


def _mermaid(text: str) -> str:
    names = {'"': "quot", "<": "lt", ">": "gt", "&": "amp"}
    return re.sub(r'["<>&#%`{}|]', lambda m: f"#{names.get(m[0], ord(m[0]))};", one_line(text))
