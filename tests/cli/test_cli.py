"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from foedus.cli import MODULES

TINY = Path(__file__).parents[1] / "data" / "tiny"


def run(*words: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """One run of the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "foedus", *words],
        cwd=cwd,
        env={**os.environ, "FOEDUS_DATA": "", **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "data"))


#: Arguments -> what stdout must say.
SAYS = {
    ("ask",): "allies-of  Who are the allies of {state}?",
    ("ask", "allies-of"): "North Korea",
    ("ask", "allies-of", "state=dprk"): "China",
    ("ask", "allies-of", "state=id:NorthKorea"): "China",
    ("ask", "allies-of", "state=North Corea"): "China",
    ("ask", "is-ally"): "true",
    ("ask", "is-ally", "state=Japan"): "false",
    ("ask", "is-ally", "--format", "json"): '"boolean": true',
    ("ask", "signed-on", "on=1961"): "the pact",
    ("ask", "allies-of", "--sparql", "state=DPRK"): "VALUES ?state { <https://w3id.org/",
    ("query", "ASK { id:China a fo:State }"): "true",
    ("query", "--dataset", "ASK { GRAPH ?g { id:China a fo:State } }"): "true",
    ("query", "CONSTRUCT WHERE { ?s fo:alliedWith ?o }"): "allied with",
    ("check",): "no finding",
    ("export", "--format", "nt"): "<https://w3id.org/foedus/id/China>",
    ("export", "--format", "trig", "--layout", "dataset"): "id:China",
}

#: Arguments -> exit code and what stderr must say. One line, no traceback.
FAILS = {
    ("ask", "alies-of"): (2, "no question is called 'alies-of'; did you mean 'allies-of'?"),
    ("ask", "allies-of", "stat=DPRK"): (2, "did you mean 'state'?"),
    ("ask", "allies-of", "state=North Koera"): (2, "did you mean 'North Korea'"),
    ("ask", "allies-of", "state=id:Nowhere"): (2, "no thing is called 'id:Nowhere'"),
    ("ask", "allies-of", "DPRK"): (2, "name=value"),
    ("ask", "signed-on", "on=July"): (2, "is not a date; write 1961-07-11"),
    ("ask", "allies-of", "--format", "xml"): (2, "'--format'"),
    ("asc",): (2, "No such command 'asc'"),
    ("why", "China", "allied", "with", "DPRK"): (2, "a name of several words needs quotes"),
    ("query",): (2, "give a query"),
    ("query", "SELECT * {\n ?s ?p }"): (3, "line 2: column"),
    ("query", "SELECT * { ?s nope:p ?o }"): (3, "the prefix 'nope:' is not declared"),
    ("query", "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"): (3, "SERVICE at line 1"),
    ("query", "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }"): (3, "FROM at line 1"),
    ("query", "LOAD <http://127.0.0.1:1/>"): (3, "LOAD at line 1"),
    ("query", "-f", "nowhere.rq"): (3, "nowhere.rq cannot be read"),
    ("query", "SELECT*{?a ?b ?c.?d ?e ?f.?g ?h ?i.?j ?k ?l}", "--timeout", "0.5"): (3, "stopped"),
    ("build", "--believe", "Parc Won-gon"): (2, "did you mean 'Park Won-gon'"),
    ("build", "--reasoner", "hermit"): (2, "'--reasoner'"),
    ("ask", "allies-of", "--graph", "nowhere"): (3, "nowhere is not there; run 'foedus build"),
    ("export", "--layout", "dataset"): (2, "ttl has no named graphs"),
    ("ask", "allies-of", "--data", "nowhere"): (3, "holds none of the folders"),
}


@pytest.mark.parametrize("words", SAYS, ids=" ".join)
def test_data_goes_to_stdout(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*words, cwd=tmp_path, FOEDUS_DATA=str(TINY))
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"(assuming: .*|.* derived triples proved .*)?\n?", done.stderr)
    assert SAYS[words] in done.stdout


@pytest.mark.parametrize("words", FAILS, ids=" ".join)
def test_a_mistake_is_one_sentence_and_an_exit_code(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*words, cwd=tmp_path, FOEDUS_DATA=str(TINY))
    code, says = FAILS[words]
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("foedus: ")
    assert done.stdout == ""
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["front", "back"])
def test_json_errors_are_one_line(place: str, tmp_path: Path) -> None:
    words = ["ask", "nope"]
    words.insert(0 if place == "front" else 2, "--json")
    done = run(*words, cwd=tmp_path, FOEDUS_DATA=str(TINY))
    assert json.loads(done.stderr)["exit_code"] == done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_no_rows_is_not_stated(tmp_path: Path) -> None:
    done = run("ask", "allies-of", "state=Japan", cwd=tmp_path, FOEDUS_DATA=str(TINY))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "not stated\n")


def test_an_assumption_is_said(tmp_path: Path) -> None:
    done = run("ask", "signed-on", cwd=tmp_path, FOEDUS_DATA=str(TINY))
    assert "assuming: that what is not stated did not happen" in done.stderr


@pytest.mark.parametrize(
    ("format", "says"),
    [
        ("csv", "ally\nhttps://w3id.org/foedus/id/NorthKorea\n"),
        ("tsv", "?ally\n<https://w3id.org/foedus/id/NorthKorea>\n"),
        ("md", "| ally |\n| --- |\n| North Korea |\n"),
        ("table", "ally\n-----------\nNorth Korea\n"),
    ],
)
def test_formats(format: str, says: str, tmp_path: Path) -> None:
    done = run("ask", "allies-of", "--format", format, cwd=tmp_path, FOEDUS_DATA=str(TINY))
    assert done.stdout == says


def test_json_has_the_terms_of_a_triple_in_a_triple(tmp_path: Path) -> None:
    query = """SELECT (TRIPLE(<urn:a>, <urn:p>, TRIPLE(<urn:b>, <urn:q>, ' )>> "x" '@en)) AS ?t)
               (STRLANGDIR('x', 'ar', 'rtl') AS ?d) {}"""
    done = run("query", query, "--format", "json", cwd=tmp_path)
    (row,) = json.loads(done.stdout)["results"]["bindings"]
    assert row["d"] == {"type": "literal", "value": "x", "xml:lang": "ar", "its:dir": "rtl"}
    assert row["t"]["type"] == "triple"
    assert row["t"]["value"]["subject"] == {"type": "uri", "value": "urn:a"}
    assert row["t"]["value"]["object"] == {
        "type": "triple",
        "value": {
            "subject": {"type": "uri", "value": "urn:b"},
            "predicate": {"type": "uri", "value": "urn:q"},
            "object": {"type": "literal", "value": ' )>> "x" ', "xml:lang": "en"},
        },
    }


def test_json_is_the_standard_result_format(tmp_path: Path) -> None:
    done = run("--json", "ask", "allies-of", cwd=tmp_path, FOEDUS_DATA=str(TINY))
    found = json.loads(done.stdout)
    assert found["head"] == {"vars": ["ally"]}
    assert found["results"]["bindings"][0]["ally"]["type"] == "uri"


def test_a_query_comes_from_a_file_or_stdin(tmp_path: Path) -> None:
    (tmp_path / "q.rq").write_text("ASK { id:China a fo:State }")
    done = run("query", "-f", "q.rq", cwd=tmp_path, FOEDUS_DATA=str(TINY))
    assert done.stdout == "true\n"
    (tmp_path / "q.rq").write_text("ASK {\n id:China a }")
    done = run("query", "-f", "q.rq", cwd=tmp_path, FOEDUS_DATA=str(TINY))
    assert "q.rq, line 2: column" in done.stderr


def test_build_writes_and_the_others_use_it(data: Path, tmp_path: Path) -> None:
    done = run("build", "--data", str(data), "--out", "g", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 sentences" in done.stdout
    assert "derived" in done.stdout
    asked = run("ask", "allies-of", "--graph", "g", "--data", str(data), cwd=tmp_path)
    assert "North Korea" in asked.stdout
    (tmp_path / "g" / "view.nt").write_text("")
    asked = run("ask", "allies-of", "--graph", "g", cwd=tmp_path)
    assert asked.returncode == 3
    assert "only half written: view.nt is not whole" in asked.stderr


def test_findings_end_in_exit_code_1(data: Path, tmp_path: Path) -> None:
    with (data / "graph/sources/tiny/facts.trig").open("a") as file:
        file.write("tiny:s03 { id:China fo:alliedWith id:China }\n")
    for words in (["check"], ["build", "--out", "g"]):
        done = run(*words, "--data", str(data), cwd=tmp_path)
        assert done.returncode == 1
        assert "China is its own ally" in done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("facts.trig", "a fo:State ;", "a fo:State", "facts.trig, line"),
        ("facts.trig", "July 11", "July 12", "the nearest text is 'The pact was signed on July 11"),
        ("article.txt", "never trust", "trust", "are not in the article"),
    ],
)
def test_a_build_on_bad_input_leaves_the_old_one(
    data: Path, tmp_path: Path, file: str, old: str, new: str, says: str
) -> None:
    assert run("build", "--data", str(data), "--out", "g", cwd=tmp_path).returncode == 0
    before = {p.name: p.read_bytes() for p in (tmp_path / "g").iterdir()}
    path = data / "graph" / "sources" / "tiny" / file
    path.write_text(path.read_text().replace(old, new))
    done = run("build", "--data", str(data), "--out", "g", cwd=tmp_path)
    assert done.returncode == 3
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert {p.name: p.read_bytes() for p in (tmp_path / "g").iterdir()} == before


def test_a_table_fits_the_terminal(tmp_path: Path) -> None:
    words = ["query", "SELECT ?x ?words { ?x oa:exact ?words }"]
    done = run(*words, cwd=tmp_path, FOEDUS_DATA=str(TINY), COLUMNS="40")
    assert max(map(len, done.stdout.splitlines())) <= 40
    assert "\033" not in done.stdout


def test_help_shows_examples_and_exit_codes() -> None:
    assert "Exit codes: 0 fine, 1 findings" in run("--help").stdout
    for verb in ("build", "ask", "query", "check", "export"):
        assert "Examples:" in run(verb, "--help").stdout


@pytest.mark.parametrize("module", MODULES)
def test_each_module_brings_the_verbs_that_the_table_says(module: str) -> None:
    if not find_spec(f"foedus.cli.{module}"):
        pytest.skip(f"there is no foedus.cli.{module} yet")
    app = typer.Typer()
    import_module(f"foedus.cli.{module}").register(app)
    brought = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    assert brought <= set(MODULES[module])


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("foedus a", "ask"),
        ("foedus ask allies-o", "allies-of"),
        ("foedus ask allies-of s", "state="),
    ],
)
def test_completion_offers(typed: str, offered: str) -> None:
    at = str(len(typed.split()) - 1)
    done = run(_FOEDUS_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=at)
    assert offered in done.stdout


@pytest.mark.parametrize("heavy", ["numpy", "rdflib", "rich", "edtf", "rapidfuzz", "pydantic"])
def test_an_answer_loads_nothing_heavy(heavy: str, tmp_path: Path) -> None:
    run("build", "--data", str(TINY), "--out", "g", cwd=tmp_path)
    code = (
        "import sys, foedus.cli\n"
        "try: foedus.cli.run(['ask', 'allies-of', 'state=DPRK', '--graph', 'g'])\n"
        f"except SystemExit: print({heavy!r} in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "FOEDUS_DATA": str(TINY)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "False", done.stderr
