"""The verbs build, ask, query and check: each reads its arguments and calls the library."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foedus.cli.common import (
    BUILD,
    BelieveOption,
    CaOption,
    DataOption,
    EndpointOption,
    FormatOption,
    GraphOption,
    OnOption,
    TimeoutOption,
    WhyOption,
    chosen,
    graph,
    progress,
    say,
    say_day,
    show,
    show_why,
    trusting,
    values,
)
from foedus.cli.menu import choices, in_words, meant, menu, slugs
from foedus.cli.output import bold, terminal_width
from foedus.errors import UsageError
from foedus.render.tables import Format, listing
from foedus.safe_text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from foedus.knowledge import KnowledgeGraph
    from foedus.knowledge.findings import Finding

#: Seconds that a query may take where nothing else is said.
PATIENCE = 60.0


class Reasoner(StrEnum):
    """Who computes what follows."""

    foedus = "foedus"
    owlrl = "owlrl"


def build(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write it.")] = BUILD,
    without_background: Annotated[
        bool, typer.Option("--without-background", help="Use the article alone.")
    ] = False,
    believe: BelieveOption = None,
    on: OnOption = None,
    reasoner: Annotated[
        Reasoner, typer.Option(help="Who computes what follows.")
    ] = Reasoner.foedus,
    data: DataOption = None,
) -> None:
    """Build the graph from its sources and write it.

    Every quote is checked against its article; what follows is derived; findings are listed.

    \b
    Examples:
      foedus build
      foedus build --without-background --out article-only
      foedus build --believe "Park Won-gon" --out park
      foedus build --on 1975 --out seventies
    """
    from foedus.knowledge import KnowledgeGraph
    from foedus.knowledge.folder import refuse_foreign

    start = time.perf_counter()
    refuse_foreign(out)
    with progress("build") as step:
        made = KnowledgeGraph.build(
            data,
            background=not without_background,
            believe=believe or (),
            reasoner=reasoner.value,
            progress=step,
            on=on,
        )
        reasoned = time.perf_counter() - start
        step("checking")
        findings = made.check(proofs=False)
        step("writing")
        made.save(out)
    for line in counts(made):
        print(line)
    took = time.perf_counter() - start
    print(f"wrote {printable(str(out))} in {took:.2f} s ({reasoned:.2f} s to read and reason)")
    report(findings)


def counts(made: KnowledgeGraph) -> list[str]:
    """What a graph was made from and how much followed, one line each."""
    found = made.manifest.counts
    read = [
        f"{found[name]:,} {name if found[name] != 1 else name[:-1]}"
        for name in ("sentences", "facts", "claims", "quality notes")
        if found.get(name)
    ]
    return [
        f"read {', '.join(read)}; every quote stands in its text",
        f"{found['asserted triples']:,} asserted triples, {found['derived triples']:,} derived",
    ]


def report(findings: Sequence[Finding]) -> None:
    """Print the findings, and end with exit code 1 if one of them is an error."""
    for finding in findings:
        print(one_line(str(finding)))
    conclude(findings)


def conclude(findings: Sequence[Finding]) -> None:
    """Say how many findings there are, and end with exit code 1 if one of them is an error."""
    from foedus.knowledge.findings import Severity, counted

    if not findings:
        print("no clash, no broken shape, no finding")
        return
    say(counted(findings))
    if any(finding.severity is Severity.error for finding in findings):
        raise typer.Exit(1)


def ask(
    question: Annotated[
        str | None,
        typer.Argument(help="Its name, or words; none lists them.", autocompletion=slugs),
    ] = None,
    chosen_values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE]...",
            help="Labels or aliases, CURIEs, IRIs, dates.",
            autocompletion=choices,
        ),
    ] = None,
    why: WhyOption = False,
    believe: BelieveOption = None,
    on: OnOption = None,
    format: FormatOption = None,
    sparql: Annotated[bool, typer.Option("--sparql", help="Print the query instead.")] = False,
    timeout: TimeoutOption = None,
    endpoint: EndpointOption = None,
    ca: CaOption = None,
    graph_: GraphOption = None,
    data: DataOption = None,
) -> None:
    """Answer a question, by its name or in words, or list the questions by topic.

    \b
    Examples:
      foedus ask
      foedus ask allies-of state=DPRK
      foedus ask "who signed the treaty?"
      foedus ask in-force-on on=1961-09-10 --why
      foedus ask leaders-bound-by --on 1975
      foedus ask ties-between --believe "Park Won-gon" --why
      foedus ask timeline --format csv
      foedus ask allies-of --endpoint http://127.0.0.1:7878
    """
    if question is None:
        menu(data, chosen(format))
        return
    from foedus.knowledge.graph import refuse_both
    from foedus.knowledge.questions import find_question
    from foedus.resources import folders

    given = values(chosen_values or [])
    if in_words(question):
        refuse_both(believe or (), endpoint, on)
        found = trusting(graph(graph_, data, on), believe)
        question, understood = meant(found, question)
        given = understood | given
    else:
        known = find_question(folders(data).queries, question)
        if not known.is_dated:
            on = on or given.pop("on", None)
        for name in given:
            known.parameter(name)  # before a graph is made, a mistake is told
        refuse_both(believe or (), endpoint, on)
        found = trusting(graph(graph_, data, on), believe)
    if sparql:
        print(found.sparql(question, given))
        return
    answer = found.ask(
        question, given, why=why, timeout=timeout, endpoint=endpoint, ca=ca, tell=say
    )
    if sys.stderr.isatty():
        say(one_line(answer.phrase(found.names)))
    if answer.question.assumes:
        say(one_line(f"assuming: {answer.question.assumes}"))
    say_day(answer.on)
    (show_why if why else show)(answer.result, format, found)


def query(
    text: Annotated[str | None, typer.Argument(metavar="[SPARQL]", help="The query.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("-f", "--file", metavar="FILE", help="Read it from a file; - is stdin."),
    ] = None,
    dataset: Annotated[
        bool, typer.Option("--dataset", help="Ask the named graphs, not only the view.")
    ] = False,
    why: WhyOption = False,
    believe: BelieveOption = None,
    on: OnOption = None,
    format: FormatOption = None,
    timeout: TimeoutOption = PATIENCE,
    endpoint: EndpointOption = None,
    ca: CaOption = None,
    graph_: GraphOption = None,
    data: DataOption = None,
) -> None:
    """Run any SPARQL 1.1 query that only reads.

    The graph's prefixes need no declaration.

    \b
    Examples:
      foedus query "SELECT ?ally { id:China fo:alliedWith ?ally }" --why
      foedus query --dataset "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
      foedus query -f mine.rq --format json --timeout 10
    """
    from foedus.knowledge.graph import refuse_both

    if (text is None) == (file is None):
        raise UsageError("give a query, or a file that holds one with -f")
    if why and dataset:
        raise UsageError("--why explains rows of the view; leave out --dataset")
    refuse_both(believe or (), endpoint, on)
    where = None
    if file is not None:
        from foedus.store.files import read_text

        where = None if str(file) == "-" else file
        text = read_text(Path("/dev/stdin") if where is None else where)
    found = trusting(graph(graph_, data, on), believe)
    say_day(found.day_of(text or "") if endpoint is None and not dataset else None)
    result = found.query(
        text if where is None else None,
        file=where,
        dataset=dataset,
        why=why,
        timeout=timeout,
        endpoint=endpoint,
        ca=ca,
        tell=say,
    )
    (show_why if why else show)(result, format, found)


def check(
    on: OnOption = None,
    format: FormatOption = None,
    graph_: GraphOption = None,
    data: DataOption = None,
) -> None:
    """Look for clashes, broken shapes and other findings.

    Exit code 1 if one of them is an error; warnings are advice.

    \b
    Examples:
      foedus check
      foedus check --data my-folder --format json
    """
    found = graph(graph_, data, on)
    say(str(found.proved()))
    findings = found.check()
    kind = chosen(format)
    rows = [[f.severity, f.kind, f.check, f.message] for f in findings]
    heads = ["severity", "kind", "check", "message"]
    if rows or kind is not Format.table:
        print(listing(heads, rows, kind, terminal_width(), bold))
    if rows or kind is Format.table:
        conclude(findings)


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (build, ask, query, check):
        app.command()(verb)
