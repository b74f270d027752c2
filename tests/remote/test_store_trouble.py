"""Loads under trouble: no loss, one clear sentence, the right exit code, a second run completes."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from servers import STARTERS, Absent, Server, free_port, fuseki, oxigraph, start
from test_store_load import triples, without_record
from troubles import answering, dropping_proxy, sending

import foedus.remote.sparql as sparql
from foedus.errors import FoedusError, LimitReached, Unreachable
from foedus.remote import Credentials, Source, Wire, endpoint, load, remote_select

QUICK = {"retries": 2, "pause": 0.01}
#: The data set of which two files are two versions.
VERSIONED = Source("versioned", "versioned")


@pytest.fixture
def view(tmp_path: Path) -> Path:
    path = tmp_path / "view.nt"
    path.write_text(triples(400), encoding="utf-8")
    return path


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command line, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "foedus", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **env},
    )


def test_two_of_three_connections_dropped(store: Server, view: Path) -> None:
    with dropping_proxy(store.base, 3000, 0, None) as base:
        to = endpoint(base, store.name).sending(4000)
        wires = [store.wire(retries=8, pause=0.01) for _ in range(2)]
        for wire in wires:
            load(view, to, wire)
        assert sum(wire.retried for wire in wires)
    assert len(without_record(store)) == 400


def test_a_drop_leaves_the_old_data_answering(store: Server, view: Path) -> None:
    load(view, store.to, store.wire())
    old = without_record(store)
    view.write_text(triples(400, "new"), encoding="utf-8")
    with (
        dropping_proxy(store.base, 9000) as base,
        pytest.raises(Unreachable, match=r"dropped the connection|old data still answers"),
    ):
        load(view, endpoint(base, store.name), store.wire(**QUICK))
    found = without_record(store)
    assert {q for q in found if not q[-1].endswith(".loading>")} == old
    load(view, store.to, store.wire())
    assert len(without_record(store)) == 400
    assert not without_record(store) & old


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.nt"
    path.write_text(triples(300_000), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_store_killed_half_way(large: Path, tmp_path: Path) -> None:
    port = free_port()
    try:
        server = oxigraph(tmp_path, port, lasting=True)
    except Absent as reason:
        pytest.skip(str(reason))
    server.update('INSERT DATA { GRAPH <urn:other> { <urn:s> <urn:p> "theirs" } }')
    to = server.to.sending(1_000_000)
    sent = threading.Event()
    killer = threading.Thread(target=lambda: (sent.wait(60), server.kill()))
    killer.start()
    with pytest.raises(Unreachable, match=r"triples were sent .* run the same command again"):
        load(large, to, server.wire(**QUICK), progress=lambda done, _: done > 90_000 and sent.set())
    killer.join()
    again = oxigraph(tmp_path, port, lasting=True)
    try:
        load(large, again.to, again.wire())
        held = again.quads()
        assert ("<urn:s>", "<urn:p>", '"theirs"', "<urn:other>") in held
        assert sum(len(q) == 3 for q in held) == 300_000
    finally:
        again.stop()


def dataset(folder: Path, tag: str, count: int) -> Path:
    """A file of two graphs, each with so many triples."""
    path = folder / f"{tag}.nq"
    lines = triples(count, tag).splitlines()
    path.write_text("".join(f"{line[:-2]} <urn:g{g}> .\n" for g in range(2) for line in lines))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTERS)
def test_a_store_killed_in_the_last_step(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        server = start(name, tmp_path, lasting=True)
    except Absent as reason:
        pytest.skip(str(reason))
    server.clear()
    theirs = ("<urn:s>", "<urn:p>", '"theirs"', "<urn:other>")
    server.update('INSERT DATA { GRAPH <urn:other> { <urn:s> <urn:p> "theirs" } }')
    old, new = (dataset(tmp_path, tag, 10_000) for tag in ("old", "new"))
    load(old, server.to, server.wire(), source=VERSIONED)
    sent, killed = sparql._sent, []

    def killing(wire: Wire, call: sparql._Call) -> object:
        if "?waiting" in call.sparql and not killed:
            killed.append(threading.Timer(0.1, server.kill))
            killed[0].start()
        return sent(wire, call)

    monkeypatch.setattr(sparql, "_sent", killing)
    with pytest.raises(Unreachable, match=r"replaced.* run the same command again"):
        load(new, server.to, server.wire(**QUICK), source=VERSIONED)
    killed[0].join()
    server = start(name, tmp_path, lasting=True)
    try:
        held = without_record(server)
        for g in range(2):
            tags = {q[0][20:23] for q in held if q[3] == f"<urn:g{g}>"}
            assert tags in ({"old"}, {"new"}), "a graph is whole, the old or the new one"
        load(new, server.to, server.wire(), source=VERSIONED)
        held = without_record(server)
        assert theirs in held
        assert len(held) == 20_001
        assert not any(q[0].startswith("<http://example.org/old") for q in held)
    finally:
        server.stop()


def test_the_last_step_cut_off(
    store: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (dataset(tmp_path, tag, 4_000) for tag in ("old", "new"))
    load(old, store.to, store.wire(), source=VERSIONED)
    sent, cut = sparql._sent, []

    def cutting(wire: Wire, call: sparql._Call) -> object:
        if "?waiting" not in call.sparql or cut:
            return sent(wire, call)
        cut.append(call)
        sent(Wire(wire.credentials, timeout=0.03), call)
        raise LimitReached("the answer came too late")

    monkeypatch.setattr(sparql, "_sent", cutting)
    with pytest.raises(Unreachable, match=r"replaced: .*; not yet, or not wholly: .* again to"):
        load(new, store.to, store.wire(), source=VERSIONED)
    load(new, store.to, store.wire(), source=VERSIONED)
    held = without_record(store)
    assert len(held) == 8_000
    assert all(q[0].startswith("<http://example.org/new") for q in held)


def test_wrong_and_missing_password(view: Path, tmp_path: Path) -> None:
    try:
        server = fuseki(tmp_path, users="ann: right")
    except Absent as reason:
        pytest.skip(str(reason))
    words = ("load", str(view), "--endpoint", server.base, "--preset", "fuseki")
    try:
        missing = run(*words)
        assert (missing.returncode, missing.stdout) == (3, "")
        assert "asks for a user name and password" in missing.stderr
        wrong = run(*words, FOEDUS_USER="ann", FOEDUS_PASSWORD="wrong")
        assert wrong.returncode == 3
        assert "refuses this user name and password" in wrong.stderr
        assert "wrong" not in wrong.stderr and len(wrong.stderr.splitlines()) == 1
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login ann password right\n")
        netrc.chmod(0o600)
        assert run(*words, NETRC=str(netrc)).returncode == 0
        right = run(*words, FOEDUS_USER="ann", FOEDUS_PASSWORD="right")
        assert right.returncode == 0, right.stderr
    finally:
        server.stop()


def test_wrong_digest_password(view: Path, store: Server) -> None:
    if store.name != "virtuoso":
        pytest.skip("only Virtuoso asks for HTTP Digest")
    with pytest.raises(Unreachable, match="refuses this user name and password"):
        load(view, store.to, Wire(Credentials("dba", "wrong"), **QUICK))
    with pytest.raises(Unreachable, match="asks for a user name and password"):
        load(view, store.to, Wire(**QUICK))


def test_wrong_path(store: Server, view: Path) -> None:
    wrong = store.base + "/not-there/x"
    if store.name == "blazegraph":  # it reads no further than the namespace
        wrong = store.base.removesuffix("kb") + "not-there"
    with pytest.raises(Unreachable, match=r"check the path|is not there"):
        load(view, endpoint(wrong, store.name), store.wire(**QUICK))


HTML = b"<!DOCTYPE html><html><body>It works!</body></html>"


def test_a_web_page_instead_of_a_store(view: Path) -> None:
    with answering(body=HTML) as base:
        found = run("load", str(view), "--endpoint", base, "--preset", "fuseki")
        assert found.returncode == 3
        assert "answers with a web page, not with SPARQL results" in found.stderr
        with pytest.raises(Unreachable, match="a web page"):
            remote_select(base, "ASK {}", 5)


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (500, b"out of memory", "failed .HTTP 500.: out of memory .tried 3 times."),
        (503, HTML, "failed .HTTP 503. .tried 3 times."),
        (507, b"no space left on device", "no room left"),
        (405, b"", "does not take this"),
        (404, HTML, "is not there"),
    ],
)
def test_a_store_that_fails(view: Path, status: int, body: bytes, says: str) -> None:
    with answering(status, body, "text/plain") as base, pytest.raises(FoedusError, match=says):
        load(view, endpoint(base, "oxigraph"), Wire(None, 5, **QUICK))


def test_a_slow_store(view: Path) -> None:
    with answering(wait=3) as base:
        started = time.monotonic()
        with pytest.raises(LimitReached, match=r"did not answer within 0.3 s"):
            remote_select(base, "ASK {}", 0.3)
        with pytest.raises(LimitReached, match=r"within 0.3 s"):
            load(view, endpoint(base, "oxigraph"), Wire(None, 0.3, **QUICK))
        assert time.monotonic() - started < 2


def test_nobody_there(view: Path) -> None:
    base = f"http://127.0.0.1:{free_port()}"
    found = run("load", str(view), "--endpoint", base, "--preset", "oxigraph")
    assert (found.returncode, found.stdout) == (3, "")
    assert "connection refused" in found.stderr and "is the store running?" in found.stderr


def test_something_else_listens(view: Path) -> None:
    with (
        sending(b"220 mail.example.org ESMTP\r\n") as base,
        pytest.raises(Unreachable, match="does it speak HTTP"),
    ):
        remote_select(base, "ASK {}", 5)


def test_usage() -> None:
    for words, says in [
        (["--endpoint", "http://127.0.0.1:1"], "--preset"),
        (["--endpoint", "127.0.0.1:7878", "--preset", "oxigraph"], "not the URL of a store"),
        (["--endpoint", "http://127.0.0.1:1", "--preset", "oxi"], "'oxi' is not one of"),
        (["--preset", "fuseki"], "--endpoint"),
        (["--query-url", "http://127.0.0.1:1/q"], "--update-url"),
        (
            ["--endpoint", "http://x", "--preset", "oxigraph", "--replace", "--append"],
            "exclude each other",
        ),
        (["--endpoint", "http://x", "--preset", "oxigraph", "--graph", "no iri"], "not an IRI"),
    ]:
        found = run("load", *words)
        assert found.returncode == 2, (words, found.stderr)
        assert says in found.stderr, (words, found.stderr)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "bad.nt holds no triple; there is nothing to load"),
        ("<a:a> <b:b> c .\n", "bad.nt, line 1: this is not a line of N-Triples"),
        ('<a:a> <b:b> "x" .\n\n<a:a> <b:b> "x\n', "bad.nt, line 3: this is not a line"),
    ],
)
def test_a_malformed_file(store: Server, tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "bad.nt"
    path.write_text(content)
    with pytest.raises(FoedusError, match=says):
        load(path, store.to, store.wire(**QUICK))
    assert not without_record(store)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bad.ttl.gz", b"not packed", r"bad.ttl.gz cannot be read: Not a gzipped file"),
        (
            "cut.ttl.gz",
            gzip.compress(b"<a:a> <a:b> 1 .", mtime=0)[:-9],
            r"cut.ttl.gz cannot be read: ",
        ),
        ("bad.ttl", b"@prefix x <", r"bad.ttl, line 1: "),
        ("empty.ttl", b"# nothing", r"empty.ttl holds no triple; there is nothing to load"),
    ],
)
def test_a_malformed_file_that_is_converted(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    from foedus.cli.load import _converted

    (tmp_path / name).write_bytes(content)
    with pytest.raises(FoedusError, match=says):
        _converted(tmp_path / name, tmp_path)


def test_a_file_is_converted_alike_each_time(tmp_path: Path) -> None:
    from foedus.cli.load import _converted

    source = tmp_path / "blank.ttl"
    source.write_text('[] <urn:p> [ <urn:q> "_:x" ], _:named . _:named <urn:p> (1 2) .')
    made = [_converted(source, tmp_path).read_bytes() for _ in range(2)]
    assert made[0] == made[1]
    assert b'"_:x"' in made[0]
    assert len(set(re.findall(rb"_:b\d", made[0]))) == 5


def test_full_disk_here(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    from foedus.cli.load import _converted
    from foedus.errors import InputError

    source = tmp_path / "a.ttl"
    source.write_text("<urn:a> <urn:b> <urn:c> .")
    (tmp_path / "build.nq").symlink_to("/dev/full")
    with pytest.raises(InputError, match="No space left on device"):
        _converted(source, tmp_path)
