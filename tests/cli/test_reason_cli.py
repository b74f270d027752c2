"""`foedus reason` and `foedus rules`: output, words, exit codes, and nothing half-written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foedus import cli
from foedus.cli import common
from foedus.reasoning import ruleset
from foedus.reasoning.rules.table import Rule, read_rules
from foedus.resources import folder

DATA = """\
@prefix : <http://a.example/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:partOf a owl:TransitiveProperty ; rdfs:domain :Place .
:a :partOf :b . :b :partOf :c .
"""
CLASH = DATA + ":Place owl:disjointWith :Person . :a a :Person .\n"
TRANSITIVE = "<http://a.example/a> <http://a.example/partOf> <http://a.example/c> ."
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.ttl"
    path.write_text(DATA, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common.SETTINGS, "json", False)


def run(*words: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.run([str(word) for word in words])
    return int(caught.value.code or 0)


def test_it_closes_a_file(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.nt"
    assert run("reason", file, "-o", out) == 0
    assert TRANSITIVE in out.read_text()
    said = capsys.readouterr()
    assert "prp-trp" in said.out
    assert "4 asserted triples" in said.out
    assert "read and closed in" in said.out
    assert said.err == ""


@pytest.mark.parametrize("ending", ["nt", "nq", "ttl", "trig", "rdf", "jsonld", "nt.gz"])
def test_it_writes_every_format(ending: str, file: Path, tmp_path: Path) -> None:
    out, again = tmp_path / f"out.{ending}", tmp_path / "again.nt"
    assert run("reason", file, "-o", out) == 0
    assert run("reason", out, "-o", again) == 0
    assert TRANSITIVE in again.read_text()


def test_prefixes_are_kept(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.ttl"
    assert run("reason", file, "-o", out) == 0
    assert ":a a :Place" in out.read_text()


def test_only_what_was_derived(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nt"
    assert run("reason", file, "-o", out, "--derived-only") == 0
    assert TRANSITIVE in out.read_text()
    assert "rdfs:domain" not in out.read_text()
    assert "<http://a.example/b> <http://a.example/partOf>" not in out.read_text()


def test_chosen_rules(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nt"
    assert run("reason", file, "-o", out, "--rules", "rdfs", "--derived-only") == 0
    assert TRANSITIVE not in out.read_text()
    assert TYPE in out.read_text()
    assert run("reason", file, "-o", out, "--rules", "prp-trp,cax-sco", "--derived-only") == 0
    assert out.read_text() == TRANSITIVE + "\n"


def test_extra_rules(file: Path, tmp_path: Path) -> None:
    extra, out = tmp_path / "more.toml", tmp_path / "out.nt"
    extra.write_text(
        '[prefixes]\nex = "http://a.example/"\n\n[has-part]\nif = ["?x ex:partOf ?y"]\n'
        'then = ["?y ex:hasPart ?x"]\nsays = "{y} has {x}"\nexample = ["ex:a ex:partOf ex:b"]\n',
        encoding="utf-8",
    )
    assert run("reason", file, "-o", out, "--extra-rules", extra) == 0
    assert (
        "<http://a.example/c> <http://a.example/hasPart> <http://a.example/a> ." in out.read_text()
    )


def test_clashes_are_told_and_the_output_is_written(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(CLASH, encoding="utf-8")
    for name in ("foedus", "owlrl"):
        out = tmp_path / f"{name}.nt"
        assert run("reason", file, "-o", out, "--reasoner", name) == 1
        assert TRANSITIVE in out.read_text()
        said = capsys.readouterr()
        assert "1 clash: this cannot all be true" in said.err
        assert ("cax-dw" if name == "foedus" else "Disjoint classes") in said.err


def test_a_clash_in_a_long_list_is_told_in_a_few_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "different.ttl"
    members = " ".join(f":a{n}" for n in range(500))
    file.write_text(
        "@prefix : <http://a.example/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        f"[] a owl:AllDifferent ; owl:members ({members}) ."
        ":p a owl:FunctionalProperty . :x :p :a1, :a498 ."
    )
    assert run("reason", file) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) < 30
    assert "<http://a.example/a498> are listed" in said
    assert "a.example/x> <http://a.example/p> <http://a.example/a498>\n" in said
    assert "more triples" in said


def test_both_reasoners_agree(file: Path, tmp_path: Path) -> None:
    texts = []
    for name in ("foedus", "owlrl"):
        out = tmp_path / f"{name}.nt"
        assert run("reason", file, "-o", out, "--reasoner", name) == 0
        texts.append(sorted(out.read_text().splitlines()))
    assert texts[0] == texts[1]


def test_proofs_are_lines_of_json(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "proofs.jsonl"
    assert run("reason", file, "--proofs", out) == 0
    proofs = [json.loads(line) for line in out.read_text().splitlines()]
    (found,) = [p for p in proofs if p["rule"] == "prp-trp"]
    assert found["bindings"]["x"] == "<http://a.example/a>"
    assert {p["rule"] for p in found["premises"]} == {None}
    assert run("reason", file, "--proofs", out, "--limit-proofs", "1") == 0
    assert len(out.read_text().splitlines()) == 1


def test_what_is_read_past_is_told(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = "[ a owl:Restriction ; owl:onProperty :partOf ; owl:someValuesFrom :Place ]"
    file.write_text(
        f"{DATA}:Place rdfs:subClassOf {some} . :Part rdfs:subClassOf {some} .\n"
        ":half owl:onProperty :partOf . <> owl:imports <more.ttl> , <http://b.example/gone> .\n"
    )
    (tmp_path / "more.ttl").write_text(DATA)
    assert run("reason", file) == 0
    said = capsys.readouterr()
    assert "<http://a.example/half> has owl:onProperty, but no filler" in said.err
    (line,) = [line for line in said.err.splitlines() if "owl:someValuesFrom in a super" in line]
    assert line.split()[0] == "2"
    assert line.endswith(" [ owl:onProperty :partOf ; owl:someValuesFrom :Place ]")
    assert f"  <{(tmp_path / 'more.ttl').as_uri()}>\n" in said.err
    for name in ("foedus", "owlrl"):
        assert run("reason", file, "--imports", tmp_path, "--reasoner", name) == 0
        told = capsys.readouterr()
        assert "more.ttl>" not in told.err
        assert "<http://b.example/gone>\n" in told.err or name == "owlrl"
    assert run("reason", file, "--imports", tmp_path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {u["kind"]: u["count"] for u in found["unsupported"]} == {
        "owl:imports": 1,
        "owl:someValuesFrom in a superclass": 2,
    }
    assert list(found["imported"].values()) == [str(tmp_path / "more.ttl")]
    assert run("reason", file, "--imports", tmp_path / "absent") == 3


def test_counts_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reason", file, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["asserted"], found["clashes"]) == (4, [])
    assert found["by_rule"]["prp-trp"] == 1
    file.write_text(CLASH, encoding="utf-8")
    assert run("reason", file, "--json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["clashes"][0]["rule"] == "cax-dw"
    assert said.err == ""


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["data.txt"], 2, "known endings are"),
        (["data.ttl", "-o", "out.txt"], 2, "known endings are"),
        (["data.ttl", "--rules", "prp-trq"], 2, "did you mean 'prp-trp'"),
        (["data.ttl", "--reasoner", "owlrl", "--rules", "rdfs"], 2, "owlrl"),
        (["data.ttl", "--reasoner", "owlrl", "--proofs", "p"], 2, "owlrl"),
        (["absent.ttl"], 3, "cannot be read"),
        (["broken.nt"], 3, "broken.nt, line 2"),
        (["data.ttl", "--extra-rules", "absent.toml"], 3, "absent.toml"),
        (["data.ttl", "-o", "no/out.nt"], 3, "cannot be written"),
        (["data.ttl", "-o", "out.nt", "--limit-triples", "1"], 3, "nothing was written"),
        (["data.ttl", "-o", "out.nt", "--timeout", "0"], 3, "nothing was written"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    words: list[str],
    code: int,
    says: str,
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(file.parent)
    Path("broken.nt").write_text("<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> .\n")
    before = sorted(tmp_path.iterdir())
    assert run("reason", *words) == code
    said = capsys.readouterr()
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_the_table_of_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules") == 0
    said = capsys.readouterr().out
    assert all(f"\n{rule.id} " in said for rule in ruleset())


def test_one_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", "prp-spo2") == 0
    said = capsys.readouterr().out
    assert "?p owl:propertyChainAxiom ?l" in said
    assert "?u_1 ?p ?u_n+1" in said


@pytest.mark.parametrize(
    ("rule", "meant"), [("prp-spo9", "prp-spo"), ("fought-allongside", "fought-alongside")]
)
def test_an_unknown_rule(rule: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", rule) == 2
    assert f"did you mean '{meant}" in capsys.readouterr().err


@pytest.mark.parametrize("rule", read_rules(folder("ontology") / "rules.toml"), ids=lambda r: r.id)
def test_a_rule_of_the_domain_is_shown(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules", rule.id) == 0
    said = capsys.readouterr().out
    assert f"### {rule.id}" in said and "https://w3id.org/foedus/" not in said
    assert run("rules") == 0
    assert f"\n{rule.id} " in capsys.readouterr().out
