"""What is in the graph: every sentence read, every quote in place, what follows and what not."""

from __future__ import annotations

import csv
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.material import Material, read_material
from foedus.reasoning.rules.datatypes import value_key
from foedus.resources import folders
from foedus.terms import Quad, Term, Triple, expand, is_blank, is_literal, text_of

HERE = Path(__file__).parents[1]
SHARED = Path(os.environ.get("FOEDUS_SHARED", HERE.parents[1] / "shared"))
SOURCE = folders(None).graph / "sources" / "china-north-korea-2021"
TEXT = (SOURCE / "article.txt").read_text(encoding="utf-8")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def graph(scope: str) -> KnowledgeGraph:
    return KnowledgeGraph.build(background=scope == "background")


@cache
def material() -> Material:
    return read_material(folders(None), background=True)


def term(text: str) -> Term:
    """The term that a cell names: a CURIE, a number or a string in quotes."""
    if text.startswith('"'):
        return text
    if text.lstrip("-").isdigit():
        return f'"{text}"^^<http://www.w3.org/2001/XMLSchema#integer>'
    found = expand(text, {**material().prefixes, "cnk": SLUG})
    assert found, f"no prefix for {text}"
    return found


SLUG = "https://w3id.org/foedus/source/china-north-korea-2021/"
FO = "https://w3id.org/foedus/ontology#"


def fo(name: str) -> Term:
    return f"<{FO}{name}>"


def passage(name: str) -> Term:
    return f"<{SLUG}{name}>"


def matching(view: Any, cells: tuple[str, str, str]) -> list[Triple]:
    """Triples of a view; ``*`` stands for anything, ``?x`` twice for the same thing twice."""
    s, p, o = (None if cell[0] in "*?" else term(cell) for cell in cells)
    same = cells[0] == cells[2] == "?x"
    return [t for t in view.match(s, p, o) if not same or t[0] == t[2]]


ENTAILMENTS = [
    pytest.param(
        row,
        scope,
        id=f"{row['expect']} {scope} {row['subject']} {row['predicate']} {row['object']}",
    )
    for row in table(HERE / "entailments.csv")
    for scope in ("article", "background")
    # What the article alone entails, it entails with the background too; what must not follow
    # from the article may well follow with it.
    if row["scope"] in (scope, "both") or (row["expect"] == "must" and row["scope"] == "article")
]


@pytest.mark.parametrize(("row", "scope"), ENTAILMENTS)
def test_what_follows_and_what_does_not(row: dict[str, str], scope: str) -> None:
    cells = (row["subject"], row["predicate"], row["object"])
    built = graph(scope)
    found = matching(built.view, cells)
    if row["expect"] == "must-not":
        assert not found, row["why"]
        return
    assert found, row["why"]
    for rule in row["rules"].split():
        ways = {proof.rule for proof in built.closure.proofs(found[0], limit=40)}
        assert rule in ways, f"not by {rule}, only by {sorted(filter(None, ways))}"


@pytest.mark.parametrize("scope", ["article", "background"])
def test_nothing_contradicts(scope: str) -> None:
    assert not graph(scope).check()


def test_no_claim_is_a_fact() -> None:
    """What is only claimed is in no graph and follows from none; two things are both."""
    claimed: dict[Term, dict[str, Term]] = {}
    for s, p, o, _ in material().quads:
        for name in ("claimSubject", "claimPredicate", "claimObject", "claimValue"):
            if p == fo(name):
                claimed.setdefault(s, {})[name] = o
    both = {fo("allyOf")}
    for claim, said in claimed.items():
        content = said["claimObject"] if "claimObject" in said else said["claimValue"]
        if said["claimPredicate"] not in both:
            for scope in ("article", "background"):
                held = graph(scope).view.match(
                    said["claimSubject"], said["claimPredicate"], content
                )
                assert not list(held), claim


def quoted() -> list[tuple[Term, str, int, int]]:
    """Whatever has a quote in the files of the source: the thing, the words, their place."""
    parts: dict[Term, dict[str, str]] = {}
    for s, p, o, _ in material().quads:
        if p.startswith("<http://www.w3.org/ns/oa#") and is_literal(o):
            parts.setdefault(s, {})[p[1:-1].rpartition("#")[2]] = text_of(o)
    return [(s, d["exact"], int(d["start"]), int(d["end"])) for s, d in parts.items()]


def test_every_quote_stands_in_the_article() -> None:
    found = quoted()
    assert len(found) > 180
    for thing, words, start, end in found:
        assert TEXT[start:end] == words, thing


def test_every_sentence_was_read() -> None:
    """The passages are the title, two headings and 23 sentences; no words stand between them."""
    spans = sorted((a, b, s) for s, _, a, b in quoted() if (s, fo("Passage")) in kinds())
    names = [s.rpartition("/")[2].rstrip(">") for _, _, s in spans]
    assert sorted(names) == sorted(["t", "h1", "h2", *(f"s{n:02}" for n in range(1, 24))])
    body = TEXT[: TEXT.index("Related Articles")]
    left = "".join(
        body[end:start]
        for (_, end, _), (start, _, _) in zip(
            [(0, 0, ""), *spans], [*spans, (len(body), 0, "")], strict=True
        )
    )
    assert not left.strip(), "words between the passages were not read"


@cache
def kinds() -> frozenset[tuple[Term, Term]]:
    rdf_type = term("rdf:type")
    return frozenset((s, o) for s, p, o, _ in material().quads if p == rdf_type)


def test_each_passage_yields_something_or_says_why_not() -> None:
    quads = material().quads
    stating = {g for *_, g in quads if g}
    claims = {s for s, p, _, _ in quads if p == fo("speaker")}
    claiming = {o for s, p, o, _ in quads if p == fo("statedIn") and s in claims}
    silent = {s for s, p, _, _ in quads if p == fo("yieldsNothing")}
    for thing, _, _, _ in quoted():
        if (thing, fo("Passage")) in kinds():
            assert (thing in silent) != (thing in stating | claiming), thing


def test_the_words_of_a_fact_stand_in_its_sentence() -> None:
    sentences = {s: words for s, words, _, _ in quoted()}
    checked = 0
    for s, p, o, home in material().quads:
        if p == fo("wording") and home in sentences:
            assert text_of(o) in sentences[home], (s, home)
            checked += 1
    assert checked > 70


def test_named_graphs_are_passages_or_cited_records() -> None:
    """Facts say where they come from: a passage, or a public record with citation and terms."""
    records = {s for s, o in kinds() if o == fo("PublicRecord")}
    terms = ("bibliographicCitation", "rights")
    for record in records:
        has = {p[1:-1].rpartition("/")[2] for s, p, _, _ in material().quads if s == record}
        assert set(terms) <= has, record
    passages = {s for s, o in kinds() if o in (fo("Passage"), fo("Article"))}
    made = {f"<{FO.rstrip('#')}>", term("src:statements")}
    assert {g for *_, g in material().quads} <= passages | records | made


def graph_quads() -> list[Quad]:
    """The quads of the files under ``graph``, without the records made of them."""
    return [
        q for q in material().quads if q[3] not in (f"<{FO.rstrip('#')}>", term("src:statements"))
    ]


def test_things_have_readable_names_and_labels() -> None:
    labelled = {s for s, p, _, _ in material().quads if p == term("rdfs:label")}
    for s, p, o, _ in graph_quads():
        if s.startswith("<https://w3id.org/foedus/id/"):
            assert re.fullmatch(r"<https://w3id\.org/foedus/id/[A-Z][A-Za-z0-9-]*>", s), s
            assert s in labelled, s
        if o.startswith("<https://w3id.org/foedus/id/"):
            assert o in labelled, (s, p, o)
        assert not is_blank(s) and not is_blank(o)


def test_people_states_and_treaty_have_chinese_and_korean_names() -> None:
    langs: dict[Term, set[str]] = {}
    for s, p, o, _ in material().quads:
        if p == term("rdfs:label") and "@" in o:
            langs.setdefault(s, set()).add(o.rpartition("@")[2])
    wanted = {s for s, o in kinds() if o in (fo("State"), fo("Person"), fo("Treaty"))}
    assert len(wanted) > 10
    for thing in wanted:
        assert {"en", "zh", "ko"} <= langs[thing], thing


READING = SHARED / "article-reading.csv"
needs_reading = pytest.mark.skipif(
    not READING.is_file(), reason="the close reading of the article is not beside the checkout"
)


@needs_reading
@pytest.mark.parametrize("row", table(HERE / "reading.csv"), ids=lambda row: row["row"])
def test_what_was_read_is_in_the_graph_with_its_words(row: dict[str, str]) -> None:
    read = {r["id"]: r for r in table(READING)}[row["row"]]
    begin, end = int(read["char_start"]), int(read["char_end"])
    places = {s: (a, b) for s, _, a, b in quoted()}
    if row["claim"]:
        a, b = places[term(row["claim"])]
        assert a < end and begin < b, "the claim's quote is elsewhere"
        return
    home = passage(row["passage"])
    a, b = places[home]
    assert a <= begin and end <= b, "the quote stands in another passage"
    wanted = (term(row["subject"]), term(row["predicate"]), term(row["object"]))
    held = [q for q in material().quads if q[3] == home and q[:2] == wanted[:2]]
    key = value_key(wanted[2]) if is_literal(wanted[2]) else wanted[2]
    assert any((value_key(q[2]) if is_literal(q[2]) else q[2]) == key for q in held)


@needs_reading
def test_no_fact_or_claim_of_the_reading_is_left_out() -> None:
    wanted = {r["id"] for r in table(READING) if r["status"] in ("fact", "claim", "author_claim")}
    assert wanted == {row["row"] for row in table(HERE / "reading.csv")}


@needs_reading
def test_the_article_is_copied_letter_by_letter() -> None:
    assert (SOURCE / "article.txt").read_bytes() == (SHARED / "article.txt").read_bytes()
