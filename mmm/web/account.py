"""Changing one's own password: on the account page, and before anything else while a one-time password is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmm.errors import MMMError
from mmm.web.components import brand, escape, narrow_column
from mmm.web.holder import services
from mmm.web.identity import current_actor

if TYPE_CHECKING:
    from mmm.access.actor import Actor

_DIFFERENT = "The two new passwords are not the same. Type the new password again in both fields."
_INCOMPLETE = "Fill in all three fields."
_CHANGED = "_password_changed"


def forced_change_page() -> None:
    """What everybody with a one-time password sees, whatever address they ask for."""
    actor = current_actor()
    if actor is None:
        st.rerun()
    with narrow_column():
        brand()
        st.subheader("Choose your own password", anchor=False)
        st.markdown(
            f"You are signed in as **{escape(actor.username)}** with a one-time password. "
            "Replace it, and the workspace opens."
        )
        if password_form(actor, old_label="One-time password"):
            st.rerun()


def password_form(actor: Actor, *, old_label: str = "Present password") -> bool:
    """The three fields and the button; True on the run in which the password was changed."""
    with st.form("change_password", border=True):
        old = st.text_input(old_label, type="password", autocomplete="current-password")
        new = st.text_input(
            "New password",
            type="password",
            autocomplete="new-password",
            help="At least 12 characters. A few unrelated words are easier to keep than signs.",
        )
        again = st.text_input("New password, again", type="password", autocomplete="new-password")
        pressed = st.form_submit_button("Change password", type="primary")
    if not pressed:
        return False
    # The sign-in form drops blanks at both ends, so a password must not begin or end with one.
    problem = _change(actor, old.strip(), new.strip(), again.strip())
    if problem:
        st.error(problem)
    return not problem


def _change(actor: Actor, old: str, new: str, again: str) -> str:
    if not (old and new and again):
        return _INCOMPLETE
    if new != again:
        return _DIFFERENT
    try:
        services().accounts.change_password(actor, old, new)
    except MMMError as problem:
        return escape(problem)
    return ""
