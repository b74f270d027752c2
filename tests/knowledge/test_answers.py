"""Each question gives the answer that stands beside it, and owes it to the rules it names.

``queries/TOPIC/SLUG.csv`` is the answer with the default values and with background, in the CSV of
SPARQL 1.1 (https://www.w3.org/TR/sparql11-results-csv-tsv/). ``needs: a b|c`` in a question's
header says that without rule a the answer is another one, and without both b and c likewise.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import generated
import pytest

from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.questions import Question, read_questions
from foedus.reasoning import close
from foedus.reasoning.rules.table import ruleset
from foedus.resources import folder
from foedus.store.query import QuadStore, Result
from foedus.terms import text_of

QUESTIONS = read_questions(folder("queries"))
RULES = folder("ontology") / "rules.toml"
NEEDS = [(slug, need) for slug, question in QUESTIONS.items() for need in question.needs]


@cache
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.build()


@cache
def view_without(rules: frozenset[str]) -> QuadStore:
    """The view as it is when some rules are switched off."""
    everything = ruleset("owl2rl", [RULES])
    unknown = rules - {rule.id for rule in everything.rules}
    assert not unknown, f"a question needs {sorted(unknown)}, and no rule is called so"
    left = type(everything)(
        tuple(rule for rule in everything.rules if rule.id not in rules),
        everything.trivial,
        everything.prefixes,
    )
    closure = close(sorted(graph().asserted), rules=left)
    view = QuadStore.of(graph().asserted)
    view.add(closure.derived)
    return view


def table(result: Result) -> list[list[str]]:
    """The answer as the rows of its CSV file."""
    if result.kind == "boolean":
        return [[str(result.boolean).lower()]]
    rows = ([text_of(term) if term else "" for term in row] for row in result.rows)
    return [list(result.variables), *rows]


def bag(rows: Iterable[list[str]]) -> list[list[str]]:
    """The head, and the rows in an order of their own: that of an answer may be free."""
    head, *body = rows
    return [head, *sorted(body)]


def expected(path: Path) -> list[list[str]]:
    """The answer that stands beside a question; none where the file is missing."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return bag(csv.reader(file))


def asked(question: Question, view: QuadStore) -> Result:
    return view.query(question.sparql, file=question.path.name)


@pytest.mark.generated
@pytest.mark.parametrize("slug", QUESTIONS)
def test_the_answer_is_the_expected_one(slug: str) -> None:
    question = QUESTIONS[slug]
    path, answer = question.path.with_suffix(".csv"), table(asked(question, graph().view))
    if generated.REFRESH and expected(path) != bag(answer):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(answer)
    assert bag(answer) == expected(path), generated.stale(path)


@pytest.mark.parametrize(("slug", "need"), NEEDS, ids=[f"{s}-{n}" for s, n in NEEDS])
def test_without_a_needed_rule_the_answer_changes(slug: str, need: str) -> None:
    question = QUESTIONS[slug]
    with_rule = table(asked(question, graph().view))
    without = table(asked(question, view_without(frozenset(need.split("|")))))
    assert bag(with_rule) != bag(without), (
        f"{question.path.name} says that it needs {need}, and gives the same answer without: "
        "leave it out of 'needs', or join rules by | of which one is enough"
    )


def test_every_expected_answer_belongs_to_a_question() -> None:
    """A question without an answer is told by its own test."""
    assert {p.stem for p in folder("queries").glob("*/*.csv")} <= set(QUESTIONS)
