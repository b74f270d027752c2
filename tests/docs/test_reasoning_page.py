"""The examples of docs/reasoning.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from foedus import cli

PAGE = (Path(__file__).parents[2] / "docs" / "reasoning.md").read_text(encoding="utf-8")
PEOPLE = """\
@prefix ex: <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:knows rdfs:domain ex:Person .
ex:ann ex:knows ex:bob .
"""


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.ttl").write_text(PEOPLE, encoding="utf-8")
    Path("ontology.owl").write_text(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', encoding="utf-8"
    )


def test_the_python_examples(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in blocks("python"):
        for line in re.split(r"\n(?=\w)", block):
            code, _, expected = line.partition("  # ")
            if re.match(r"True|'", expected.strip()):
                assert repr(eval(code, names)) == re.split(r"[:;]", expected.strip())[0], line
            else:
                exec(line, names)
    assert "<http://example.org/ann>" in capsys.readouterr().out


def test_the_rule_file() -> None:
    from foedus.reasoning import close

    Path("mine.toml").write_text(blocks("toml")[0], encoding="utf-8")
    ex = "<http://example.org/{}>".format
    data = [(ex("a"), ex("parent"), ex("b")), (ex("b"), ex("brother"), ex("c"))]
    assert (ex("a"), ex("uncle"), ex("c")) in close(data, extra_rules=["mine.toml"])


@pytest.mark.parametrize("line", "".join(blocks("sh")).splitlines())
def test_the_commands(line: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.run(line.split()[1:])
    assert not caught.value.code
