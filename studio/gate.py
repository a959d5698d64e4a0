"""Who may speak with the studio: a browser that was given the token, from our own pages. Others get nothing."""

from __future__ import annotations

import json
import secrets
import time
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

LOCAL = ("127.0.0.1", "localhost")
SOON = 60.0  # seconds


class Tickets:
    """What lets in once, within a minute."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def new(self) -> str:
        """Return a ticket."""
        ticket = secrets.token_urlsafe(32)
        self._until[ticket] = time.monotonic() + SOON
        return ticket

    def take(self, given: str) -> bool:
        """Return whether this is a ticket that is still good; it is used up then."""
        for ticket, until in list(self._until.items()):
            if alike(given, ticket):
                del self._until[ticket]
                return time.monotonic() < until
        return False


def alike(given: str, secret: str) -> bool:
    """Compare in a time that does not tell how much agrees."""
    return secrets.compare_digest(given.encode(), secret.encode())


class Gate:
    """ASGI middleware in front of everything, websockets too.

    The address that is printed carries the token, which is good until the studio ends; the one that a browser is started with
    carries a ticket, which is good once and soon, since command lines can be read by everybody on the machine. Either is
    exchanged for a cookie, another secret, that scripts cannot read and that other sites cannot make the browser send.
    ``Host`` must be ours, so that no foreign name that points to 127.0.0.1 will do, and so must ``Origin`` and
    ``Sec-Fetch-Site`` where the browser says them: another port of this machine is another site.
    """

    def __init__(self, app: Any, token: str, port: int, tickets: Tickets) -> None:
        self.app, self.token, self.tickets = app, token, tickets
        self.key = secrets.token_urlsafe(32)
        self.hosts = {f"{name}:{port}" for name in LOCAL} | (set(LOCAL) if port == 80 else set())
        self.cookie = f"simcore_studio_{port}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request through, exchange its token for the cookie, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        if headers.get("host", "") not in self.hosts:
            await _refuse(scope, receive, send)
        elif self._from_us(headers) and alike(self._cookie_of(headers), self.key):
            await self.app(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "GET" and self._holds(query.get("token", "")):
            await self._exchange(scope, send, query)
        else:
            await _refuse(scope, receive, send)

    def _from_us(self, headers: dict[str, str]) -> bool:
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return False
        origin = headers.get("origin")
        return origin is None or origin == f"http://{headers['host']}"

    def _holds(self, token: str) -> bool:
        return alike(token, self.token) or self.tickets.take(token)

    def _cookie_of(self, headers: dict[str, str]) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return ""
        return found.value if found else ""

    async def _exchange(self, scope: Any, send: Any, query: dict[str, str]) -> None:
        rest = urlencode({name: value for name, value in query.items() if name != "token"})
        path = scope["path"]
        target = path if path.startswith("/") and path[1:2] not in ("/", "\\") else "/"
        # Not a redirect: what follows shall come from a page of ours, wherever the address was opened from.
        where = json.dumps(target + (f"?{rest}" if rest else "")).replace("<", "\\u003c")
        body = f"<!doctype html><title>studio</title><script>location.replace({where})</script>".encode()
        fields = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"set-cookie", f"{self.cookie}={self.key}; Path=/; HttpOnly; SameSite=Strict".encode()),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-store"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": body})


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
