"""What stands before every HTTP request: the gate of the stored files, and the security headers.

Streamlit itself hands `/media` and the upload address to anyone who knows an id. Here both need a live session, and a
file is given only to a browser that holds a connection to which it was shown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mmm.web.connections import connection_belongs_to, file_shown_to
from mmm.web.gate import base_path
from mmm.web.holder import services
from mmm.web.identity import COOKIE
from mmm.web.routes import is_https

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval' 'unsafe-inline' blob:",  # Plotly compiles functions, Streamlit mounts blobs
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "frame-src 'self' blob:",  # the form's library brings a frame of the same origin
        "frame-ancestors 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"  # seconds: one year, RFC 6797

PUBLIC_CORE = frozenset({"/_stcore/health", "/_stcore/host-config"})
UPLOAD, MEDIA, CORE = "/_stcore/upload_file/", "/media/", "/_stcore/"
COMPONENT_FILES = "/_stcore/bidi-components/"

# The browser will not connect without an answer, so it gets one that says nothing about the server.
HOST_CONFIG = json.dumps(
    {
        "allowedOrigins": [],
        "useExternalAuthToken": False,
        "enableCustomParentMessages": False,
        "enforceDownloadInNewTab": False,
        "metricsUrl": "",
        "blockErrorDialogs": False,
        "resourceCrossOriginMode": None,
    }
)


class SecurityHeaders:
    """Adds the headers above to every answer, those of the gate included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the headers of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        private = _path(request).startswith((MEDIA, UPLOAD, "/auth/"))
        https = is_https(request)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if https:
                    headers["Strict-Transport-Security"] = HSTS
                if private:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, send_with_headers)


class Gate:
    """Refuses what only a signed-in browser may have, and what nobody needs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 or 404, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = await self._refusal(Request(scope))
        await (refusal or self.app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        path = _path(request)
        if path.rstrip("/") == "/_stcore/host-config":
            return Response(HOST_CONFIG, media_type="application/json", headers={"Cache-Control": "no-cache"})
        if path.startswith((MEDIA, UPLOAD)):
            token = await _live_token(request)
            if not token or not _belongs(path, token):
                return PlainTextResponse("Sign in first.", status_code=403)
            return None
        if path.startswith(CORE) and path not in PUBLIC_CORE and not path.startswith(COMPONENT_FILES):
            return PlainTextResponse("Not found.", status_code=404)
        return None


def _path(request: Request) -> str:
    """The decoded path below `server.baseUrlPath`."""
    return str(request.scope["path"]).removeprefix(base_path())


async def _live_token(request: Request) -> str:
    """The token of the cookie when its session lives; asking for a file does not extend it."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        return ""
    actor = await run_in_threadpool(services().accounts.actor_for, token, extend=False)
    return token if actor is not None and not actor.must_change_password else ""


def _belongs(path: str, token: str) -> bool:
    if path.startswith(UPLOAD):
        return connection_belongs_to(path.removeprefix(UPLOAD).split("/", 1)[0], token)
    return file_shown_to(path.removeprefix(MEDIA), token)


def middleware() -> list[Middleware]:
    """For `st.App(middleware=…)`, outermost first."""
    return [Middleware(SecurityHeaders), Middleware(Gate)]
