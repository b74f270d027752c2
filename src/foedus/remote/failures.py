"""What went wrong between here and a store, in one sentence."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from foedus.errors import FoedusError, LimitReached, Unreachable, UsageError
from foedus.remote.places import bare, host, origin
from foedus.remote.transport import proxy_of
from foedus.safe_text import printable

_AGAIN = {408, 429, 500, 502, 503, 504}


class Passing(Exception):
    """Something that may be over in a moment: the same request is worth another try.

    ``wait`` is how many seconds the store asks to wait for, None where it says nothing.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class NotThere(Unreachable):
    """Something answers at a URL, and takes no query there: the path may be another."""


def trouble(url: str, error: Exception, timeout: float, met: bool) -> Passing | FoedusError:
    """What to raise for a connection that failed: `Passing`, or an error in one sentence.

    A refused connection is passing only where the store answered before (``met``).
    """
    import httpx

    there = host(url)
    causes = list(_causes(error))
    if isinstance(error, httpx.TimeoutException):
        return LimitReached(
            f"{there} did not answer within {timeout:g} s; allow more with --timeout"
        )
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return UsageError(f"{bare(url)!r} is not the URL of a store")
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | UnicodeError):
        return _unmet(url, error, causes, met)
    if isinstance(error, httpx.DecodingError):
        return Unreachable(f"{there} answers with a body that cannot be unpacked; try again")
    if isinstance(error, httpx.LocalProtocolError):
        return UsageError(f"the request to {there} cannot be sent: {said(str(error).encode())}")
    if isinstance(error, httpx.RemoteProtocolError) and not _is_cut(error):
        return Unreachable(f"{there} does not speak HTTP; check the port")
    told = f"{there} dropped the connection"
    return Passing(told if met else f"{told} before it ever answered; does it speak HTTP?")


def _is_cut(error: Exception) -> bool:
    """Whether an answer ended too early; any other fault of it is not one of HTTP at all."""
    return any(word in str(error) for word in ("disconnected", "closed", "incomplete"))


def _unmet(
    url: str, error: Exception, causes: list[BaseException], met: bool
) -> Passing | FoedusError:
    """What to say of a connection that was never made."""
    import httpx

    there = host(url)
    proxy = proxy_of(*origin(url)[:2])
    if proxy and "407" in str(error):
        return Unreachable(_proxy_asks(proxy))
    if proxy:
        there = f"the proxy {host(proxy)}"
        if isinstance(error, httpx.ProxyError):
            return Unreachable(f"{there} does not go on to {host(url)}{said(str(error).encode())}")
    for cause in causes:
        if isinstance(cause, ConnectionRefusedError):
            question = "look at HTTP_PROXY, HTTPS_PROXY" if proxy else "is the store running?"
            told = f"nothing answers at {there} (connection refused); {question}"
            return Passing(told) if met else Unreachable(told)
        if isinstance(cause, socket.gaierror | UnicodeError):
            return Unreachable(f"{there} is not a known host; check the URL")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"{there} offers no trusted https connection: {cause.verify_message}; name the "
                "certificates to trust with --ca FILE or SSL_CERT_FILE"
            )
        if isinstance(cause, ssl.SSLError):
            return Unreachable(
                f"{there} offers no https connection ({cause.reason or cause}); is it http://?"
            )
    if any(isinstance(cause, ConnectionError) for cause in causes):
        return Passing(f"{there} dropped the connection")
    system = next((c for c in causes if isinstance(c, OSError) and c.strerror), None)
    return Unreachable(f"{there} cannot be reached: {system.strerror if system else error}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def refusal(
    url: str, status: int, body: bytes, known: bool, after: str | None = None, wait: str = ""
) -> Passing | FoedusError:
    """What to raise for an answer that is not a success.

    ``known`` says whether a password was sent, ``after`` is the URL that was asked at first where
    the store sent us on to another host; ``wait`` is what its ``Retry-After`` says.
    """
    there = bare(url)
    words = said(body)
    if status in {401, 403}:
        if known:
            return Unreachable(f"{there} refuses this user name and password (HTTP {status})")
        asks = f"asks for a user name and password (HTTP {status})"
        if after:
            return Unreachable(
                f"{bare(after)} sends on to {there}, which {asks}; a password is not carried to "
                "another place, so give that URL itself"
            )
        return Unreachable(
            f"{there} {asks}; set FOEDUS_USER and FOEDUS_PASSWORD, or put them into ~/.netrc"
        )
    if status == 404:
        return NotThere(
            f"{there} is not there (HTTP 404); check the path, and the name of the dataset or "
            "repository in it"
        )
    if status == 407:
        return Unreachable(_proxy_asks(proxy_of(*origin(url)[:2]) or ""))
    if status in {405, 501}:
        return NotThere(f"{there} does not take this (HTTP {status}); is it the right path?")
    if status == 413:
        return Unreachable(f"{there} finds the request too large (HTTP 413); try a smaller --batch")
    if status == 507:
        return Unreachable(f"{there} has no room left (HTTP 507){words}")
    if status in _AGAIN:
        pause = asked_pause(wait) if status in {429, 503} else None
        asks = f" and asks to wait {pause:,.0f} s" if pause else ""
        return Passing(f"{there} failed (HTTP {status}){words}{asks}", pause or None)
    if status in range(300, 400):
        return NotThere(f"{there} is somewhere else now (HTTP {status}), and does not say where")
    return Unreachable(f"{there} refused the request (HTTP {status}){words}")


def _proxy_asks(proxy: str) -> str:
    return (
        f"the proxy {host(proxy)} refuses to go on without a user name and password that it "
        "knows (HTTP 407); put them into its URL, in HTTP_PROXY or HTTPS_PROXY"
    )


def asked_pause(text: str) -> float | None:
    """The seconds that a ``Retry-After`` header asks for (RFC 9110 §10.2.3), or None.

    >>> asked_pause("120"), asked_pause("Wed, 21 Oct 2015 07:28:00 GMT"), asked_pause("soon")
    (120.0, 0.0, None)
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def said(body: bytes) -> str:
    """The first words of a store's own message, unless it is a web page."""
    text = " ".join(body[:2000].decode("utf-8", "replace").split())
    if not text or text.startswith("<"):
        return ""
    return f": {printable(text[:200])}"
