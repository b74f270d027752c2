"""What surrounds the program: streams that are closed or full, odd arguments, odd terminals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from foedus.cli import MODULES

TINY = Path(__file__).parents[1] / "data" / "tiny"
#: Verb -> arguments by which it prints something to standard output.
VERBS = {
    "tour": "",
    "build": "",
    "ask": "allies-of --why",
    "query": "ASK{}",
    "check": "",
    "export": "",
    "why": "China alliedWith DPRK",
    "what-if": "--without s01",
    "report": "",
    "reason": "facts.ttl",
    "rules": "",
    "load": "--help",
}
#: A name that is not UTF-8.
ODD = os.fsdecode(b"b\xffd")
FULL = Path("/dev/full")


def shell(line: str, cwd: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A line for the shell in which ``"$@"`` is the program with these words."""
    program = [sys.executable, "-m", "foedus", *words]
    return subprocess.run(
        ["sh", "-c", line, "sh", *program],
        cwd=cwd,
        env={**os.environ, "FOEDUS_DATA": str(TINY), **environ},
        capture_output=True,
        timeout=60,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("facts.ttl", f"{ODD}.ttl"):
        (tmp_path / name).write_text(
            "<a:a> a <a:B> . <a:B> a <http://www.w3.org/2002/07/owl#Class> ."
        )
    return tmp_path


def test_every_verb_is_tried() -> None:
    # serve runs until it is stopped: tests/server
    assert {*VERBS, "serve"} == {verb for verbs in MODULES.values() for verb in verbs}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('"$@" >/dev/full', "the output cannot be written: No space left on device"),
        ('"$@" >&-', "the output cannot be written: Bad file descriptor"),
    ],
    ids=["full", "closed"],
)
def test_output_that_cannot_be_written_is_told(
    line: str, says: str, verb: str, place: Path
) -> None:
    if "full" in line and not FULL.exists():
        pytest.skip("this system has no /dev/full")
    done = shell(line, place, verb, *VERBS[verb].split())
    assert done.returncode == 3
    *_, last = done.stderr.decode().splitlines()
    assert last == f"foedus: {says}"
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("line", ['"$@" 2>&-', '"$@" 2>/dev/full', '"$@" 2>&- <&-'])
def test_words_that_cannot_be_said_leave_the_data_alone(line: str, place: Path) -> None:
    if "full" in line and not FULL.exists():
        pytest.skip("this system has no /dev/full")
    done = shell(line, place, "ask", "signed-on", "on=1900", "--format", "csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"what,many,words,who\n", b"")


@pytest.mark.parametrize("words", ["report", "rules --json", "export --format nt"])
def test_a_reader_that_has_seen_enough_ends_it_quietly(words: str, place: Path) -> None:
    line = '{ "$@"; echo "exit $?" >&2; } | head -c 1'
    done = shell(line, place, *words.split())
    assert done.stderr == b"exit 0\n"


def test_no_file_gets_the_number_of_a_closed_stream(place: Path) -> None:
    done = shell('"$@" >&- 2>&- <&-', place, "build", "--out", "g")
    assert done.returncode == 3
    whole = shell('"$@"', place, "ask", "allies-of", "--graph", "g")
    assert (whole.returncode, whole.stderr) == (0, b"")


#: Arguments with a name that is not UTF-8 -> exit code.
NAMES = {
    ODD: 2,
    f"ask {ODD}": 2,
    f"ask allies-of state={ODD}": 2,
    f"ask allies-of {ODD}=x": 2,
    f"ask signed-on on={ODD}": 2,
    f"ask allies-of --believe {ODD}": 2,
    f"ask allies-of --endpoint http://{ODD}/": 2,
    f"ask allies-of --graph {ODD}": 3,
    f"query ASK{{<a:{ODD}>?p?o}}": 3,
    f"query -f {ODD}": 3,
    f"why {ODD} {ODD} {ODD}": 2,
    f"what-if --without {ODD}": 2,
    f"what-if --add {ODD}.ttl": 0,
    f"reason {ODD}.ttl -o {ODD}.nt --proofs {ODD}.jsonl": 0,
    f"reason {ODD}.nt": 3,
    f"rules {ODD}": 2,
    f"build --out {ODD}": 0,
    f"build --data {ODD}": 3,
    f"export -o {ODD}": 0,
    f"load {ODD}.nt --endpoint http://127.0.0.1:1 --preset oxigraph": 3,
}


@pytest.mark.parametrize("words", NAMES, ids=ascii)
def test_names_that_are_not_utf_8(words: str, place: Path) -> None:
    done = shell('"$@"', place, *words.split())
    assert done.returncode == NAMES[words], done.stderr
    assert b"Traceback" not in done.stderr
    done.stderr.decode()
    done.stdout.decode()


@pytest.mark.parametrize("name", ["x\x1b[31m\x9b\u202e\ny", f"{ODD}\x7f"], ids=ascii)
@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_steers_no_terminal(name: str, as_json: bool, place: Path) -> None:
    done = shell('"$@"', place, "ask", name, *["--json"][:as_json])
    assert done.returncode == 2
    said = done.stderr.decode()
    assert said.count("\n") == 1
    assert said.removesuffix("\n").isprintable()
    if as_json:
        assert " ".join(name.split()) in json.loads(said)["message"]


@pytest.mark.parametrize("verb", ["ask allies-of", "query ASK{}", "reason facts.ttl", "load x.nt"])
@pytest.mark.parametrize(
    ("seconds", "fine"),
    [("nan", False), ("-1", False), ("-inf", False), ("inf", True), ("1e300", True)],
)
def test_a_timeout_is_a_number_of_seconds(verb: str, seconds: str, fine: bool, place: Path) -> None:
    done = shell('"$@"', place, *verb.split(), f"--timeout={seconds}")
    if fine and not verb.startswith("load"):
        assert done.returncode == 0
    else:
        assert done.returncode == (3 if fine else 2)  # there is no x.nt
        assert (b"number of seconds, 0 or more" in done.stderr) is not fine


#: An environment in which Python has ASCII alone and a line one letter.
NARROW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "1"}


@pytest.mark.parametrize("verb", VERBS)
def test_a_narrow_terminal_without_letters(verb: str, place: Path) -> None:
    done = shell('"$@"', place, verb, *VERBS[verb].split(), **NARROW)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("columns", ["-3", "0", "wide", "9" * 30])
def test_a_width_that_is_none(columns: str, place: Path) -> None:
    done = shell('"$@"', place, "ask", "allies-of", COLUMNS=columns)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_missing_home(place: Path) -> None:
    """The system knows no home of a user that it does not know."""
    code = (
        "import os, pwd, sys; from foedus.cli import run\n"
        "def unknown(_): raise KeyError\n"
        "pwd.getpwuid = unknown; os.environ.pop('HOME'); run(sys.argv[1:])"
    )
    words = ["ask", "allies-of", "--endpoint", "http://127.0.0.1:1/"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=place,
        env={**os.environ, "FOEDUS_DATA": str(TINY)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("foedus: nothing answers at 127.0.0.1:1")
