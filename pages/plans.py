"""Plans: what was saved, what waits for a decision, and two plans beside each other."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.web.components import empty_state, page_header
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.plan_actions import STATUS_WORDS, say_what_happened
from mmm.web.plans_view import page_title, plan_card, table

actor = guard(Permission.SEE_RESULTS)
plans = services().plans.list(actor)
if not plans:
    page_header("No plan is saved yet.", [actor.workspace_name])
    empty_state(
        "A plan starts on the Scenarios page: move what is spent, give it a name, save it.", "Plan", "scenarios"
    )
    st.stop()

page_header(page_title(plans, actor), [actor.workspace_name, "Drafts show to their owner alone"])
say_what_happened()
st.dataframe(table(plans), hide_index=True, alt=page_title(plans, actor), height="auto")
chosen = st.selectbox(
    "Plan",
    [plan.id for plan in plans],
    format_func=lambda key: next(f"{p.name} ({STATUS_WORDS[p.status]})" for p in plans if p.id == key),
    key="plan_chosen",
    width=420,
)
info = next((plan for plan in plans if plan.id == chosen), plans[0])
plan_card(actor, info, [plan for plan in plans if plan.id != info.id])
