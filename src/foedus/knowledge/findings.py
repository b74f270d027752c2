"""Findings: what is wrong with a graph, said so that a person understands it.

They come from rules that end in a contradiction, from the shapes in ``ontology/shapes.ttl``, and
from the queries in ``queries/checks``, each row of which is one. A clash is an error. A shape says
its severity with ``sh:severity``: a violation is an error, the rest are warnings. A query says it
in its header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from foedus.errors import ParseFailure
from foedus.language.names import Names
from foedus.reasoning.rules.proof import Clash
from foedus.resources import internal
from foedus.store.files import read_text
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple, iri, is_blank, text_of

#: An IRI in a message: in brackets, or bare as a shape's message has it.
_IRI = re.compile(r"<([^<>\s]+)>|\b(https?://[^\s<>\"]*[\w/#-])")


class Severity(StrEnum):
    """Whether a finding is wrong, or advice."""

    error = "error"
    warning = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: which check found it, a sentence, and the terms that it is about.

    ``kind`` is ``clash``, ``shape``, ``query`` or ``proof``; ``check`` is the rule's id, the
    shape's path or the query's slug.
    """

    kind: str
    check: str
    message: str
    terms: tuple[Term, ...] = ()
    severity: Severity = Severity.error

    def __str__(self) -> str:
        warning = "warning: " if self.severity is Severity.warning else ""
        return f"{warning}{self.kind} {self.check}: {self.message}"


def counted(findings: Sequence[Finding]) -> str:
    """How many findings there are, in words.

    >>> advice = Finding("query", "naming", "says", severity=Severity.warning)
    >>> counted([advice, Finding("query", "cycle", "says")])
    '2 findings, 1 of severity warning'
    """
    warnings = sum(finding.severity is Severity.warning for finding in findings)
    said = f"{len(findings)} finding{'s' * (len(findings) != 1)}"
    return f"{said}, {warnings} of severity warning" if warnings else said


def clashes(found: Iterable[Clash], names: Names) -> tuple[Finding, ...]:
    """The contradictions that the reasoner found, each with the rule that shows it."""
    return tuple(
        Finding("clash", clash.rule, _labelled(clash.message, names), _about(clash.premises))
        for clash in found
    )


def shapes(view: QuadStore, file: Path, names: Names) -> tuple[Finding, ...]:
    """What a SHACL validator says of the graph; nothing if there is no file of shapes."""
    if not file.is_file():
        return ()
    from pyshacl import validate

    from foedus.store.convert import term_of, to_rdflib
    from foedus.store.files import read_rdf

    wanted = to_rdflib((s, p, o) for s, p, o, _ in read_rdf(file, "shape").quads)
    _, report, _ = validate(
        to_rdflib(view.match()), shacl_graph=wanted, inference="none", inplace=True
    )
    store = QuadStore.of((term_of(s), term_of(p), term_of(o)) for s, p, o in report)
    asked = read_text(internal("build") / "shape-results.rq")
    found = []
    for row in store.query(asked).dicts():
        terms = tuple(row[n] for n in ("node", "value") if n in row and not is_blank(row[n]))
        said = text_of(row["message"]) if "message" in row else "does not fit its shape"
        said = _labelled(said, names)
        path = names.short(row["path"]) if "path" in row else "node"
        label = names.label(row["node"])
        message = said if said.startswith(label) else f"{label}: {said}"
        wrong = text_of(row["severity"]).endswith("#Violation")
        severity = Severity.error if wrong else Severity.warning
        found.append(Finding("shape", path, message, terms, severity))
    return tuple(dict.fromkeys(found))


def queries(view: QuadStore, place: Path, names: Names, terms: bool = True) -> tuple[Finding, ...]:
    """A finding for each row of each query in a folder.

    Those called ``ontology-...`` look at how the terms are declared and used; without ``terms``
    they are left out.

    The first line of a query is ``# slug: message``; ``{variable}`` in the message is filled in
    from the row. A line ``# severity: warning`` in its header says that its rows are advice.
    Raises `ParseFailure` where the header says something else.
    """
    found = []
    for path in sorted(place.glob("*.rq")):
        if path.stem.startswith("ontology-") and not terms:
            continue
        text = read_text(path)
        header = re.match(r"#\s*([\w-]+):\s+(.+)", text)
        if not header or header[1] != path.stem:
            raise ParseFailure(
                str(path), f"the first line must be '# {path.stem}: what a row means'", 1
            )
        severity = _severity(path, text)
        result = view.query(text, prefixes=names.prefixes, file=str(path))
        rows = list(result.dicts()) if result.kind == "rows" else [{}] * bool(result.boolean)
        for row in rows:
            said = re.sub(
                r"\{(\w+)\}",
                lambda m, row=row: names.label(row[m[1]]) if m[1] in row else "something",
                header[2],
            )
            found.append(Finding("query", path.stem, said, tuple(row.values()), severity))
    return tuple(found)


def _severity(path: Path, text: str) -> Severity:
    """What the header of a query says of its severity; an error where it says nothing."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#"):
            break
        if said := re.match(r"#\s*severity:\s*(.*?)\s*$", line):
            if said[1] not in [*Severity]:
                reason = f"the severity {said[1]!r} is neither error nor warning"
                raise ParseFailure(str(path), reason, number)
            return Severity(said[1])
    return Severity.error


def _about(premises: tuple[Triple, ...]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(s for s, _, _ in premises))


def _labelled(message: str, names: Names) -> str:
    """A message of the reasoner or a shape with labels in the place of IRIs."""
    return _IRI.sub(lambda m: names.label(iri(m[1] or m[2])), message)
