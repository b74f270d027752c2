"""What a graph is made from: every file read, checked and put into its named graph."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import foedus
from foedus.errors import InputError
from foedus.resources import Folders, folder, rule_table
from foedus.short import short_repr
from foedus.sources import Source, read_background, read_sources
from foedus.store.files import RdfFile, read_rdf, read_text
from foedus.store.query import QuadStore
from foedus.terms import Quad, Term, Triple, expand


@dataclass(frozen=True, slots=True)
class Material:
    """What is asserted, each quad in the graph that says where it comes from."""

    folders: Folders
    prefixes: dict[str, str]
    sources: tuple[Source, ...]
    quads: tuple[Quad, ...]
    ontology: frozenset[Triple] = field(repr=False)

    __repr__ = short_repr

    def triples(self) -> tuple[Triple, ...]:
        """The asserted triples, each once, in the order of the files."""
        return tuple(dict.fromkeys((s, p, o) for s, p, o, _ in self.quads))

    def graph(self, curie: str) -> Term:
        """The IRI of a named graph, such as ``src:derived``."""
        return _expanded(curie, self.prefixes)


def read_material(folders: Folders, background: bool = True) -> Material:
    """Everything asserted: ontology, facts, claims, background, and a record of each statement.

    Raises `ParseFailure` with file and line, `QuoteMismatch`, `InputError`.
    """
    main = folders.ontology / "foedus.ttl"
    if not main.is_file():
        raise InputError(f"{main} is missing; the ontology is read from there")
    ontology = read_rdf(main, "o")
    sources = read_sources(folders.graph)
    records = read_background(folders.graph) if background else ()
    files = [ontology, *(f for s in sources for f in s.files), *records]
    prefixes = _prefixes(folders.ontology / "prefixes.ttl", files)
    home = _expanded("fo:", ontology.prefixes, main)[1:-1].rstrip("#/")
    quads = [*_placed(ontology, f"<{home}>")]
    for source in sources:
        here = _expanded(f"src:{source.slug}", prefixes, main)
        quads += (quad for file in source.files for quad in _placed(file, here))
    for record in records:
        quads += _placed(record, _expanded(f"src:{record.path.stem}", prefixes, main))
    quads += statements(quads, _expanded("src:statements", prefixes, main))
    said = frozenset((s, p, o) for s, p, o, _ in quads[: len(ontology.quads)])
    return Material(folders, dict(sorted(prefixes.items())), sources, tuple(quads), said)


def statements(quads: Iterable[Quad], graph: Term) -> Iterator[Quad]:
    """A record of each fact: what it says and the passage that says it."""
    made = QuadStore.of(quads).query(build_query("statements"))
    return ((s, p, o, graph) for s, p, o in made.triples)


def build_query(name: str) -> str:
    """The text of one of the queries by which foedus itself reads a graph."""
    return read_text(folder("queries") / "build" / f"{name}.rq")


def fingerprints(folders: Folders, background: bool = True) -> dict[str, str]:
    """What a build depends on, file by file, each with the hash of its content."""
    paths: dict[str, Path] = {
        f"ontology/{name}": folders.ontology / name
        for name in ("foedus.ttl", "prefixes.ttl", "rules.toml")
    }
    parts = ["sources", *(["background"] if background else [])]
    for part in parts:
        for path in sorted((folders.graph / part).rglob("*")):
            if path.suffix in {".trig", ".txt"}:
                paths[f"graph/{path.relative_to(folders.graph).as_posix()}"] = path
    paths["queries/build/statements.rq"] = folder("queries") / "build" / "statements.rq"
    paths["reasoning/owl2rl.toml"] = rule_table()
    found = {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in paths.items()
        if path.is_file()
    }
    return {"foedus": foedus.__version__, **found}


def _prefixes(declared: Path, files: Iterable[RdfFile]) -> dict[str, str]:
    """The prefixes of ``prefixes.ttl``; without that file, those of all files together."""
    if declared.is_file():
        return read_rdf(declared).prefixes
    return {name: base for file in [*files][::-1] for name, base in file.prefixes.items()}


def _placed(file: RdfFile, graph: Term) -> Iterator[Quad]:
    return ((s, p, o, g or graph) for s, p, o, g in file.quads)


def _expanded(curie: str, prefixes: dict[str, str], file: Path | None = None) -> Term:
    found = expand(curie, prefixes)
    if found is None:
        prefix = curie.partition(":")[0]
        raise InputError(f"{file or 'the graph'} does not declare the prefix '{prefix}:'; add it")
    return found
