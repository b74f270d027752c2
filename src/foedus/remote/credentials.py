"""User name and password, from the environment or a netrc file; HTTP Basic and Digest."""

from __future__ import annotations

import base64
import hashlib
import netrc
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from foedus.errors import InputError, UsageError
from foedus.remote.places import Origin, checked, origin

_PAIR = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(slots=True)
class Credentials:
    """Who asks. Which scheme to use is learned from the store's own challenge (``learn``).

    A password never goes out in clear before the store has asked for Basic.
    """

    user: str
    password: str = field(repr=False)
    #: The host, or scheme, host and port, that it is for alone; None for any that the user names.
    place: str | Origin | None = None
    scheme: str | None = field(default=None, init=False)
    _challenge: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _count: int = field(default=0, init=False, repr=False)

    def learn(self, challenges: list[str]) -> None:
        """Take the best scheme that the store offers."""
        for offered in challenges:
            kind, _, rest = offered.partition(" ")
            found = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PAIR.finditer(rest)}
            if kind.lower() == "digest" and found.get("algorithm", "MD5").upper() in _HASHES:
                self.scheme, self._challenge, self._count = "digest", found, 0
                break
            if kind.lower() == "basic":
                self.scheme = "basic"

    def fits(self, url: str) -> bool:
        """Whether the password is for this URL."""
        return self.place in {None, origin(url), origin(url)[1]}

    def header(self, method: str, url: str) -> str | None:
        """The Authorization header for a request, or None before a challenge was learned.

        >>> me = Credentials("ann", "secret")
        >>> me.learn(['Basic realm="store"'])
        >>> me.header("GET", "http://127.0.0.1/")
        'Basic YW5uOnNlY3JldA=='
        """
        if self.scheme == "basic":
            pair = f"{self.user}:{self.password}".encode()
            return "Basic " + base64.b64encode(pair).decode()
        if self.scheme == "digest":
            return self._digest(method, url)
        return None

    def _digest(self, method: str, url: str) -> str:
        given = self._challenge
        algorithm = given.get("algorithm", "MD5")
        parts = urlsplit(url)
        uri = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

        def hashed(*fields: str) -> str:
            return _HASHES[algorithm.upper()](":".join(fields).encode()).hexdigest()

        self._count += 1
        count, client = f"{self._count:08x}", secrets.token_hex(8)
        secret = hashed(self.user, given.get("realm", ""), self.password)
        request = hashed(method, uri)
        shown = {"username": self.user, "realm": given.get("realm", ""), "uri": uri}
        shown |= {"nonce": given.get("nonce", "")}
        if "auth" in given.get("qop", "").replace(" ", "").split(","):
            response = hashed(secret, shown["nonce"], count, client, "auth", request)
            extra = f', qop=auth, nc={count}, cnonce="{client}"'
        else:
            response, extra = hashed(secret, shown["nonce"], request), ""
        shown["response"] = response
        if "opaque" in given:
            shown["opaque"] = given["opaque"]
        text = ", ".join(f'{key}="{value}"' for key, value in shown.items())
        return f"Digest {text}, algorithm={algorithm}{extra}"


def find_credentials(url: str, user: str | None = None) -> Credentials | None:
    """The credentials for a store, or None where there are none.

    Looked for in this order: in the URL, in ``FOEDUS_USER`` and ``FOEDUS_PASSWORD``, in the netrc
    file (``NETRC`` or ``~/.netrc``). ``user`` chooses the name; its password then comes from
    ``FOEDUS_PASSWORD`` or the netrc file.
    """
    parts = urlsplit(checked(url))
    if found := in_url(url):
        return found
    name = user or unquote(parts.username or "") or os.environ.get("FOEDUS_USER")
    password = os.environ.get("FOEDUS_PASSWORD")
    if name and password is not None:
        return Credentials(name, password)
    entry = _netrc(parts.hostname or "")
    if entry and (name is None or entry.user == name):
        return entry
    if name:
        raise UsageError(
            f"the password of {name} is not known; set FOEDUS_PASSWORD or put it into ~/.netrc"
        )
    return None


def in_url(url: str) -> Credentials | None:
    """User name and password in a URL itself, for its place alone; None where it has none."""
    parts = urlsplit(url)
    if parts.password is None:
        return None
    return Credentials(unquote(parts.username or ""), unquote(parts.password), origin(url))


def _netrc(host: str) -> Credentials | None:
    # Where there is no home, Path.expanduser raises; this leaves the name as it is.
    path = Path(os.environ.get("NETRC") or os.path.expanduser("~/.netrc"))  # noqa: PTH111
    try:
        if not path.is_file():
            return None
        found = netrc.netrc(str(path)).hosts.get(host)
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a netrc file: {error}") from None
    return Credentials(found[0], found[2] or "", host) if found and found[0] else None
