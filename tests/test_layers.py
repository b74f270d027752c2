"""The folders are the architecture: a module imports only from the layers below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "foedus"

#: Top-level module or package -> layer. A module that is missing here fails the test.
LAYERS = {
    "errors": 0,
    "terms": 0,
    "safe_text": 0,
    "short": 0,
    "replacing": 1,
    "dates": 1,
    "resources": 1,
    "spelling": 1,
    "wording": 1,
    "utterance": 2,
    "sparql": 1,
    "store": 2,
    "names": 3,
    "reasoning": 3,
    "sources": 4,
    "questions": 4,
    "checks": 4,
    "evidence": 4,
    "remote": 4,
    "phrases": 4,
    "finding": 5,
    "why": 5,
    "knowledge": 6,
    "owlfiles": 7,
    "exports": 7,
    "whatif": 7,
    "report": 8,
    "cli": 9,
    "__init__": 10,
    "__main__": 10,
}

#: The folders of the reasoner, from the ground up; what stands beside them is above them.
REASONING = ["rules", "rows", "words", "plans", "fixpoint", "live", "why", "beyond"]


def unit(path: Path, base: Path = SRC) -> str:
    return path.relative_to(base).parts[0].removesuffix(".py")


def imports(path: Path, base: Path = SRC) -> set[str]:
    """Units of foedus, or of a package in it, that a file imports, at its top or in a function."""
    package = ".".join(base.relative_to(SRC.parent).parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{a.name}" for a in node.names]
        else:
            continue
        units = {n.split(".")[package.count(".") + 1] for n in names if n.startswith(f"{package}.")}
        found |= {u for u in units if (base / u).exists() or (base / f"{u}.py").exists()}
    return found


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda p: str(p.relative_to(SRC)))
def test_imports_only_from_lower_layers(path: Path) -> None:
    here = unit(path)
    assert here in LAYERS, f"{here} has no layer: add it to LAYERS"
    wrong = {u for u in imports(path) if u != here and LAYERS[u] >= LAYERS[here]}
    assert not wrong, f"{path.name} (layer {LAYERS[here]}) imports {sorted(wrong)}"


@pytest.mark.parametrize("name", REASONING)
def test_the_folders_of_the_reasoner_stand_on_one_another(name: str) -> None:
    base = SRC / "reasoning"
    assert {p.name for p in base.iterdir() if (p / "__init__.py").exists()} == set(REASONING)
    below = set(REASONING[: REASONING.index(name) + 1])
    for path in (base / name).rglob("*.py"):
        assert imports(path, base) <= below, path


@pytest.mark.parametrize("library", ["rdflib", "pyoxigraph"])
def test_only_the_store_knows_rdf_libraries(library: str) -> None:
    knows = {
        unit(path)
        for path in SRC.rglob("*.py")
        if f"import {library}" in path.read_text(encoding="utf-8")
        or f"from {library}" in path.read_text(encoding="utf-8")
    }
    assert knows <= {"store"}, f"{library} is imported by {sorted(knows)}"
