"""The way to a store: redirects, passwords, certificates, proxies, waits; and what comes back."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from email.utils import formatdate
from pathlib import Path
from time import monotonic, time

import pytest
from test_store_trouble import run
from troubles import NO_RECORD, Asked, Given, sending, serving

from foedus.errors import FoedusError, LimitReached, Unreachable, UsageError
from foedus.remote import Credentials, StoreWrapper, Wire, endpoint, find_credentials, remote_select
from foedus.remote import wire as wire_module
from foedus.remote.sparql import select

CHINA = "http://example.org/China"
ROW = Given(
    json.dumps(
        {
            "head": {"vars": ["ally"]},
            "results": {"bindings": [{"ally": {"type": "uri", "value": CHINA}}]},
        }
    ).encode()
)
QUERY = "SELECT ?ally { ?s ?p ?ally }"
BASIC = Given(status=401, headers={"WWW-Authenticate": 'Basic realm="store"'})
LOGIN = "Basic " + base64.b64encode(b"ann:s3cret").decode()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies and certificates of this machine out of the tests."""
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def store(request: Asked) -> Given:
    """What a store without records answers to a query."""
    return NO_RECORD if request.is_record else ROW


def guarded(request: Asked) -> Given:
    """A store that wants to know who asks."""
    return store(request) if request.headers.get("Authorization") == LOGIN else BASIC


def moved(to: str, code: int = 307) -> Callable[[Asked], Given]:
    """A store that is somewhere else now."""
    return lambda request: Given(b"moved", "text/html", code, {"Location": to})


def forwarding(store: Callable[[Asked], Given], code: int = 307) -> Callable[[Asked], Given]:
    """A store at /new that sends on whoever asks elsewhere."""
    return lambda request: (store if request.path == "/new" else moved("/new", code))(request)


def lent(wait: str, status: int) -> Callable[[Asked], Given]:
    """A store that has no time at first."""
    asked: list[Asked] = []

    def answer(request: Asked) -> Given:
        asked.append(request)
        late = len(asked) > 2
        return store(request) if late else Given(b"", "", status, {"Retry-After": wait})

    return answer


# -- redirects and passwords


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_query_is_sent_on_as_it_was(code: int) -> None:
    with serving(forwarding(store, code)) as (base, seen):
        assert remote_select(f"{base}/old", QUERY, 5).rows == ((f"<{CHINA}>",),)
        old, new = seen[-2:]
        assert (old.method, old.body) == (new.method, new.body)
        assert new.method == "POST" and b"ally" in new.body


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_an_upload_is_sent_on_as_it_was(code: int) -> None:
    kind = {"Content-Type": "text/turtle"}
    with serving(forwarding(lambda _: Given(), code)) as (base, seen):
        Wire().send("PUT", f"{base}/old", lambda: [b"one ", b"two"], kind)
        assert [(r.method, r.path, r.body) for r in seen] == [
            ("PUT", "/old", b"one two"),
            ("PUT", "/new", b"one two"),
        ]
        assert seen[1].headers["Content-Type"] == "text/turtle"


@pytest.mark.parametrize(
    ("code", "to", "says"),
    [
        (303, "/new", r"is somewhere else now \(HTTP 303\)"),
        (302, "", r"is somewhere else now \(HTTP 302\)"),
        (302, "/old", "sends on again and again"),
        (302, "file:///etc/passwd", "sends on to what is no URL of HTTP"),
        (302, "http://[::1", "sends on to what is no URL of HTTP"),
    ],
)
def test_a_redirect_that_is_not_followed(code: int, to: str, says: str) -> None:
    with serving(moved(to, code)) as (base, _), pytest.raises(Unreachable, match=says):
        Wire(retries=0).send("PUT", f"{base}/old", b"x")


@pytest.mark.parametrize("secure", [False, True])
def test_a_password_stays_at_its_place(secure: bool, certificate: Path) -> None:
    """Another port is another place, and so is http after https."""
    carried = r"sends on to .*asks for a user name.*a password is not carried to another place"
    with ExitStack() as stack:
        other, heard = stack.enter_context(serving(guarded))

        def answer(request: Asked) -> Given:
            return moved(other)(request) if request.headers.get("Authorization") else BASIC

        made = serving(answer, _served(certificate) if secure else None)
        base, seen = stack.enter_context(made)
        wire = Wire(Credentials("ann", "s3cret"), 5, 0, ca=certificate)
        with pytest.raises(Unreachable, match=carried) as told:
            select(base, QUERY, wire)
        assert "s3cret" not in str(told.value)
        assert any(r.headers.get("Authorization") == LOGIN for r in seen)
        assert heard and not any("Authorization" in r.headers for r in heard)


def test_a_password_in_a_redirect_is_not_used() -> None:
    with serving(guarded) as (other, heard):
        to = other.replace("://", "://eve:evil@")
        with (
            serving(moved(to)) as (base, _),
            pytest.raises(Unreachable, match="sends on to") as told,
        ):
            select(base, QUERY, Wire(retries=0))
        assert heard and not any("Authorization" in r.headers for r in heard)
        assert "evil" not in str(told.value)


def test_a_password_goes_along_within_its_place() -> None:
    with serving(forwarding(guarded)) as (base, _):
        assert select(f"{base}/old", QUERY, Wire(Credentials("ann", "s3cret")))


def test_a_password_in_the_url() -> None:
    with serving(guarded) as (base, seen):
        whole = base.replace("://", "://ann:s3cret@")
        assert remote_select(whole, QUERY, 5)
        assert select(whole, QUERY, Wire())
        assert not any("s3cret" in r.path or "ann" in str(r.headers.get("Host")) for r in seen)
        wrong = base.replace("://", "://ann:wr0ng%40@")
        found = run("query", QUERY, "--endpoint", wrong)
        assert (found.returncode, found.stdout) == (3, "")
        assert "refuses this user name" in found.stderr and "wr0ng" not in found.stderr
    for call in (
        lambda: remote_select(wrong.replace("http", "htp"), QUERY, 5),
        lambda: remote_select(wrong.removeprefix("http://"), QUERY, 5),
        lambda: remote_select("http://ann:wr0ng/rest@example.org/", QUERY, 5),
        lambda: endpoint(wrong),
        lambda: endpoint(wrong.replace("http", "htp"), "oxigraph"),
    ):
        with pytest.raises(FoedusError) as told:
            call()
        assert "wr0ng" not in str(told.value)
    assert "s3cret" not in repr(endpoint(whole, "oxigraph"))


def test_a_password_of_a_url_is_not_for_another() -> None:
    with serving(guarded) as (one, _), serving(guarded) as (other, heard):
        wire = Wire(find_credentials(one.replace("://", "://ann:s3cret@")), 5, 0)
        assert select(one, QUERY, wire)
        with pytest.raises(Unreachable, match="asks for a user name"):
            select(other, QUERY, wire)
        assert not any("Authorization" in r.headers for r in heard)


# -- patience


@pytest.mark.parametrize(
    ("wait", "status", "timeout", "pauses"),
    [
        ("3", 429, 60, [3, 3]),
        ("3", 503, 60, [3, 3]),
        ("86400", 429, 600, [60, 60]),
        ("30", 429, 5, [5, 5]),
        ("date", 503, 60, [20, 20]),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 503, 60, [0.2, 0.4]),
        ("soon", 429, 60, [0.2, 0.4]),
        ("-1", 429, 60, [0.2, 0.4]),
        ("7", 500, 60, [0.2, 0.4]),
    ],
)
def test_a_store_that_asks_to_wait(
    wait: str, status: int, timeout: float, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    told: list[str] = []
    monkeypatch.setattr(wire_module.time, "sleep", slept.append)
    wait = formatdate(time() + 20.5, usegmt=True) if wait == "date" else wait
    with serving(lent(wait, status)) as (base, _):
        assert select(base, QUERY, Wire(None, timeout, tell=told.append))
    assert slept == pytest.approx(pauses, abs=1)
    assert len(told) == 2
    asks = pauses[0] >= 1
    assert all(("asks to wait" in t and f"again in {pauses[0]:.0f} s" in t) == asks for t in told)


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", *[b" "] * 99],
        [b"HTTP/1.1 200 OK\r\n", *[b"X-A: 1\r\n"] * 99],
        [b"H", b"T", b"T", b"P", b"/", *[b"1"] * 99],
    ],
    ids=["body", "headers", "status"],
)
def test_a_store_that_answers_byte_by_byte(parts: list[bytes]) -> None:
    started = monotonic()
    with sending(*parts, pause=0.05) as base, pytest.raises(FoedusError):
        remote_select(base, QUERY, 0.5)
    assert monotonic() - started < 3


# -- certificates and proxies


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody else has signed, its key behind it."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not on the PATH, and makes the certificates for https")
    folder = tmp_path_factory.mktemp("https")
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
    ]
    names = [*words, "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "own.pem"]
    subprocess.run(["openssl", *names], cwd=folder, check=True, capture_output=True)
    return folder / "own.pem"


def _served(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return made


def test_certificates(certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serving(store, _served(certificate)) as (base, _):
        with pytest.raises(Unreachable, match=r"no trusted https .*self.signed.*--ca FILE"):
            remote_select(base, QUERY, 5)
        assert remote_select(base, QUERY, 5, ca=certificate)
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            with monkeypatch.context() as patch:
                patch.setenv(name, str(certificate))
                assert remote_select(base, QUERY, 5)
                patch.setenv(name, str(tmp_path / "absent.pem"))
                with pytest.raises(
                    UsageError, match=f"absent.pem .{name}. cannot be read: No such"
                ):
                    remote_select(base, QUERY, 5)
        junk = tmp_path / "junk.pem"
        junk.write_text("not a certificate")
        with pytest.raises(UsageError, match=r"junk.pem .--ca. cannot be read: it holds no cert"):
            remote_select(base, QUERY, 5, ca=junk)
        found = run("query", QUERY, "--endpoint", base, "--ca", str(certificate))
        assert (found.returncode, "China" in found.stdout) == (0, True), found.stderr


def test_https_where_http_is_spoken() -> None:
    with (
        serving(store) as (base, _),
        pytest.raises(Unreachable, match=r"offers no https connection .*is it http://"),
    ):
        remote_select(base.replace("http:", "https:"), QUERY, 5)


def test_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    login = "Basic " + base64.b64encode(b"bob:h1dden").decode()

    def proxy(request: Asked) -> Given:
        known = request.headers.get("Proxy-Authorization") == login
        return store(request) if known else Given(b"who?", "text/plain", 407)

    with serving(proxy) as (base, seen):
        monkeypatch.setenv("HTTP_PROXY", base.replace("://", "://bob:h1dden@"))
        assert remote_select("http://store.example/query", QUERY, 5)
        assert seen[-1].path == "http://store.example/query"
        monkeypatch.setenv("HTTP_PROXY", base.replace("://", "://bob:wr0ng@"))
        with pytest.raises(Unreachable, match=f"the proxy {base[7:]} .*HTTP 407") as told:
            remote_select("http://store.example/query", QUERY, 5)
        assert "wr0ng" not in str(told.value)
        monkeypatch.setenv("HTTPS_PROXY", base.replace("://", "://bob:wr0ng@"))
        with pytest.raises(Unreachable, match=f"the proxy {base[7:]} .*HTTP 407"):
            remote_select("https://store.example/query", QUERY, 5)
        with serving(store) as (direct, heard):
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            assert remote_select(direct, QUERY, 5)
            assert heard
    with pytest.raises(Unreachable, match="nothing answers at the proxy"):
        remote_select("http://store.example/query", QUERY, 5)
    monkeypatch.setenv("HTTP_PROXY", "gopher://bob:h1dden@example.org")
    with pytest.raises(UsageError, match=r"'gopher://example.org' is not"):
        remote_select("http://store.example/query", QUERY, 5)


# -- places


@pytest.mark.parametrize("path", ["/query", "/sparql"])
def test_a_base_url(path: str) -> None:
    with serving(lambda r: store(r) if r.path == f"/ds{path}" else Given(status=404)) as (base, _):
        for given in (f"{base}/ds", f"{base}/ds/"):
            assert remote_select(given, QUERY, 5).rows
        with pytest.raises(Unreachable, match=r"/no is not there .* /query or /sparql below it"):
            remote_select(f"{base}/no", QUERY, 5)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("127.0.0.1:7878", "did you mean 'http://127.0.0.1:7878'?"),
        ("localhost:3030/ds", "did you mean 'http://localhost:3030/ds'?"),
        ("//example.org/sparql", "did you mean 'http://example.org/sparql'?"),
        ("htp://example.org/sparql", "did you mean 'http://example.org/sparql'?"),
        ("http:/example.org/sparql", "did you mean 'http://example.org/sparql'?"),
        ("nonsense", "one looks like http://127.0.0.1:7878"),
        ("http://[::1", "one looks like"),
        ("http://example.org:99999/", "one looks like"),
        ("", "one looks like"),
    ],
)
def test_what_is_no_url(url: str, says: str) -> None:
    for call in (lambda: remote_select(url, QUERY, 5), lambda: endpoint(url, "oxigraph")):
        with pytest.raises(UsageError, match=re.escape(says)):
            call()


# -- answers


def rows(*found: object, head: object = ("ally",), **more: object) -> bytes:
    """The body of an answer, well-formed or not."""
    return json.dumps({"head": {"vars": head}, "results": {"bindings": found}, **more}).encode()


def ally(**term: object) -> bytes:
    return rows({"ally": {"type": "literal", "value": "x", **term}})


JSON = ROW.kind
UNREADABLE = "that cannot be read: "


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"<html>login</html>", "text/html", "with a web page"),
        (b"<html/>", "application/xhtml+xml; charset=utf-8", "with a web page"),
        (ROW.body, "", "without saying in which format"),
        (ROW.body, "application/octet-stream", "with application/octet-stream, not with SPARQL"),
        (ROW.body[:-20], JSON, f"{UNREADABLE}it is cut off after"),
        (b"", JSON, f"{UNREADABLE}it is cut off after 0 bytes"),
        (b"{'head': 1}", JSON, f"{UNREADABLE}it is no JSON at line 1, column 2"),
        (b"[" * 100_000, JSON, f"{UNREADABLE}its JSON is nested too deeply"),
        (b'{"a": ' + b"1" * 5000 + b"}", JSON, f"{UNREADABLE}a number in it is too long"),
        (b"[]", JSON, f"{UNREADABLE}it is not laid out as SPARQL"),
        (b"null", JSON, f"{UNREADABLE}it is not laid out as SPARQL"),
        (b'{"head":{},"results":{"bindings":3}}', JSON, f"{UNREADABLE}it is not laid out"),
        (b"\xff\xfe\xfa", JSON, UNREADABLE),
        (b'{"head": "\xe9"}', JSON, f"{UNREADABLE}byte 10 is not UTF-8"),
        (ROW.body, f"{JSON}; charset=klingon", f"{UNREADABLE}its charset 'klingon' is unknown"),
        (ROW.body, f"{JSON}; charset=hex", f"{UNREADABLE}its charset 'hex' is unknown"),
        (b"\xff", f"{JSON}; charset=utf-16", f"{UNREADABLE}it is not in the charset 'utf-16'"),
        (b'{"head":{},"boolean":true}', JSON, "with true or false where rows were asked for"),
        (b"<a:a> <a:b> <a:c> .", "text/turtle", "with triples where rows were asked for"),
        (rows({"b": {"type": "uri", "value": "a:b"}}, head=["b"]), JSON, "with [?]b where [?]ally"),
        (rows({}, head=["ally", "b"]), JSON, "with [?]ally, [?]b where [?]ally were asked for"),
        (rows({}, head=[]), JSON, "with no column where [?]ally"),
        (rows({"b": {"type": "uri", "value": "a:b"}}), JSON, "a column 'b' that its head"),
        (rows(head=["ally", "ally"]), JSON, "its columns have no usable names"),
        (rows(head=["a\x1b[2J"]), JSON, "its columns have no usable names"),
        (ally(type="uri", value="http://e/a b> <x"), JSON, "'http://e/a b> <x' is not a well-form"),
        (ally(type="uri", value="relative"), JSON, "'relative' is not a well-formed IRI"),
        (ally(datatype="a> <b"), JSON, "'a> <b' is not a well-formed IRI"),
        (ally(**{"xml:lang": "en> ."}), JSON, "'en> .' is not a language tag"),
        (ally(value=5), JSON, "the value 5 is not a string"),
        (ally(value="\ud800"), JSON, "half a character"),
        (ally(type="thing"), JSON, "there is no kind of term 'thing'"),
    ],
)
def test_an_answer_that_is_none(body: bytes, kind: str, says: str) -> None:
    def answer(request: Asked) -> Given:
        return NO_RECORD if request.is_record else Given(body, kind)

    with serving(answer) as (base, _), pytest.raises(Unreachable, match=says) as told:
        remote_select(base, QUERY, 5)
    assert "\n" not in str(told.value) and "\x1b" not in str(told.value)


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"<a:a> <a:b> c .", "application/n-triples", UNREADABLE),
        (b"<a:a> <a:b> <<( <a:a> <a:b> 1 )>> .", "text/turtle", UNREADABLE),
        (b"<rdf:RDF", "application/rdf+xml", UNREADABLE),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "application/rdf+xml", "it has a DOCTYPE"),
        (ROW.body, JSON, "with rows where triples were asked for"),
    ],
)
def test_triples_that_are_none(body: bytes, kind: str, says: str) -> None:
    def answer(request: Asked) -> Given:
        return NO_RECORD if request.is_record else Given(body, kind)

    with serving(answer) as (base, _), pytest.raises(Unreachable, match=says):
        remote_select(base, "CONSTRUCT WHERE { ?s ?p ?o }", 5)


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"\xef\xbb\xbf" + ROW.body, JSON, f"<{CHINA}>"),
        (ROW.body, "application/json", f"<{CHINA}>"),
        (ally(value="café").decode().encode("utf-16"), JSON, '"café"'),
        (
            rows({"ally": {"type": "literal", "value": "café"}})
            .decode("unicode_escape")
            .encode("latin-1"),
            f"{JSON}; charset=ISO-8859-1",
            '"café"',
        ),
        (ally(type="typed-literal", datatype="http://e.org/d"), JSON, '"x"^^<http://e.org/d>'),
        (ally(**{"xml:lang": "EN"}), JSON, '"x"@en'),
        (ally(type="bnode", value="a-b"), JSON, "_:a_2d_b"),
    ],
)
def test_an_answer_in_another_form(body: bytes, kind: str, expected: str) -> None:
    def answer(request: Asked) -> Given:
        return NO_RECORD if request.is_record else Given(body, kind)

    with serving(answer) as (base, _):
        assert remote_select(base, QUERY, 5).rows == ((expected,),)


def test_columns_in_another_order() -> None:
    row = {"b": {"type": "literal", "value": "2"}, "a": {"type": "literal", "value": "1"}}
    with serving(lambda _: Given(rows(row, head=["b", "a"]))) as (base, _):
        found = select(base, "SELECT ?a (STR(?b) AS ?b) { ?a ?p ?b }", Wire())
    assert (found.variables, found.rows) == (("a", "b"), (('"1"', '"2"'),))


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_is_too_long(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "_MOST", 1 << 20)
    body = b" " * (1 << 21)
    given = Given(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    with (
        serving(lambda _: given if packed else Given(body)) as (base, _),
        pytest.raises(LimitReached, match="answers with more than 1 MB; ask for less"),
    ):
        select(base, QUERY, Wire())


def test_a_body_that_cannot_be_unpacked() -> None:
    with (
        serving(lambda _: Given(b"no", headers={"Content-Encoding": "gzip"})) as (base, _),
        pytest.raises(Unreachable, match="a body that cannot be unpacked"),
    ):
        select(base, QUERY, Wire())


@pytest.mark.parametrize(
    "given",
    [
        Given(ROW.body, headers={"X-SPARQL-MaxRows": "1"}),
        Given(ROW.body, status=206),
        Given(ROW.body, headers={"X-SQL-State": "S1TAT"}),
    ],
)
def test_an_answer_that_is_cut_short_is_told(given: Given) -> None:
    with serving(lambda r: NO_RECORD if r.is_record else given) as (base, _):
        assert (
            "some of" in remote_select(base, QUERY, 5).cut
            or "some may" in remote_select(base, QUERY, 5).cut
        )
        found = run("query", QUERY, "--endpoint", base)
        assert found.returncode == 0 and "missing" in found.stderr
        with pytest.raises(Unreachable, match="missing"):  # what a load acts on has to be whole
            select(base, QUERY, Wire())


def test_fewer_rows_than_the_limit_are_all() -> None:
    with serving(lambda _: Given(ROW.body, headers={"X-SPARQL-MaxRows": "2"})) as (base, _):
        assert select(base, QUERY, Wire()).cut == ""


@pytest.mark.parametrize("status", [200, 400, 500])
def test_control_characters_do_not_reach_the_terminal(status: int) -> None:
    words = "\x1b[2J\x1b]0;mine\x07 \x9b31m \u202eevil"
    body = ally(value=words) if status == 200 else words.encode()

    def answer(request: Asked) -> Given:
        return NO_RECORD if request.is_record else Given(body, status=status)

    with serving(answer) as (base, _):
        found = run("query", QUERY, "--endpoint", base)
    said = found.stdout + found.stderr
    assert "\\x1b[2J" in said
    assert not set("\x1b\x07\x9b\u202e") & set(said)


# -- SPARQLWrapper


def test_sparqlwrapper_on_a_wire() -> None:
    with serving(guarded) as (base, _):
        asking = StoreWrapper(base, Wire(Credentials("ann", "s3cret"), 5, 0))
        asking.setQuery(QUERY)
        asking.setReturnFormat("json")
        (row,) = asking.queryAndConvert()["results"]["bindings"]
        assert row["ally"]["value"] == CHINA
        with pytest.raises(Unreachable, match="asks for a user name"):
            asking = StoreWrapper(base, Wire(retries=0))
            asking.setQuery(QUERY)
            asking.query()
