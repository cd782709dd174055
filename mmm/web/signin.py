"""The sign-in screen: streamlit-authenticator draws the form, the accounts service decides.

Of the library only the form is used. Its own cookie is never written (expiry 0), its own user list stays empty until a
check has succeeded, and its password check is replaced on the instance by the service's.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from mmm.errors import MMMError
from mmm.web.components import brand, escape, narrow_column
from mmm.web.gate import open_session
from mmm.web.holder import services

if TYPE_CHECKING:
    from collections.abc import Callable

_TICKET = "_sign_in_ticket"
_PROBLEM = "_sign_in_problem"
_EXPIRED = "Signing in took too long and was given up. Please enter your password once more."
_FIELDS = {"Form name": "Sign in", "Username": "User name", "Password": "Password", "Login": "Sign in"}


def sign_in_page() -> None:
    """The form; after a success the script that opens the session and loads the page that was asked for."""
    with narrow_column():
        brand()
        ticket = st.session_state.get(_TICKET)
        if ticket:
            _open(str(ticket))
            return
        _form()
        st.caption("No account, or the password is lost? An administrator of your workspace can help.")


def _open(ticket: str) -> None:
    st.markdown("**Signing you in…**")
    if open_session(ticket) is None:
        return
    _start_over()
    st.session_state[_PROBLEM] = _EXPIRED
    st.rerun()


def _form() -> None:
    from streamlit_authenticator.utilities import LoginError

    st.session_state["authentication_status"] = None
    authenticator = _authenticator(_checked_by_the_service)
    try:
        authenticator.login(location="main", fields=_FIELDS, key="sign_in_form")
    except LoginError as problem:
        st.session_state[_PROBLEM] = str(problem)
    status = st.session_state.get("authentication_status")
    if status:
        try:
            st.session_state[_TICKET] = services().accounts.issue_ticket(str(st.session_state["username"]))
        except MMMError as problem:  # locked or deactivated between the two steps
            st.session_state[_PROBLEM] = str(problem)
        else:
            st.rerun()
    message = st.session_state.pop(_PROBLEM, None)
    if message:
        st.error(escape(message))


def _checked_by_the_service(username: str, password: str) -> bool:
    """The accounts service's answer; the words of a refusal are its own."""
    verdict = services().accounts.check_credentials(username, password)
    if not verdict:
        st.session_state[_PROBLEM] = verdict.message
    return verdict.accepted


def _authenticator(check: Callable[[str, str], bool]) -> Any:  # noqa: ANN401 - the library ships no types
    from streamlit_authenticator import Authenticate

    known: dict[str, Any] = {"usernames": {}}
    authenticator = Authenticate(
        known,
        cookie_name="mixwright_form",
        cookie_key=_form_key(),
        cookie_expiry_days=0,
        auto_hash=False,
        login_sleep_time=0,
    )
    model = authenticator.authentication_controller.authentication_model

    def check_credentials(username: str, password: str) -> bool:
        accepted = check(username, password)
        if accepted:  # the library looks the person up in its own list next
            model.credentials["usernames"][username] = {"name": username, "email": None, "roles": None}
        return accepted

    model.check_credentials = check_credentials
    authenticator.cookie_controller.get_cookie = lambda: None  # only our own cookie says who somebody is
    return authenticator


@cache
def _form_key() -> str:
    """The library's cookie key: of this process, random, and never used, as its cookie is never written."""
    return secrets.token_urlsafe(48)


def _start_over() -> None:
    for key in (_TICKET, "authentication_status", "username", "name"):
        st.session_state.pop(key, None)
