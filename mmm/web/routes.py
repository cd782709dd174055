"""The two addresses beside Streamlit's own: open a session with a ticket, close it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mmm.errors import NotAllowedError
from mmm.web.gate import CLOSE, OPEN, under_base
from mmm.web.holder import services
from mmm.web.identity import COOKIE

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_BODY = 1024  # bytes; a ticket has fewer than a hundred


def is_https(request: Request) -> bool:
    """True when the browser came by https, here or at a proxy; a forged header can only make the cookie stricter."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto", "").lower() == "https"


def from_this_site(request: Request) -> bool:
    """True when a page of this very host sent the request (and no other site through the visitor's browser)."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    if not request.headers.get("content-type", "").startswith("application/json"):
        return False
    origin = urlsplit(request.headers.get("origin", ""))
    return origin.scheme in {"http", "https"} and origin.netloc == request.headers.get("host")


async def _ticket_in(request: Request) -> str:
    if int(request.headers.get("content-length") or MAX_BODY + 1) > MAX_BODY:
        return ""
    try:
        body = await request.json()
    except ValueError:
        return ""
    ticket = body.get("ticket") if isinstance(body, dict) else None
    return ticket if isinstance(ticket, str) else ""


async def open_session(request: Request) -> Response:
    """Trade a single-use ticket for the session cookie; 403 for a foreign page, a used or an old ticket."""
    if not from_this_site(request):
        return JSONResponse({"error": "This address answers the sign-in page only."}, status_code=403)
    ticket = await _ticket_in(request)
    try:
        token = await run_in_threadpool(services().accounts.redeem_ticket, ticket)
    except NotAllowedError as refusal:
        return JSONResponse({"error": str(refusal)}, status_code=403)
    answer = Response(status_code=204)
    answer.set_cookie(COOKIE, token, path="/", httponly=True, samesite="strict", secure=is_https(request))
    return answer


async def close_session(request: Request) -> Response:
    """End the session of the cookie, if there is one, and drop the cookie; signing out always works."""
    if not from_this_site(request):
        return JSONResponse({"error": "This address answers the sign-out button only."}, status_code=403)
    await run_in_threadpool(_end, request.cookies.get(COOKIE, ""))
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=is_https(request))
    return answer


def _end(token: str) -> None:
    accounts = services().accounts
    actor = accounts.actor_for(token, extend=False) if token else None
    if actor is not None:
        accounts.sign_out(actor)


def routes() -> list[Route]:
    """For `st.App(routes=…)`."""
    return [
        Route(under_base(OPEN), open_session, methods=["POST"]),
        Route(under_base(CLOSE), close_session, methods=["POST"]),
    ]
