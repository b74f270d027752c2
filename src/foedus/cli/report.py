"""The verb report: one readable document of the whole graph."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from foedus.cli.common import (
    BelieveOption,
    DataOption,
    GraphOption,
    OnOption,
    graph,
    progress,
    say,
    trusting,
)


class Form(StrEnum):
    """How the report is written."""

    html = "html"
    md = "md"


def report(
    form: Annotated[Form, typer.Option("--format", help="What to write.")] = Form.html,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Where to [default: stdout].")
    ] = None,
    believe: BelieveOption = None,
    on: OnOption = None,
    graph_: GraphOption = None,
    data: DataOption = None,
) -> None:
    """Write one document: every answer with its words, the article as it was read, the proofs.

    \b
    Examples:
      foedus report -o report.html
      foedus report --format md -o report.md
      foedus report --believe "Park Won-gon" -o park.html
    """
    found = trusting(graph(graph_, data, on), believe)
    with progress("report"):
        text = found.report(form.value, out=out)
    if out is None:
        sys.stdout.write(text)
    else:
        say(f"wrote {out}")


def register(app: typer.Typer) -> None:
    """Give the command line this verb."""
    app.command()(report)
