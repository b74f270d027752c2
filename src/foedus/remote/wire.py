"""HTTP to a store: credentials, time limits, and another try after a dropped connection."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from foedus.errors import LimitReached, Unreachable, UsageError
from foedus.remote.credentials import Credentials

T = TypeVar("T")
#: A body that can be sent again: bytes, or a function that opens it anew.
Body = bytes | Callable[[], Iterable[bytes]]

_AGAIN = {408, 429, 500, 502, 503, 504}
_LONGEST_WAIT = 10.0
_KEPT = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its content type and the start of its body."""

    status: int
    type: str
    body: bytes


class Passing(Exception):
    """Something that may be over in a moment: the same request is worth another try."""


@dataclass(slots=True)
class Wire:
    """Requests to a store; one that fails in passing is sent again, ``retries`` times at most.

    ``timeout`` is in seconds, for the connection and for each silence of the store. ``tell`` hears
    one sentence before each new try.
    """

    credentials: Credentials | None = None
    timeout: float = 60.0
    retries: int = 5
    pause: float = 0.2
    tell: Callable[[str], None] | None = None
    retried: int = field(default=0, init=False)
    met: bool = field(default=False, init=False)
    _open: tuple[str, http.client.HTTPConnection] | None = field(default=None, init=False)

    def patiently(self, url: str, action: Callable[[], T]) -> T:
        """What the action returns, tried anew after each `Passing` failure."""
        for attempt in range(self.retries + 1):
            try:
                return action()
            except Passing as failure:
                if attempt == self.retries:
                    tries = f" (tried {attempt + 1} times)" if attempt else ""
                    raise Unreachable(f"{failure}{tries}") from None
                self.retried += 1
                if self.tell:
                    self.tell(f"{failure}; trying again")
                time.sleep(min(self.pause * 2**attempt, _LONGEST_WAIT))
        raise AssertionError

    def send(
        self, method: str, url: str, body: Body | None = None, headers: Mapping[str, str] = {}
    ) -> Reply:
        """The answer to a request that the store accepted.

        Raises `Unreachable` for any other, in one sentence.
        """

        def once() -> Reply:
            reply = self._authorized(method, url, body, headers)
            if reply.status >= 300:
                raise refusal(url, reply.status, reply.body, self.credentials is not None)
            return reply

        return self.patiently(url, once)

    def authorization(self, method: str, url: str) -> str | None:
        """The header that says who asks; the store is asked first which kind it takes."""
        if self.credentials is None:
            return None
        if self.credentials.scheme is None:
            self.patiently(url, lambda: self._ask_scheme(url))
        return self.credentials.header(method, url)

    def close(self) -> None:
        """Close the connection that is kept open between requests."""
        if self._open:
            self._open[1].close()
            self._open = None

    def _authorized(
        self, method: str, url: str, body: Body | None, headers: Mapping[str, str]
    ) -> Reply:
        """The answer to a request; after a (new) challenge it is made once more."""
        who = self.credentials
        if who and who.scheme is None:
            self._ask_scheme(url)  # with a small request: a long body may be cut off by the 401
        reply, challenge = self._once(method, url, body, headers)
        if who and reply.status == 401 and challenge:
            who.learn(challenge)
            reply, _ = self._once(method, url, body, headers)
        return reply

    def _ask_scheme(self, url: str) -> None:
        _, challenge = self._once("HEAD", url, None, {})
        if challenge and self.credentials:
            self.credentials.learn(challenge)

    def _once(
        self, method: str, url: str, body: Body | None, headers: Mapping[str, str]
    ) -> tuple[Reply, list[str]]:
        sent = {"Accept": "*/*", "User-Agent": "foedus", **headers}
        if self.credentials and (header := self.credentials.header(method, url)):
            sent["Authorization"] = header
        try:
            found = self._exchange(method, url, body, sent)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise trouble(url, error, self.timeout, self.met) from None
        self.met = True
        return found

    def _exchange(
        self, method: str, url: str, body: Body | None, headers: Mapping[str, str]
    ) -> tuple[Reply, list[str]]:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        link = self._connection(url)
        content = body() if callable(body) else body
        try:
            link.request(method, target, content, dict(headers), encode_chunked=callable(body))
        except (BrokenPipeError, ConnectionResetError):
            # A store may refuse a long body before it has read it: its reason is worth reading.
            if link.sock is None:
                raise
        answer = link.getresponse()
        start = answer.read(_KEPT)
        while answer.read(_KEPT):
            pass
        if answer.will_close:
            self.close()
        reply = Reply(answer.status, answer.headers.get_content_type(), start)
        return reply, answer.headers.get_all("WWW-Authenticate") or []

    def _connection(self, url: str) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if self._open and self._open[0] == place:
            return self._open[1]
        self.close()
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        link = kind(parts.hostname or "", parts.port, timeout=self.timeout, blocksize=1 << 18)
        self._open = (place, link)
        return link


def trouble(url: str, error: Exception, timeout: float, met: bool) -> Exception:
    """What to raise for a connection that failed: `Passing`, or an error in one sentence.

    A refused connection is passing only where the store answered before (``met``).
    """
    place = urlsplit(url).netloc.rpartition("@")[2]
    reason = getattr(error, "reason", error)
    cause = reason if isinstance(reason, Exception) else error
    if isinstance(cause, ConnectionRefusedError):
        kind = Passing if met else Unreachable
        return kind(f"nothing answers at {place} (connection refused); is the store running?")
    if isinstance(cause, http.client.InvalidURL | ValueError):
        return UsageError(f"{url!r} is not the URL of a store")
    if isinstance(cause, socket.gaierror):
        return Unreachable(f"{place} is not a known host; check the URL")
    if isinstance(cause, TimeoutError):
        return LimitReached(
            f"{place} did not answer within {timeout:g} s; allow more with --timeout"
        )
    if isinstance(cause, ssl.SSLError):
        return Unreachable(f"{place} offers no trusted https connection: {cause.reason or cause}")
    if type(cause) in {http.client.BadStatusLine, http.client.UnknownProtocol}:
        return Unreachable(f"{place} does not speak HTTP; check the port")
    if isinstance(cause, ConnectionError | http.client.HTTPException):
        return Passing(f"{place} dropped the connection")
    return Unreachable(f"{place} cannot be reached: {getattr(cause, 'strerror', None) or cause}")


def refusal(url: str, status: int, body: bytes, known: bool) -> Exception:
    """What to raise for an answer that is not a success."""
    bare = url.partition("?")[0]
    words = said(body)
    if status in {401, 403}:
        if known:
            return Unreachable(f"{bare} refuses this user name and password (HTTP {status})")
        return Unreachable(
            f"{bare} asks for a user name and password (HTTP {status}); set FOEDUS_USER and "
            "FOEDUS_PASSWORD, or put them into ~/.netrc"
        )
    if status == 404:
        return Unreachable(
            f"{bare} is not there (HTTP 404); check the path, and the name of the dataset or "
            "repository in it"
        )
    if status in {405, 501}:
        return Unreachable(f"{bare} does not take this (HTTP {status}); is it the right path?")
    if status == 413:
        return Unreachable(f"{bare} finds the upload too large (HTTP 413); try a smaller --batch")
    if status == 507:
        return Unreachable(f"{bare} has no room left (HTTP 507){words}")
    if status in _AGAIN:
        return Passing(f"{bare} failed (HTTP {status}){words}")
    return Unreachable(f"{bare} refused the request (HTTP {status}){words}")


def said(body: bytes) -> str:
    """The first words of a store's own message, unless it is a web page."""
    text = " ".join(body[:2000].decode("utf-8", "replace").split())
    if not text or text.startswith("<"):
        return ""
    return f": {text[:200]}"
