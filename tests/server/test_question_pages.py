"""Every question is a page, an API and a row of the description, with the answer that it has."""

from __future__ import annotations

import csv
import io

import pytest
from serving import Tags
from starlette.testclient import TestClient

from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.questions import read_questions
from foedus.resources import folders

QUESTIONS = sorted(read_questions(folders().queries))


@pytest.mark.parametrize("slug", QUESTIONS)
def test_a_question_in_every_form(client: TestClient, graph: KnowledgeGraph, slug: str) -> None:
    result = graph.ask(slug).result
    expected = len(result.rows) if result.kind == "rows" else 1
    told = client.get(f"/ask/{slug}.json").json()
    assert len(told["rows"]) == expected
    assert all(row["basis"] for row in told["rows"])
    table = list(csv.reader(io.StringIO(client.get(f"/ask/{slug}.csv").text)))
    assert len(table) == expected + (result.kind == "rows")
    assert client.get(f"/ask/{slug}.md").text.startswith("# ")
    page = client.get(f"/ask/{slug}.html")
    assert page.status_code == 200
    tags = Tags(page.text)
    assert (tags.wrong, tags.open) == ([], [])
    assert len(tags.of("h1")) == 1 and tags.of("html") == [{"lang": "en"}]
    labelled = {label["for"] for label in tags.of("label")}
    assert {field["id"] for field in tags.of("input")} == labelled
    assert len(tags.of("details")) == (expected if result.kind == "rows" else 0)
    ids = [a["id"] for _, a in tags.found if "id" in a]
    assert len(ids) == len(set(ids))
    assert not tags.of("script") and "style=" not in page.text and "onclick" not in page.text


def test_the_description_has_every_question(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    assert sorted(told["paths"]) == [f"/ask/{slug}" for slug in QUESTIONS]
    for path, operations in told["paths"].items():
        values = {p["name"]: p["schema"]["default"] for p in operations["get"]["parameters"]}
        got = client.get(path, params=values, headers={"Accept": "application/json"})
        assert got.status_code == 200, (path, got.text)
