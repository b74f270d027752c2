"""Pages from templates. HTML escapes what is filled in; nothing else does so by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from foedus.language.prose import capital, full, quotation, said_by
from foedus.render.safe import for_html, for_markdown
from foedus.version import __version__

Filters = Mapping[str, Callable[..., Any]]
TEMPLATES = Path(__file__).with_name("templates")


def html(template: str, filters: Filters, **model: Any) -> str:
    """The HTML page of a template; ``model`` are dataclasses, ``filters`` what its words mean."""
    return _page(template, filters, {name: for_html(value) for name, value in model.items()})


def markdown(template: str, filters: Filters, **model: Any) -> str:
    """The Markdown document of a template."""
    return _page(template, filters, {name: for_markdown(value) for name, value in model.items()})


def _page(
    template: str, filters: Mapping[str, Callable[..., Any]], model: Mapping[str, Any]
) -> str:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {f.__name__: f for f in (capital, full, quotation, said_by)} | dict(filters)
    return made.get_template(template).render(model, version=__version__)
