"""HTTP to a store: credentials, redirects, time limits, and another try after a failure."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from foedus.errors import LimitReached, Unreachable, UsageError
from foedus.remote.credentials import Credentials, in_url
from foedus.remote.failures import Passing, refusal, trouble
from foedus.remote.places import Origin, bare, checked, host, origin, without_login
from foedus.remote.transport import Transports

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
#: A body that can be sent again: bytes, or a function that opens it anew.
Body = bytes | Callable[[], Iterable[bytes]]

#: Seconds: the longest pause before another try of our own, and at a store's request.
_LONGEST_WAIT, _LONGEST_ASKED = 10.0, 60.0
_REDIRECTS = {301, 302, 307, 308}
_HOPS = 10
#: Bytes: what is kept of an answer to a write, the most that is read of any, one piece of a body.
_KEPT, _MOST, _PIECE = 1 << 16, 1 << 28, 1 << 18


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its headers, its body or the start of it, and who gave it.

    ``known`` says whether a password was sent.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    known: bool = False

    @property
    def type(self) -> str:
        """The content type in lower case, empty where the answer names none."""
        return self._content().get_content_type() if self.headers.get("content-type") else ""

    @property
    def charset(self) -> str | None:
        """The charset that the answer names."""
        return self._content().get_content_charset()

    def _content(self) -> Message:
        parsed = Message()
        parsed["Content-Type"] = self.headers.get("content-type", "")
        return parsed


@dataclass(slots=True)
class Wire:
    """Requests to a store; one that fails in passing is sent again, ``retries`` times at most.

    ``timeout`` is in seconds, for the connection and for each silence of the store. ``tell`` hears
    one sentence before each new try. ``ca`` is a file or folder of certificates to trust. A
    password goes to the place of the URL that was given and nowhere else, whatever the store says.
    """

    credentials: Credentials | None = None
    timeout: float = 60.0
    retries: int = 5
    pause: float = 0.2
    tell: Callable[[str], None] | None = None
    ca: Path | None = None
    retried: int = field(default=0, init=False)
    met: bool = field(default=False, init=False)
    _transports: Transports = field(init=False, repr=False)
    _from_urls: dict[Origin, Credentials] = field(default_factory=dict, init=False, repr=False)
    _sockets: dict[Origin, socket.socket] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._transports = Transports(self.ca)

    def patiently(self, url: str, action: Callable[[], T]) -> T:
        """What the action returns, tried anew after each `Passing` failure."""
        last = max(0, self.retries)
        for attempt in range(last + 1):
            try:
                return action()
            except Passing as failure:
                if attempt == last:
                    tries = f" (tried {attempt + 1} times)" if attempt else ""
                    raise Unreachable(f"{failure}{tries}") from None
                self.retried += 1
                wait = min(self.pause * 2**attempt, _LONGEST_WAIT)
                when = ""
                if failure.wait is not None:
                    wait = max(wait, min(failure.wait, _LONGEST_ASKED, self.timeout))
                    when = f" in {wait:,.0f} s"
                if self.tell:
                    self.tell(f"{failure}; trying again{when}")
                time.sleep(wait)
        raise AssertionError

    def send(
        self, method: str, url: str, body: Body | None = None, headers: Mapping[str, str] = {}
    ) -> Reply:
        """The answer to a request that the store accepted, with the start of its body.

        Raises `Unreachable` for any other, in one sentence.
        """

        def once() -> Reply:
            reply = self.exchange(method, url, body, headers)
            if reply.status >= 300:
                raise self.refused(url, reply)
            return reply

        return self.patiently(url, once)

    def exchange(
        self,
        method: str,
        url: str,
        body: Body | None = None,
        headers: Mapping[str, str] = {},
        *,
        whole: bool = False,
    ) -> Reply:
        """Any answer to a request that is made once; redirects are followed.

        A redirect keeps method and body. The ``whole`` body is read within the time limit, as a
        query wants it, or only the start, as is enough after a write. Raises `Passing` where
        another try may help, `Unreachable`, `LimitReached`.
        """
        import httpx

        # 303 says: look there, with GET. A query without its body asks nothing, so it keeps that
        # too; of a write it may say that it was done, so that is not made again elsewhere.
        follows = _REDIRECTS | ({303} if whole else set())
        start = without_login(checked(url))
        if login := in_url(url):
            self._from_urls.setdefault(origin(start), login)
        try:
            here = httpx.URL(start)
        except httpx.InvalidURL:  # such as a host that has no name in DNS
            raise UsageError(f"{bare(url)!r} is not the URL of a store") from None
        for _ in range(_HOPS):
            reply = self._authorized(method, here, origin(start), body, headers, whole)
            location = reply.headers.get("location")
            if reply.status not in follows or not location:
                return reply
            try:
                here = here.join(location).copy_with(userinfo=b"", fragment=None)
                checked(str(here))
            except (httpx.InvalidURL, UsageError):
                told = f"{bare(start)} sends on to what is no URL of HTTP"
                raise Unreachable(told) from None
        raise Unreachable(f"{bare(start)} sends on again and again, without an end; check the URL")

    def refused(self, url: str, reply: Reply) -> Exception:
        """What to raise for an answer that is not a success."""
        elsewhere = url if origin(reply.url) != origin(url) else None
        wait = reply.headers.get("retry-after", "")
        return refusal(reply.url, reply.status, reply.body, reply.known, elsewhere, wait)

    def close(self) -> None:
        """Close the connections that are kept open between requests."""
        self._transports.close()
        self._sockets.clear()

    def _who(self, url: str, start: Origin) -> Credentials | None:
        """Whose password may go to a URL; ``start`` is the place that was asked at first."""
        if origin(url) != start:
            return None
        mine = self.credentials
        return self._from_urls.get(start) or (mine if mine and mine.fits(url) else None)

    def _authorized(
        self,
        method: str,
        url: httpx.URL,
        start: Origin,
        body: Body | None,
        headers: Mapping[str, str],
        whole: bool,
    ) -> Reply:
        """The answer to a request; after a (new) challenge it is made once more."""
        who = self._who(str(url), start)
        if who and who.scheme is None:  # a small request first: a 401 may cut off a long body
            _, challenge = self._once("HEAD", url, None, {"Connection": "close"}, who, False)
            who.learn(challenge)
        reply, challenge = self._once(method, url, body, headers, who, whole)
        if who and reply.status == 401 and challenge:
            who.learn(challenge)
            reply, _ = self._once(method, url, body, headers, who, whole)
        return reply

    def _once(
        self,
        method: str,
        url: httpx.URL,
        body: Body | None,
        headers: Mapping[str, str],
        who: Credentials | None,
        whole: bool,
    ) -> tuple[Reply, list[str]]:
        import httpx

        sent = httpx.Headers({"Accept": "*/*", "Accept-Encoding": "gzip, deflate"}, "utf-8")
        sent["User-Agent"] = "foedus"
        sent.update(headers)
        if who and (header := who.header(method, str(url))):
            sent["Authorization"] = header
        if isinstance(body, bytes):
            sent["Content-Length"] = str(len(body))
        there = origin(str(url))

        def met(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith(("connect_tcp.complete", "start_tls.complete")):
                self._sockets[there] = info["return_value"].get_extra_info("socket")

        with _alarm(self.timeout if whole else None, self._sockets, there) as rang:
            try:
                request = httpx.Request(method, url, headers=sent, content=_pieces(body))
                request.extensions = {
                    "timeout": httpx.Timeout(self.timeout).as_dict(),
                    "trace": met,
                }
                answer = self._transports.to(url).handle_request(request)
                answer.request = request
                with contextlib.closing(answer):
                    content = self._read(answer, whole)
            except (httpx.HTTPError, UnicodeError) as error:
                self.close()
                found = httpx.ReadTimeout("") if rang.is_set() else error
                raise trouble(str(url), found, self.timeout, self.met) from None
        self.met = True
        reply = Reply(str(url), answer.status_code, answer.headers, content, bool(who))
        return reply, answer.headers.get_list("WWW-Authenticate")

    def _read(self, answer: httpx.Response, whole: bool) -> bytes:
        """The body, or the start of it; the rest is read too, so that the connection can stay."""
        kept, many = [], 0
        for part in answer.iter_bytes():
            if whole or many < _KEPT:
                kept.append(part)
            many += len(part)
            if many > _MOST:
                raise LimitReached(
                    f"{host(str(answer.url))} answers with more than {_MOST >> 20} MB; ask for "
                    "less, with LIMIT"
                )
        return b"".join(kept)


def _pieces(body: Body | None) -> bytes | Iterable[bytes] | None:
    """The body as it is sent: a long one in pieces, as what is left is copied with each."""
    if not isinstance(body, bytes):
        return body() if body else None
    if len(body) <= _PIECE:
        return body
    return (body[i : i + _PIECE] for i in range(0, len(body), _PIECE))


@contextlib.contextmanager
def _alarm(
    seconds: float | None, sockets: dict[Origin, socket.socket], at: Origin
) -> Iterator[threading.Event]:
    """Shut the connection to a place down when the time is up, and set the event.

    The time limits of httpx are each for one silence, and a store may send byte by byte.
    """
    rang = threading.Event()

    def ring() -> None:
        rang.set()
        if found := sockets.get(at):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    timer = threading.Timer(seconds or 0, ring)
    timer.daemon = True
    if seconds is not None:
        timer.start()
    try:
        yield rang
    finally:
        timer.cancel()
