"""Runs OWLAPI, HermiT, ROBOT and our own pitfall queries over the files that Protégé gets.

``python tests/owl/owltools.py`` makes the files, runs everything, writes the logs under
``docs/checks`` and exits 1 if a finding is neither fixed nor excused in ``excused.tsv``.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from foedus import owlfiles
from foedus.knowledge import KnowledgeGraph, findings
from foedus.reasoning.rules.table import read_rules
from foedus.store.files import read_rdf
from foedus.terms import text_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "owl"
LOGS = ROOT / "docs" / "checks"
FILES = ("foedus.owl", "foedus-asserted.owl", "foedus-full.owl")
ROBOT = "org.obolibrary.robot.CommandLineInterface"
LINES = {"owlapi4": "OWLAPI 4.5 (the line of Protégé)", "owlapi5": "OWLAPI 5.5"}


@dataclass(frozen=True, slots=True)
class Report:
    """What one tool says of one file: findings, and lines that only count."""

    tool: str
    file: str
    findings: tuple[str, ...]
    counts: tuple[str, ...] = ()


def missing(*parts: str) -> str | None:
    """Why the tools cannot run here, or None."""
    if shutil.which("java") is None:
        return "java is not on the path"
    absent = [p for p in parts if not (CACHE / p).exists()]
    return f"{', '.join(absent)} not in .cache/owl; run 'make owl-tools'" if absent else None


def _java(classpath: Iterable[Path | str], *args: str, memory: str = "3g") -> str:
    command = ["java", f"-Xmx{memory}", "-cp", ":".join(map(str, classpath)), *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    if done.returncode and not done.stdout:
        raise RuntimeError(f"{args[0]} failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def owl_check(line: str, what: str, file: Path, *args: str) -> Report:
    """The findings of OwlCheck, compiled for that line of the OWLAPI."""
    path = (CACHE / "classes" / line, CACHE / line / "*")
    said = _java(path, "OwlCheck", what, str(file), *args).splitlines()
    findings = tuple(s.replace("\t", " ") for s in said if not s.startswith("# "))
    return Report(line, file.name, findings, tuple(s[2:] for s in said if s.startswith("# ")))


def hermit(graph: KnowledgeGraph, line: str = "owlapi4") -> Report:
    """HermiT on the whole graph, the build's records and all: what we derive must follow, what
    follows must be derived. It knows no days, so that this is what holds on any."""
    beyond = ",".join(rule.id for rule in read_rules(graph.folders.ontology / "rules.toml"))
    mark = text_of(owlfiles.derived_by(graph))
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "hermit.nt"
        file = Path(work) / "everything.owl"
        file.write_bytes(owlfiles.rdfxml(graph, owlfiles.full_triples(graph, records=True)))
        report = owl_check(line, "hermit", file, mark, beyond, str(out))
        if not out.exists():
            return report
        entailed = {q[:3] for q in read_rdf(out).quads}
    lost = sorted(entailed - set(graph.closure.triples()))
    findings = (*report.findings, *(f"not-derived {' '.join(t)}" for t in lost))
    counts = (*report.counts, f"of the assertions that HermiT derives, {len(lost)} are not in ours")
    return Report("hermit", file.name, findings, counts)


def robot(file: Path) -> Report:
    """ROBOT's report, the two profiles, and its reasoning with HermiT."""
    path = (CACHE / "robot" / "*",)
    findings, counts = [], []
    with tempfile.TemporaryDirectory() as work:
        rows, log = Path(work) / "report.tsv", Path(work) / "profile.txt"
        version = _java(path, ROBOT, "--version").strip()
        options = ("--input", str(file), "--fail-on", "none", "--output", str(rows))
        _java(path, ROBOT, "report", *options)
        with rows.open(encoding="utf-8", newline="") as lines:
            for row in list(csv.reader(lines, delimiter="\t"))[1:]:
                findings.append(" ".join(row[:3]) + f" {row[4] if len(row) > 4 else ''}".rstrip())
        for profile in ("DL", "RL"):
            options = ("--profile", profile, "--input", str(file), "--output", str(log))
            _java(path, ROBOT, "validate-profile", *options)
            head, *rest = log.read_text(encoding="utf-8").strip().splitlines()
            counts.append(head)
            findings += [f"{profile} {line.strip()}" for line in rest if line.strip()]
        out = Path(work) / "reasoned.owl"
        said = _java(
            path,
            ROBOT,
            "reason",
            "--reasoner",
            "hermit",
            "--input",
            str(file),
            "--output",
            str(out),
        )
        findings += [f"reason {line}" for line in said.splitlines()]
        counts.append("reason --reasoner hermit: " + ("done" if out.exists() else "failed"))
        if not out.exists():
            findings.append("reason failed")
    return Report("robot", file.name, tuple(findings), (version, *counts))


def explanations(file: Path, reasoner: str, axiom: str) -> set[frozenset[frozenset[str]]]:
    """Every explanation of an axiom (in Manchester syntax) that ROBOT finds with that reasoner.

    It asks the OWLAPI's explanation library, as Protégé's plug-in does. An explanation is a set of
    axioms, and an axiom is given by the IRIs in it.
    """
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "why.md"
        options = ("--max", "10", "--axiom", axiom, "--explanation", str(out))
        catalog = ("--catalog", str(file.with_name("catalog-v001.xml")))
        path = (CACHE / "robot" / "*",)
        _java(
            path, ROBOT, "explain", *catalog, "--input", str(file), "--reasoner", reasoner, *options
        )
        said = out.read_text(encoding="utf-8") if out.exists() else ""
    found = set()
    for part in said.partition("# Axiom Impact")[0].split("\n## "):
        lines = [line for line in part.splitlines() if line.lstrip().startswith("- ")]
        found.add(frozenset(frozenset(re.findall(r"\]\((\S+?)\)", line)) for line in lines))
    return found - {frozenset()}


def pitfalls(graph: KnowledgeGraph) -> Report:
    """The rows of the queries about the ontology, one finding a row."""
    place = graph.folders.queries / "checks"
    every = findings.queries(graph.view, place, graph.names)
    found = tuple(str(f) for f in every if f.check.startswith("ontology-"))
    many = len(list(place.glob("ontology-*.rq")))
    return Report("pitfalls", "the closed graph", found, (f"{many} queries",))


def excuses() -> list[dict[str, str]]:
    """The rows of excused.tsv."""
    with (HERE / "excused.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def judge(report: Report) -> tuple[list[str], Counter[str]]:
    """The findings that stay, and how many each excuse covers."""
    left, covered = [], Counter[str]()
    for finding in report.findings:
        for row in excuses():
            pattern = row["finding"].replace("[", "[[]")
            here = row["tool"] == report.tool and fnmatchcase(report.file, row["file"])
            if here and fnmatchcase(finding, pattern):
                covered[f"{row['finding']}: {row['reason']}"] += 1
                break
        else:
            left.append(finding)
    return left, covered


def log(reports: Iterable[Report]) -> Iterator[str]:
    """The reports as lines of a short text."""
    for report in reports:
        yield f"{report.file}  [{LINES.get(report.tool, report.tool)}]"
        yield from (f"  {line}" for line in report.counts)
        left, covered = judge(report)
        yield f"  findings: {len(left)}" + (f", and {covered.total()} excused" if covered else "")
        yield from (f"    {finding}" for finding in left[:40])
        yield from (f"    excused {n} x {why}" for why, n in covered.items())
        yield ""


def main() -> int:
    why = missing(*LINES, "robot", "classes")
    if why:
        print(f"owl-checks: {why}", file=sys.stderr)
        return 3
    dist = ROOT / "dist"
    graph = KnowledgeGraph.build()
    owlfiles.write(graph, dist)
    with ThreadPoolExecutor(2) as pool:
        whole: Future[Report] = pool.submit(hermit, graph)
        checked = {
            "owlapi": [
                pool.submit(owl_check, n, "profile", dist / f) for n in LINES for f in FILES
            ],
            "robot": [pool.submit(robot, dist / f) for f in FILES],
            "hermit": [whole],
            "pitfalls": [pool.submit(pitfalls, graph)],
        }
        LOGS.mkdir(exist_ok=True)
        bad = 0
        for name, futures in checked.items():
            reports = [f.result() for f in futures]
            text = "\n".join(log(reports)).rstrip() + "\n"
            (LOGS / f"{name}.txt").write_text(text, encoding="utf-8")
            print(re.sub(r"(?m)^", f"{name}: ", text.strip()))
            bad += sum(len(judge(r)[0]) for r in reports)
    print(f"owl-checks: {bad} findings that are neither fixed nor excused")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
