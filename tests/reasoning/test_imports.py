"""Imported ontologies are found in folders and catalogs, and those that are not are named."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from foedus.errors import InputError, ParseFailure
from foedus.reasoning import close
from foedus.reasoning.encoding import reading
from foedus.store.imports import Imports
from foedus.terms import is_blank

HEAD = "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix : <http://a.example/> .\n"
CATALOG = '<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">%s</catalog>'
#: Each entity is ten of the one before: a hundred million characters from a few.
BOMB = "<!DOCTYPE c [<!ENTITY a 'aaaaaaaaaa'>"
for before, name in pairwise("abcdefg"):
    BOMB += f"<!ENTITY {name} '{10 * f'&{before};'}'>"
BOMB += "]>"

CASES = tomllib.loads(Path(__file__).parents[1].joinpath("data", "imports.toml").read_text())


def write(folder: Path, name: str) -> Path:
    """The file that imports, with the others beside it."""
    case = CASES[name]
    main = f":main a owl:Ontology ; owl:imports {case['imports']} ."
    for file, text in {"main.ttl": main, **case.get("files", {})}.items():
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        whole = CATALOG % text if file.endswith(".xml") else HEAD + text
        path.write_text(whole, encoding="utf-8")
    return folder / "main.ttl"


@pytest.mark.parametrize("case", CASES)
def test_what_is_imported_is_read(case: str, tmp_path: Path) -> None:
    main = write(tmp_path, case)
    closure = close(main, imports=tmp_path)
    paths = [path.relative_to(tmp_path).as_posix() for path in closure.imported.values()]
    assert sorted(set(paths)) == CASES[case]["read"]
    for path in closure.imported.values():
        assert all(triple in closure for triple in close(path) if not any(map(is_blank, triple)))
    missing = [u.node for u in closure.unsupported if u.kind == "owl:imports"]
    assert bool(missing) == (not paths and case != "given-already")
    assert set(reading.triples([main], imports=Imports([tmp_path]))) == set(closure.asserted)


def test_a_catalog_by_itself(tmp_path: Path) -> None:
    main = write(tmp_path, "by-catalog")
    (catalog,) = tmp_path.glob("*.xml")
    assert list(close([main], imports=[catalog]).imported) == ["<http://o.example/x>"]


def test_without_being_asked_nothing_is_read(tmp_path: Path) -> None:
    closure = close(write(tmp_path, "by-catalog"))
    assert closure.imported == {}
    assert [u.node for u in closure.unsupported] == ["<http://o.example/x>"]


def test_a_limit_counts_what_is_imported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than 2 triples"):
        close(write(tmp_path, "by-iri"), imports=tmp_path, limit_triples=2)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("absent", None, "no such folder or catalog"),
        ("c.xml", "<catalog>", "c.xml, line 1: no element found"),
        ("c.xml", f"{BOMB}<catalog>&g;</catalog>", "c.xml, line 1: "),
        ("c.xml", "<catalog/>", "no OASIS XML catalog"),
        ("c.xml", CATALOG % '<nextCatalog catalog="absent.xml"/>', "absent.xml cannot be read"),
    ],
)
def test_a_place_that_is_none(name: str, text: str | None, says: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=says):
        close([], imports=tmp_path / name)


def test_a_broken_file_that_is_imported_is_named(tmp_path: Path) -> None:
    main = write(tmp_path, "by-file-name")
    (tmp_path / "o.ttl").write_text("broken")
    with pytest.raises(ParseFailure, match=r"o\.ttl, line 1"):
        close(main, imports=tmp_path)
