"""The URL of a store: seen to be one, and shown without its password."""

from __future__ import annotations

import re
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from foedus.errors import UsageError
from foedus.safe_text import printable

#: Scheme, host and port: what a password is meant for.
Origin: TypeAlias = tuple[str, str, int | None]

_PORTS = {"http": 80, "https": 443}
_EXAMPLE = "http://127.0.0.1:7878"
_SCHEME = re.compile(r"^[A-Za-z]*:?//?")
_LOGIN = re.compile(r"^(\w+://)[^/?#]*@")


def checked(url: str) -> str:
    """The same URL; raises `UsageError` that says what to try where it is none of HTTP.

    >>> checked("ann:secret@localhost:7878/query")
    Traceback (most recent call last):
    foedus.errors.UsageError: 'localhost:7878/query' is not the URL of a store; did you mean ...
    """
    parts = _split(url)
    if parts and parts.scheme in _PORTS and not re.search(r"[\s\x00-\x1f\ud800-\udfff]", url):
        return url
    guess = "http://" + _SCHEME.sub("", bare(url))
    near = _split(guess)
    host = (near and near.hostname) or ""
    likely = host == "localhost" or re.fullmatch(r"[\w-]+(\.[\w-]+)+|[0-9a-f:]+", host)
    told = f"did you mean '{guess}'?" if likely and " " not in url else f"one looks like {_EXAMPLE}"
    raise UsageError(f"{bare(url)!r} is not the URL of a store; {told}")


def bare(url: str) -> str:
    """The URL as it may be shown: without user name, password, query and control characters.

    >>> bare("http://ann:secret@127.0.0.1/ds?default")
    'http://127.0.0.1/ds'
    """
    # Where it is no URL, nobody can say where a password ends: all before the last @ may be one.
    shown = without_login(url) if _split(url) else url.rpartition("@")[2]
    return printable(shown.partition("?")[0])


def without_login(url: str) -> str:
    """The URL without user name and password.

    >>> without_login("http://ann:secret@127.0.0.1/a@b")
    'http://127.0.0.1/a@b'
    """
    return _LOGIN.sub(r"\1", url)


def host(url: str) -> str:
    """Host and port of a URL, as they may be shown."""
    return urlsplit(bare(url)).netloc


def origin(url: str) -> Origin:
    """Scheme, host and port of a URL; a scheme's own port is named."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)


def _split(url: str) -> SplitResult | None:
    """The parts of a URL with a host and a possible port, or None."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None
