"""Where the three data folders are: inside the wheel, or beside the checkout's ``src``."""

from __future__ import annotations

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
