"""What the verbs share: which graph they speak of, and how they say things."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foedus.cli.output import bold, dim, terminal_width
from foedus.errors import BadParameter, InputError
from foedus.render.tables import Format, render
from foedus.safe_text import printable

if TYPE_CHECKING:
    from foedus.knowledge import KnowledgeGraph
    from foedus.store.query import Result

#: The longest wait in seconds; a system call takes no longer one.
LONGEST = 2_000_000.0
#: The folder that `build` writes to and the others look in.
BUILD = Path("build")


@dataclass(slots=True)
class Settings:
    """What holds for the whole run of the program."""

    json: bool = False


SETTINGS = Settings()


class Layout(StrEnum):
    """One graph with everything, or every named graph."""

    view = "view"
    dataset = "dataset"


def seconds(value: float | None) -> float | None:
    """A time to wait that the system can wait for; raises `typer.BadParameter` for another."""
    if value is not None and not value >= 0:  # nor is it where it is no number
        raise typer.BadParameter(f"{value:g} is not a number of seconds, 0 or more.")
    return value if value is None else min(value, LONGEST)


GraphOption = Annotated[
    Path | None,
    typer.Option(
        "--graph", metavar="DIR", help="Build folder to use [default: build, else in memory]."
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="FOEDUS_DATA",
        help="Folder with your own ontology/, graph/ and queries/.",
    ),
]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="How to print it [default: table].")
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="SECONDS", callback=seconds, help="Stop the query after that."
    ),
]
EndpointOption = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="Ask the store at this URL instead."),
]
CaOption = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", help="Certificates to trust for https (PEM)."),
]
BelieveOption = Annotated[
    list[str] | None,
    typer.Option("--believe", metavar="NAME", help="Take this speaker's claims as facts."),
]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="DATE",
        help="What holds then: 1990-05-01, 1990-05, 1990, 1990/1995 [default: the sources' day].",
    ),
]
WhyOption = Annotated[
    bool,
    typer.Option("--why", help="Say of each row what it rests on: triples, words, assumptions."),
]


def say(text: str) -> None:
    """Words for the person at the terminal: to stderr, so that the data stays clean.

    Where they cannot be said, the data goes out all the same.
    """
    with suppress(OSError):
        print(printable(text, keep="\n"), file=sys.stderr)


def say_day(on: str | None) -> None:
    """Say of which day an answer tells, where it hangs on one."""
    if on:
        say(f"as of {on}")


def graph(place: Path | None, data: Path | None, on: str | None = None) -> KnowledgeGraph:
    """The graph that a verb speaks of: the folder named, else ``build``, else made in memory.

    Its relations are those of another day, if one is named. A graph whose files have changed since,
    or that is not whole, is made anew in memory, and that is said.
    """
    found = _graph(place, data)
    return found.as_of(on) if on else found


def _graph(place: Path | None, data: Path | None) -> KnowledgeGraph:
    from foedus.knowledge import KnowledgeGraph

    if place is not None:
        found = KnowledgeGraph.open(place, data)
        if found.is_stale:
            say(f"{place} is older than its files; run 'foedus build --out {place}' to renew it")
        return found
    if data is None and (BUILD / "manifest.json").is_file():
        try:
            found = KnowledgeGraph.open(BUILD)
        except InputError as error:
            say(f"{error}; answering from the files instead")
        else:
            if not found.is_stale:
                return found
            say(
                f"{BUILD} is older than its files; answering from the files ('foedus build' renews)"
            )
            options = found.manifest
            return KnowledgeGraph.build(
                data,
                background=options.background,
                believe=options.believe,
                reasoner=options.reasoner,
                on=options.on,
            )
    elif data is None and any((BUILD / n).is_file() for n in ("view.nt", "dataset.nq")):
        say(f"{BUILD} is only half written; answering from the files ('foedus build' renews)")
    return KnowledgeGraph.build(data)


def chosen(format: Format | None) -> Format:
    """The format asked for; ``--json`` asks for json."""
    return format or (Format.json if SETTINGS.json else Format.table)


def show(result: Result, format: Format | None, found: KnowledgeGraph) -> None:
    """Print a result; say so where it is empty."""
    kind = chosen(format)
    if result.cut:
        say(result.cut)
    if not result and result.kind != "boolean":
        say("not stated")
        if kind in (Format.table, Format.md):
            return
    text = render(result, kind, found.names.label, terminal_width(), bold)
    print(printable(text, keep="\n\r\t") if sys.stdout.isatty() else text)


def show_why(result: Result, format: Format | None, found: KnowledgeGraph) -> None:
    """Print a result with what each of its rows rests on."""
    if not result and result.kind != "boolean":
        show(result, format, found)
        return
    from foedus.render import supports

    if result.cut:
        say(result.cut)
    look = chosen(format), terminal_width(), bold, dim
    print(supports.render(result, result.supports, found.explainer.phrases, *look))


def trusting(found: KnowledgeGraph, believe: list[str] | None) -> KnowledgeGraph:
    """The graph with these speakers' claims taken as facts; what then contradicts is said."""
    if not believe:
        return found
    from foedus.render.outcomes import sides
    from foedus.render.safe import for_text
    from foedus.whatif import contradictions

    made = found.believing(believe)
    for contradiction in contradictions(made):
        say("\n".join(["a contradiction:", *sides(for_text(contradiction))]))
    return made


def values(pairs: list[str]) -> dict[str, str]:
    """``name=value`` words as a mapping.

    >>> values(["state=North Korea"])
    {'state': 'North Korea'}
    """
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadParameter("value", pair, "of the form name=value, such as state=DPRK")
        if name.strip() in found:
            raise BadParameter(name.strip(), value, "possible twice; give one value for each name")
        found[name.strip()] = value.strip()
    return found


@contextmanager
def progress(total: str) -> Iterator[Callable[[str], None]]:
    """A line on the terminal that says what is going on; silent where no one watches."""
    watched = sys.stderr.isatty()

    def step(text: str) -> None:
        if watched:
            told = f"\r\033[K{total}: {printable(text)} ..."
            print(told, end="", file=sys.stderr, flush=True)

    try:
        yield step
    finally:
        if watched:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
