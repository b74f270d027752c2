"""HTTP transports that trust and go through what the environment says."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from foedus.errors import UsageError
from foedus.remote.places import bare

if TYPE_CHECKING:
    import httpx

#: Variables that name a file or folder of certificates to trust; the first that is set counts.
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR")


@dataclass(slots=True)
class Transports:
    """Transports of httpx, one for each way to a store, made when they are first needed.

    ``ca`` is a file or folder of certificates that are trusted alone. A transport follows no
    redirect and adds no password: that is for `Wire` to decide.
    """

    ca: Path | None = None
    _made: dict[tuple[bool, str | None], httpx.HTTPTransport] = field(
        default_factory=dict, init=False
    )

    def to(self, url: httpx.URL) -> httpx.HTTPTransport:
        """The transport to a URL; raises `UsageError` for certificates or a proxy of no use."""
        import httpx  # here, since it takes longer to import than most commands take

        way = url.scheme == "https", proxy_of(url.scheme, url.host)
        if way not in self._made:
            secure, proxy = way
            # Without https no certificate is read, and one made all the same would trust nobody.
            trust = trusted(self.ca) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            try:
                through = httpx.Proxy(proxy) if proxy else None
                self._made[way] = httpx.HTTPTransport(verify=trust, proxy=through, trust_env=False)
            except (ValueError, ImportError, httpx.InvalidURL):
                raise UsageError(
                    f"{bare(proxy or '')!r} is not the URL of an HTTP proxy; "
                    "look at HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
                ) from None
        return self._made[way]

    def close(self) -> None:
        """Close every connection that is kept open between requests."""
        for transport in self._made.values():
            transport.close()
        self._made.clear()


def proxy_of(scheme: str, host: str) -> str | None:
    """The proxy on the way to a host, or None, by ``HTTP_PROXY`` and its like and ``NO_PROXY``."""
    known = getproxies()
    found = known.get(scheme) or known.get("all")
    if not found or proxy_bypass(host):
        return None
    return found if "://" in found else f"http://{found}"


def trusted(ca: Path | None = None) -> ssl.SSLContext:
    """The certificates to trust: those given, those of the environment, or the system's.

    Raises `UsageError` where none can be read there.
    """
    named = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    if ca is None and named is None:
        return ssl.create_default_context()
    place = ca or Path(os.environ[named or ""])
    source = "--ca" if ca else named
    try:
        if place.is_dir():
            return ssl.create_default_context(capath=str(place))
        return ssl.create_default_context(cafile=str(place))
    except ssl.SSLError:
        why = "it holds no certificate in PEM form"
    except OSError as error:
        why = error.strerror or str(error)
    raise UsageError(f"the certificates in {place} ({source}) cannot be read: {why}")
