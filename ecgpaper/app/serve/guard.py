"""What stands between the network and the app: only this machine's own pages may ask.

Public: `Guard`, `LOOPBACK`.

The server listens on loopback. A page of another site in the same browser could still ask it, also
under a name of its own that it lets lead to 127.0.0.1 (DNS rebinding); what comes from there is
refused by what browsers say about each request: its host, its origin and its site.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Names that lead to this machine wherever they are looked up.
LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.ASCII)
_OWN_SITE = frozenset({"same-origin", "none"})
# What a page may load: its own script, style and pictures, and nothing from elsewhere.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Refuses what other sites ask, and says what a page of this app may load."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        if scope["type"] == "http" and (reason := _reason(scope["path"], Headers(scope=scope))):
            await JSONResponse({"reason": reason}, 403)(scope, receive, answer)
        elif scope["type"] == "http":
            await self.app(scope, receive, answer)


def _reason(path: str, headers: Mapping[str, str]) -> str | None:
    """Return why a request is refused, if it is."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if not LOOPBACK.fullmatch(host):
        return "this server answers on this machine only: open http://127.0.0.1 with its port"
    if origin is not None and origin != f"http://{host}":
        return "another site asked for this: open this server's own page"
    # A link elsewhere may lead to the page itself, which tells nothing by itself.
    is_link = path == "/" and headers.get("sec-fetch-mode") == "navigate"
    if headers.get("sec-fetch-site", "none") not in _OWN_SITE and not is_link:
        return "another site asked for this: open this server's own page"
    return None
