"""A finding says what is wrong, names a thing once, and whether it is an error or advice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from foedus.cli import run
from foedus.errors import ParseFailure
from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.findings import Finding, Severity

TINY = Path(__file__).parents[1] / "data" / "tiny"
#: A header -> the severity of what the query finds.
HEADERS = {
    "": Severity.error,
    "# severity: error\n": Severity.error,
    "# severity: warning\n": Severity.warning,
    "# why this is so\n# severity:  warning \n": Severity.warning,
}
SHAPE = """
@prefix id: <https://w3id.org/foedus/id/> .
[] a sh:NodeShape ; sh:targetNode id:China ; sh:severity sh:{severity} ;
  sh:sparql [ sh:message "{message}" ;
    sh:select "SELECT $this WHERE {{ $this a <https://w3id.org/foedus/ontology#State> }}" ] .
"""
#: What a shape says -> how its finding begins, for a severity.
MESSAGES = [
    ("{$this} is big", "Violation", "China is big", Severity.error),
    ("A state is big.", "Warning", "China: A state is big.", Severity.warning),
    ("So big is {$this}.", "Info", "China: So big is China.", Severity.warning),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "data"))


def add_check(data: Path, header: str) -> Path:
    """A check that finds one state, with these lines in its header."""
    path = data / "queries" / "checks" / "states.rq"
    first = "# states: {state} is a state\n"
    path.write_text(f"{first}{header}SELECT ?state {{ BIND(id:China AS ?state) }}")
    return path


@pytest.mark.parametrize("header", HEADERS)
def test_a_query_says_its_severity(header: str, data: Path) -> None:
    add_check(data, header)
    (found,) = KnowledgeGraph.build(data).check()
    assert (found.message, found.severity) == ("China is a state", HEADERS[header])


def test_an_unknown_severity_is_named_with_its_line(data: Path) -> None:
    path = add_check(data, "# severity: fatal\n")
    with pytest.raises(ParseFailure, match=f"{path.name}, line 2: the severity 'fatal'"):
        KnowledgeGraph.build(data).check()


@pytest.mark.parametrize(("message", "severity", "says", "expected"), MESSAGES)
def test_a_shape_names_its_node_once_and_says_its_severity(
    message: str, severity: str, says: str, expected: Severity, data: Path
) -> None:
    with (data / "ontology" / "shapes.ttl").open("a") as file:
        file.write(SHAPE.format(message=message, severity=severity))
    (found,) = KnowledgeGraph.build(data).check()
    assert (found.message, found.severity) == (says, expected)


@pytest.mark.parametrize(("header", "code"), [("# severity: warning\n", 0), ("", 1)])
def test_only_an_error_ends_in_exit_code_1(
    header: str, code: int, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_check(data, header)
    for words in (["check"], ["build", "--out", str(data.parent / "out")]):
        with pytest.raises(SystemExit) as end:
            run([*words, "--data", str(data)])
        assert int(end.value.code or 0) == code
        out, err = capsys.readouterr()
        assert "China is a state" in out and "1 finding" in err
        assert ("warning" in out) == ("1 of severity warning" in err) == (code == 0)


def test_a_warning_is_marked_where_a_finding_is_one_line() -> None:
    assert str(Finding("query", "q", "so")) == "query q: so"
    assert str(Finding("query", "q", "so", severity=Severity.warning)) == "warning: query q: so"
