"""Where the three data folders are: inside the wheel, or beside the checkout's ``src``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from foedus.errors import InputError

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``ontology``, ``graph`` or ``queries``.

    A wheel carries them as ``foedus/data/NAME``; an editable install reads them in place.

    >>> folder("queries").is_dir()
    True
    """
    for place in (_PACKAGE / "data" / name, _PACKAGE.parent.parent / name):
        if place.is_dir():
            return place
    raise InputError(f"the folder '{name}' is missing from this installation; install foedus again")


@dataclass(frozen=True, slots=True)
class Folders:
    """The three data folders that a graph is made from and asked with."""

    ontology: Path
    graph: Path
    queries: Path


def folders(data: str | os.PathLike[str] | None = None) -> Folders:
    """The data folders under ``data``; one that it lacks is the installation's own.

    >>> folders().ontology.is_dir()
    True
    """
    names = ("ontology", "graph", "queries")
    if data is None:
        return Folders(*map(folder, names))
    data = Path(data)
    if not any((data / name).is_dir() for name in names):
        raise InputError(f"{data} holds none of the folders ontology, graph and queries")
    return Folders(*((data / n) if (data / n).is_dir() else folder(n) for n in names))


def internal(name: str) -> Path:
    """The folder of queries by which foedus itself reads a graph.

    Their names are ``build``, ``export``, ``load`` and ``server``.

    >>> internal("build").is_dir()
    True
    """
    return _PACKAGE / "queries" / name


def rule_table() -> Path:
    """The file of the OWL 2 RL rules."""
    return _PACKAGE / "reasoning" / "owl2rl.toml"
