"""The sources: an article with the facts and claims read from it, each quote standing in its text.

``graph/sources/SLUG/`` holds ``article.txt``, ``facts.trig`` and ``claims.trig``;
``graph/background/*.trig`` hold what public records add. Line ends and a byte-order mark of the
article do not count: offsets are positions in its text with ``\\n`` line ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from foedus.errors import InputError, QuoteMismatch
from foedus.resources import folder
from foedus.short import short_repr
from foedus.store.files import RdfFile, read_rdf, read_text
from foedus.store.query import QuadStore
from foedus.terms import Term, text_of


@dataclass(frozen=True, slots=True)
class Quote:
    """Words quoted: by which passage or claim, and from where to where in the text."""

    quoted: Term
    exact: str
    start: int | None
    end: int | None

    @property
    def name(self) -> str:
        """The last part of the quoting thing's IRI: ``s09`` for a sentence."""
        return text_of(self.quoted).rstrip("/").replace("#", "/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Source:
    """An article's text with the files that say what it says."""

    folder: Path
    text: str
    files: tuple[RdfFile, ...]

    __repr__ = short_repr

    @property
    def slug(self) -> str:
        """The folder's name, which is the source's short name."""
        return self.folder.name


def read_sources(graph: Path) -> tuple[Source, ...]:
    """Every source under ``graph/sources``, its quotes checked against its text.

    Raises `ParseFailure` with file and line, `QuoteMismatch` with the nearest text.
    """
    found = []
    for number, place in enumerate(sorted(p for p in graph.glob("sources/*") if p.is_dir())):
        article = place / "article.txt"
        if not article.is_file():
            raise InputError(
                f"{article} is missing; a source is an article.txt with its .trig files"
            )
        files = tuple(
            read_rdf(path, f"s{number}f{i}x") for i, path in enumerate(sorted(place.glob("*.trig")))
        )
        if not files:
            raise InputError(f"{place} has no .trig file that says what its article says")
        source = Source(place, read_text(article), files)
        check_quotes(source)
        found.append(source)
    if not found:
        raise InputError(
            f"{graph / 'sources'} holds no source; foedus reads sources/NAME/article.txt"
        )
    return tuple(found)


def read_background(graph: Path) -> tuple[RdfFile, ...]:
    """Every file under ``graph/background``, in the order of their names."""
    paths = sorted(graph.glob("background/*.trig"))
    return tuple(read_rdf(path, f"g{i}x") for i, path in enumerate(paths))


def quotes(file: RdfFile) -> tuple[Quote, ...]:
    """What a file quotes, whoever it says so of."""
    store = QuadStore.of((s, p, o) for s, p, o, _ in file.quads)
    asked = (folder("queries") / "build" / "quotes.rq").read_text(encoding="utf-8")
    found = []
    for row in store.query(asked).dicts():
        start, end = (int(text_of(row[n])) if n in row else None for n in ("start", "end"))
        found.append(Quote(row["quoted"], text_of(row["exact"]), start, end))
    return tuple(found)


def check_quotes(source: Source) -> int:
    """How many quotes a source has, all of which stand in its text at their offsets.

    Raises `QuoteMismatch` for the first that does not.
    """
    count = 0
    for file in source.files:
        for quote in quotes(file):
            stands = (
                quote.exact in source.text
                if quote.start is None or quote.end is None
                else source.text[quote.start : quote.end] == quote.exact
            )
            if not stands:
                near, at = nearest(quote.exact, source.text)
                raise QuoteMismatch(str(file.path), quote.name, quote.exact, near, at)
            count += 1
    return count


def nearest(quote: str, text: str) -> tuple[str, int]:
    """The stretch of a text that is most like a quote, and where it starts.

    >>> nearest("In 1962 they signed", "It was in 1961 they signed the treaty.")
    ('in 1961 they signed', 7)
    """
    at = text.find(quote)
    if at >= 0:
        return quote, at
    from rapidfuzz.fuzz import partial_ratio_alignment

    found = partial_ratio_alignment(quote, text)
    if found is None or found.score == 0:
        return "", 0
    return text[found.dest_start : found.dest_end], found.dest_start
