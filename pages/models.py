"""Models: how healthy a model is, how it fits, what it was told, who published which."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.services.training import TRAIN
from mmm.web.bridge_view import refresh_bridge
from mmm.web.components import empty_state, escape, page_header
from mmm.web.data_upload import notice
from mmm.web.grades_view import evidence
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.lift_view import lift_tests
from mmm.web.models_view import compare, facts, figures, fit_chart, headline, health, pick_model, settings
from mmm.web.priors_view import priors
from mmm.web.publishing import publication_history, publish_actions
from mmm.web.twins_view import twin_test

actor = guard(Permission.TRAIN)
with_models = [d for d in services().datasets.list(actor) if services().models.list(actor, d.id)]
if not with_models:
    page_header("There are no models yet.", [actor.workspace_name])
    empty_state("A model appears here when a training is done, with its health card.", "Train a model", "train")
    st.stop()

header = st.container()
left = notice()
if left:
    st.success(escape(left))
with st.container(horizontal=True, vertical_alignment="bottom"):
    dataset = with_models[0]
    if len(with_models) > 1:
        dataset = st.selectbox("Data set", with_models, format_func=lambda d: d.name, key="models_dataset")
    board = services().training.leaderboard(actor, dataset.id)
    entry = pick_model(board)
with header:
    page_header(headline(entry, dataset.name), facts(entry), sample=dataset.is_sample)
champion = next((other.model for other in board.entries if other.model.is_champion), None)
figures(entry.model)
fit_chart(actor, entry.model)
publish_actions(actor, entry.model, dataset.name, champion=champion)

tabs = st.tabs(
    ["Health card", "Evidence", "Lift tests", "Compare two models", "Settings", "Publications", "Twin test", "Priors"],
    on_change="rerun",
    key="models_tabs",
)
with tabs[0]:
    if tabs[0].open:
        health(entry.model)
with tabs[1]:
    if tabs[1].open:
        evidence(actor, entry.model)
with tabs[2]:
    if tabs[2].open:
        lift_tests(actor, entry.model)
with tabs[3]:
    if tabs[3].open:
        refresh_bridge(actor, entry.model)
        compare(actor, entry, board.entries)
with tabs[4]:
    if tabs[4].open:
        jobs = {job.id: job.params for job in services().jobs.list(actor, task=TRAIN, limit=200)}
        settings(actor, entry, jobs.get(entry.model.job_id or "", {}))
with tabs[5]:
    if tabs[5].open:
        publication_history(services().models.history(actor, dataset.id), [e.model for e in board.entries])
with tabs[6]:
    if tabs[6].open:
        twin_test(actor, entry.model)
with tabs[7]:
    if tabs[7].open:
        priors(actor, entry.model)
