"""The verb load: the graph, or any file, put into a running triple store."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foedus.cli.common import SETTINGS, CaOption, DataOption, Layout, graph, say, seconds
from foedus.errors import InputError, UsageError
from foedus.terms import Term, iri

if TYPE_CHECKING:
    from foedus.knowledge.folder import Manifest
    from foedus.remote import LoadReport, Source

#: What ``--graph`` takes for the store's default graph.
DEFAULT = "default"
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
    from foedus.remote import Into, Mode, Wire, endpoint, find_credentials, load

    if replace and append:
        raise UsageError("--replace and --append exclude each other")
    to = endpoint(
        endpoint_,
        preset.value if preset else None,
        query=query_url,
        update=update_url,
        graphs=graph_store_url,
    )
    if batch:
        to = to.sending(batch)
    mode = Mode.replace if replace else Mode.append if append else Mode.own
    wire = Wire(find_credentials(to.update or to.query, user), timeout, retries, tell=say, ca=ca)
    with ExitStack() as stack:
        path, whose = stack.enter_context(_lines(source, layout, data))
        report = load(
            path,
            to,
            wire,
            Into(_iri(graph_), graph_ == DEFAULT, mode),
            source=whose,
            progress=_progress(),
            tell=say,
        )
    _show(report)


@contextmanager
def _lines(source: Path | None, layout: Layout, data: Path | None) -> Iterator[tuple[Path, Source]]:
    """The file to send, and the data set that it is."""
    from foedus.knowledge.folder import DATASET, MANIFEST, VIEW, read_manifest
    from foedus.remote import Source

    name = {Layout.view: VIEW, Layout.dataset: DATASET}[layout]
    if source is not None and source.is_file() and source.suffix in {".nt", ".nq"}:
        built = source.name in {VIEW, DATASET} and source.with_name(MANIFEST).is_file()
        yield source, _built(read_manifest(source.parent)) if built else Source.of(source)
        return
    with tempfile.TemporaryDirectory(prefix="foedus-") as place:
        made = Path(place) / "build"
        if source is not None and not source.is_dir():
            yield _converted(source, made), Source.of(source)
        else:
            found = graph(source, data)
            found.save(made)
            yield made / name, _built(found.manifest)


def _built(manifest: Manifest) -> Source:
    """The data set that a build is: that of its articles, whatever folder it lies in."""
    from foedus.remote import Source

    articles = " and ".join(manifest.articles) or "foedus"
    return Source(articles, articles, conforms=True)


def _converted(source: Path, made: Path) -> Path:
    """The file as N-Quads, the same each time."""
    from foedus.remote.batches import numbered
    from foedus.store.reading import opened, quad_lines

    target = made.with_suffix(".nq")
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


def _iri(text: str | None) -> Term | None:
    if text is None or text == DEFAULT:
        return None
    if ":" not in text or any(c in text for c in ' <>"{}|\\^`'):
        raise UsageError(f"--graph {text!r} is not an IRI, and not 'default'")
    return iri(text)


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
