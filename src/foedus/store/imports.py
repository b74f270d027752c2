"""Ontologies by their IRIs, found in folders and catalogs; nothing is fetched.

A catalog is an OASIS XML catalog (https://www.oasis-open.org/committees/entity/spec.html), such as
Protégé keeps beside its ontologies; ``uri``, ``rewriteURI`` and ``nextCatalog`` are read of it.
In a folder, the catalog that it may have comes first; then a file that declares the IRI as its
ontology or its version; then one that is called like the last part of the IRI.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import url2pathname
from xml.etree import ElementTree

from foedus.errors import InputError, ParseFailure
from foedus.store.convert import FORMATS
from foedus.store.reading import opened, read_lines
from foedus.vocab import OWL, TYPE

_XML: Final = "{http://www.w3.org/XML/1998/namespace}base"
_CATALOG: Final = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}"
#: An ontology declares itself among so many first quads of its file.
_FIRST: Final = 50_000
_TYPE: Final = TYPE.encode()
_OWL: Final = f"<{OWL}".encode()
_IN_FOLDERS: Final = ("catalog-v001.xml", "catalog.xml")


class Imports:
    """Where ontologies are, by their IRIs; files are looked at when an IRI is asked for."""

    def __init__(self, places: Iterable[Path]) -> None:
        self.places = tuple(places)
        for place in self.places:
            if not place.exists():
                raise InputError(f"{place} cannot be read: there is no such folder or catalog")
        self._catalogs = [_Catalog(place) for place in self.places if not place.is_dir()]
        self._folders = [place for place in self.places if place.is_dir()]
        for folder in self._folders:
            found = [folder / name for name in _IN_FOLDERS if (folder / name).is_file()]
            self._catalogs += [_Catalog(path) for path in found[:1]]

    def find(self, iri: str) -> Path | None:
        """The file of the ontology with this IRI; None if there is none."""
        for catalog in self._catalogs:
            path = catalog.find(iri)
            if path is not None and path.is_file():
                return path
        return self._declared.get(iri) or self._called(iri)

    @cached_property
    def _files(self) -> dict[Path, tuple[list[str], list[str]]]:
        """The RDF files of all folders, each with the ontologies and versions that it declares."""
        paths = (path for folder in self._folders for path in sorted(folder.rglob("*")))
        return {path: _declarations(path) for path in paths if path.is_file() and _is_rdf(path)}

    @cached_property
    def _declared(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for kind in (0, 1):
            for path, declarations in self._files.items():
                for iri in declarations[kind]:
                    found.setdefault(iri, path)
        return found

    def _called(self, iri: str) -> Path | None:
        """A file that is called like an IRI; without its ending, only one that declares nothing."""
        name = unquote(urlsplit(iri).path).rstrip("/").rpartition("/")[2]
        for path, (ontologies, _) in self._files.items():
            if path.name == name or (not ontologies and path.name.partition(".")[0] == name):
                return path
        return None


def _is_rdf(path: Path) -> bool:
    endings = path.name.lower().removesuffix(".gz").rpartition(".")
    return endings[2] in FORMATS and path.name not in _IN_FOLDERS


def _declarations(path: Path) -> tuple[list[str], list[str]]:
    """The ontologies and versions that a file declares among its first triples.

    A file that cannot be read declares nothing: others may do, and it is told when it is asked for.
    """
    try:
        with opened(path) as source:
            text, _ = read_lines(source, most=_FIRST)
    except InputError:
        return [], []
    ontologies, versions = [], []
    for line in text.splitlines():
        words = line.split(b" ", 3)
        if words[1:3] == [_TYPE, _OWL + b"Ontology>"] and words[0].startswith(b"<"):
            ontologies.append(words[0][1:-1].decode())
        elif words[1:2] == [_OWL + b"versionIRI>"]:
            versions.append(words[2][1:-1].decode())
    return ontologies, versions


class _Catalog:
    """A catalog and those that it leads to."""

    def __init__(self, path: Path) -> None:
        self.names: dict[str, Path] = {}
        self.prefixes: dict[str, str] = {}
        seen, waiting = set(), [path]
        for path in waiting:
            if path.resolve() not in seen:
                seen.add(path.resolve())
                waiting += self._read(path)

    def find(self, iri: str) -> Path | None:
        """The file that the catalog says; None if it says none."""
        if iri in self.names:
            return self.names[iri]
        for start in sorted(self.prefixes, key=len, reverse=True):
            if iri.startswith(start):
                return _local(self.prefixes[start] + iri[len(start) :])
        return None

    def _read(self, path: Path) -> Iterator[Path]:
        try:
            root = ElementTree.fromstring(path.read_bytes())
        except ElementTree.ParseError as error:
            told = str(error).partition(": line")[0]
            raise ParseFailure(str(path), f"{told}; a catalog is XML", error.position[0]) from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        if root.tag != f"{_CATALOG}catalog":
            raise ParseFailure(str(path), "this is no OASIS XML catalog")
        waiting = [(root, path.resolve().as_uri())]
        for element, outer in waiting:
            base = urljoin(outer, element.get(_XML, ""))
            waiting += [(inner, base) for inner in element]
            match element.tag.removeprefix(_CATALOG):
                case "uri" if local := _local(urljoin(base, element.get("uri", ""))):
                    self.names.setdefault(element.get("name", ""), local)
                case "rewriteURI":
                    target = urljoin(base, element.get("rewritePrefix", ""))
                    self.prefixes.setdefault(element.get("uriStartString", ""), target)
                case "nextCatalog" if local := _local(urljoin(base, element.get("catalog", ""))):
                    yield local


def _local(uri: str) -> Path | None:
    """The path of a ``file:`` URI; None of any other, as nothing is fetched."""
    parts = urlsplit(uri)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None
