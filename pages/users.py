"""People: who may come in, as what; one-time passwords, roles, shutting out."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.web.components import page_header
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.people import add_form, change_form, headline, people_table, show_last_result

actor = guard(Permission.MANAGE_USERS)
people = services().users.list(actor)

page_header(headline(people), [actor.workspace_name, "Every change is written to the audit record"])
show_last_result()
people_table(people)
left, right = st.columns(2, gap="large")
with left:
    add_form(actor)
with right:
    change_form(actor, people)
