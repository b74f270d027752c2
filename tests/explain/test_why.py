"""What a person reads when they ask why, why not and what if: each a command and its text."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import generated
import pytest

from foedus.cli import run
from foedus.errors import LimitReached
from foedus.explain import Explainer, Explanation, Step
from foedus.knowledge import KnowledgeGraph
from foedus.reasoning.proofs.sentences import DEPTH
from foedus.reasoning.rules.proof import Proof
from foedus.render import proofs, report
from foedus.report import Report
from foedus.store.files import read_rdf
from foedus.store.query import QuadStore
from foedus.whatif import disagreements

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.txt"))
SCHEMA = Path(__file__).parents[2] / "docs" / "proof.schema.json"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A build of the article alone, and one with the background."""
    places = {}
    for name, background in (("article", False), ("background", True)):
        places[name] = tmp_path_factory.mktemp("why") / name
        KnowledgeGraph.build(background=background).save(places[name])
    return places


@pytest.fixture(scope="module")
def article(built: dict[str, Path]) -> KnowledgeGraph:
    return KnowledgeGraph.open(built["article"])


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[str, str, int]:
    """What a command prints to stdout and stderr, and its exit code."""
    with pytest.raises(SystemExit) as end:
        run(arguments)
    out, err = capsys.readouterr()
    return out, err, int(end.value.code or 0)


@pytest.mark.generated
@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_golden(path: Path, built: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """The first line is the command, after the graph it is asked of; the rest what it prints.

    How many questions there are is not compared: a new one changes no other answer.
    """
    head, _, _ = path.read_text(encoding="utf-8").partition("\n")
    graph, _, command = head.partition("$ foedus ")
    place = built[graph.strip("# :")]
    out, _, _ = told([*shlex.split(command), "--graph", str(place)], capsys)
    generated.compare(path, f"{head}\n" + re.sub(r"of \d+ questions", "of N questions", out))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["why", "Chyna", "ally of", "DPRK"], 2, "did you mean 'China'"),
        (["why", "China", "alied with", "DPRK"], 2, "did you mean 'allied with'"),
        (["why", "?who", "ally of", "DPRK"], 2, "'?who' is a variable"),
        (["why", "China", "is a", "stait"], 2, "'state'"),
        (["why", "China", "ally of", "DPRK", "--believe", "Mao Zedong"], 2, "claims are by"),
        (["why", "China", "ally of", "DPRK", "--believe", "Parc"], 2, "'Park Won-gon'"),
        (["what-if"], 2, "say what to suppose"),
        (["what-if", "--without", "s99"], 2, "the sentences are s01 to s23"),
        (
            ["what-if", "--without", "china-north-korea-2020"],
            2,
            "did you mean 'china-north-korea-2021'",
        ),
        (["what-if", "--believe", "Beijing"], 2, "claims are by"),
        (["what-if", "--add", "/no/such.ttl"], 3, "/no/such.ttl cannot be read"),
        (["ask", "allies-of", "--believe", "KCNA"], 2, "claims are by"),
        (["ask", "allies-of", "--believe", "Nobody"], 2, "no speaker is called 'Nobody'"),
        (
            ["why", "China", "leeds", "DPRK"],
            2,
            "no property is called 'leeds'; did you mean 'leads'",
        ),
        (["why", "China", "leader", "DPRK"], 2, "no property is called 'leader'"),
        (["why", "China", "is a", "Beijing"], 2, "no kind of thing is called 'Beijing'"),
        (["report", "-o", "/no/such/folder/r.html"], 3, "cannot be written"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_bad_input(
    arguments: list[str],
    code: int,
    words: str,
    built: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, err, ended = told([*arguments, "--graph", str(built["article"])], capsys)
    assert (ended, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1 and "Traceback" not in err


# -- proofs ------------------------------------------------------------------------------------


def test_every_derived_triple_is_proved_and_quoted(article: KnowledgeGraph) -> None:
    proved = article.proved()
    assert not proved.faults
    assert proved.derived == sum(1 for t in article.view.match() if t not in article.asserted)
    assert proved.records == 0


def test_a_proof_too_deep_for_words_is_refused(article: KnowledgeGraph) -> None:
    proof = Proof(("<http://a>", "<http://p>", "<http://b>"))
    for n in range(300):
        proof = Proof((f"<http://{n}>", "<http://p>", "<http://b>"), "prp-spo1", {}, (proof,))
    with pytest.raises(LimitReached, match="301 steps deep, and at most 200"):
        article.explainer.tell(proof)


def test_a_proof_says_nothing_in_iris(article: KnowledgeGraph) -> None:
    for triple in sorted(article.view.match()):
        if triple in article.asserted:
            continue
        step = article.explainer.prove(triple)
        assert step
        for part in step.walk():
            text = f"{part.sentence} {part.because}"
            assert "http" not in text and "_:" not in text, text


def test_the_kept_proofs_are_those_of_the_reasoner(article: KnowledgeGraph) -> None:
    triple = article.explainer.resolve("China", "allied with", "DPRK")
    assert article.place
    opened = KnowledgeGraph.open(article.place)
    kept = opened.proof(triple)
    assert kept and "closure" not in vars(opened._backing)
    fresh = article.closure.proof(triple)
    assert {p.triple for p in kept.walk() if p.rule is None} == {
        p.triple for p in fresh.walk() if p.rule is None
    }


def test_independent_proofs_share_no_words(article: KnowledgeGraph) -> None:
    explainer = Explainer(article)
    found = explainer.why(explainer.resolve("China", "ally of", "DPRK"), every=True)
    words = [proof.words() for proof in found.proofs]
    assert len(found.proofs) > 1
    assert 1 <= found.independent <= len(found.proofs)
    assert [len(p) for p in words if p]


def test_the_json_form_is_as_its_schema_says(article: KnowledgeGraph) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    explainer = article.explainer
    for asked in (("China", "allied with", "DPRK"), ("Beijing", "is a", "state")):
        told = proofs.as_json(explainer.why(explainer.resolve(*asked), every=True))
        assert not list(faults(told, schema, schema))


def test_a_passage_is_the_same_in_every_json_form(article: KnowledgeGraph) -> None:
    from foedus.render import outcomes, supports
    from foedus.render.tables import Format
    from foedus.whatif import what_if

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    answer = article.ask("allies-of", state="DPRK")
    told = supports.render(
        answer.result, article.support(answer), article.explainer.phrases, Format.json
    )
    words = [p for row in json.loads(told)["rows"] for t in row["triples"] for p in t["words"]]
    contradictions = outcomes.as_json(what_if(article, believe=["everyone"]))["contradictions"]
    words += [p for c in contradictions for side in c["sides"] for p in side["words"]]
    assert len(words) > 2
    for passage in words:
        assert set(passage) == set(schema["$defs"]["passage"]["required"])
        assert not list(faults(passage, schema["$defs"]["passage"], schema))


@pytest.mark.parametrize("form", ["as_text", "as_markdown"])
def test_the_deepest_proof_that_is_put_in_words_is_printed(form: str) -> None:
    step = Step(("<a>", "<p>", "<b>"), "it is so")
    for number in range(DEPTH):
        step = Step(("<a>", "<p>", f"<{number}>"), "so", "rule", "for it", premises=(step,))
    told = Explanation(("<a>", "<p>", "<b>"), "so", (step,))
    assert getattr(proofs, form)(told).count("For it.") == DEPTH
    document = Report("it", (), (), (), (("it", (step,)),), (), (), ())
    assert getattr(report, form.replace("text", "html"))(document).count("For it.") == DEPTH


def faults(value: object, schema: dict, root: dict, at: str = "$") -> Iterator[str]:  # type: ignore[type-arg]
    """What is wrong with a value by the few words of JSON Schema that ours uses."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    kinds = {
        "object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
        "null": type(None),
    }  # fmt: skip
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(isinstance(value, kinds[k]) for k in wanted):
        yield f"{at}: {value!r} is not {wanted}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{at}: no {n}" for n in schema.get("required", []) if n not in value)
        yield from (f"{at}: {n} is not described" for n in value if n not in known)
        for name, part in value.items():
            yield from faults(part, known.get(name, {}), root, f"{at}.{name}")
    if isinstance(value, list):
        for number, part in enumerate(value):
            yield from faults(part, schema.get("items", {}), root, f"{at}[{number}]")


# -- rows --------------------------------------------------------------------------------------


def test_the_evidence_of_every_row_of_every_question_is_enough(article: KnowledgeGraph) -> None:
    from foedus.provenance.evidence import evidence

    wrong = []
    for slug in article.questions:
        answer = article.ask(slug)
        result = answer.result
        rows = [dict(zip(result.variables, row, strict=True)) for row in result.rows]
        for row in rows if result.kind == "rows" else [{}] * bool(result.boolean):
            found = evidence(answer.sparql, row, article.view)
            alone = QuadStore.of((*t, found.graphs.get(t)) for t in found.triples)
            again = alone.query(answer.sparql, prefixes=article.prefixes)
            if not (again.boolean or tuple(row.values()) in again.rows):
                wrong.append((slug, row))
    assert not wrong


def test_the_basis_says_by_default_where_the_question_says_so(article: KnowledgeGraph) -> None:
    for slug, question in article.questions.items():
        answer = article.ask(slug)
        if question.assumes and answer.result:
            supports = article.support(answer)
            assert any(s.basis.default for s in supports) or slug == "true-in", slug


def test_a_believed_word_marks_the_answer(article: KnowledgeGraph) -> None:
    from foedus.whatif import believing

    trusting = believing(article, ["Park Won-gon"])
    answer = trusting.ask("ties-between")
    told = {str(s.basis) for s in trusting.support(answer)}
    assert "claimed by Park Won-gon" in told
    assert all("claimed" not in str(s.basis) for s in article.support(article.ask("ties-between")))


def steps_of(step: Step) -> set[str]:
    return {s.rule for s in step.walk() if s.rule}


def test_what_only_the_background_proves(built: dict[str, Path]) -> None:
    graph = KnowledgeGraph.open(built["background"])
    explainer = graph.explainer
    step = explainer.prove(explainer.resolve("Kim Jong Un", "has the father", "Kim Jong Il"))
    assert step and "prp-fp" in steps_of(step)
    assert any(s.origin and s.origin.kind == "background" for s in step.leaves())


# -- what if -----------------------------------------------------------------------------------


def test_withdrawing_and_giving_back_changes_nothing(article: KnowledgeGraph) -> None:
    from foedus.whatif.withdraw import Withdrawals

    gone, _ = Withdrawals(article).quads("s09")
    back = article.changed(without=gone).changed(adding=gone)
    assert set(back.view.match()) == set(article.view.match())


def test_a_claim_and_a_source_can_be_left_out(built: dict[str, Path]) -> None:
    from foedus.whatif import what_if

    graph = KnowledgeGraph.open(built["background"])
    one = what_if(graph, without=["archigos"])
    assert any("Kim Jong Il" in c.sentence for c in one.lost)
    other = what_if(graph, without=["id:ClaimParkMarriage"])
    assert not other.lost
    assert "claims-by" in {c.slug for c in other.answers}


def test_triples_of_a_file_can_be_supposed(article: KnowledgeGraph, tmp_path: Path) -> None:
    from foedus.whatif import what_if

    file = tmp_path / "more.ttl"
    prefixes = "".join(f"@prefix {n}: <{iri}> .\n" for n, iri in article.prefixes.items())
    file.write_text(f"{prefixes}id:Beijing a fo:State .\n", encoding="utf-8")
    told = what_if(article, add=[file])
    assert any(c.sentence == "Beijing is a state" for c in told.gained)
    assert told.contradictions


# -- the report --------------------------------------------------------------------------------


def test_the_report_stands_alone(article: KnowledgeGraph) -> None:
    from foedus.render.report import as_html, as_markdown
    from foedus.report import gather

    report = gather(article)
    page = as_html(report)
    assert "<link" not in page and "src=" not in page and "$" not in page.split("</style>")[1]
    for read in report.article:
        assert "".join(piece.text for piece in read.pieces) == read.passage.quote
    assert all(q in page for q in ("Kim II Sung", "marriage of convenience"))
    assert "Not stated. That is not a no." in page
    text = as_markdown(report)
    assert text.count("\n## ") >= 4


@pytest.mark.parametrize(("file", "how"), [("of-another-time", "times"), ("of-no-time", "rules")])
def test_claims_that_exclude_each_other_may_speak_of_different_times(
    article: KnowledgeGraph, file: str, how: str
) -> None:
    path = Path(__file__).parents[1] / "data" / "speakers" / f"{file}.trig"
    graph = article.changed(adding=[(s, p, o, "<x>") for s, p, o, _ in read_rdf(path).quads])
    found = [d for d in disagreements(graph) if "China trusts North Korea and" in d.sentence]
    assert [(d.how, len(d.sides)) for d in found] == [(how, 2)]
    assert {side.place for side in found[0].sides} == {"sentence 5", "sentence 15"}


def test_two_things_of_one_name_are_told_by_who_speaks(article: KnowledgeGraph) -> None:
    path = Path(__file__).parents[1] / "data" / "speakers" / "of-one-name.trig"
    graph = article.changed(adding=[(s, p, o, "<x>") for s, p, o, _ in read_rdf(path).quads])
    assert "the author of the article and Park Won-gon contradict each other" in {
        d.sentence for d in disagreements(graph)
    }


def test_the_same_contradicts_whether_or_not_it_is_believed(article: KnowledgeGraph) -> None:
    from foedus.whatif import believing

    told = [
        {(d.sentence, d.sides) for d in disagreements(graph) if d.how == "rules"}
        for graph in (article, believing(article, ["everyone"]))
    ]
    assert told[0] == told[1] != set()


def test_why_is_within_the_time_limit(
    built: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . FILTER NOT EXISTS { ?a ?d ?e . ?e ?f ?c } }"
    words = ["query", slow, "--why", "--timeout", "2", "--graph", str(built["article"])]
    out, err, code = told(words, capsys)
    assert (out, code) == ("", 3)
    assert "was stopped after" in err


def test_of_a_long_list_of_members_it_is_said_that_it_goes_on() -> None:
    from foedus.explain.rows import Basis, RowSupport
    from foedus.render.supports import _lines

    row = RowSupport(Basis(default=True), (), ("nothing counts but what is stated",), 10_001, False)
    said = "\n".join(_lines(["10001"], row, 80, lambda _: False))
    assert "it has more members; these are the triples of the first 10,000" in said
