"""The checks: what is wrong with a graph, said as findings that a person understands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from foedus.errors import ParseFailure
from foedus.language.names import Names
from foedus.reasoning.rules.proof import Clash
from foedus.resources import internal
from foedus.store.files import read_text
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple, is_blank, text_of


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: which check found it, a sentence, and the terms that it is about.

    ``kind`` is ``clash``, ``shape`` or ``query``; ``check`` is the rule's id, the shape's path or
    the query's slug.
    """

    kind: str
    check: str
    message: str
    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.check}: {self.message}"


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
        path = names.short(row["path"]) if "path" in row else "node"
        found.append(Finding("shape", path, f"{names.label(row['node'])}: {said}", terms))
    return tuple(dict.fromkeys(found))


def queries(view: QuadStore, place: Path, names: Names, terms: bool = True) -> tuple[Finding, ...]:
    """A finding for each row of each query in a folder.

    Those called ``ontology-...`` look at how the terms are declared and used; without ``terms``
    they are left out.

    The first line of a query is ``# slug: message``; ``{variable}`` in the message is filled in
    from the row.
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
        result = view.query(text, prefixes=names.prefixes, file=str(path))
        rows = list(result.dicts()) if result.kind == "rows" else [{}] * bool(result.boolean)
        for row in rows:
            said = re.sub(
                r"\{(\w+)\}",
                lambda m, row=row: names.label(row[m[1]]) if m[1] in row else "something",
                header[2],
            )
            found.append(Finding("query", path.stem, said, tuple(row.values())))
    return tuple(found)


def _about(premises: tuple[Triple, ...]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(s for s, _, _ in premises))


def _labelled(message: str, names: Names) -> str:
    """A message of the reasoner with labels in the place of IRIs."""
    return re.sub(r"<[^<>\s]+>", lambda m: names.label(m[0]), message)
