"""Quotes stand in their article, whatever its line ends; what does not is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from foedus.errors import InputError, ParseFailure, QuoteMismatch
from foedus.knowledge.sources import read_background, read_sources

TINY = Path(__file__).parents[1] / "data" / "tiny" / "graph"


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "graph"))


def change(path: Path, old: bytes, new: bytes) -> None:
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\n", b"\r\n"), (b"\n", b"\r"), (b"China and", b"\xef\xbb\xbfChina and")],
    ids=["CRLF", "CR", "BOM"],
)
def test_line_ends_and_byte_order_mark_do_not_count(graph: Path, old: bytes, new: bytes) -> None:
    change(graph / "sources/tiny/article.txt", old, new)
    for name in ("facts.trig", "claims.trig"):
        change(graph / "sources/tiny" / name, b"\n", b"\r\n")
    (source,) = read_sources(graph)
    assert source.text.startswith("China and North Korea\n\nChina is")


def test_a_quote_that_is_not_in_the_article_is_named_with_the_nearest(graph: Path) -> None:
    change(graph / "sources/tiny/facts.trig", b"July 11, 1961.", b"July 12, 1961.")
    with pytest.raises(QuoteMismatch) as error:
        read_sources(graph)
    assert error.value.passage == "s02"
    assert error.value.nearest == "The pact was signed on July 11, 1961."
    assert error.value.at == 57
    assert error.value.file.endswith("facts.trig")


def test_a_quote_at_the_wrong_place_is_named_with_the_right_one(graph: Path) -> None:
    change(graph / "sources/tiny/claims.trig", b"oa:start 110", b"oa:start 109")
    with pytest.raises(QuoteMismatch, match=r"claim1, .*at 110-137"):
        read_sources(graph)


def test_two_blanks_in_the_article_are_two_blanks(graph: Path) -> None:
    change(graph / "sources/tiny/article.txt", b"Korea.  The", b"Korea. The")
    with pytest.raises(QuoteMismatch, match=r"claim1|s02"):
        read_sources(graph)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (b"id:NorthKorea a fo:State ;", b"id:NorthKorea a fo:State", 20),
        (b"tiny:s02 {", b"tinny:s02 {", 23),
        (b"fo:signedOn", b"fo:signedOn ;", 24),
    ],
)
def test_broken_turtle_is_named_with_file_and_line(
    graph: Path, old: bytes, new: bytes, line: int
) -> None:
    change(graph / "sources/tiny/facts.trig", old, new)
    with pytest.raises(ParseFailure) as error:
        read_sources(graph)
    assert error.value.file.endswith("facts.trig")
    assert error.value.line == line


def test_text_that_is_not_utf8_is_named_with_its_line(graph: Path) -> None:
    change(graph / "sources/tiny/article.txt", b"ally", b"all\xe9")
    with pytest.raises(ParseFailure, match=r"article.txt, line 3: this is not UTF-8"):
        read_sources(graph)


@pytest.mark.parametrize("gone", ["article.txt", "*.trig", "tiny"])
def test_a_source_that_is_not_whole_is_named(graph: Path, gone: str) -> None:
    for path in (graph / "sources").rglob(gone):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(InputError, match=r"missing|no \.trig|holds no source"):
        read_sources(graph)


def test_blank_nodes_of_two_files_stay_apart_and_readings_agree(graph: Path) -> None:
    for name in ("facts.trig", "claims.trig"):
        path = graph / "sources" / "tiny" / name
        path.write_text(path.read_text() + "\n[] rdfs:label _:same .\n")
    first, second = ([f.quads for s in read_sources(graph) for f in s.files] for _ in "ab")
    assert first == second
    blank = [{t for q in quads for t in q if t and t.startswith("_:")} for quads in first]
    assert len(blank[0]) == len(blank[1]) == 2
    assert not blank[0] & blank[1]


def test_background_is_read_from_every_file() -> None:
    assert [f.path.name for f in read_background(TINY)] == ["names.trig"]
