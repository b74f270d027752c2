"""What docs/stores.md shows for a store is what happens there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from servers import Server

from foedus.cli.load import Preset
from foedus.knowledge import KnowledgeGraph
from foedus.remote import presets

PAGE = (Path(__file__).parents[2] / "docs" / "stores.md").read_text(encoding="utf-8")
#: The base URL on the page of each store.
SHOWN = dict(re.findall(r"\| `(http\S+)` \| `(\w+)` \|", PAGE))
BASES = {preset: base for base, preset in SHOWN.items()}


def blocks(base: str) -> list[str]:
    found = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [block for block in found if base in block]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reader")
    KnowledgeGraph.build().save(made / "build")
    return made


def test_every_preset_is_on_the_page_and_on_the_command_line() -> None:
    assert set(SHOWN.values()) == presets().keys(), "docs/stores.md lists the stores"
    assert {*Preset} == presets().keys(), "foedus.cli.load.Preset lists the stores"


def test_page(store: Server, place: Path) -> None:
    shown = blocks(BASES[store.name])
    assert shown
    for block in shown:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, says = part.partition("\n")
            words = shlex.split(command.replace(BASES[store.name], store.base))
            given = dict(w.split("=", 1) for w in words[: words.index("foedus")])
            done = subprocess.run(
                [sys.executable, "-m", *words[words.index("foedus") :]],
                cwd=place,
                env={**os.environ, **given},
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
            pattern = re.escape(says.strip()).replace(r"\.\.\.", ".*")
            assert re.fullmatch(pattern, done.stdout.strip(), re.DOTALL), done.stdout
