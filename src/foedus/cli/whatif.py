"""The verb what-if: less is known, or more, or somebody is believed; what would change."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from foedus.cli.common import SETTINGS, BelieveOption, DataOption, GraphOption, OnOption, graph
from foedus.cli.output import bold
from foedus.errors import UsageError


class Form(StrEnum):
    """How an outcome is printed."""

    text = "text"
    json = "json"
    md = "md"


def what_if(
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="NAME", help="A sentence (s09), a source or a claim."),
    ] = None,
    believe: BelieveOption = None,
    add: Annotated[
        list[Path] | None,
        typer.Option("--add", metavar="FILE", help="Take an RDF file's triples as facts."),
    ] = None,
    nobody: Annotated[
        bool,
        typer.Option("--contradictions", help="Believe nobody: list which claims disagree."),
    ] = False,
    on: OnOption = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="How to print it [default: text].")
    ] = None,
    graph_: GraphOption = None,
    data: DataOption = None,
) -> None:
    """Say what would no longer be so, what would be, and which answers change. Stores nothing.

    \b
    Examples:
      foedus what-if --without s09
      foedus what-if --believe "Park Won-gon"
      foedus what-if --without archigos --believe everyone
      foedus what-if --add mine.ttl --format json
      foedus what-if --contradictions
    """
    from foedus import whatif

    if nobody:
        told = whatif.disagreements(graph(graph_, data, on))
        if form is Form.json or SETTINGS.json:
            body = {"format": whatif.DISAGREEMENTS, "disagreements": [asdict(d) for d in told]}
            print(json.dumps(body, ensure_ascii=False, indent=2))
        elif form is Form.md:
            print(whatif.disagreements_as_markdown(told), end="")
        else:
            print("\n".join(whatif.as_lines(told)).strip())
        return
    if not (without or believe or add):
        raise UsageError(
            "say what to suppose: --without SENTENCE, SOURCE or CLAIM, --believe NAME, --add FILE"
        )
    outcome = whatif.what_if(graph(graph_, data, on), without or (), believe or (), add or ())
    form = form or (Form.json if SETTINGS.json else Form.text)
    if form is Form.json:
        print(json.dumps(whatif.as_json(outcome), ensure_ascii=False, indent=2))
    elif form is Form.md:
        print(whatif.as_markdown(outcome), end="")
    else:
        print(whatif.as_text(outcome, bold), end="")
    if outcome.contradictions:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Give the command line this verb."""
    app.command("what-if")(what_if)
