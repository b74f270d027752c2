"""The verbs reason and rules: the OWL 2 RL reasoner on any RDF file."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foedus.cli.common import SETTINGS, DataOption, progress, say, seconds
from foedus.cli.output import bold, terminal_width
from foedus.cli.verbs import Reasoner
from foedus.errors import BadParameter, UsageError
from foedus.render.tables import table
from foedus.replacing import replacing
from foedus.safe_text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from foedus.reasoning.entailment.unsupported import Unsupported

#: Clashes that are told in full; the others are counted.
TOLD = 20


def reason(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="RDF files; the ending says the format. - is standard input."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="OUT", help="Write the closure here [default: count]."),
    ] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rules", metavar="NAME", help="rdfs, rdfs-plus, owl2rl, or rule ids."),
    ] = None,
    extra_rules: Annotated[
        list[Path] | None,
        typer.Option("--extra-rules", metavar="FILE", help="More rules, of the table's form."),
    ] = None,
    reasoner: Annotated[Reasoner, typer.Option(help="Who computes it.")] = Reasoner.foedus,
    proofs: Annotated[
        Path | None,
        typer.Option("--proofs", metavar="OUT", help="Write proofs here, as JSON lines."),
    ] = None,
    limit_proofs: Annotated[
        int, typer.Option("--limit-proofs", metavar="N", min=1, help="At most so many proofs.")
    ] = 10_000,
    derived_only: Annotated[
        bool, typer.Option("--derived-only", help="Write only what was derived.")
    ] = False,
    imports: Annotated[
        list[Path] | None,
        typer.Option(
            "--imports",
            metavar="DIR|CATALOG",
            help="Follow owl:imports to files here: a folder or an XML catalog, as of Protégé.",
        ),
    ] = None,
    limit_triples: Annotated[
        int | None,
        typer.Option("--limit-triples", metavar="N", min=1, help="Stop beyond so many triples."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", callback=seconds, help="Stop after that."),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option("--memory", metavar="SIZE", help="Stop beyond that: 500M, 2G."),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="The format of all files: ttl, rdf ..."),
    ] = None,
) -> None:
    """Derive what follows from RDF files by the rules of OWL 2 RL.

    Exit code 1 tells of clashes: what the files say cannot all be true. The output is written
    all the same.

    \b
    Examples:
      foedus reason graph.ttl -o closed.nt
      foedus reason data.nt.gz ontology.owl -o closed.ttl --rules rdfs-plus
      foedus reason pizza.owl --imports catalog-v001.xml
      foedus reason graph.ttl --rules prp-trp,cax-sco --derived-only -o new.nt --proofs why.jsonl
      curl -L https://example.org/onto.owl | foedus reason - --format rdf --timeout 60 --memory 2G
    """
    from foedus.cli.bounded import bounded, size
    from foedus.reasoning.rules.table import ruleset
    from foedus.store.convert import format_of, known

    if format_:
        known(format_)
    elif Path("-") in files:
        raise UsageError("standard input has no name that says its format; give --format")
    for place in (*(() if format_ else files), *([out] if out else [])):
        format_of(place)  # an unknown ending is told before any work
    chosen = [part.strip() for name in rules or ["owl2rl"] for part in name.split(",")]
    ruleset(chosen, extra_rules or ())  # and so is an unknown rule
    if reasoner is Reasoner.owlrl and (proofs or chosen != ["owl2rl"]):
        what = "--proofs" if proofs else "--rules"
        raise BadParameter("--reasoner", "owlrl", f"possible with {what}; owlrl applies all rules")
    extra = extra_rules or []
    how = _How(files, format_, chosen, extra, imports, reasoner, limit_triples, timeout)
    most = size(memory) if memory is not None else None
    if most is not None:
        import_module("foedus.reasoning.closure")  # what the program itself takes does not count
    bounded(lambda: _reason(how, out, derived_only, proofs, limit_proofs), timeout, most)


@dataclass(frozen=True, slots=True)
class _How:
    """What is closed, and how."""

    files: list[Path]
    format: str | None
    rules: list[str]
    extra: list[Path]
    imports: list[Path] | None
    reasoner: Reasoner
    limit: int | None
    timeout: float | None


def _reason(
    how: _How, out: Path | None, derived_only: bool, proofs: Path | None, limit_proofs: int
) -> None:
    from foedus.reasoning.encoding import writing
    from foedus.reasoning.entailment.malformed import malformed

    started = time.perf_counter()
    with progress("reason") as step:
        step("reading")
        closure = _closed(how, step)
        closed = time.perf_counter() - started
        if out:
            step(f"writing {out}")
            prefixes = _prefixes(how)
            if hasattr(closure, "write"):
                closure.write(out, derived_only=derived_only, prefixes=prefixes)
            else:
                chosen_triples = closure.derived if derived_only else closure
                writing.write_triples(chosen_triples, out, prefixes=prefixes)
        if proofs:
            step(f"writing {proofs}")
            _write_proofs(closure, proofs, limit_proofs)
    took = time.perf_counter() - started
    clashes = closure.clashes
    _tell(closure, closed, took, out)
    if not SETTINGS.json:
        tell_malformed(tuple(malformed(closure)))
        tell_unsupported(closure, how)
    if clashes:
        if not SETTINGS.json:
            tell_clashes(clashes, sum(closure.clash_counts.values()))
        raise typer.Exit(1)


def _closed(how: _How, step: Any) -> Any:
    if how.reasoner is Reasoner.foedus:
        from foedus.reasoning import close

        return close(
            how.files,
            rules=how.rules,
            extra_rules=how.extra,
            limit_triples=how.limit,
            timeout=how.timeout,
            progress=step,
            imports=how.imports,
            format=how.format,
        )
    from foedus.reasoning.encoding import reading
    from foedus.reasoning.witnesses import owlrl_witness
    from foedus.store.imports import Imports

    library = Imports(how.imports) if how.imports else None
    return owlrl_witness.close(
        reading.triples(how.files, how.limit, step, how.format, library),
        extra_rules=how.extra,
        limit_triples=how.limit,
        timeout=how.timeout,
    )


def _tell(closure: Any, closed: float, took: float, out: Path | None) -> None:
    """Print the counts: asserted, derived, by rule."""
    from foedus.reasoning.entailment.malformed import malformed

    found = closure.statistics
    by_rule = found["derived"]
    asserted = found["asserted"]
    derived = len(closure) - asserted
    if SETTINGS.json:
        body = {
            "asserted": asserted,
            "derived": derived,
            "rounds": found["rounds"],
            "seconds": round(closed, 3),
            "clashes": [
                {
                    "rule": c.rule,
                    "message": c.message,
                    "premises": c.premises,
                    "rests_on": c.rests_on(),
                }
                for c in closure.clashes
            ],
            "clash_counts": closure.clash_counts,
            "malformed": list(malformed(closure)),
            "unsupported": [
                {"kind": kind, "count": len(found), **asdict(found[0])}
                for kind, found in _by_kind(closure).items()
            ],
            "imported": {name[1:-1]: str(path) for name, path in _imported(closure).items()},
            "by_rule": dict(sorted(by_rule.items())),
        }
        print(json.dumps(body))
        return
    rows = [[rule, f"{n:,}"] for rule, n in sorted(by_rule.items(), key=lambda x: (-x[1], x[0]))]
    if rows:
        print(table(["rule", "derived"], rows, terminal_width(), bold))
        print()
    for name, path in _imported(closure).items():
        print(f"imported {name} from {path}")
    print(f"{asserted:,} asserted triples, {derived:,} derived")
    done = f"read and closed in {closed:.2f} s"
    print(f"{done}; wrote {printable(str(out))} in {took - closed:.2f} s" if out else done)


def tell_malformed(sentences: tuple[str, ...]) -> None:
    """Say what the files say that no rule can read."""
    if sentences:
        say("\nno rule can read this, and nothing follows from it:")
        _say_first(sentences)


def _prefixes(how: _How) -> dict[str, str]:
    from foedus.store.reading import prefixes_of

    every = (prefixes_of(path, how.format) for path in how.files)
    return {name: base for found in every for name, base in found.items()}


def tell_unsupported(closure: Any, how: _How) -> None:
    """Say what the files say that the rules do not read, each kind with one example."""
    found = _by_kind(closure)
    if not found:
        return
    from foedus.reasoning.entailment.unsupported import written

    say("\nread past, as the rules of OWL 2 RL do not read it:")
    width = max(map(len, found))
    asserted, prefixes = partial(closure.triples, derived=False), _prefixes(how)
    for kind, all_of in found.items():
        example = written(all_of[0].axiom, asserted, prefixes)
        say(f"  {len(all_of):>6,}  {kind:<{width}}  {example}")
    missing = list(dict.fromkeys(import_.node for import_ in found.get("owl:imports", ())))
    if missing:
        say("\nimported, and not among the files; --imports says where to look for it:")
        _say_first(missing)


def _say_first(lines: Sequence[str]) -> None:
    for line in lines[:TOLD]:
        say(f"  {line}")
    if len(lines) > TOLD:
        say(f"  ... and {len(lines) - TOLD:,} more")


def _by_kind(closure: Any) -> dict[str, list[Unsupported]]:
    """What is not read, by kind, save what is malformed; owlrl does not say it."""
    kinds: dict[str, list[Unsupported]] = {}
    for found in getattr(closure, "unsupported", ()):
        if found.kind != "malformed":
            kinds.setdefault(found.kind, []).append(found)
    return kinds


def _imported(closure: Any) -> dict[str, Path]:
    return dict(getattr(closure, "imported", {}))


def tell_clashes(clashes: Any, total: int) -> None:
    """Say what contradicts what, with the premises; ``total`` counts those not listed too."""
    say(f"\n{total:,} clash{'es' if total > 1 else ''}: this cannot all be true")
    for clash in clashes[:TOLD]:
        say(f"\n{clash.rule}: {clash.message}")
        told = dict.fromkeys((*clash.premises, *clash.rests_on()))
        cells_last = sorted(told, key=lambda t: t[1].endswith(("ns#first>", "ns#rest>")))
        for triple in cells_last[:TOLD]:
            say("  " + " ".join(triple))
        if len(told) > TOLD:
            say(f"  ... and {len(told) - TOLD:,} more triples")
    if total > TOLD:
        say(f"\n... and {total - TOLD:,} more")


def _write_proofs(closure: Any, path: Path, limit: int) -> None:
    """One line of JSON for each derived triple: its rule, bindings and premises."""
    with replacing(path) as file:
        count = 0
        for triple in islice(closure.derived, min(limit, len(closure))):
            proof = closure.proof(triple)
            line = {
                "triple": triple,
                "rule": proof.rule,
                "bindings": dict(proof.bindings),
                "premises": [{"triple": p.triple, "rule": p.rule} for p in proof.premises],
            }
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            count += 1
    if count == limit:
        say(f"{path} holds the proofs of the first {limit:,} derived triples; see --limit-proofs")


def rules(
    rule: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Which rule; none: all.")
    ] = None,
    extra_rules: Annotated[
        list[Path] | None,
        typer.Option(
            "--extra-rules", metavar="FILE", help="Rules of this file instead of the domain's."
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Print the rules, those of the domain too, or one with its premises, sentence and example.

    \b
    Examples:
      foedus rules
      foedus rules prp-spo2
      foedus rules fought-alongside
    """
    from foedus.reasoning.rules.table import RuleSet, read_prefixes, ruleset
    from foedus.resources import folders

    own = folders(data).ontology / "rules.toml"
    more = extra_rules or [own] * own.is_file()
    found = ruleset("owl2rl", more)
    if rule is None:
        rows = [
            [r.id, str(r.table or ""), "clash" if r.conclusions is None else "", r.says]
            for r in found
        ]
        if SETTINGS.json:
            heads = ("id", "table", "clash", "says")
            print(json.dumps([dict(zip(heads, row, strict=True)) for row in rows]))
        else:
            print(table(["rule", "table", "", "says"], rows, terminal_width(), bold))
        return
    from foedus.reasoning.describe import describe

    prefixes = {name: base for path in more for name, base in read_prefixes(path).items()}
    named = RuleSet(found.rules, found.trivial, {**prefixes, **found.prefixes})
    print(printable(describe(named[rule], named), keep="\n"))


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(reason)
    app.command()(rules)
