"""The gate, the session addresses and the headers, asked directly."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mmm.access.tokens import token_hash
from mmm.web import identity, serve
from mmm.web.components import escape
from mmm.web.middleware import middleware
from mmm.web.routes import routes

HOST = "mix.example:8501"
OURS = {"host": HOST, "origin": f"http://{HOST}", "content-type": "application/json"}


class Answer:
    def __init__(self, messages):
        start = next(message for message in messages if message["type"] == "http.response.start")
        self.status = start["status"]
        self.headers = {key.decode(): value.decode() for key, value in start["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages)


def ask(app, method, path, headers=None, body=b""):
    """One request through an ASGI app, without a server."""
    sent = []
    pairs = {"content-length": str(len(body)), **(headers or {})}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(key.encode(), value.encode()) for key, value in pairs.items()],
        "server": ("mix.example", 8501),
        "client": ("127.0.0.1", 1),
    }

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return Answer(sent)


def house():
    """Our routes and middleware around an app that gives everything to everybody, as Streamlit does."""

    async def anything(_):
        return PlainTextResponse("secret")

    return Starlette(routes=[*routes(), Route("/{rest:path}", anything)], middleware=middleware())


def post(app, path, ticket="", **headers):
    return ask(app, "POST", path, {**OURS, **headers}, json.dumps({"ticket": ticket}).encode())


class TestOpeningASession:
    def test_a_ticket_becomes_a_cookie_that_no_script_reads(self, installation):
        ticket = installation.services.accounts.issue_ticket("analyst")
        answer = post(house(), "/auth/open", ticket)
        assert answer.status == 204
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" not in cookie
        assert answer.headers["cache-control"] == "no-store"

    def test_behind_https_the_cookie_is_secure_and_the_browser_told_to_stay_there(self, installation):
        ticket = installation.services.accounts.issue_ticket("analyst")
        answer = post(house(), "/auth/open", ticket, **{"x-forwarded-proto": "https"})
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]

    def test_a_ticket_works_once(self, installation):
        ticket = installation.services.accounts.issue_ticket("analyst")
        app = house()
        assert post(app, "/auth/open", ticket).status == 204
        again = post(app, "/auth/open", ticket)
        assert again.status == 403
        assert "set-cookie" not in again.headers

    @pytest.mark.parametrize(
        "changed",
        [
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"origin": ""},
            {"origin": f"http://{HOST}.evil.example"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"content-type": "text/plain"},
            {"content-type": "application/x-www-form-urlencoded"},
        ],
    )
    @pytest.mark.parametrize("path", ["/auth/open", "/auth/close"])
    def test_another_site_cannot_open_or_close_a_session(self, installation, path, changed):
        ticket = installation.services.accounts.issue_ticket("analyst")
        app = house()
        answer = post(app, path, ticket, **changed)
        assert answer.status == 403
        assert "set-cookie" not in answer.headers
        assert post(app, "/auth/open", ticket).status == 204, "a refused request must not use the ticket up"

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"ticket": 1}', b"\xff", b'{"ticket": "' + b"x" * 5000 + b'"}'])
    def test_nonsense_is_refused(self, installation, body):
        assert ask(house(), "POST", "/auth/open", OURS, body).status == 403


class TestClosingASession:
    def test_it_ends_the_row_and_drops_the_cookie(self, installation):
        token = installation.token("analyst")
        answer = post(house(), "/auth/close", cookie=f"{identity.COOKIE}={token}")
        assert answer.status == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert installation.services.accounts.actor_for(token) is None

    def test_without_a_session_it_still_works(self, installation):
        assert post(house(), "/auth/close").status == 204


class TestTheGate:
    @pytest.mark.parametrize("path", ["/media/a.csv", "/_stcore/upload_file/s/f"])
    @pytest.mark.parametrize("cookie", ["", "mixwright_session=", "mixwright_session=guess"])
    def test_files_and_uploads_are_closed_to_strangers(self, installation, path, cookie):
        answer = ask(house(), "GET", path, {"host": HOST, "cookie": cookie})
        assert answer.status == 403
        assert b"secret" not in answer.body

    def test_a_session_does_not_open_the_files_of_others(self, installation):
        cookie = f"{identity.COOKIE}={installation.token('analyst')}"
        assert ask(house(), "GET", "/media/a.csv", {"host": HOST, "cookie": cookie}).status == 403

    @pytest.mark.parametrize(
        "path", ["/_stcore/metrics", "/_stcore/agent/interact", "/_stcore/script-health-check", "/_stcore/anything/new"]
    )
    def test_what_nobody_needs_is_not_there(self, installation, path):
        assert ask(house(), "GET", path, {"host": HOST}).status == 404

    def test_it_also_holds_below_a_base_path(self, installation, monkeypatch):
        real = st.get_option
        monkeypatch.setattr(st, "get_option", lambda key: "/mix/" if key == "server.baseUrlPath" else real(key))
        app = house()
        assert ask(app, "GET", "/mix/media/a.csv", {"host": HOST}).status == 403
        assert ask(app, "GET", "/mix/_stcore/metrics", {"host": HOST}).status == 404
        assert post(app, "/mix/auth/open", installation.services.accounts.issue_ticket("analyst")).status == 204


class TestIdleTime:
    def test_a_polling_fragment_does_not_keep_a_session_alive(self, installation, monkeypatch):
        token = installation.token("analyst")
        monkeypatch.setattr(identity, "session_token", lambda: token)
        before = grow_old(installation, token, timedelta(minutes=20))
        assert identity.current_actor(polling=True) is not None
        assert last_seen(installation, token) == before
        assert identity.current_actor() is not None
        assert last_seen(installation, token) > before

    def test_a_session_left_alone_ends(self, installation, monkeypatch):
        token = installation.token("analyst")
        monkeypatch.setattr(identity, "session_token", lambda: token)
        grow_old(installation, token, timedelta(minutes=31))
        assert identity.current_actor() is None


def last_seen(installation, token):
    with installation.services.unit_of_work(read_only=True) as uow:
        return uow.sessions.by_token(token_hash(token)).session.last_seen_at


def grow_old(installation, token, by):
    with installation.services.unit_of_work() as uow:
        row = uow.sessions.by_token(token_hash(token)).session
        row.last_seen_at -= by
        uow.commit()
    return last_seen(installation, token)


class TestEscape:
    @given(some.text())
    def test_every_markdown_sign_is_escaped_and_every_word_stays(self, text):
        shown = escape(text)
        assert "\n" not in shown
        unescaped, position = [], 0
        while position < len(shown):
            if shown[position] == "\\":
                position += 1
            else:
                assert shown[position] not in "`*_{}[]<>()#+-.!|~$:^&="
            unescaped.append(shown[position])
            position += 1
        joiner = "\u2060"  # breaks up addresses, has no width
        breaks = r"[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+"  # a no-break or thin space is none and stays
        expected = re.sub(breaks, " ", text.strip())
        assert "".join(unescaped).replace(joiner, "") == expected.replace(joiner, "")


class TestStarting:
    def test_the_cookie_secret_is_made_once_and_private(self, installation):
        first = serve.cookie_secret(installation.settings)
        assert len(bytes.fromhex(first)) == 32
        assert serve.cookie_secret(installation.settings) == first
        path = installation.settings.var_dir / "keys" / "cookie.secret"
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_taken_port_is_said_before_anything_is_made(self, tmp_path, monkeypatch):
        import socket

        from mmm.errors import MMMError

        monkeypatch.setenv("MMM_VAR_DIR", str(tmp_path / "var"))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(MMMError, match="cannot be used"):
                serve.serve(taken.getsockname()[1])
        assert not (tmp_path / "var").exists()
