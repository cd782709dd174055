"""Who is asking: the session row that the browser's cookie names, read afresh on every run.

The cookie holds a random token; everything it stands for (the person, the roles, whether the session still lives) is in
the database. Session state is never asked, because it outlives a sign-out in another tab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor

COOKIE = "mixwright_session"

_OWNER = "_session_state_owner"


def session_token() -> str:
    """The token in this browser's session cookie, or "" without one.

    The one place where identity comes in: a test that has no browser replaces this function.
    """
    return st.context.cookies.get(COOKIE, "")


def current_actor(*, polling: bool = False) -> Actor | None:
    """The signed-in person, or None.

    Args:
        polling: True in a fragment that reruns by itself: a page left open is not a person at work, so the idle time
            of the session is not extended.
    """
    token = session_token()
    if not token:
        return None
    return services().accounts.actor_for(token, extend=not polling)


def forget_another_persons_state(actor: Actor | None) -> None:
    """Empty the session state when it belongs to somebody other than `actor`.

    A reload starts with an empty one; this holds when a connection is resumed with a new cookie.
    """
    owner = actor.user_id if actor is not None else ""
    known = st.session_state.get(_OWNER)
    if known and known != owner:
        st.session_state.clear()
    if owner:
        st.session_state[_OWNER] = owner
