"""What a newcomer sees first: the tour of the real graph."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from foedus.resources import folder
from foedus.store.files import read_text

ARTICLE = folder("graph") / "sources" / "china-north-korea-2021" / "article.txt"
BASIS = re.compile(r"      (asserted|entailed|claimed by|by default)")


def run(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "foedus", *words],
        cwd=place,
        env={k: v for k, v in os.environ.items() if not k.startswith("FOEDUS")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer")


@pytest.fixture(scope="module")
def shown(place: Path) -> str:
    done = run(place, "tour")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_tour_says_what_was_read_and_derived(shown: str) -> None:
    assert re.search(r"^read 23 sentences, \d+ facts, \d+ claims, ", shown)
    assert re.search(r"^[\d,]+ asserted triples, [\d,]+ derived$", shown, re.MULTILINE)
    assert re.search(r"^derived by \d+ rules, most by ", shown, re.MULTILINE)
    assert "no clash, no broken shape, no finding" in shown


def test_the_tour_answers_six_questions_each_row_with_basis_and_words(shown: str) -> None:
    _, *answers = re.split(r"\n\n(?=.*  foedus ask )", shown.rpartition("\n\n")[0])
    assert len(answers) == 6
    for answer in answers:
        rows = re.split(r"\n(?=  \S)", answer)[1:]
        assert rows
        for row in rows:
            assert BASIS.search(row) or re.match(r"  and \d+ more", row), row
            assert "“" in row or row.startswith("  and "), row


def test_every_quote_of_the_tour_stands_in_the_article(shown: str) -> None:
    text = " ".join(read_text(ARTICLE).split())
    quotes = re.findall(r": “([^”]+)”", " ".join(shown.split()))
    assert len(quotes) >= 8
    assert not [quote for quote in quotes if quote not in text]


def test_the_tour_leaves_a_graph_behind(shown: str, place: Path) -> None:
    assert (place / "build" / "manifest.json").is_file()
    assert "China" in run(place, "ask", "allies-of", "state=DPRK").stdout


def test_another_article_is_toured_with_what_it_knows(tmp_path: Path) -> None:
    """A folder with a graph alone is enough: ontology and questions are the installation's."""
    tiny = Path(__file__).parents[1] / "data" / "tiny" / "graph"
    shutil.copytree(tiny, tmp_path / "mine" / "graph")
    done = run(tmp_path, "tour", "--data", "mine")
    assert done.returncode in (0, 1), done.stderr
    assert "read 3 sentences" in done.stdout
    assert "foedus ask allies-of state=China" in done.stdout
