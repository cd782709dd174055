"""The first line of every page, and of every fragment: who may go on from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mmm.web.identity import current_actor

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.access.roles import Permission

SIGN_IN_FIRST = "Sign in to see this page."
NOT_YOURS = "This page is not part of your role. An administrator of your workspace can change what you may do."


def guard(permission: Permission, *, polling: bool = False) -> Actor:
    """The person acting, if they are signed in and hold `permission`; otherwise nothing below this line runs.

    Call it as the first line of a page and of every `@st.fragment` in it: a fragment reruns without its page, and the
    session may have ended in between.

    Args:
        permission: what the page shows or does.
        polling: True in a fragment with `run_every`: its reruns do not count as activity.

    Returns:
        The actor as the database knows them now. Use this one, not one kept from an earlier run.
    """
    actor = current_actor(polling=polling)
    if actor is None or actor.must_change_password:
        if _in_fragment_rerun():
            st.rerun(scope="app")  # the router shows the sign-in, or the change of password
        st.info(SIGN_IN_FIRST)
        st.stop()
    if not actor.may(permission):
        st.info(NOT_YOURS)
        st.stop()
    return actor


def _in_fragment_rerun() -> bool:
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)
