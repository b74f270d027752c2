"""The verb why: a triple's proofs down to the words, or what is missing for it."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated, assert_never

import typer

from foedus.cli.common import (
    SETTINGS,
    BelieveOption,
    DataOption,
    GraphOption,
    OnOption,
    graph,
    say_day,
    trusting,
)
from foedus.cli.output import dim


class Form(StrEnum):
    """How an explanation is printed."""

    text = "text"
    json = "json"
    md = "md"
    mermaid = "mermaid"


def why(
    subject: Annotated[
        str, typer.Argument(help="Who or what: a label, an alias, a CURIE, an IRI.")
    ],
    predicate: Annotated[str, typer.Argument(help='What of it: "ally of", "is a", fo:leads.')],
    object: Annotated[str, typer.Argument(help="Of whom or what.")],
    every: Annotated[
        bool, typer.Option("--all", help="Every proof, smallest first, and how many stand alone.")
    ] = False,
    believe: BelieveOption = None,
    on: OnOption = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="How to print it [default: text].")
    ] = None,
    graph_: GraphOption = None,
    data: DataOption = None,
) -> None:
    """Say why something holds, down to the words in the source; or what is missing for it.

    \b
    Examples:
      foedus why China "ally of" "North Korea"
      foedus why "Xi Jinping" fo:leadsStateThatOwesDefenceTo DPRK
      foedus why China "allied with" DPRK --all
      foedus why "Mao Zedong" leads China --on 1961
      foedus why Beijing "is a" state
    """
    from foedus.render import proofs

    found = trusting(graph(graph_, data, on), believe)
    told = found.why(subject, predicate, object, all=every)
    say_day(found.on if told.triple[1] in found.fluents else None)
    form = form or (Form.json if SETTINGS.json else Form.text)
    match form:
        case Form.json:
            print(json.dumps(proofs.as_json(told), ensure_ascii=False, indent=2))
        case Form.md:
            print(proofs.as_markdown(told), end="")
        case Form.mermaid:
            print(proofs.as_mermaid(told), end="")
        case Form.text:
            print(proofs.as_text(told, dim), end="")
        case _:
            assert_never(form)
    sys.stdout.flush()


def register(app: typer.Typer) -> None:
    """Give the command line this verb."""
    app.command()(why)
