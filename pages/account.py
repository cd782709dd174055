"""Your account: who you are here, and your password."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.web.account import password_form
from mmm.web.components import page_header
from mmm.web.guard import guard

actor = guard(Permission.CHANGE_OWN_PASSWORD)
roles = ", ".join(sorted(role.value for role in actor.roles))
page_header(
    f"You are signed in as {actor.display_name}.",
    [f"User name: {actor.username}", actor.workspace_name, f"Roles: {roles}"],
)
with st.container(width=480):
    st.subheader("Change your password", anchor=False)
    if password_form(actor):
        st.success("Your password is changed. Wherever else you were signed in, you are signed out.")
