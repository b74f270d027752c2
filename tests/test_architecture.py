"""The folders are the architecture: modules import downwards, and never in a circle.

The levels are those of the tables in ``docs/architecture.md``.
"""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def levels(title: str) -> dict[str, int]:
    """The level of each folder in the table below a heading of the page."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (`[^|]*`) \|", section, re.MULTILINE)
    return {name: int(level) for level, names in rows for name in re.findall(r"`(\w+)`", names)}


FOLDERS, REASONER = levels("Folders"), levels("The reasoner")


def module(path: Path) -> str:
    """The dotted name of a source file; a package is called by its name."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module(path): path for path in sorted(SOURCE.rglob("*.py"))}


def imports(name: str) -> set[str]:
    """The modules of the package that a module imports, wherever in it, for whatever reason."""
    found = set()
    for node in ast.walk(ast.parse(PATHS[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & PATHS.keys()
            if inner - PATHS.keys():
                found.add(node.module)
    return {other for other in found if other in PATHS} - {name}


IMPORTS = {name: imports(name) for name in PATHS}


def place(name: str) -> tuple[str, int]:
    """The folder that a module belongs to, as the page has it, and its level."""
    parts = name.split(".")[1:]
    if not parts:
        return "foedus", FOLDERS["foedus"]
    if parts[0] == "reasoning" and len(parts) > 1:
        return f"reasoning/{parts[1]}", REASONER[parts[1]]
    return parts[0], FOLDERS[parts[0]]


def test_every_folder_stands_on_the_page() -> None:
    missing = []
    for name in PATHS:
        try:
            place(name)
        except KeyError:
            missing.append(name)
    assert not missing, f"docs/architecture.md has no level for {missing}"


def test_a_module_imports_only_from_lower_levels() -> None:
    wrong = []
    for name, others in IMPORTS.items():
        folder, level = place(name)
        for other in sorted(others):
            its_folder, its_level = place(other)
            reasoner = folder.startswith("reasoning/"), its_folder.startswith("reasoning/")
            if reasoner == (True, False):  # the table of the reasoner is one of its own
                level_here = FOLDERS["reasoning"]
            elif reasoner == (False, True):
                level_here, its_level = level, FOLDERS["reasoning"]
            else:
                level_here = level
            if folder != its_folder and name != "foedus.reasoning" and its_level >= level_here:
                wrong.append(f"{name} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_no_import_goes_in_a_circle() -> None:
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        raise AssertionError("a circle: " + " -> ".join(error.args[1])) from None


@pytest.mark.parametrize("library", ["rdflib", "pyoxigraph"])
def test_only_the_store_knows_rdf_libraries(library: str) -> None:
    knows = {
        place(name)[0]
        for name, path in PATHS.items()
        if re.search(rf"\b(?:import|from) {library}\b", path.read_text(encoding="utf-8"))
    }
    assert knows <= {"store"}, f"{library} is imported by {sorted(knows)}"
