"""The verb why: a triple's proofs down to the words, or what is missing for it."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

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
    from foedus.explain import as_json, as_markdown, as_mermaid, as_text

    found = trusting(graph(graph_, data, on), believe)
    explainer = found.explainer
    triple = explainer.resolve(subject, predicate, object)
    told = explainer.why(triple, every)
    say_day(found.on if triple[1] in found.fluents else None)
    if not told.proofs:
        from foedus.whatif import alternatives

        told = alternatives(found, told)
    form = form or (Form.json if SETTINGS.json else Form.text)
    if form is Form.json:
        print(json.dumps(as_json(told), ensure_ascii=False, indent=2))
    elif form is Form.md:
        print(as_markdown(told), end="")
    elif form is Form.mermaid:
        print(as_mermaid(told), end="")
    else:
        print(as_text(told, dim), end="")
    sys.stdout.flush()


def register(app: typer.Typer) -> None:
    """Give the command line this verb."""
    app.command()(why)
