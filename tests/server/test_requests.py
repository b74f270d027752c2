"""What each request gets, and what every reply says besides."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

CASES = sorted((Path(__file__).parents[1] / "data" / "server").glob("*.toml"))
ROWS = [row for p in CASES for row in tomllib.loads(p.read_text(encoding="utf-8"))["case"]]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case["name"])
def test_what_a_request_gets(client: TestClient, case: dict[str, Any]) -> None:
    path = case["path"] if case.get("raw") else quote(case["path"], safe="/?&=:{}*.")
    headers = {"Accept": case.get("accept", "*/*")}
    headers |= {"Host": case["host"]} if "host" in case else {}
    body = None
    if "body" in case:
        headers["Content-Type"] = case["content"]
        body = case["body"] + case.get("repeat", "") * 10_000
    got = client.request(case.get("method", "GET"), path, headers=headers, content=body)
    assert got.status_code == case.get("status", 200), got.text
    assert got.headers["content-type"].startswith(case.get("type", ""))
    if "header" in case:
        name, value = case["header"]
        assert got.headers[name] == value
    assert case.get("has", "") in got.text
    assert "lacks" not in case or case["lacks"] not in got.text


@pytest.mark.parametrize("path", ["/", "/sparql", "/sparql?query=ASK%7B%7D", "/none", "/graphs"])
def test_every_reply_says_what_may_be_done_with_it(client: TestClient, path: str) -> None:
    got = client.get(path, headers={"Accept": "text/html, */*;q=0.5"}).headers
    assert got["x-content-type-options"] == "nosniff"
    assert got["access-control-allow-origin"] == "*"
    assert "default-src 'none'" in got["content-security-policy"]
    assert "script-src" not in got["content-security-policy"]
    assert "Accept" in got["vary"] and "Accept-Encoding" in got["vary"]


def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    path = "/graphs?default"
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get(path, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200
    turtle, triples = (
        client.get(path, headers={"Accept": a}) for a in ("text/turtle", "text/plain")
    )
    assert turtle.headers["etag"] != triples.headers["etag"]


def test_head_says_what_get_would(client: TestClient) -> None:
    got, head = client.get("/graphs?default"), client.head("/graphs?default")
    assert head.status_code == 200
    for name in ("content-type", "etag"):
        assert head.headers[name] == got.headers[name]
    assert client.head("/graphs?graph=urn:none").status_code == 404


def test_replies_are_compressed_for_who_can_read_them(client: TestClient) -> None:
    packed = client.get("/graphs?default", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/graphs?default", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 4


def test_a_script_of_another_site_may_ask_first(client: TestClient) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    got = client.options("/sparql", headers=headers)
    assert got.status_code == 204
    assert {"GET", "POST", "QUERY"} <= set(got.headers["access-control-allow-methods"].split(", "))
    assert "Content-Type" in got.headers["access-control-allow-headers"]
    assert client.options("/graphs").headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_body_that_is_too_long_is_not_read(client: TestClient) -> None:
    headers = {"Content-Type": "application/sparql-query"}
    got = client.post("/sparql", content="#" * (2 << 20), headers=headers)
    assert got.status_code == 413


def test_a_line_break_in_a_value_is_no_header(client: TestClient) -> None:
    got = client.get("/graphs?graph=urn:x%0D%0ASet-Cookie:%20a=b")
    assert got.status_code == 400
    assert "set-cookie" not in got.headers
