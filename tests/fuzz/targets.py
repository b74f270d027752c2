"""What is fuzzed: for each target how an input is made, and how one is tried.

A target makes a `Case` from a random number generator; `attempt` runs it in an empty folder and
says what is wrong, or None. Nothing here knows more of foedus than its command line.
"""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import pyoxigraph as ox
from inputs import HERE, mutated, packed, sentence, unescaped
from peers import answering, bad_line, store
from sandbox import GRACE, Command, fault, forked, run

ROOT = HERE.parents[1]
TINY = ROOT / "tests" / "data" / "tiny"
#: Endings of RDF files, and the formats in which their seeds are written.
FORMATS = {
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "ttl": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "rdf": ox.RdfFormat.RDF_XML,
    "owl": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "n3": ox.RdfFormat.N3,
}
OLD = b"<http://example.org/old> <http://example.org/old> <http://example.org/old> .\n"
_PORT = b"{port}"


@dataclass(frozen=True, slots=True)
class Case:
    """An input: a command, the seed of what is random in trying it, and how many inputs it is."""

    command: Command
    seed: int = 0
    inputs: int = 1


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed; of all cases it gets a part that is proportional to ``share``."""

    name: str
    share: int
    make: Callable[[Random], Case]
    attempt: Callable[[Case, Path, bool], str | None]
    reducible: bool = True


# The seeds


def _files(*patterns: str) -> list[Path]:
    return sorted(
        p for pattern in patterns for p in ROOT.glob(pattern) if p.stat().st_size < 60_000
    )


@cache
def _rdf() -> dict[str, list[bytes]]:
    """Small files of each format: the project's own, written in the others too."""
    found: dict[str, list[bytes]] = {name: [] for name in FORMATS}
    seeds = HERE / "seeds"
    for path in (*_files("tests/data/tiny/**/*.trig", "ontology/*.ttl"), seeds / "owl.ttl"):
        quads = list(ox.parse(path=path, base_iri="http://example.org/"))
        for name, kind in FORMATS.items():
            rows = quads if kind.supports_datasets else [q.triple for q in quads]
            text = ox.serialize(rows, format=kind, prefixes={"": "http://example.org/"})
            assert text is not None
            found[name].append(text)
    for name in FORMATS:
        found[name] += [p.read_bytes() for p in sorted(seeds.glob(f"*.{name}"))]
    return found


@cache
def _rules() -> list[bytes]:
    table = _files("tests/data/**/*.toml", "ontology/*.toml", "src/foedus/reasoning/*.toml")
    return [path.read_bytes() for path in table]


@cache
def _questions() -> list[bytes]:
    return [path.read_bytes() for path in _files("queries/*.rq", "tests/data/**/*.rq")]


@cache
def _tiny() -> dict[str, bytes]:
    return {str(p.relative_to(TINY.parent)): p.read_bytes() for p in TINY.rglob("*") if p.is_file()}


def _instead(name: str, content: bytes) -> dict[str, bytes]:
    """A small folder of sources with another content of one file, which stands first."""
    return {name: content, **{other: c for other, c in _tiny().items() if other != name}}


@cache
def built() -> Path:
    """A build of the project's own graph, made once; commands find it as ``GRAPH``."""
    place = Path(tempfile.mkdtemp(prefix="foedus-fuzz-"))
    made = run(Command((b"build", b"--out", b"GRAPH", b"--data", os.fsencode(ROOT))), place)
    assert made.code == 0, made.err.decode()
    return place / "GRAPH"


def _seconds(words: tuple[bytes, ...], otherwise: float) -> float:
    """How long a command may take: its last --timeout, and grace."""
    after = [word for before, word in pairwise(words) if before == b"--timeout"]
    try:
        return GRACE + min(otherwise, max(float(after[-1]), 0)) if after else otherwise
    except ValueError:
        return otherwise


# How a case is tried


def attempt(case: Case, place: Path, cold: bool) -> str | None:
    """Run the command, with a store that gives its answers; see what it leaves."""
    command = case.command
    _lay(command, place)
    before = _listing(place)
    with answering([c for name, c in command.files.items() if name.endswith(".http")]) as port:
        words = tuple(word.replace(_PORT, str(port).encode()) for word in command.words)
        outcome = run(replace(command, words=words), place, cold)
    return fault(outcome) or _left(place, before, command, outcome.code)


def _lay(command: Command, place: Path) -> None:
    for name, content in command.files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if b"GRAPH" in command.words:
        shutil.copytree(built(), place / "GRAPH")


def _listing(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*")}


def _left(place: Path, before: set[str], command: Command, code: int) -> str | None:
    """What is wrong with the files: one too many, or an output neither old nor whole."""
    asked = {word.decode("utf-8", "replace") for word in command.words}
    for name in sorted(_listing(place) - before):
        if not any(name == a or name.startswith(f"{a}/") for a in asked) and "build" not in asked:
            return "leaves a temporary file behind"
    for name in sorted(_OUTPUTS & _listing(place)):
        content = (place / name).read_bytes()
        if content == command.files.get(name):
            continue
        if code not in (0, 1):
            return "writes a file although it fails"
        if not _whole(content, name):
            return "writes a file that is not whole"
    return None


_OUTPUTS = {f"out.{name}" for name in FORMATS}


def _whole(content: bytes, name: str) -> bool:
    try:
        for _ in ox.parse(content, FORMATS[name.rpartition(".")[2]]):
            pass
    except (SyntaxError, ValueError):
        return False
    return True


# Files


def files(rng: Random) -> Case:
    """``reason`` on a mutated file of any format."""
    ending = rng.choice(sorted(FORMATS))
    seeds = _rdf()[ending]
    content = mutated(rng.choice(seeds), rng, rng.choice(seeds))
    name = f"in.{ending}"
    if rng.random() < 0.1:
        name, content = f"{name}.gz", packed(content, rng)
    out = f"out.{rng.choice(['nt', 'ttl', 'rdf', 'jsonld'])}"
    words = ["reason", name, "-o", out, "--timeout", "5", "--limit-triples", "50000"]
    words += rng.choice([[], [], ["--json"], ["--derived-only"], ["--proofs", "why.jsonl"]])
    return _case(words, {name: content, out: OLD})


def rules(rng: Random) -> Case:
    """A mutated table of rules."""
    content = mutated(rng.choice(_rules()), rng, rng.choice(_rules()))
    words = ["reason", "in.nt", "--extra-rules", "rules.toml", "--timeout", "5"]
    words = rng.choice([words, ["rules", "--extra-rules", "rules.toml"]])
    return _case(words, {"rules.toml": content, "in.nt": OLD})


def questions(rng: Random) -> Case:
    """A mutated question file in a folder of one's own."""
    seed = _tiny()["tiny/queries/signed-on.rq"]
    content = mutated(rng.choice([seed, rng.choice(_questions())]), rng, rng.choice(_questions()))
    words = ["ask", "signed-on", "on=1961-07-11", "--data", "tiny", "--timeout", "2"]
    words = rng.choice([words, ["ask", "--data", "tiny"], [*words, "--why"]])
    return _case(words, _instead("tiny/queries/signed-on.rq", content))


def articles(rng: Random) -> Case:
    """A mutated article, or its facts, claims, records, ontology or shapes."""
    name = rng.choice(sorted(n for n in _tiny() if not n.endswith(".rq")))
    content = mutated(_tiny()[name], rng, _tiny()[rng.choice(sorted(_tiny()))])
    return _case(["build", "--data", "tiny", "--out", "made"], _instead(name, content))


# Words


def sparql(rng: Random) -> Case:
    """A query of the grammar, or a mutated one of the project's own."""
    text = sentence("sparql", rng).encode()
    if rng.random() < 0.4:
        text = mutated(rng.choice([text, *_questions()[:20]]), rng, rng.choice(_questions()))
    words = ["query", "-f", "query.rq", "--graph", "GRAPH", "--timeout", "2"]
    words += rng.choice([[], [], ["--why"], ["--dataset"], ["--format", "json"], ["--json"]])
    return _case(words, {"query.rq": text})


def commands(rng: Random) -> Case:
    """A command line of the grammar, its words mutated now and then."""
    words = [os.fsencode(word) for word in shlex.split(sentence("commands", rng))][1:] or [b"ask"]
    mended = [_tame(mutated(w, rng), w) if rng.random() < 0.08 else w for w in words]
    laid = {
        "graph.ttl": b"<http://example.org/a> a <http://example.org/A> .\n",
        "graph.nt": OLD,
        "bad.ttl": b"<http://example.org/a> a ",
        "query.rq": sentence("sparql", rng).encode(),
        "rules.toml": rng.choice(_rules()),
        "folder.ttl/graph.ttl": OLD,
        "graph.xyz": OLD,
    }
    case = _case([], {**laid, **_tiny()})
    words = tuple(w for w in mended if b"\0" not in w)
    made = replace(case.command, words=words, input=OLD, seconds=_seconds(words, 60))
    return replace(case, command=made)


def _tame(word: bytes, old: bytes) -> bytes:
    """The word, unless it leads out of the folder or the machine."""
    leads = word.startswith(b"/") or b"=/" in word or b".." in word or b"://" in word
    return old if leads or b"127." in word else word[:4000]


def edtf(rng: Random) -> Case:
    """A date of the grammar on the command line."""
    given = os.fsencode("on=" + sentence("edtf", rng))
    if rng.random() < 0.3:
        given = mutated(given, rng)[:4000].replace(b"\0", b"") or b"on="
    case = _case(["ask", "in-force-on", "--graph", "GRAPH", "--timeout", "5"], {})
    words = (*case.command.words[:2], given, *case.command.words[2:])
    return replace(case, command=replace(case.command, words=words))


# Connections


def answers(rng: Random) -> Case:
    """A store that answers what it likes."""
    url = "http://127.0.0.1:{port}"
    words = rng.choice(
        [
            ["ask", "allies-of", "--graph", "GRAPH", "--endpoint", f"{url}/query"],
            ["query", "-f", "q.rq", "--graph", "GRAPH", "--endpoint", f"{url}/query"],
            ["query", "-f", "q.rq", "--graph", "GRAPH", "--endpoint", f"{url}/query", "--why"],
            ["load", "in.nt", "--endpoint", url, "--preset", "oxigraph", "--retries", "1"],
            ["load", "in.nt", "--endpoint", url, "--preset", "virtuoso", "--retries", "1"],
            ["load", "in.nt", "--query-url", f"{url}/q", "--update-url", f"{url}/u", "--retries=0"],
        ]
    )
    laid = {f"answer-{number}.http": _answer(rng) for number in range(rng.randint(1, 4))}
    laid |= {"in.nt": OLD, "q.rq": b"SELECT * { ?ally ?p ?o } LIMIT 3"}
    case = _case([*words, "--timeout", "2"], laid)
    # A load speaks with the store several times, and each may take the whole --timeout.
    return replace(case, command=replace(case.command, seconds=GRACE + 40))


def _answer(rng: Random) -> bytes:
    made = unescaped(sentence("http", rng))
    length = len(made.partition(b"\r\n\r\n")[2])
    made = made.replace(b"<length>", str(length).encode())
    made = made.replace(b"<length16>", f"{length - 17:x}".encode())
    return mutated(made, rng) if rng.random() < 0.3 else made


# Trouble


def killed(rng: Random) -> Case:
    """A build that is killed at any moment, over an older one."""
    case = _case(["build", "--data", "tiny", "--out", "made"], _tiny())
    return replace(case, seed=rng.getrandbits(32))


def attempt_killed(case: Case, place: Path, cold: bool) -> str | None:
    """Build, kill the next build, ask, and build again."""
    rng = random.Random(case.seed)
    _lay(case.command, place)
    started = time.monotonic()
    if told := fault(run(case.command, place, cold)):
        return told
    took = time.monotonic() - started
    ask = replace(
        case.command, words=(b"ask", b"allies-of", b"--data", b"tiny", b"--graph", b"made")
    )
    first = run(ask, place, cold)
    when, how = rng.uniform(0, took), rng.choice([signal.SIGKILL, signal.SIGTERM])
    forked(_kill_after(case.command, when, how, cold), place, 60)
    again = run(ask, place, cold)
    if (again.code, again.out) != (first.code, first.out):
        return f"the old build does not answer after {how.name}"
    if told := fault(run(case.command, place, cold)):
        return f"after {how.name}: {told}"
    extra = sorted(p.name for p in place.iterdir() if p.name not in {"tiny", "made"})
    return f"a folder stays after {how.name}" if extra else None


def _kill_after(
    command: Command, when: float, how: signal.Signals, cold: bool
) -> Callable[[], int]:
    words = [os.fsdecode(word) for word in command.words]

    def work() -> int:
        from foedus.cli import run as foedus

        child = os.fork()
        if child == 0:
            if cold:
                os.execv(sys.executable, [sys.executable, "-m", "foedus", *words])
            try:
                foedus(words)
            finally:
                os._exit(0)
        time.sleep(when)
        os.kill(child, how)
        os.waitpid(child, 0)
        return 0

    return work


def cut(rng: Random) -> Case:
    """A load over a line that is cut after some bytes, there or back."""
    facts = [f"<http://example.org/{n}> <http://example.org/p> _:b{n % 7} ." for n in range(400)]
    words = ["load", "mine.nt", "--preset", "oxigraph", "--retries", "0", "--timeout", "10"]
    words += rng.choice([[], ["--graph", "urn:mine"], ["--batch", "4000"]])
    laid = {"old.nt": facts[: rng.choice([0, 200])], "new.nt": facts[rng.randrange(190) :]}
    content = {name: "\n".join(lines).encode() for name, lines in laid.items()}
    return replace(_case(words, content), seed=rng.getrandbits(32))


def attempt_cut(case: Case, place: Path, cold: bool) -> str | None:
    """Load the old, cut the load of the new: the old or the new answers; then complete the load."""
    rng = random.Random(case.seed)
    command = case.command
    old, new = command.files["old.nt"], command.files["new.nt"]

    def load(port: int, content: bytes) -> str | None:
        (place / "mine.nt").write_bytes(content)
        url = f"http://127.0.0.1:{port}".encode()
        made = run(replace(command, words=(*command.words, b"--endpoint", url)), place, cold)
        return fault(made) or (made.code and f"exit code {made.code}: {made.err.decode()}") or None

    with store() as plain, store() as port:
        for content in (old, new) if old else (new,):
            if told := load(plain, content):
                return told
        if old and (told := load(port, old)):
            return told
        before, after = _held(port), _held(plain)
        limits = [rng.randrange(60_000), None]
        with bad_line(port, *rng.choice([limits, limits[::-1]])) as bad:
            told = load(bad, new)
        if told and not told.startswith("exit code 3"):
            return told
        if old and _held(port) not in (before, after):
            return "a load that was cut leaves neither the old nor the new"
        if told := load(port, new):
            return f"a load that was cut is not completed by the same command: {told}"
        return None if _held(port) == after else "the completed load is not the load"


def _held(port: int) -> set[tuple[str, ...]]:
    """The quads of a store, less what a load notes for itself."""
    asked = urllib.parse.quote((HERE / "held.rq").read_text(encoding="utf-8"))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/query?query={asked}", timeout=10) as told:
        rows = json.load(told)["results"]["bindings"]
    quads = {tuple(row[name]["value"] for name in "gspo" if name in row) for row in rows}
    return {quad for quad in quads if not re.search(r"source/load$|\.loading$", quad[0])}


# Inside one process


def loop(name: str, inputs: int) -> Callable[[Random], Case]:
    """Many checks of `loops.py` in a row."""

    def make(rng: Random) -> Case:
        words = tuple(w.encode() for w in ("loop", name))
        return Case(Command(words, seconds=120), rng.getrandbits(32), inputs)

    return make


def attempt_loop(case: Case, place: Path, cold: bool) -> str | None:
    """Do the checks in a process of its own."""
    from loops import LOOPS

    check = LOOPS[case.command.words[1].decode()]

    def work() -> int:
        for number in range(case.inputs):
            check(random.Random(f"{case.seed}/{number}"))
        return 0

    outcome = forked(work, place, case.command.seconds)
    if outcome.code == 0:
        return fault(outcome)
    told = (outcome.out + outcome.err).decode("utf-8", "replace")[-4000:]
    return f"{fault(outcome) or 'fails'}\n{told}"


def _case(words: list[str], files: dict[str, bytes]) -> Case:
    coded = tuple(map(os.fsencode, words))
    return Case(Command(coded, files, seconds=_seconds(coded, 60)))


def _target(make: Callable[[Random], Case], share: int) -> Target:
    return Target(make.__name__, share, make, attempt)


TARGETS = {
    target.name: target
    for target in (
        _target(files, 8),
        _target(rules, 2),
        _target(questions, 2),
        _target(articles, 2),
        _target(sparql, 8),
        _target(edtf, 1),
        _target(commands, 8),
        _target(answers, 4),
        Target("killed", 1, killed, attempt_killed, reducible=False),
        Target("cut", 1, cut, attempt_cut, reducible=False),
        *(
            Target(name, 1, loop(name, inputs), attempt_loop, reducible=False)
            for name, inputs in (
                ("closures", 100),
                ("changes", 50),
                ("proofs", 50),
                ("terms", 300),
                ("dates", 50),
            )
        ),
    )
}
