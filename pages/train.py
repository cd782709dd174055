"""Train: ask for models of a data set, watch the work, compare what came out, publish one."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.services.training import TRAIN
from mmm.web.components import empty_state, escape, page_header
from mmm.web.data_upload import notice
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.training_view import (
    LISTED,
    all_versions,
    headline,
    job_history,
    offered_again,
    pick_version,
    request_form,
    results,
    running_on,
    version_title,
    watch,
)

actor = guard(Permission.SEE_JOBS)
datasets = services().datasets.list(actor) if actor.may(Permission.SEE_DATA) else ()
versions = all_versions(actor, datasets)
titles = {key: version_title(*pair) for key, pair in versions.items()}
jobs = services().jobs.list(actor, task=TRAIN, limit=LISTED)
may_train = actor.may(Permission.TRAIN)

header = st.container()
left = notice()
if left:
    st.info(escape(left))

if may_train and versions:
    form, result = st.columns([2, 5], gap="large")
    with form:
        version = pick_version(versions)
        request_form(actor, version)
    dataset = versions[version.id][0]
    board = services().training.leaderboard(actor, dataset.id)
    siblings = {key for key, (owner, _) in versions.items() if owner.id == dataset.id}
    with header:
        title = headline(dataset.name, board.entries, running=running_on(actor, siblings))
        page_header(title, [titles[version.id]], sample=dataset.is_sample)
    with result:
        watch(titles)
        offered_again(actor, jobs, titles)
        results(actor, board)
else:
    with header:
        page_header("Nothing was trained here yet." if not jobs else "The trainings of this workspace.")
    watch(titles)
    if may_train:
        empty_state(
            "There are no data to train on. Models learn from a table of sales and spend.", "Go to data", "data"
        )
ended = [job for job in jobs if not job.live]
if ended:
    st.subheader("Trainings so far", anchor=False)
    job_history(ended, titles)
