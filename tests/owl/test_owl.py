"""The files for Protégé: what is in them, and what the OWL tools say where they are installed.

``make owl-checks`` asks the tools for everything; here they are asked what takes seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import owltools
import pytest

from foedus import owlfiles
from foedus.explain import Step
from foedus.knowledge import KnowledgeGraph
from foedus.store.files import read_rdf
from foedus.store.query import QuadStore
from foedus.terms import Triple, expand, is_blank


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.build()


@pytest.fixture(scope="module")
def files(graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    owlfiles.write(graph, out)
    return out


def triples(path: Path) -> set[Triple]:
    renamed = path.with_suffix(".rdf")
    renamed.write_bytes(path.read_bytes())
    return {q[:3] for q in read_rdf(renamed).quads}


def test_the_files_are_the_same_each_time(graph: KnowledgeGraph, files: Path) -> None:
    again = files / "again"
    for path in owlfiles.write(graph, again):
        assert path.read_bytes() == (files / path.name).read_bytes(), path.name


def test_each_derived_axiom_says_why_and_no_asserted_one_does(
    graph: KnowledgeGraph, files: Path
) -> None:
    said = triples(files / "foedus-full.owl")
    node: dict[str, dict[str, str]] = {}
    for s, p, o in said:
        if is_blank(s):
            node.setdefault(s, {})[p.rsplit("#")[-1].rstrip(">")] = o
    noted = {
        (n["annotatedSource"], n["annotatedProperty"], n["annotatedTarget"])
        for n in node.values()
        if "derivedBy" in n
    }
    assert noted
    assert not noted & graph.asserted
    ours = {t for t in graph.closure.derived if not is_blank(t[0]) and not is_blank(t[2])}
    assert said & ours == noted


def test_nothing_derived_is_in_the_asserted_file(graph: KnowledgeGraph, files: Path) -> None:
    full, asserted = (triples(files / f"foedus-{n}.owl") for n in ("full", "asserted"))
    mark = owlfiles.derived_by(graph)
    assert not any(p == mark for _, p, _ in asserted)
    derived = {t for t in graph.closure.derived if not is_blank(t[0]) and not is_blank(t[2])}
    assert not asserted & derived
    kept = {t for t in full if not is_blank(t[0]) and not is_blank(t[2])} - derived
    assert {t for t in kept if "/foedus/full" not in t[0]} <= asserted


#: Who explains it; what follows, in our words and in ROBOT's; how many axioms the proofs end in.
DEFENCE = ("China", "owes defence to", "North Korea")
ALLIED = ("China", "allied with", "North Korea")
EXPLAINED = [
    ("hermit", DEFENCE, [4]),
    ("hermit", ALLIED, [5, 6]),
    ("jfact", ALLIED, [5, 6]),
    ("whelk", ALLIED, [5, 6]),
    ("elk", ALLIED, []),  # it knows no inverse properties
]


def leaves(graph: KnowledgeGraph, said: tuple[str, str, str]) -> set[frozenset[frozenset[str]]]:
    """The leaves of each proof, one for each axiom: a list belongs to the axiom that it is in."""
    told = graph.explainer.why(graph.explainer.resolve(*said), True)
    vocabulary = tuple(graph.prefixes[p] for p in ("owl", "rdf", "rdfs"))

    def named(term: str) -> set[str]:
        inner = graph.closure.triples(term, None, None) if is_blank(term) else ()
        found = set().union(*(named(o) for _, _, o in inner))
        return found if is_blank(term) else {term.strip("<>")}

    def axioms(step: Step) -> Iterator[frozenset[str]]:
        if step.rule is None and step.triple and not is_blank(step.triple[0]):
            every = set().union(*map(named, step.triple))
            yield frozenset(i for i in every if not i.startswith(vocabulary))
        for premise in step.premises:
            yield from axioms(premise)

    return {frozenset(axioms(proof)) for proof in told.proofs}


@pytest.mark.slow
@pytest.mark.parametrize(("reasoner", "said", "sizes"), EXPLAINED)
def test_explanations_are_the_leaves_of_our_proofs(
    reasoner: str,
    said: tuple[str, str, str],
    sizes: list[int],
    graph: KnowledgeGraph,
    files: Path,
) -> None:
    why = owltools.missing("robot")
    if why:
        pytest.skip(why)
    subject, predicate, object = said
    # ROBOT reads no property assertion, but the type that says the same
    axiom = f"{subject} Type: '{predicate}' value '{object}'"
    found = owltools.explanations(files / "foedus-asserted.owl", reasoner, axiom)
    assert sorted(map(len, found)) == sizes
    if sizes:
        assert found == leaves(graph, said)


PAGE = (Path(__file__).parents[2] / "docs" / "protege.md").read_text(encoding="utf-8")


def test_the_page_names_terms_by_label_and_iri(graph: KnowledgeGraph) -> None:
    rows = re.findall(r"(?m)^\| ([^|`]+) \| `(fo:\w+)` \|", PAGE)
    assert len(rows) == 6
    for label, curie in rows:
        assert graph.names.label(expand(curie, graph.prefixes) or "") == label


@pytest.mark.slow
def test_the_ontology_can_be_imported_as_the_page_says(files: Path) -> None:
    why = owltools.missing("robot")
    if why:
        pytest.skip(why)
    own = files / "pacts.ttl"
    own.write_text(PAGE.partition("```turtle\n")[2].partition("```")[0], encoding="utf-8")
    axioms = re.findall(r"(?m)^    (.* Type: .*)$", PAGE)
    assert len(axioms) == 3
    for axiom in axioms:
        for found in owltools.explanations(own, "hermit", axiom):
            assert any("example.org" in iri for part in found for iri in part)
            assert any("foedus" in iri for part in found for iri in part)
            break
        else:
            pytest.fail(f"nothing explains {axiom}")


def test_each_thing_has_one_label_of_its_own_and_keeps_its_names(
    graph: KnowledgeGraph, files: Path
) -> None:
    label, name = (expand(c, graph.prefixes) for c in ("rdfs:label", "skos:prefLabel"))
    said = triples(files / "foedus-full.owl")
    labels = [(s, o) for s, p, o in said if p == label]
    assert len(labels) == len({s for s, _ in labels}) == len({o for _, o in labels})
    names = {(s, o) for s, p, o in said if p in {label, name}}
    assert names > set(labels)
    assert {(s, o) for s, p, o in graph.asserted if p == label and s in dict(labels)} <= names


def test_no_file_imports(files: Path) -> None:
    for name in owltools.FILES:
        assert not any(p.endswith("#imports>") for _, p, _ in triples(files / name))


class Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.ids += [said["id"]] if said.get("id") else []
        self.links += [(said.get("href") or "")[1:]] if (said.get("href") or "")[:1] == "#" else []


def test_the_page_has_every_term_at_its_anchor(graph: KnowledgeGraph, files: Path) -> None:
    page = Anchors()
    page.feed((files / "ontology.html").read_text(encoding="utf-8"))
    assert len(set(page.ids)) == len(page.ids)
    assert set(page.links) <= set(page.ids)
    ours = graph.prefixes["fo"].strip("<>")
    own = {t[0] for t in owlfiles.ontology_triples(graph) if t[0].startswith(f"<{ours}")}
    assert {t.split("#")[1].rstrip(">") for t in own} <= set(page.ids)


def test_the_page_has_the_tree_of_classes_and_says_what_each_means(files: Path) -> None:
    page = (files / "ontology.html").read_text(encoding="utf-8")
    tree = page[page.index("<nav") : page.index("</nav>")]
    inside = tree[tree.index('"#Treaty"') :]
    assert 0 < inside.index("<ul>") < inside.index("#DefencePact") < inside.index("</ul>")
    assert "owl:Class" not in page
    pact = page[page.index('<section id="DefencePact"') :].split("</section>")[0]
    for said in (
        "A treaty under which a party must help another",
        "Every treaty that imposes a defence obligation is a defence pact.",
        "<li>the China–North Korea treaty of 1961</li>",
        "<code>cax-sco</code>: The China–North Korea treaty of 1961 is a defence pact, because",
    ):
        assert said in pact
    treaty = page[page.index('<section id="Treaty"') :].split("</section>")[0]
    assert '<a href="#hasObligation">imposes</a>' in treaty


def test_classes_in_a_circle_are_on_the_page(graph: KnowledgeGraph) -> None:
    treaty, pact = (
        expand(f"fo:{name}", graph.prefixes) or "" for name in ("Treaty", "DefencePact")
    )
    circle = (treaty, expand("rdfs:subClassOf", graph.prefixes) or "", pact)
    ontology = QuadStore.of([*owlfiles.ontology_triples(graph), circle])
    heading, classes = owlfiles.gather(graph, ontology, ()).groups[0]
    assert heading == "Classes"
    assert {"Treaty", "DefencePact", "ReciprocalTreaty"} <= {c.link.anchor for c in classes}


@pytest.mark.parametrize("file", owltools.FILES)
@pytest.mark.parametrize("line", owltools.LINES)
def test_owlapi_finds_nothing(line: str, file: str, files: Path) -> None:
    why = owltools.missing(line, f"classes/{line}")
    if why:
        pytest.skip(why)
    assert not owltools.owl_check(line, "profile", files / file).findings


@pytest.mark.slow
def test_the_ontology_has_a_model_and_no_empty_class(graph: KnowledgeGraph, files: Path) -> None:
    why = owltools.missing("owlapi4", "classes/owlapi4")
    if why:
        pytest.skip(why)
    mark = owlfiles.derived_by(graph)[1:-1]
    args = (mark, "", str(files / "out.nt"))
    assert not owltools.owl_check("owlapi4", "hermit", files / "foedus.owl", *args).findings


def test_each_excuse_gives_a_reason() -> None:
    assert all(row["reason"] for row in owltools.excuses())
