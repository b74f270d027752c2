"""Where a store is reached: its URLs, made from a base URL and a preset, and its ways."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from foedus.errors import UnknownName, UsageError
from foedus.language.spelling import near
from foedus.remote.places import bare, checked
from foedus.terms import Term, expanded

#: Bytes that every store known to us takes in one update; RDF4J's server refuses 200,000.
UPDATE = 60_000


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """A store's URLs and ways; what `presets.toml` says of each field holds here.

    ``graphs`` and ``quads`` are None where the store takes SPARQL Update alone.
    """

    query: str
    update: str | None = None
    graphs: str | None = None
    quads: str | None = None
    bulk: str = ""
    triples: str = "application/n-triples"
    union: bool = False
    whole: bool = False
    batch: int = 16_000_000

    def __repr__(self) -> str:
        named = {n: getattr(self, n) for n in ("query", "update", "graphs", "quads")}
        shown = (f"{name}={bare(url)!r}" for name, url in named.items() if url)  # no password
        return f"Endpoint({', '.join(shown)})"

    def sending(self, batch: int) -> Endpoint:
        """The same store, sent at most about ``batch`` bytes at once."""
        return replace(self, batch=batch)


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).with_name("presets.toml")).read_text(encoding="utf-8"))


def presets() -> Mapping[str, str]:
    """The stores known by name, each with an example of its base URL."""
    return {name: row["example"] for name, row in _table()["preset"].items()}


def query_paths() -> tuple[str, ...]:
    """Where below its base URL a known store takes queries, each path once."""
    paths = (row["query"] for row in _table()["preset"].values())
    return tuple(dict.fromkeys(path for path in paths if path))


def named(curie: str) -> Term:
    """The IRI of a name that the loader itself uses.

    >>> named("src:view")
    '<https://w3id.org/foedus/source/view>'
    """
    return expanded(curie, _table()["prefixes"])


def skolem() -> str:
    """What the IRI of a blank node begins with."""
    return str(_table()["skolem"])


def endpoint(
    base: str | None = None,
    preset: str | None = None,
    *,
    query: str | None = None,
    update: str | None = None,
    graphs: str | None = None,
) -> Endpoint:
    """A store's endpoint from its base URL and preset, or from its URLs one by one.

    >>> endpoint("http://127.0.0.1:3030/ds/", "fuseki").graphs
    'http://127.0.0.1:3030/ds/data'
    """
    for url in (base, query, update, graphs):
        if url is not None:
            checked(url)
    if preset is None:
        if base is not None:
            known = ", ".join(presets())
            raise UsageError(
                f"say which store {bare(base)} is with --preset ({known}), "
                "or give --query-url with --update-url or --graph-store-url"
            )
        if query is None or (update is None and graphs is None):
            raise UsageError("give --query-url, and --update-url or --graph-store-url")
        given = Endpoint(query, update, graphs)
        return given if graphs is not None else given.sending(UPDATE)
    if preset not in presets():
        raise UnknownName(
            "preset", preset, near(preset, presets()), f"known: {', '.join(presets())}"
        )
    if base is None:
        raise UsageError(f"--preset {preset} needs --endpoint, such as {presets()[preset]}")
    row = {k: v for k, v in _table()["preset"][preset].items() if k != "example"}
    root = _root(base, [v for k, v in row.items() if k in {"query", "update", "graphs"}])
    for part in ("query", "update", "graphs", "quads"):
        if part in row:
            row[part] = _joined(root, row[part])
    made = Endpoint(**row)
    return replace(
        made,
        query=query or made.query,
        update=update or made.update,
        graphs=graphs or made.graphs,
    )


def _root(url: str, paths: list[str]) -> str:
    """The base URL, also where somebody gives one of the store's own paths."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    for known in sorted(filter(None, paths), key=len, reverse=True):
        if path.endswith(known):
            path = path[: -len(known)]
            break
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _joined(root: str, path: str) -> str:
    return root + path
