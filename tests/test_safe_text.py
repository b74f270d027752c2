"""Labels and literals of others are shown as they are: they steer nothing and mark nothing up."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from foedus import owlfiles, whatif
from foedus.knowledge import KnowledgeGraph
from foedus.render import outcomes, pages, proofs, report, supports, tables
from foedus.render.tables import Format
from foedus.report import gather
from foedus.safe_text import markdown, printable
from foedus.store.query import QuadStore

TINY = Path(__file__).parent / "data" / "tiny"
#: Control characters of a terminal, marks of direction, and what ends a line.
STEERING = "\x1b[2J\x1b]0;x\x07\x9b31m\u202e\u2066\x85\u2028\r\n"
MARKUP = (
    "# <script>alert(1)</script> a|b `c` *d* _e_ ~f~ $g$ [h](javascript:i) ![j](k) &lt; <l:m> \\"
)
BAD = f"Ch{STEERING}ina {MARKUP}"
#: What a terminal obeys, other than the end of a line.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The small graph, in which China has a bad name and the pact a worse one."""
    data = Path(shutil.copytree(TINY, tmp_path_factory.mktemp("bad") / "data"))
    facts = data / "graph" / "sources" / "tiny" / "facts.trig"
    escaped = "".join(c if c.isascii() and c.isalnum() else f"\\u{ord(c):04x}" for c in BAD)
    facts.write_text(facts.read_text().replace('"China"@en', f'"{escaped}"@en'))
    return KnowledgeGraph.build(data)


def explained(form: Callable[..., str]) -> Callable[[KnowledgeGraph], str]:
    def of(graph: KnowledgeGraph) -> str:
        triple = graph.explainer.resolve("DPRK", "fo:alliedWith", "id:China")
        return form(graph.explainer.why(triple))

    return of


def missed(form: Callable[..., str]) -> Callable[[KnowledgeGraph], str]:
    def of(graph: KnowledgeGraph) -> str:
        triple = graph.explainer.resolve("id:China", "fo:signedOn", "1961")
        return form(graph.explainer.why(triple))

    return of


def listed(form: Format) -> Callable[[KnowledgeGraph], str]:
    def of(graph: KnowledgeGraph) -> str:
        return tables.render(graph.ask("allies-of", state="DPRK").result, form, graph.names.label)

    return of


def supported(form: Format) -> Callable[[KnowledgeGraph], str]:
    def of(graph: KnowledgeGraph) -> str:
        answer = graph.ask("allies-of", state="DPRK")
        phrases = graph.explainer.phrases
        return supports.render(answer.result, graph.support(answer), phrases, form)

    return of


#: Everything that is made for people to read.
TEXTS = {
    "why": explained(proofs.as_text),
    "why not": missed(proofs.as_text),
    "what-if": lambda graph: outcomes.as_text(whatif.what_if(graph, ["s01"])),
    "table": listed(Format.table),
    "rows with their words": supported(Format.table),
}
MARKDOWN = {
    "why": explained(proofs.as_markdown),
    "why not": missed(proofs.as_markdown),
    "what-if": lambda graph: outcomes.as_markdown(whatif.what_if(graph, ["s01"])),
    "table": listed(Format.md),
    "rows with their words": supported(Format.md),
    "report": lambda graph: report.as_markdown(gather(graph)),
}


@pytest.mark.parametrize("name", [*TEXTS])
def test_nothing_steers_the_terminal(name: str, graph: KnowledgeGraph) -> None:
    text = TEXTS[name](graph)
    assert "\\x1b" in text
    assert not CONTROL.search(text)


@pytest.mark.parametrize("name", [*MARKDOWN])
def test_a_label_is_no_markup(name: str, graph: KnowledgeGraph) -> None:
    text = MARKDOWN[name](graph)
    assert not CONTROL.search(text)
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    inner = [t for token in tokens for t in token.children or ()]
    kinds = {t.type for t in (*tokens, *inner)}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "s_open", "fence"}
    shown = "".join(t.content for t in inner)
    assert MARKUP.removeprefix("# ") in shown
    assert not any(t.type == "code_inline" and t.content == "c" for t in inner)
    assert not any(t.type == "heading_open" and t.level > 0 for t in tokens)
    if name == "table":
        assert kinds >= {"table_open"}
        assert sum(t.type == "td_open" for t in tokens) == 1


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any((value or "").startswith("javascript:") for _, value in attrs)
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def terms(graph: KnowledgeGraph) -> str:
    ontology = QuadStore.of(owlfiles.ontology_triples(graph))
    found = owlfiles.gather(graph, ontology, owlfiles.derivations(graph))
    return pages.html("ontology.html", {}, ontology=found)


@pytest.mark.parametrize("of", [lambda graph: report.as_html(gather(graph)), terms])
def test_a_label_is_no_html(of: Callable[[KnowledgeGraph], str], graph: KnowledgeGraph) -> None:
    page = Tags()
    page.feed(of(graph))
    assert not {"img", "l:m"} & {*page.tags}
    assert page.tags.count("script") == 1
    assert MARKUP in page.text
    assert not CONTROL.search(page.text)


@pytest.mark.parametrize("form", [explained(proofs.as_mermaid), missed(proofs.as_mermaid)])
def test_a_label_is_no_mermaid(
    form: Callable[[KnowledgeGraph], str], graph: KnowledgeGraph
) -> None:
    text = form(graph)
    assert not CONTROL.search(text)
    for line in text.splitlines()[1:]:
        assert re.fullmatch(
            r'  (\w+(\["[^"<>`%]*"\]|>"[^"<>`%]*"\])?( -->\|[\w-]+\|| -\.->(\|[\w-]+\|)?)? ?)+\w*',
            line,
        )


@pytest.mark.parametrize("form", [Format.csv, Format.tsv, Format.json])
def test_formats_for_machines_are_exact(form: Format, graph: KnowledgeGraph) -> None:
    sparql = "SELECT ?name { id:China rdfs:label ?name FILTER(LANG(?name) = 'en') }"
    result = graph.query(sparql)
    text = tables.render(result, form, graph.names.label)
    expected = {
        Format.csv: '"' + BAD + '"',
        Format.tsv: result.rows[0][0],
        Format.json: '"xml:lang": "en"',
    }[form]
    assert str(expected) in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1961. A treaty", r"1961\. A treaty"),
        ("1961.5", "1961.5"),
        ("-44", "-44"),
        ("- a", r"\- a"),
        ("+ a", r"\+ a"),
        ("---", r"\---"),
        ("#a", "#a"),
        ("> a", r"\> a"),
        ("snake_case_name", "snake_case_name"),
        ("AT&T &amp; co", r"AT&T \&amp; co"),
        ("https://a.example/b_c", "https://a.example/b_c"),
    ],
)
def test_markdown_marks_no_more_than_it_must(text: str, shown: str) -> None:
    assert markdown(text) == shown
    inner = MarkdownIt("gfm-like", {"linkify": False}).parse(shown)[1]
    assert inner.content == shown
    assert "".join(t.content for t in inner.children or ()) == text


def test_text_in_any_script_stays_as_it_is() -> None:
    text = "中国 한국 العربية עברית नेपाल 👩‍🚀 é"
    assert printable(text) == text
    assert tables.table(["a"], [[text]]).splitlines()[2] == text
