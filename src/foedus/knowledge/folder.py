"""A build folder: a graph written whole or not at all, and read back only if it is whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from foedus.errors import InputError
from foedus.replacing import alone, cannot_write
from foedus.short import short_repr
from foedus.terms import Quad, Term, Triple

#: The layout of the folder; a reader refuses another.
FORMAT = 3
VIEW, DATASET, PROOFS, NAMES = FILES = ("view.nt", "dataset.nq", "proofs.json", "names.json")
MANIFEST = "manifest.json"
#: How the folder begins in which a build is being written.
_PART = ".part-"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a build folder holds and what it was made from; sizes are in bytes.

    ``on`` is the day that was asked for, None for that of which the sources speak.
    """

    inputs: Mapping[str, str]
    prefixes: Mapping[str, str]
    counts: Mapping[str, int]
    background: bool = True
    believe: tuple[str, ...] = ()
    reasoner: str = "foedus"
    on: str | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    format: int = FORMAT

    __repr__ = short_repr

    @property
    def articles(self) -> tuple[str, ...]:
        """The articles that it was made from, by the names of their folders."""
        start = "graph/sources/"
        names = {name.split("/")[2] for name in self.inputs if name.startswith(start)}
        return tuple(sorted(names))


def write_folder(
    out: Path,
    manifest: Manifest,
    view: Iterable[Triple],
    dataset: Iterable[Quad],
    proofs: str,
    names: str,
) -> None:
    """Write a build folder: everything into a folder inside it, then file by file into place.

    The folder itself stays, so that it may be a link, a mount point, or in a folder that cannot be
    written. The manifest goes first and comes last, so that what is cut short is known as such.
    Whatever fails before, a graph that stood there stands there still, and what killed builds left
    is removed. Raises `InputError` where something else stands in the place.
    """
    refuse_foreign(out)
    out, said = Path(os.path.realpath(out)), out
    new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with alone(out) as locked:
            for left in out.glob(f"{_PART}*") if locked else ():
                shutil.rmtree(left, ignore_errors=True)
            made = Path(tempfile.mkdtemp(prefix=_PART, dir=out))
            try:
                _lines(made / VIEW, sorted(view))
                quads = sorted(dataset, key=_by_graph)
                _lines(made / DATASET, quads)
                (made / PROOFS).write_text(proofs, encoding="utf-8")
                (made / NAMES).write_text(names, encoding="utf-8")
                sizes = {name: (made / name).stat().st_size for name in FILES}
                body = {**asdict(manifest), "sizes": sizes}
                (made / MANIFEST).write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
                (out / MANIFEST).unlink(missing_ok=True)
                for name in (*FILES, MANIFEST):
                    (made / name).replace(out / name)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise cannot_write(said, error) from None
    finally:
        if new:
            with suppress(OSError):  # as it is not empty
                out.rmdir()


def read_manifest(place: Path) -> Manifest:
    """The manifest of a build folder whose files are all there in full.

    Raises `InputError` that says what is missing.
    """
    again = f"run 'foedus build --out {place}' to write it anew"
    if not place.is_dir():
        raise InputError(f"{place} is not there; run 'foedus build --out {place}' to write it")
    try:
        body = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        made = Manifest(**{**body, "believe": tuple(body["believe"])})
    except FileNotFoundError:
        raise InputError(f"{place} is no whole build: it has no {MANIFEST}; {again}") from None
    except (ValueError, TypeError, KeyError, OSError):
        raise InputError(f"{place / MANIFEST} cannot be read; {again}") from None
    if made.format != FORMAT:
        raise InputError(f"{place} was written by another version of foedus; {again}")
    for name in FILES:
        file = place / name
        size = file.stat().st_size if file.is_file() else None
        if size is None or size != made.sizes.get(name):
            state = "is missing" if size is None else f"is not whole ({size} bytes)"
            raise InputError(f"{place} is only half written: {name} {state}; {again}")
    return made


@contextmanager
def kept(path: Path) -> Iterator[str]:
    """The text of a build's file; raises `InputError` if it is not what `build` wrote."""
    try:
        yield path.read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        raise InputError(f"{path} cannot be read; run 'foedus build' to write it anew") from None


class NamedGraphs:
    """Which named graphs of a dataset file hold a triple, read without a store.

    ``default`` is how many quads the default graph has; they stand first in the file.
    """

    def __init__(self, path: Path, default: int) -> None:
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
        self._names: dict[str, list[Term]] = {}
        for line in lines[default:]:
            triple, _, name = line.rpartition(" <")
            self._names.setdefault(triple, []).append(f"<{name.removesuffix(' .')}")

    def of(self, triple: Triple) -> list[Term]:
        """The names of the graphs that hold a triple, sorted; the default graph is left out."""
        return self._names.get(" ".join(triple), [])


def refuse_foreign(out: Path) -> None:
    """Raise `InputError` if something else than a build of foedus stands at ``out``."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose a folder with --out")
    if out.is_dir():
        ours = {*FILES, MANIFEST}
        try:
            names = sorted(p.name for p in out.iterdir())
        except OSError as error:
            raise cannot_write(out, error) from None
        others = [n for n in names if n not in ours and not n.startswith(_PART)]
        if others:
            raise InputError(
                f"{out} holds other things ({', '.join(others[:3])}); "
                "choose an empty or new folder with --out"
            )


def _by_graph(quad: Quad) -> tuple[str, str, str, str]:
    s, p, o, graph = quad
    return graph or "", s, p, o


def _lines(path: Path, rows: Iterable[Triple | Quad]) -> None:
    text = "".join(" ".join(part for part in row if part) + " .\n" for row in rows)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
