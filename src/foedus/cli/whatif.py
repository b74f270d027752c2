"""The verb what-if: less is known, or more, or somebody is believed; what would change."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, assert_never

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
    from foedus.render import disagreements, outcomes

    form = form or (Form.json if SETTINGS.json else Form.text)
    if nobody:
        told = graph(graph_, data, on).contradictions()
        match form:
            case Form.json:
                print(json.dumps(disagreements.as_json(told), ensure_ascii=False, indent=2))
            case Form.md:
                print(disagreements.as_markdown(told), end="")
            case Form.text:
                print(disagreements.as_text(told), end="")
            case _:
                assert_never(form)
        return
    if not (without or believe or add):
        raise UsageError(
            "say what to suppose: --without SENTENCE, SOURCE or CLAIM, --believe NAME, --add FILE"
        )
    outcome = graph(graph_, data, on).what_if(without or (), believe or (), add or ())
    match form:
        case Form.json:
            print(json.dumps(outcomes.as_json(outcome), ensure_ascii=False, indent=2))
        case Form.md:
            print(outcomes.as_markdown(outcome), end="")
        case Form.text:
            print(outcomes.as_text(outcome, bold), end="")
        case _:
            assert_never(form)
    if outcome.contradictions:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Give the command line this verb."""
    app.command("what-if")(what_if)
