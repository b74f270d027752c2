"""Pages hold together: links and anchors lead somewhere, tags are closed, fields have labels."""

from __future__ import annotations

import pytest
from serving import Tags
from starlette.testclient import TestClient

PAGES = [
    *("/", "/?q=China", "/article", "/ontology", "/sparql", "/ask/allies-of?state=DPRK"),
    *("/ask/allies-of?state=Japan", "/ask/timeline", "/page/China", "/page/fo:Alliance"),
    *("/page/NorthKorea", "/page/cnk:s09", "/why?subject=China&predicate=ally+of&object=DPRK"),
    *("/why?subject=China&predicate=ally+of&object=Japan", "/none"),
]
HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed(client: TestClient, path: str) -> None:
    tags = Tags(client.get(path, headers=HTML).text)
    assert (tags.wrong, tags.open) == ([], [])
    assert len(tags.of("h1")) == 1 and tags.of("html") == [{"lang": "en"}]
    assert len(tags.of("main")) == 1 and len(tags.of("title")) == 1
    labelled = {label["for"] for label in tags.of("label")}
    assert {f["id"] for f in (*tags.of("input"), *tags.of("textarea"))} == labelled
    ids = [a["id"] for _, a in tags.found if "id" in a]
    assert len(ids) == len(set(ids))
    assert not tags.of("script") and not any("style" in a for _, a in tags.found)


@pytest.mark.parametrize("path", PAGES)
def test_links_lead_somewhere(client: TestClient, path: str) -> None:
    for link in {str(a["href"]) for a in Tags(client.get(path, headers=HTML).text).of("a")}:
        address, _, anchor = link.partition("#")
        assert not address or address.startswith("http://localhost/")
        got = client.get(address or path, headers=HTML)
        assert got.status_code in (200, 303) or not address, link
        if anchor:
            assert anchor in {a.get("id") for _, a in Tags(got.text).found}, link
