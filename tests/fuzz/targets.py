"""What is fuzzed: for each target how an input is made, and how it is tried.

Nothing here knows more of foedus than its command line.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random

import corpus
from attempts import Case, attempt, attempt_cut, attempt_killed, attempt_loop
from inputs import mutated, packed, sentence, unescaped
from sandbox import GRACE, LONGEST, Command

OLD = b"<http://example.org/old> <http://example.org/old> <http://example.org/old> .\n"


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed; of all cases it gets a part that is proportional to ``share``."""

    name: str
    share: int
    make: Callable[[Random], Case]
    attempt: Callable[[Case, Path, bool], str | None]
    reducible: bool = True


def _case(words: list[str], files: dict[str, bytes]) -> Case:
    coded = tuple(map(os.fsencode, words))
    return Case(Command(coded, files, seconds=_seconds(coded)))


def _seconds(words: tuple[bytes, ...]) -> float:
    """How long a command may take: its last --timeout, and grace."""
    after = [word for before, word in pairwise(words) if before == b"--timeout"]
    try:
        return GRACE + min(LONGEST, max(float(after[-1]), 0)) if after else LONGEST
    except ValueError:
        return LONGEST


# Files


def files(rng: Random) -> Case:
    """``reason`` on a mutated file of any format."""
    ending = rng.choice(sorted(corpus.FORMATS))
    seeds = corpus.rdf()[ending]
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
    content = mutated(rng.choice(corpus.rules()), rng, rng.choice(corpus.rules()))
    words = ["reason", "in.nt", "--extra-rules", "rules.toml", "--timeout", "5"]
    words = rng.choice([words, ["rules", "--extra-rules", "rules.toml"]])
    return _case(words, {"rules.toml": content, "in.nt": OLD})


def questions(rng: Random) -> Case:
    """A mutated question file in a folder of one's own."""
    seed = corpus.tiny()["tiny/queries/signed-on.rq"]
    content = mutated(
        rng.choice([seed, rng.choice(corpus.questions())]), rng, rng.choice(corpus.questions())
    )
    words = ["ask", "signed-on", "on=1961-07-11", "--data", "tiny", "--timeout", "2"]
    words = rng.choice([words, ["ask", "--data", "tiny"], [*words, "--why"]])
    return _case(words, corpus.tiny_with("tiny/queries/signed-on.rq", content))


def articles(rng: Random) -> Case:
    """A mutated article, or its facts, claims, records, ontology or shapes."""
    name = rng.choice(sorted(n for n in corpus.tiny() if not n.endswith(".rq")))
    content = mutated(corpus.tiny()[name], rng, corpus.tiny()[rng.choice(sorted(corpus.tiny()))])
    return _case(["build", "--data", "tiny", "--out", "made"], corpus.tiny_with(name, content))


# Words


def sparql(rng: Random) -> Case:
    """A query of the grammar, or a mutated one of the project's own."""
    text = sentence("sparql", rng).encode()
    if rng.random() < 0.4:
        text = mutated(
            rng.choice([text, *corpus.questions()[:20]]), rng, rng.choice(corpus.questions())
        )
    words = ["query", "-f", "query.rq", "--graph", "GRAPH", "--timeout", "2"]
    words += rng.choice([[], [], ["--why"], ["--dataset"], ["--format", "json"], ["--json"]])
    return _case(words, {"query.rq": text})


def commands(rng: Random) -> Case:
    """A command line of the grammar, its words mutated now and then."""
    words = [os.fsencode(word) for word in shlex.split(sentence("commands", rng))]
    mended = [_tame(mutated(w, rng), w) if rng.random() < 0.08 else w for w in words]
    laid = {
        "graph.ttl": b"<http://example.org/a> a <http://example.org/A> .\n",
        "graph.nt": OLD,
        "bad.ttl": b"<http://example.org/a> a ",
        "query.rq": sentence("sparql", rng).encode(),
        "rules.toml": rng.choice(corpus.rules()),
        "folder.ttl/graph.ttl": OLD,
        "graph.xyz": OLD,
    }
    case = _case([], {**laid, **corpus.tiny()})
    words = tuple(w for w in mended if b"\0" not in w)
    made = replace(case.command, words=words, input=OLD, seconds=_seconds(words))
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
    given = rng.choices(corpus.answers(), k=rng.randint(0, 4))
    given += [_answer(rng) for _ in range(rng.randint(1, 3))]
    laid = {f"answer-{number}.http": answer for number, answer in enumerate(given)}
    laid |= {"in.nt": OLD, "q.rq": b"SELECT * { ?ally ?p ?o } LIMIT 3"}
    case = _case([*words, "--timeout", "2"], laid)
    # A load speaks with the store several times, and each may take the whole --timeout.
    return replace(case, command=replace(case.command, seconds=GRACE + 40))


def _answer(rng: Random) -> bytes:
    if rng.random() < 0.3:
        return mutated(rng.choice(corpus.answers()), rng)
    made = unescaped(sentence("http", rng))
    length = len(made.partition(b"\r\n\r\n")[2])
    made = made.replace(b"<length>", str(length).encode())
    made = made.replace(b"<length16>", f"{length - 17:x}".encode())
    return made


# Trouble


def killed(rng: Random) -> Case:
    """A build that is killed at any moment, over an older one."""
    case = _case(["build", "--data", "tiny", "--out", "made"], corpus.tiny())
    return replace(case, seed=rng.getrandbits(32))


def cut(rng: Random) -> Case:
    """A load over a line that is cut after some bytes, there or back."""
    facts = [f"<http://example.org/{n}> <http://example.org/p> _:b{n % 7} ." for n in range(400)]
    words = ["load", "mine.nt", "--preset", "oxigraph", "--retries", "0", "--timeout", "10"]
    words += rng.choice([[], ["--graph", "urn:mine"], ["--batch", "4000"]])
    laid = {"old.nt": facts[: rng.choice([0, 200])], "new.nt": facts[rng.randrange(190) :]}
    content = {name: "\n".join(lines).encode() for name, lines in laid.items()}
    return replace(_case(words, content), seed=rng.getrandbits(32))


# Inside one process


def loop(name: str, inputs: int) -> Callable[[Random], Case]:
    """Many checks of `loops.py` in a row."""

    def make(rng: Random) -> Case:
        words = tuple(w.encode() for w in ("loop", name))
        return Case(Command(words, seconds=120), rng.getrandbits(32), inputs)

    return make


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
