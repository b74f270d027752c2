"""The verb export: the graph as a file for other tools."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from foedus.cli.common import DataOption, GraphOption, Layout, OnOption, graph, say


class File(StrEnum):
    """Formats of RDF files."""

    ttl = "ttl"
    nt = "nt"
    trig = "trig"
    nq = "nq"
    jsonld = "jsonld"
    rdfxml = "rdfxml"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(export)


def export(
    format: Annotated[File, typer.Option("--format", help="What to write.")] = File.ttl,
    layout: Annotated[Layout, typer.Option("--layout", help="One graph, or all.")] = Layout.view,
    description: Annotated[
        bool, typer.Option("--description", help="What the data set is, in VoID and DCAT.")
    ] = False,
    rdf12: Annotated[
        bool, typer.Option("--rdf12", help="With each claim's content as a triple (RDF 1.2).")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Where to [default: stdout].")
    ] = None,
    on: OnOption = None,
    graph_: GraphOption = None,
    data: DataOption = None,
) -> None:
    """Write the graph for other tools, Protégé or a triple store.

    \b
    Examples:
      foedus export --format ttl -o foedus.ttl
      foedus export --format trig --layout dataset -o foedus.trig
      foedus export --description
    """
    content = graph(graph_, data, on).export(
        format.value, layout.value, description=description, rdf12=rdf12, out=out
    )
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        say(f"wrote {out}")
