"""A question asked in words is found, its values are filled in, and what fits nothing is refused.

``tests/data/paraphrases.csv`` has a row for each text: the questions that may be meant, of which
the answer says the same (none where nothing here answers it), and the values it names.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.finding import Match
from foedus.knowledge.questions import read_questions
from foedus.language.utterance import dates
from foedus.language.wording import ELSEWHERE, Wording, stem, table, words
from foedus.resources import folders

ROWS = list(
    csv.DictReader(
        (Path(__file__).parents[1] / "data" / "paraphrases.csv").open(encoding="utf-8", newline="")
    )
)
MEANT = [row for row in ROWS if row["slugs"]]
UNANSWERED = [row["question"] for row in ROWS if not row["slugs"]]

#: A text -> the dates in it.
DATES = {
    "on 3/May/1995": ["1995-05-03"],
    "Dec 31st, 1980 or 1 January of 1981": ["1980-12-31", "1981-01-01"],
    "in March 1975": ["1975-03"],
    "the thirties, the 1940s": ["193X", "194X"],
    "the war of 1950-53": ["1950/1953"],
    "how old is the 1961 pact on 2031-07-11": ["2031-07-11"],
    "the treaty of 1961": [],
    "on July 11": [],
}


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.build()


@pytest.fixture(scope="module")
def folder(graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("finding") / "build"
    graph.save(made)
    return made


@pytest.fixture(scope="module")
def found(graph: KnowledgeGraph) -> dict[str, tuple[Match, ...]]:
    return {row["question"]: graph.find(row["question"]) for row in ROWS}


def test_most_questions_are_found(found: dict[str, tuple[Match, ...]]) -> None:
    first, three = [], []
    for row in MEANT:
        slugs = [match.question.slug for match in found[row["question"]][:3]]
        wanted = row["slugs"].split("|")
        first.append(bool(slugs) and slugs[0] in wanted)
        three.append(any(slug in wanted for slug in slugs))
    assert sum(first) / len(MEANT) >= 0.91
    assert sum(three) / len(MEANT) >= 0.975


def test_most_values_are_filled_in(
    graph: KnowledgeGraph, found: dict[str, tuple[Match, ...]]
) -> None:
    right = []
    for row in MEANT:
        wanted = row["slugs"].split("|")
        match = next((m for m in found[row["question"]][:3] if m.question.slug in wanted), None)
        for name, _, value in (pair.partition("=") for pair in row["values"].split(";") if pair):
            takes = {p.name: p for p in match.question.parameters} if match else {}
            if name in takes and match:
                named = takes[name].kind == "name"
                given = match.values.get(name)
                if given is None:  # its default is what is meant
                    given = takes[name].default
                    given = graph.names.resolve(given) if named and given != "any" else given
                right.append(given == (graph.names.resolve(value) if named else value))
    assert len(right) > 90
    assert sum(right) / len(right) >= 0.975


@pytest.mark.parametrize("text", UNANSWERED)
def test_what_no_question_answers_is_refused(
    text: str, found: dict[str, tuple[Match, ...]]
) -> None:
    assert [match.question.slug for match in found[text]] == []


def test_the_cases_are_of_every_topic(graph: KnowledgeGraph) -> None:
    topics = {graph.questions[row["slugs"].split("|")[0]].topic for row in MEANT}
    assert topics == {question.topic for question in graph.questions.values()}
    assert len(MEANT) > 200
    assert len(UNANSWERED) > 150


@pytest.mark.parametrize("slug", sorted(read_questions(folders().queries)))
def test_a_question_is_found_by_its_own_words(slug: str, graph: KnowledgeGraph) -> None:
    question = graph.questions[slug]
    names = {p.name: p.default for p in question.parameters if p.kind == "name"}
    given = {
        name: graph.names.label(graph.names.resolve(default))
        for name, default in names.items()
        if default != "any"
    }
    asked = question.phrase(given, str)
    assert slug in [match.question.slug for match in graph.find(asked)[:3]]


@pytest.mark.parametrize("text", DATES)
def test_dates_are_read(text: str) -> None:
    assert dates(text)[0] == DATES[text]


def test_words_have_concepts() -> None:
    wording = Wording()
    assert dict(wording.read(words("who took up arms"))) == {0: {"who"}, 1: {"fight"}}
    assert [c for _, c in wording.read(["price"])] == [{ELSEWHERE}]


def test_no_word_is_both_answered_and_not() -> None:
    meant, elsewhere = (
        {tuple(map(stem, words(entry))) for row in table(f"{name}.csv") for entry in row}
        for name in ("synonyms", "elsewhere")
    )
    assert meant & elsewhere == set()


def test_every_alias_is_of_something(graph: KnowledgeGraph) -> None:
    for alias, label in table("aliases.csv"):
        assert graph.names.resolve(label), alias


def ask(folder: Path, *given: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "foedus", "ask", *given, "--graph", str(folder)]
    return subprocess.run(words, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_command_says_how_to_ask_exactly(folder: Path) -> None:
    done = ask(folder, "Who was obliged to defend China on 1 January 1970?")
    assert done.returncode == 0
    exactly = "foedus ask bound-leaders state=China on=1970-01-01"
    assert done.stderr.startswith(f"asking: {exactly}\n")
    assert "Kim Il Sung" in done.stdout
    assert ask(folder, *exactly.split()[2:]).stdout == done.stdout


def test_the_command_names_the_nearest_three_where_it_is_unsure(folder: Path) -> None:
    done = ask(folder, "Whose defence is China obliged to undertake?")
    assert (done.returncode, done.stdout) == (2, "")
    assert "may be one of these" in done.stderr
    assert done.stderr.count("foedus ask ") == 3
    assert "foedus ask owed-by state=China; foedus ask who-defends state=China" in done.stderr


@pytest.mark.parametrize(
    "text", ["How much coal did the DPRK export last year?", "?", "a \x1b[1m?"]
)
def test_the_command_answers_no_other_question(text: str, folder: Path) -> None:
    done = ask(folder, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no question here fits" in done.stderr
    assert "\x1b" not in done.stderr
