"""HTTP: which request is for which worker, and what every reply says besides.

Nothing here knows the graph. A call goes to a worker, and comes back complete or not at all, so
that the status is true.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foedus.server.calls import Call, Problem, Reply
from foedus.server.negotiation import takes_gzip
from foedus.server.protocol import LARGEST, METHODS, Refused, pairs, read_query
from foedus.server.site import plain
from foedus.server.workers import Busy, Died, Late, Pool

_READING = ("GET", "HEAD", "OPTIONS")
#: What every reply says: no script runs on our pages, and nothing is fetched from elsewhere.
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After",
}


_HOST = re.compile(r"(?:(?P<name>[\w.-]+)|\[(?P<address>[\da-f:.]+)\])(?::\d+)?", re.ASCII | re.I)
#: What is said to a client that has hung up.
_UNREAD = Response(status_code=499)


class Gone(Exception):
    """The client has hung up, and wants no answer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the site is: the names that it goes by, and its address where that is fixed."""

    host: str
    base: str | None = None

    def knows(self, host: str) -> bool:
        """Whether a request may call us so.

        A page of others can make its name stand for this machine (DNS rebinding), but not an
        address in figures.
        """
        found = _HOST.fullmatch(host)
        if not found:
            return False
        name = (found["name"] or found["address"]).lower()
        try:
            ipaddress.ip_address(name)
        except ValueError:
            fixed = urlsplit(self.base or "").hostname
            return name in {"localhost", self.host, fixed} or name.endswith(".localhost")
        return True

    def base_of(self, request: Request) -> str:
        """The site's address as the client knows it, with a slash at its end."""
        if self.base:
            return self.base.rstrip("/") + "/"
        return f"{request.url.scheme}://{request.headers.get('host', self.host)}/"


@dataclass(frozen=True, slots=True)
class Server:
    """The site as an application of ASGI: queries go to one pool of workers, pages to another."""

    queries: Pool
    pages: Pool
    place: Place

    def app(self) -> ASGIApp:
        """The application."""
        routes = [
            Route("/sparql", self._query, methods=METHODS),
            Route("/sparql/", self._query, methods=METHODS),
            *(
                Route(path, self._page(kind), methods=_READING)
                for path, kind in {
                    "/graphs": "graphs",
                    "/.well-known/void": "description",
                    "/style.css": "style",
                    "/": "front",
                    "/ask/{name}": "ask",
                    "/openapi.json": "openapi",
                    "/article": "article",
                    "/id/{name:path}": "id",
                    "/page/{name:path}": "page",
                    "/data/{name:path}": "data",
                    "/ontology": "ontology",
                    "/why": "why",
                }.items()
            ),
        ]
        made = Starlette(
            routes=routes,
            lifespan=self._open,
            exception_handlers={HTTPException: self._not_here},
        )
        made.router.redirect_slashes = False
        return _Front(made, self.place)

    @contextlib.asynccontextmanager
    async def _open(self, _: Starlette) -> AsyncIterator[None]:
        await self.queries.open()
        await self.pages.open()
        yield

    async def _query(self, request: Request) -> Response:
        try:
            body = await _body(request)
            query = read_query(
                request.method,
                pairs(request.url.query),
                request.headers.get("content-type", ""),
                body,
            )
        except Refused as error:
            return _sent(request, _refusal(request, error))
        except ClientDisconnect:
            return _UNREAD
        pool = self.queries if query else self.pages
        return await self._answer(request, pool, self._call(request, "sparql", query=query))

    def _page(self, kind: str) -> Any:
        async def answer(request: Request) -> Response:
            try:
                values = pairs(request.url.query)
            except Refused as error:
                return _sent(request, _refusal(request, error))
            call = self._call(request, kind, values=values)
            return await self._answer(request, self.pages, call)

        return answer

    def _call(self, request: Request, kind: str, **more: Any) -> Call:
        common = {
            "name": request.path_params.get("name", ""),
            "accept": ",".join(request.headers.getlist("accept")),
            "packed": takes_gzip(request.headers.get("accept-encoding", "")),
        }
        return Call(kind, self.place.base_of(request), **common | more)

    async def _answer(self, request: Request, pool: Pool, call: Call) -> Response:
        try:
            return _sent(request, await _unless_gone(request, pool.run(call)))
        except Gone:
            return _UNREAD
        except Busy:
            problem = Problem(503, "all workers are busy; try again in a moment")
        except Late:
            told = f"this was stopped after {pool.seconds:g} s; narrow it or add LIMIT"
            problem = Problem(504, told)
        except Died as error:
            problem = _died(error)
        reply = plain(call.accept, problem)
        headers = {"Retry-After": "2"} if problem.status == 503 else {}
        return _sent(request, Reply(reply.body, reply.content_type, reply.status, headers))

    async def _not_here(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = request.url.path
        if error.status_code == 404:
            return await self._answer(
                request, self.pages, self._call(request, "nothing", name=path)
            )
        told = f"{request.method} is not for {path}; this service only reads"
        reply = plain(
            request.headers.get("accept", ""),
            Problem(error.status_code, told if error.status_code == 405 else error.detail),
        )
        headers = dict(error.headers or {})
        return _sent(request, Reply(reply.body, reply.content_type, reply.status, headers))


async def _body(request: Request) -> bytes:
    """The body of a request; raises `Refused` for one that is too long."""
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > LARGEST:
            raise Refused(413, f"the request is longer than {LARGEST >> 20} MB; send less")
    return found


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Reply]) -> Reply:
    """What the work gives; it is cancelled, and `Gone` raised, when the client hangs up."""

    async def hung_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    task, gone = asyncio.create_task(work), asyncio.create_task(hung_up())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Gone
        return task.result()
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


def _died(error: Died) -> Problem:
    if error.exhausted:
        return Problem(422, "this was stopped as it needs too much memory; narrow it or add LIMIT")
    if error.code == 1:
        return Problem(500, "this cannot be answered, for a fault of the server; its log says more")
    return Problem(503, "the worker ended before its work did; try again")


def _refusal(request: Request, error: Refused) -> Reply:
    reply = plain(request.headers.get("accept", ""), Problem(error.status, error.message))
    return Reply(reply.body, reply.content_type, error.status, error.headers)


def _sent(request: Request, reply: Reply) -> Response:
    headers = {"Vary": "Accept, Accept-Encoding", "Cache-Control": "no-cache", **reply.headers}
    headers["Content-Type"] = reply.content_type
    tag = reply.headers.get("ETag")
    if tag and request.method in ("GET", "HEAD") and _has(request, tag):
        kept = {name: headers[name] for name in ("ETag", "Vary", "Cache-Control")}
        return Response(status_code=304, headers=kept)
    return Response(reply.body, reply.status, headers)


def _has(request: Request, tag: str) -> bool:
    """Whether the client has what it asks for already (RFC 9110, 13.1.2)."""
    known = [word.strip() for word in request.headers.get("if-none-match", "").split(",")]
    return "*" in known or tag.removeprefix("W/") in {k.removeprefix("W/") for k in known}


@dataclass(frozen=True, slots=True)
class _Front:
    """What is the same for every request: who it may be for, OPTIONS, and headers."""

    inner: ASGIApp
    place: Place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        request = Request(scope)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
            await send(message)

        host = request.headers.get("host", "")
        if not self.place.knows(host):
            told = f"no site is called {quote(host)} here; see --base-url"
            response = _sent(request, plain("", Problem(421, told)))
            await response(scope, receive, with_headers)
        elif request.method == "OPTIONS":
            await _options(request)(scope, receive, with_headers)
        else:
            await self.inner(scope, receive, with_headers)


def _options(request: Request) -> Response:
    """What may be done here; also before a script of another site does it (CORS)."""
    methods = METHODS if request.url.path.rstrip("/") == "/sparql" else _READING
    allowed = ", ".join(methods)
    headers = {
        "Allow": allowed,
        "Access-Control-Allow-Methods": allowed,
        "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
        "Access-Control-Max-Age": "86400",
    }
    if methods is METHODS:
        headers["Accept-Query"] = "application/sparql-query, application/x-www-form-urlencoded"
    return Response(status_code=204, headers=headers)
