"""Files that are hostile, odd or called wrongly: read, or told in one sentence, within limits."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foedus.errors import FoedusError, InputError, LimitReached, UnknownName
from foedus.reasoning import close
from foedus.reasoning.encoding import lines
from foedus.store import budget
from foedus.store.files import read_rdf
from foedus.store.reading import opened, read_lines

DATA = Path(__file__).parents[1] / "data" / "files"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="http://example.org/"'
PREFIX = "@prefix ex: <http://example.org/> . "
TURTLE = PREFIX + "ex:a ex:p 'é' .\n"
XML = f'<rdf:RDF {RDF}><rdf:Description rdf:about="http://example.org/a"><ex:p>é</ex:p></rdf:Description></rdf:RDF>'
JSON = '{"@id": "http://example.org/a", "http://example.org/p": "é"}'
LINE = '<http://example.org/a> <http://example.org/p> "é" .\n'
BOM = "\ufeff"
TRIPLE = ("<http://example.org/a>", "<http://example.org/p>", '"é"')
N = 20_000


def nested(before: str, opens: str, inner: str, closes: str, after: str = "", n: int = N) -> str:
    return before + n * opens + inner + n * closes + after


#: What ended the program, or would: each is told, and the program goes on.
DEADLY = {
    "laughs.rdf": (DATA / "laughs.rdf").read_text(),
    "entity.rdf": f'<!DOCTYPE rdf:RDF [<!ENTITY e "{"x" * 100_000}">]>'
    + XML.replace("é", 10_000 * "&e;"),
    "objects.jsonld": nested("", '{"@id":"urn:a","urn:p":', '"x"', "}", n=4_000),
    "lists.jsonld": nested('{"@id":"urn:a","urn:p":', '{"@list":[', "", "]}", "}"),
    "graphs.jsonld": nested("", '{"@graph":', "[]", "}"),
    "contexts.jsonld": nested("", '{"@context":{"a":{"@id":"urn:a","@context":', "{}", "}}}"),
    "triples.ttl": nested(PREFIX + "ex:a ex:p ", "<<( ex:a ex:p ", "1", " )>>", " ."),
    "triples.nt": nested("<urn:a> <urn:p> ", "<<( <urn:a> <urn:p> ", "<urn:b>", " )>>", " ."),
}
#: What is deep or odd, but can be read: how many triples it has.
READABLE = {
    "brackets.ttl": (nested(PREFIX + "ex:a ex:p ", "[ ex:p ", "1", "]", " ."), N + 1),
    "lists.ttl": (nested(PREFIX + "ex:a ex:p ", "(", "1", ")", " ."), 2 * N + 1),
    "brackets.trig": (nested(PREFIX + "ex:g { ex:a ex:p ", "[ ex:p ", "1", "]", " . }"), N + 1),
    "long.nt": (f"<http://example.org/{'a' * 1_000_000}> <urn:p> <urn:b> .", 1),
    "empty.ttl": ("", 0),
    "blank.ttl": ("[] <urn:p> (1) .", 3),
    "empty.owl": ("", 0),
}
#: The one triple in every disguise.
SAME = {
    "mark.ttl": BOM + TURTLE,
    "mark.nt": BOM + LINE,
    "mark.rdf": BOM + XML,
    "mark.jsonld": BOM + JSON,
    "turtle.owl": TURTLE,
    "turtle.rdf": "# a remark\n" + TURTLE,
    "lines.owl": LINE,
    "json.owl": JSON,
    "xml.owl": "<!-- a remark -->" + XML,
    "trig.trig": f"{{ {LINE} }}",
    "packed.ttl": gzip.compress(TURTLE.encode()),
    "packed.owl.gz": gzip.compress((BOM + XML).encode()),
}
#: What cannot be read, with what is told.
TOLD = {
    "functional.owl": ("Prefix(:=<http://example.org/>)\nOntology()", "OWL functional syntax"),
    "manchester.owl": ("Prefix: : <http://example.org/>\nOntology:", "OWL Manchester syntax"),
    "owlxml.owl": ('<?xml version="1.0"?>\n<Ontology xmlns="urn:o">', "OWL/XML.*robot convert"),
    "obo.owl": ("format-version: 1.2\n", "OBO"),
    "page.rdf": ("<!DOCTYPE html>\n<html>", "a web page"),
    "zip.ttl": (b"PK\x03\x04", "a zip archive, .* unpack it"),
    "wide.ttl": (TURTLE.encode("utf-16"), "UTF-16.* save it as UTF-8"),
    "latin.rdf": (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "save it as UTF-8"),
    "latin.ttl": (TURTLE.encode("latin-1"), "line 1: Invalid UTF-8"),
    "latin.nt": (LINE.encode("latin-1"), "line 1: Invalid UTF-8"),
    "xml.ttl": (XML, r"line 1: this begins as a file called \.rdf does, not \.ttl"),
    "turtle.jsonld": (TURTLE, r"as a file called \.ttl does, not \.jsonld"),
    "plain.ttl.gz": (TURTLE, "cannot be read: Not a gzipped file"),
    "cut.rdf.gz": (gzip.compress(XML.encode())[:-12], "cannot be read: Compressed file ended"),
    "broken.ttl.gz": (gzip.compress(TURTLE.encode())[:20] + b"!!!!", "cannot be read"),
    "iri.rdf": (f'<rdf:RDF {RDF}>\n<ex:A rdf:about="a b"/>\n</rdf:RDF>', "line 2: .*IRI"),
    "prefix.rdf": (f"<rdf:RDF {RDF}>\n\n<zz:A/>\n</rdf:RDF>", "line 3: Unknown prefix"),
    "entity.rdf": (f"<rdf:RDF {RDF}>\n<ex:A>&no;</ex:A></rdf:RDF>", "line 2: .*entity"),
    "loop.rdf": ('<!DOCTYPE x [\n<!ENTITY a "&a;">]>' + XML.replace("é", "&a;"), "line 2: recur"),
    "laughs.rdf": ((DATA / "laughs.rdf").read_bytes(), "line 1: its entities make it grow"),
    "comma.jsonld": ('{"@id":\n"urn:a",}', "line 2: Trailing commas"),
    "type.jsonld": (
        '{"@id": "urn:a",\n"urn:p": {"@value": "x",\n"@type": 5}\n}',
        "line [34]: @type",
    ),
    "context.jsonld": ('{"@context": "https://schema.org/"}', "line 1: .* nothing is fetched"),
    "empty.jsonld": ("", "line 1: Unexpected end of file"),
    "zeros.ttl": (bytes(1000), "line 1: "),
}


def made(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def said(call: object, *given: object) -> str:
    """The one sentence of the error that a call raises."""
    with pytest.raises(InputError) as caught:
        call(*given)  # type: ignore[operator]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", DEADLY)
def test_what_would_end_the_program_is_told(name: str, tmp_path: Path) -> None:
    path = made(tmp_path, name, DEADLY[name])
    for read in (close, read_rdf):
        assert str(path) in said(read, path)


@pytest.mark.parametrize("name", READABLE)
def test_what_is_only_deep_or_long_is_read(name: str, tmp_path: Path) -> None:
    content, count = READABLE[name]
    path = made(tmp_path, name, content)
    assert close(path, rules=["prp-trp"]).statistics["asserted"] == count
    assert len(read_rdf(path).quads) == count


@pytest.mark.parametrize("name", SAME)
def test_one_triple_in_every_disguise(name: str, tmp_path: Path) -> None:
    path = made(tmp_path, name, SAME[name])
    assert list(close(path)) == [TRIPLE]
    assert [q[:3] for q in read_rdf(path).quads] == [TRIPLE]


@pytest.mark.parametrize("name", TOLD)
def test_what_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    content, told = TOLD[name]
    path = made(tmp_path, name, content)
    with pytest.raises(InputError, match=told):
        read_rdf(path)
    assert str(path) in said(close, path)


@pytest.mark.parametrize("name", ["entities-single-quoted", "entities-after-comments"])
def test_entities_stand_for_the_beginnings_of_iris(name: str) -> None:
    triples = list(close(DATA / f"{name}.rdf"))
    assert all(s.endswith("/a>") and "&" not in p + o.replace(" & ", "") for s, p, o in triples)
    assert len(triples) == 1 or '"say \\"so\\" & more"' in {o for _, _, o in triples}


def test_a_line_is_found_behind_entities(tmp_path: Path) -> None:
    text = (
        (DATA / "entities-after-comments.rdf")
        .read_text()
        .replace("</rdf:RDF>", "<zz:a/></rdf:RDF>")
    )
    assert "line 12: Unknown prefix" in said(close, made(tmp_path, "a.rdf", text))


def test_no_such_file_and_none_that_is_one(tmp_path: Path) -> None:
    assert "No such file" in said(close, tmp_path / "a.ttl")
    (tmp_path / "b.ttl").mkdir()
    assert "Is a directory" in said(close, tmp_path / "b.ttl")
    with pytest.raises(UnknownName, match="OWL functional syntax; save it from"):
        close(tmp_path / "a.ofn")


@pytest.mark.parametrize("name", ["a.ttl", "a.nt", "a.rdf"])
def test_a_long_term_is_not_told_whole(name: str, tmp_path: Path) -> None:
    wrong = f"urn:{'a' * 100_000} b"
    text = f'<rdf:RDF {RDF}><ex:A rdf:about="{wrong}"/></rdf:RDF>'
    text = text if name == "a.rdf" else f"<{wrong}> <urn:p> <urn:o> ."
    assert len(said(close, made(tmp_path, name, text))) < 1000


def test_remarks_are_passed_in_time(tmp_path: Path) -> None:
    path = made(tmp_path, "a.owl", 2_000 * "<!-- a -->" + "no" + TURTLE)
    assert "line 1: " in said(close, path)


def test_a_line_without_end_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 1 << 22)
    path = made(tmp_path, "a.nt.gz", gzip.compress(bytes(1 << 24)))
    assert "a line is longer than 4 MB" in said(close, path)


def test_the_format_may_be_given(tmp_path: Path) -> None:
    path = made(tmp_path, "graph", TURTLE)
    assert list(close(path, format="ttl")) == [TRIPLE]
    assert list(close(JSON.encode(), format="jsonld")) == [TRIPLE]
    assert list(close((BOM + LINE).encode())) == [TRIPLE]
    with pytest.raises(UnknownName, match=r"known endings are \.nt"):
        close(path, format="turtel")


def test_without_fork_it_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork")
    path = made(tmp_path, "a.ttl", TURTLE)
    assert list(close(path)) == [TRIPLE]
    with opened(path) as source:
        assert read_lines(source)[1] == {"ex": "http://example.org/"}


#: Slow to parse: each element looks for its names in all those around it.
SLOW = f"<rdf:RDF {RDF}>" + 300_000 * "<rdf:Description><ex:p>"


def test_time_ends_the_parser_in_the_middle(tmp_path: Path) -> None:
    path = made(tmp_path, "slow.rdf", SLOW)
    started = time.monotonic()
    with pytest.raises(LimitReached):
        close(path, timeout=0.5)
    assert time.monotonic() - started < 10


def test_memory_ends_the_parser_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "PARSER_MEMORY", 1 << 26)
    path = made(tmp_path, "a.rdf.gz", gzip.compress(XML.replace("é", "x" * (1 << 27)).encode()))
    assert "more memory than there is" in said(close, path)


def run(*words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "foedus", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        **options,  # type: ignore[call-overload]
    )


LATE, LARGE = "the time is used up", "this needs more than the 20 MB of memory allowed"
LIMITS = {
    "parsing": (["slow.rdf", "--timeout", "0.5"], LATE),
    "a pipe that says nothing": (["pipe", "--format", "nt", "--timeout", "0.5"], LATE),
    "reading": (["large.nt", "--memory", "20M"], LARGE),
    "the other reasoner": (["large.nt", "--timeout", "0.5", "--reasoner", "owlrl"], LATE),
}


@pytest.mark.parametrize("case", LIMITS)
def test_limits_hold_on_the_command_line(case: str, tmp_path: Path) -> None:
    made(tmp_path, "slow.rdf", SLOW)
    made(
        tmp_path, "large.nt", "".join(f"<urn:a{n}> <urn:p> <urn:b{n}> .\n" for n in range(300_000))
    )
    made(tmp_path, "out.nt", "old")
    os.mkfifo(tmp_path / "pipe")
    words, told = LIMITS[case]
    before = sorted(tmp_path.iterdir())
    done = run("reason", *words, "-o", "out.nt", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert told in done.stderr and done.stderr.count("\n") == 1
    assert (tmp_path / "out.nt").read_text() == "old"
    assert sorted(tmp_path.iterdir()) == before


def test_limits_that_suffice_change_nothing(tmp_path: Path) -> None:
    path = made(tmp_path, "a.ttl", TURTLE)
    done = run("reason", path, "-o", tmp_path / "o.nt", "--timeout", "50", "--memory", "500M")
    assert done.returncode == 0 and "1 asserted triples" in done.stdout
    assert (tmp_path / "o.nt").read_text() == LINE


def test_sizes_of_memory(tmp_path: Path) -> None:
    done = run("reason", made(tmp_path, "a.ttl", TURTLE), "--memory", "much")
    assert done.returncode == 2 and "500M or 2G" in done.stderr


def test_standard_input(tmp_path: Path) -> None:
    done = run("reason", "-", "--format", "rdf", "-o", tmp_path / "o.nt", input=BOM + XML)
    assert done.returncode == 0 and (tmp_path / "o.nt").read_text() == LINE
    done = run("reason", "-", "--format", "jsonld", input='{"@id":\n5}')
    assert done.returncode == 3 and "standard input, line 2: @id" in done.stderr
    done = run("reason", "-", input=LINE)
    assert done.returncode == 2 and "give --format" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
@pytest.mark.parametrize("limits", [[], ["--timeout", "50"]])
def test_no_parser_outlives_a_killed_program(limits: list[str], tmp_path: Path) -> None:
    path = made(tmp_path, "slow.rdf", SLOW)
    command = [sys.executable, "-m", "foedus", "reason", str(path), *limits]
    program = subprocess.Popen(command)
    reached(lambda: len(mentioning(path)) == (3 if limits else 2))
    program.send_signal(signal.SIGKILL)
    program.wait()
    reached(lambda: not mentioning(path))


def mentioning(path: Path) -> list[Path]:
    """The processes that were started with a path."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(path).encode() in process.read_bytes():
                found.append(process)
        except OSError:  # it has ended
            continue
    return found


def reached(condition: object) -> None:
    end = time.monotonic() + 20
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)


def test_errors_of_a_child_are_those_of_its_work() -> None:
    def fails() -> None:
        os._exit(1)

    with pytest.raises(budget.Died):
        budget.run(fails, None, None)
    with pytest.raises(budget.Late):
        budget.run(lambda: time.sleep(20), 0.1, None)
    assert budget.run(lambda: [1, "é"], 5, 1 << 30) == [1, "é"]
    assert not issubclass(budget.Died, FoedusError)
