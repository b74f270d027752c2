"""What the README and the pages show is what the program prints.

A fenced block marked ``console`` holds commands after ``$`` and what they print. A line ``...``
stands for any number of lines, ``...`` inside a line for the rest of it. A block marked ``pycon``
is a doctest. Commands of make are left out: they are run by hand and by continuous integration.
``python tests/docs/test_readme.py`` writes what the commands print now into the pages.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("python", "sparql", "why")),
]


def blocks(kind: str) -> list[tuple[Path, int, str]]:
    """Each fenced block of a kind: its file, its line and its text."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.finditer(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            found.append((page, text.count("\n", 0, block.start()) + 1, block[1]))
    return found


def commands() -> list[tuple[str, str, str]]:
    """Each command of the foedus program: where it stands, the command, what it shows."""
    found = []
    for page, line, text in blocks("console"):
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            if command.startswith("foedus "):
                found.append((f"{page.name}:{line}", command, shown.strip("\n")))
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a built graph, as a reader has it after the first command."""
    made = tmp_path_factory.mktemp("reader")
    call("foedus build", made)
    return made


def call(command: str, cwd: Path) -> str:
    """What a command prints, words and data."""
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if not k.startswith("FOEDUS")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    return done.stdout.strip("\n")


@pytest.mark.parametrize(("where", "command", "shown"), commands(), ids=[c[1] for c in commands()])
def test_a_command_prints_what_is_shown(where: str, command: str, shown: str, place: Path) -> None:
    printed = call(command, place)
    parts = [re.escape(part) for part in re.split(r"^\.\.\.$\n?", shown, flags=re.MULTILINE)]
    wanted = ".*".join(parts).replace(re.escape("..."), r"[^\n]*")
    wanted = re.sub(r"\d+(\\\.\d+)?\\ s\b", r"[\\d.]+\\ s", wanted)
    assert re.fullmatch(wanted, printed, re.DOTALL), f"{where} shows something else:\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_python_examples_of_a_page_run(page: Path) -> None:
    names: dict[str, object] = {}
    failures: list[str] = []
    for _, line, text in (b for b in blocks("pycon") if b[0] == page):
        test = doctest.DocTestParser().get_doctest(text, names, page.name, str(page), line)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        runner.run(test, out=failures.append, clear_globs=False)
        names = test.globs  # a later block goes on where the one before it stopped
    assert not failures, "".join(failures)


def test_the_readme_shows_something() -> None:
    assert commands()
    assert blocks("pycon")


def renew(page: Path, place: Path) -> None:
    """Write what its commands print now into a page; blocks with ``...`` are left as they are."""

    def block(found: re.Match[str]) -> str:
        parts = re.split(r"^\$ ", found[1], flags=re.MULTILINE)[1:]
        said = [part.partition("\n")[0] for part in parts]
        if "\n...\n" in found[0] or not all(line.startswith("foedus ") for line in said):
            return found[0]
        shown = "\n\n".join(f"$ {line}\n{call(line, place)}" for line in said)
        return f"```console\n{shown}\n```"

    text = page.read_text(encoding="utf-8")
    text = re.sub(r"^```console\n(.*?)^```", block, text, flags=re.MULTILINE | re.DOTALL)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        call("foedus build", Path(folder))
        for each in PAGES:
            renew(each, Path(folder))
