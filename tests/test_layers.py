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
    "dates": 1,
    "resources": 1,
    "spelling": 1,
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


def unit(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Units of foedus that a file imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("foedus.")}
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "foedus":
                found |= {
                    a.name
                    for a in node.names
                    if (SRC / a.name).exists() or (SRC / f"{a.name}.py").exists()
                }
            elif node.module.startswith("foedus."):
                found.add(node.module.split(".")[1])
    return found


@pytest.mark.parametrize("path", sorted(SRC.rglob("*.py")), ids=lambda p: str(p.relative_to(SRC)))
def test_imports_only_from_lower_layers(path: Path) -> None:
    here = unit(path)
    assert here in LAYERS, f"{here} has no layer: add it to LAYERS"
    wrong = {u for u in imports(path) if u != here and LAYERS[u] >= LAYERS[here]}
    assert not wrong, f"{path.name} (layer {LAYERS[here]}) imports {sorted(wrong)}"


@pytest.mark.parametrize("library", ["rdflib", "pyoxigraph"])
def test_only_the_store_knows_rdf_libraries(library: str) -> None:
    knows = {
        unit(path)
        for path in SRC.rglob("*.py")
        if f"import {library}" in path.read_text(encoding="utf-8")
        or f"from {library}" in path.read_text(encoding="utf-8")
    }
    assert knows <= {"store"}, f"{library} is imported by {sorted(knows)}"
