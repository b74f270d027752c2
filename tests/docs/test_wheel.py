"""The wheel works where the checkout is not: it brings its own ontology, graph and questions."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("FOEDUS", "PYTHON"))}
    return subprocess.run(
        [str(w) for w in words],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("dist")
    done = run(
        sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", place, ROOT, cwd=place
    )
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("no package registry to fetch the build backend from")
    assert done.returncode == 0, done.stderr
    (made,) = place.glob("foedus-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment with the wheel in it."""
    place = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(sys.executable, "-m", "venv", place, cwd=wheel.parent)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    done = run(programs / "python", "-m", "pip", "install", "-q", wheel, cwd=wheel.parent)
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("no package registry to fetch the dependencies from")
    assert done.returncode == 0, done.stderr
    return programs


def test_the_wheel_holds_every_data_file(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for name in ("ontology", "graph", "queries"):
        listed = run("git", "ls-files", name, cwd=ROOT).stdout.split()
        missing = {f"foedus/data/{path}" for path in listed} - inside
        assert not missing
    assert not [n for n in inside if n.startswith(("tests/", "docs/")) or n.endswith(".pyc")]
    assert "foedus/reasoning/owl2rl.toml" in inside
    assert "foedus/py.typed" in inside


def test_it_answers_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "foedus", "ask", "allies-of", "state=DPRK", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "as of 2021-07-11\n")
    assert "China" in done.stdout


def test_it_builds_and_checks_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "foedus", "build", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(p.name for p in (tmp_path / "build").iterdir()) == [
        "dataset.nq",
        "manifest.json",
        "names.json",
        "proofs.json",
        "view.nt",
    ]
    done = run(installed / "python", "-m", "foedus", "check", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
