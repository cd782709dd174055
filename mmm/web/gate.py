"""The browser's side of signing in and out: a script that asks the server to set or to drop the cookie.

Streamlit cannot set a cookie from a running script, and a cookie set by a script is readable by every other script. So
the page is handed a single-use ticket, its script posts the ticket to `/auth/open`, and the answer carries the cookie,
which no script can read.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

OPEN, CLOSE = "/auth/open", "/auth/close"


def base_path() -> str:
    """`server.baseUrlPath` with a slash in front, or "" when the app has the whole host."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def under_base(path: str) -> str:
    """The address of `path` as the browser has to ask for it."""
    return base_path() + path


# A component runs again whenever its data change; a ticket must be posted once, hence the set of those already posted.
_SCRIPT = """
const posted = (window.__mixwright_posted ??= new Set());
export default function (component) {
  const { data, setTriggerValue } = component;
  if (!data || posted.has(data.once)) return;
  posted.add(data.once);
  fetch(data.path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data.body),
  })
    .then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      if (data.then) window.location.assign(data.then);
      else window.location.reload();
    })
    .catch((reason) => setTriggerValue("failed", String(reason && reason.message)));
}
"""


def _post(path: str, body: dict[str, str], *, once: str, then: str = "") -> str | None:
    """Mount the script; the reason of a failure on the run that follows one, else None."""
    mount = st.components.v2.component("mixwright_gate", html="<span></span>", js=_SCRIPT)
    data = {"path": under_base(path), "body": body, "once": once, "then": then}
    answer: Any = mount(key=f"gate-{path.rsplit('/', 1)[-1]}", data=data, height=1, on_failed_change=_nothing)
    failed = getattr(answer, "failed", None)
    return str(failed) if failed else None


def open_session(ticket: str) -> str | None:
    """Trade `ticket` for the session cookie and load the same address again."""
    return _post(OPEN, {"ticket": ticket}, once=ticket)


def close_session(session_id: str) -> str | None:
    """Drop the cookie and go to the sign-in."""
    return _post(CLOSE, {}, once=f"close-{session_id}", then=under_base("/"))


def _nothing() -> None:
    """A trigger needs a callback to show up in the result."""
