"""The verbs reason and rules: the OWL 2 RL reasoner on any RDF file."""

from __future__ import annotations

import json
import time
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from foedus.cli.common import SETTINGS, progress, say
from foedus.cli.output import table, terminal_width
from foedus.cli.verbs import Reasoner
from foedus.errors import BadParameter

#: Clashes that are told in full; the others are counted.
TOLD = 20


def reason(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="RDF files; the ending says the format.")
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
    limit_triples: Annotated[
        int | None,
        typer.Option("--limit-triples", metavar="N", min=1, help="Stop beyond so many triples."),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", min=0, help="Stop after that.")
    ] = None,
) -> None:
    """Derive what follows from RDF files by the rules of OWL 2 RL.

    Exit code 1 tells of clashes: what the files say cannot all be true. The output is written
    all the same.

    \b
    Examples:
      foedus reason graph.ttl -o closed.nt
      foedus reason data.nt.gz ontology.owl -o closed.ttl --rules rdfs-plus
      foedus reason graph.ttl --rules prp-trp,cax-sco --derived-only -o new.nt --proofs why.jsonl
    """
    from foedus.reasoning.beyond.malformed import malformed
    from foedus.reasoning.rules.table import ruleset
    from foedus.reasoning.words import writing
    from foedus.store.convert import format_of, prefixes_of

    for place in (*files, *([out] if out else [])):
        format_of(place)  # an unknown ending is told before any work
    chosen = [part.strip() for name in rules or ["owl2rl"] for part in name.split(",")]
    ruleset(chosen, extra_rules or ())  # and so is an unknown rule
    if reasoner is Reasoner.owlrl and (proofs or chosen != ["owl2rl"]):
        what = "--proofs" if proofs else "--rules"
        raise BadParameter("--reasoner", "owlrl", f"possible with {what}; owlrl applies all rules")
    started = time.perf_counter()
    with progress("reason") as step:
        step("reading")
        closure = _closed(files, chosen, extra_rules or [], reasoner, limit_triples, timeout, step)
        closed = time.perf_counter() - started
        if out:
            step(f"writing {out}")
            prefixes = {k: v for path in files for k, v in prefixes_of(path).items()}
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
    if clashes:
        if not SETTINGS.json:
            tell_clashes(clashes, sum(closure.clash_counts.values()))
        raise typer.Exit(1)


def _closed(
    files: list[Path],
    rules: list[str],
    extra: list[Path],
    reasoner: Reasoner,
    limit: int | None,
    timeout: float | None,
    step: Any,
) -> Any:
    if reasoner is Reasoner.foedus:
        from foedus.reasoning import close

        return close(
            files,
            rules=rules,
            extra_rules=extra,
            limit_triples=limit,
            timeout=timeout,
            progress=step,
        )
    from foedus.reasoning import second
    from foedus.reasoning.words import reading

    return second.close(
        reading.triples(files, limit), extra_rules=extra, limit_triples=limit, timeout=timeout
    )


def _tell(closure: Any, closed: float, took: float, out: Path | None) -> None:
    """Print the counts: asserted, derived, by rule."""
    from foedus.reasoning.beyond.malformed import malformed

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
            "by_rule": dict(sorted(by_rule.items())),
        }
        print(json.dumps(body))
        return
    rows = [[rule, f"{n:,}"] for rule, n in sorted(by_rule.items(), key=lambda x: (-x[1], x[0]))]
    if rows:
        print(table(["rule", "derived"], rows, terminal_width()))
        print()
    print(f"{asserted:,} asserted triples, {derived:,} derived")
    done = f"read and closed in {closed:.2f} s"
    print(f"{done}; wrote {out} in {took - closed:.2f} s" if out else done)


def tell_malformed(sentences: tuple[str, ...]) -> None:
    """Say what the files say that no rule can read."""
    if sentences:
        say("\nno rule can read this, and nothing follows from it:")
        for sentence in sentences[:TOLD]:
            say(f"  {sentence}")
        if len(sentences) > TOLD:
            say(f"  ... and {len(sentences) - TOLD:,} more")


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
    from foedus.reasoning.words.writing import replacing

    with replacing(path) as file:
        count = 0
        for triple in islice(closure.derived, limit):
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
        typer.Option("--extra-rules", metavar="FILE", help="More rules, of the table's form."),
    ] = None,
) -> None:
    """Print the table of rules, or one rule with its premises, sentence and example.

    \b
    Examples:
      foedus rules
      foedus rules prp-spo2
    """
    from foedus.reasoning.rules.table import ruleset

    found = ruleset("owl2rl", extra_rules or ())
    if rule is None:
        rows = [
            [r.id, str(r.table or ""), "clash" if r.conclusions is None else "", r.says]
            for r in found
        ]
        if SETTINGS.json:
            heads = ("id", "table", "clash", "says")
            print(json.dumps([dict(zip(heads, row, strict=True)) for row in rows]))
        else:
            print(table(["rule", "table", "", "says"], rows, terminal_width()))
        return
    from foedus.reasoning.describe import describe

    print(describe(found[rule], found))


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(reason)
    app.command()(rules)
