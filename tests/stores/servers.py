"""Real triple stores, each started on 127.0.0.1 on a free port and stopped again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from foedus.errors import FoedusError
from foedus.remote import Credentials, Endpoint, Wire, endpoint
from foedus.remote.sparql import select, update

CACHE = Path(__file__).parents[2] / ".cache" / "stores"
INSTALL = "run 'make stores' to install it"
BIN = Path(sys.executable).parent
#: Graphs that Virtuoso brings along.
_SYSTEM = ("http://www.openlinksw.com/", "http://localhost:", "http://www.w3.org/ns/ldp#")


class Absent(Exception):
    """A store that is not installed on this machine; the text says how to get it."""


@dataclass
class Server:
    """A store that runs: its name is its preset; ``base`` is what a user gives as --endpoint."""

    name: str
    base: str
    process: subprocess.Popen[bytes]
    to: Endpoint = field(init=False)
    credentials: Credentials | None = None

    def __post_init__(self) -> None:
        self.to = endpoint(self.base, self.name)

    def wire(self, **options: object) -> Wire:
        """A connection with the right password."""
        return Wire(self.credentials, **{"timeout": 120.0, **options})  # type: ignore[arg-type]

    def clear(self) -> None:
        """Remove everything that a test put there."""
        found = select(
            self.to.query, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", self.wire()
        ).rows
        names = [g for (g,) in found if g and not g[1:].startswith(_SYSTEM)]
        drops = [f"DROP SILENT GRAPH {g}" for g in names]
        drops += [] if self.name == "virtuoso" else ["DROP DEFAULT"]
        if drops:
            self.update(" ; ".join(drops))

    def update(self, sparql: str) -> None:
        """Change the store behind the loader's back."""
        assert self.to.update
        update(self.to.update, sparql, self.wire())

    def quads(self) -> set[tuple[str, ...]]:
        """Everything in the store, the default graph's triples without a graph."""
        named = select(self.to.query, "SELECT * { GRAPH ?g { ?s ?p ?o } }", self.wire())
        found = {
            (row["s"], row["p"], row["o"], row["g"])
            for row in named.dicts()
            if not row["g"][1:].startswith(_SYSTEM)
        }
        if self.to.union:
            return found
        plain = select(self.to.query, "SELECT * { ?s ?p ?o }", self.wire())
        return found | {(row["s"], row["p"], row["o"]) for row in plain.dicts()}

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """End it, first politely."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(name: str, folder: Path, *, lasting: bool = False) -> Server:
    """The store of that name, running; raises `Absent` with the reason where it cannot be.

    One that is ``lasting`` finds its data again when it is started anew in the same folder.
    """
    return STARTERS[name](folder, lasting=lasting)


def oxigraph(
    folder: Path, port: int | None = None, *, lasting: bool = False, union: bool = False
) -> Server:
    """Oxigraph's server, in memory or in its folder; ``union``: all graphs are its default one."""
    program = BIN / "oxigraph"
    if not program.is_file():
        raise Absent(f"oxigraph is not in {BIN}; {INSTALL}")
    port = port or free_port()
    where = ["-l", str(folder / "db")] if lasting else []
    command = [str(program), "serve", "-b", f"127.0.0.1:{port}", *where]
    command += ["--union-default-graph"] if union else []
    return _started("oxigraph", f"http://127.0.0.1:{port}", command, folder)


def fuseki(
    folder: Path, *, lasting: bool = False, users: str | None = None, union: bool = False
) -> Server:
    """Apache Jena Fuseki, in memory or TDB2; ``users`` ("name: password") makes it ask for one.

    ``union``: all graphs are its default graph.
    """
    jars = CACHE / "jena"
    if not list(jars.glob("jena-fuseki-main-*.jar")) or not shutil.which("java"):
        raise Absent(f"Fuseki is not in {jars}; {INSTALL}")
    port = free_port()
    options = []
    if users:
        (folder / "passwd").write_text(users + "\n")
        options = [f"--passwd={folder / 'passwd'}", "--auth=basic"]
    command = [
        "java",
        "-Xmx2g",
        "-cp",
        f"{jars}/*",
        "org.apache.jena.fuseki.main.cmds.FusekiMainCmd",
    ]
    place = folder / "db"
    place.mkdir(exist_ok=True)
    data = ["--tdb2", f"--loc={place}"] if lasting else ["--mem"]
    options += ["--set", "tdb2:unionDefaultGraph=true"] if union else []
    command += ["--localhost", f"--port={port}", "--update", *options, *data, "/ds"]
    who = Credentials(*users.split(": ")) if users else None
    return _started("fuseki", f"http://127.0.0.1:{port}/ds", command, folder, user=who)


def rdf4j(folder: Path, *, lasting: bool = False) -> Server:
    """RDF4J's server with one repository, in memory or on disk."""
    wars = list((CACHE / "rdf4j").glob("rdf4j-http-server-*.war"))
    runners = list((CACHE / "rdf4j").glob("jetty-runner-*.jar"))
    if not wars or not runners or not shutil.which("java"):
        raise Absent(f"the RDF4J server is not in {CACHE / 'rdf4j'}; {INSTALL}")
    port = free_port()
    command = ["java", f"-Dorg.eclipse.rdf4j.appdata.basedir={folder / 'data'}", "-jar"]
    command += [str(runners[0]), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--path", "/rdf4j-server", str(wars[0])]
    base = f"http://127.0.0.1:{port}/rdf4j-server"

    def prepare() -> None:
        content = Path(__file__).with_name("repository.ttl").read_text()
        made = content.replace("MemoryStore", "NativeStore" if lasting else "MemoryStore").encode()
        request = urllib.request.Request(
            f"{base}/repositories/test", made, {"Content-Type": "text/turtle"}, method="PUT"
        )
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except urllib.error.HTTPError as error:
            if error.code != 409:  # it is there from the last start
                raise

    return _started("rdf4j", f"{base}/repositories/test", command, folder, prepare)


def virtuoso(folder: Path, *, lasting: bool = True) -> Server:
    """Virtuoso Open Source, always lasting: its database is in ``folder``."""
    if not shutil.which("virtuoso-t"):
        raise Absent(f"virtuoso-t is not on the PATH; {INSTALL}")
    http, sql = free_port(), free_port()
    settings = Path(__file__).with_name("virtuoso.ini").read_text()
    (folder / "virtuoso.ini").write_text(settings.format(http=http, sql=sql))
    command = ["virtuoso-t", "+foreground", "+configfile", "virtuoso.ini"]
    return _started(
        "virtuoso", f"http://127.0.0.1:{http}", command, folder, user=Credentials("dba", "dba")
    )


def blazegraph(folder: Path, *, lasting: bool = False) -> Server:
    """Blazegraph, always lasting: its journal is in ``folder``."""
    wars = list((CACHE / "blazegraph").glob("bigdata-war-*.war"))
    runners = list((CACHE / "rdf4j").glob("jetty-runner-*.jar"))
    if not wars or not runners or not shutil.which("java"):
        raise Absent(f"Blazegraph is not in {CACHE / 'blazegraph'}; {INSTALL}")
    port = free_port()
    command = ["java", "-Xmx1g", "-jar", str(runners[0]), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--path", "/blazegraph", str(wars[0])]
    base = f"http://127.0.0.1:{port}/blazegraph/namespace/kb"
    return _started("blazegraph", base, command, folder)


STARTERS: dict[str, Callable[..., Server]] = {
    "oxigraph": oxigraph,
    "fuseki": fuseki,
    "rdf4j": rdf4j,
    "virtuoso": virtuoso,
    "blazegraph": blazegraph,
}


def _started(
    name: str,
    base: str,
    command: list[str],
    folder: Path,
    prepare: Callable[[], None] | None = None,
    user: Credentials | None = None,
) -> Server:
    log = folder / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
    server = Server(name, base, process, user)
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        with suppress(FoedusError, OSError, urllib.error.URLError):
            if prepare:
                prepare()
            select(server.to.query, "ASK {}", server.wire(timeout=5, retries=0))
            return server
        time.sleep(0.2)
    server.stop()
    raise Absent(f"{name} did not start; its last words: {log.read_text()[-300:]!r}")
