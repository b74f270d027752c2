"""The verb load: the graph, or any file, put into a running triple store."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foedus.cli.common import SETTINGS, CaOption, DataOption, Layout, graph, say, seconds
from foedus.errors import InputError, UsageError

if TYPE_CHECKING:
    from foedus.remote import LoadReport

#: Up to so many named graphs are listed one by one.
_LISTED = 5


class Preset(StrEnum):
    """Stores whose paths are known."""

    oxigraph = "oxigraph"
    fuseki = "fuseki"
    rdf4j = "rdf4j"
    graphdb = "graphdb"
    virtuoso = "virtuoso"
    blazegraph = "blazegraph"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command(name="load")(load_)


def load_(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE|DIR]", help="RDF file or build folder [default: build]."),
    ] = None,
    endpoint_: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="Base URL of the store.")
    ] = None,
    preset: Annotated[Preset | None, typer.Option(help="Which store it is.")] = None,
    query_url: Annotated[str | None, typer.Option(metavar="URL", help="SPARQL queries.")] = None,
    update_url: Annotated[str | None, typer.Option(metavar="URL", help="SPARQL updates.")] = None,
    graph_store_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Graph Store Protocol.")
    ] = None,
    layout: Annotated[Layout, typer.Option(help="One graph, or all named graphs.")] = Layout.view,
    graph_: Annotated[
        str | None,
        typer.Option(
            "--graph", metavar="IRI", help="Where the view goes; 'default' is the default graph."
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove what else is in the graph.")
    ] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add to the graph, remove nothing.")
    ] = False,
    user: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Password: FOEDUS_PASSWORD or ~/.netrc."),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", callback=seconds, help="Longest silence of the store."),
    ] = 600.0,
    retries: Annotated[int, typer.Option(min=0, help="Tries after a dropped connection.")] = 5,
    batch: Annotated[
        int | None, typer.Option(metavar="BYTES", min=1, help="Most bytes to send at once.")
    ] = None,
    ca: CaOption = None,
    data: DataOption = None,
) -> None:
    """Put the graph into a running triple store. Doing it twice leaves the same store.

    What an earlier load of the same file or build put there is replaced, all else stays.

    \b
    Examples:
      foedus load --endpoint http://127.0.0.1:7878 --preset oxigraph
      foedus load --endpoint http://127.0.0.1:3030/ds --preset fuseki --layout dataset
      foedus load mine.ttl --endpoint http://127.0.0.1:8890 --preset virtuoso --graph urn:mine
    """
    options: dict[str, Any] = {
        "preset": preset.value if preset else None,
        "query_url": query_url,
        "update_url": update_url,
        "graph_store_url": graph_store_url,
        "graph": graph_,
        "replace": replace,
        "append": append,
        "user": user,
        "timeout": timeout,
        "retries": retries,
        "batch": batch,
        "ca": ca,
        "progress": _progress(),
        "tell": say,
    }
    if source is None or source.is_dir():
        report = graph(source, data).load(endpoint_, layout=layout.value, **options)
    else:
        report = _sent(source, endpoint_, options)
    _show(report)


def _sent(source: Path, endpoint: str | None, options: dict[str, Any]) -> LoadReport:
    """A file put into the store: one of lines as it is, any other as N-Quads."""
    from foedus.knowledge.folder import DATASET, MANIFEST, VIEW, read_manifest
    from foedus.remote import Source, send

    if source.is_file() and source.suffix in {".nt", ".nq"}:
        whose = Source.of(source)
        if source.name in {VIEW, DATASET} and source.with_name(MANIFEST).is_file():
            whose = Source.of_build(read_manifest(source.parent).articles)
        return send(source, whose, endpoint, **options)
    with tempfile.TemporaryDirectory(prefix="foedus-") as place:
        return send(_converted(source, Path(place)), Source.of(source), endpoint, **options)


def _converted(source: Path, place: Path) -> Path:
    """The file as N-Quads, the same each time."""
    from foedus.remote.batches import numbered
    from foedus.store.reading import opened, quad_lines

    target = place / "build.nq"
    with opened(source) as found:
        lines = quad_lines(found.file, found.format, found.name, found.base)
        try:
            with target.open("wb") as out:
                out.writelines(numbered(lines, str(source)))
        except OSError as error:
            raise InputError(f"{target} cannot be written: {error.strerror or error}") from None
    if not target.stat().st_size:
        raise UsageError(f"{source} holds no triple; there is nothing to load")
    return target


def _progress() -> Callable[[int, int], None] | None:
    if not sys.stderr.isatty():
        return None

    def step(sent: int, total: int) -> None:
        end = "\n" if sent >= total else ""
        print(f"\r\033[Ksent {sent:,} of {total:,} triples", end=end, file=sys.stderr, flush=True)

    return step


def _show(report: LoadReport) -> None:
    for note in report.notes:
        say(note)
    named = {g: many for g, many in report.graphs.items() if g is not None}
    if SETTINGS.json:
        import json

        body = {
            "default_graph": report.graphs.get(None),
            "graphs": {g[1:-1]: many for g, many in sorted(named.items())},
            "sent": report.sent,
            "seconds": round(report.seconds, 3),
            "retried": report.retried,
        }
        print(json.dumps(body, ensure_ascii=False))
        return
    if None in report.graphs:
        print(f"the default graph holds {_many(report.graphs[None])}")
    if len(named) <= _LISTED:
        for name, many in sorted(named.items()):
            print(f"{name} holds {_many(many)}")
    else:
        print(f"{len(named)} named graphs hold {_many(sum(named.values()))}")
    tries = f", {_many(report.retried, 'request')} repeated" if report.retried else ""
    print(f"sent {_many(report.sent)} in {report.seconds:.1f} s{tries}")


def _many(count: int, what: str = "triple") -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
