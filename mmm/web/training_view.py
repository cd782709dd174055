"""Training as a person sees it: ask for one, watch it, compare what came out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.numbers import percent
from mmm.data.findings import counted
from mmm.errors import MMMError
from mmm.models.registry import DEFAULT_FAMILIES, FAMILIES
from mmm.services.base import utc_now
from mmm.services.training import TRAIN, TrainingRequest
from mmm.store.jobs import JobStatus
from mmm.web.board_view import details, known_effects, leaderboard, left_out, why_recommended
from mmm.web.components import escape
from mmm.web.data_upload import notice
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.publishing import family_title, model_title, publish_actions

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.datasets import DatasetInfo, DatasetVersionInfo
    from mmm.services.jobs import JobInfo
    from mmm.services.training import Entry, Leaderboard

POLL = "1s"
LISTED = 50  # jobs of the history
VERSION = "train_version"  # session key: the version that another page asked for
ABOUT_EQUAL = 1.05  # of the plain regression's error; the health card passes it too
EFFORTS = {"quick": "Quick", "full": "Full"}
UNDER_WAY = " · "  # between families in a training's message
OUTCOMES = {
    JobStatus.QUEUED: "waiting",
    JobStatus.RUNNING: "running",
    JobStatus.DONE: "done",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.INTERRUPTED: "interrupted",
}


def all_versions(actor: Actor, datasets: Sequence[DatasetInfo]) -> dict[str, tuple[DatasetInfo, DatasetVersionInfo]]:
    """Every version that can be trained on, by id, the newest of each data set first."""
    return {
        version.id: (dataset, version)
        for dataset in datasets
        for version in services().datasets.versions(actor, dataset.id)
    }


def version_title(dataset: DatasetInfo, version: DatasetVersionInfo) -> str:
    """`Shop, version 3 (104 weeks)`."""
    periods = counted(version.summary["periods"], version.summary["frequency"])
    return f"{dataset.name}, version {version.number} ({periods})"


def pick_version(versions: Mapping[str, tuple[DatasetInfo, DatasetVersionInfo]]) -> DatasetVersionInfo:
    """What to train on; what another page asked for, else the newest data set."""
    ids: list[str] = list(versions)
    wanted = st.session_state.get(VERSION)
    chosen: str = st.selectbox(
        "Data",
        ids,
        index=ids.index(wanted) if isinstance(wanted, str) and wanted in versions else 0,
        format_func=lambda key: version_title(*versions[key]),
        key="train_pick",
    )
    st.session_state[VERSION] = chosen
    return versions[chosen][1]


def request_form(actor: Actor, version: DatasetVersionInfo) -> None:
    """Families, effort, and one button; the rest has good defaults."""
    families = _families(actor, version)
    effort = st.segmented_control(
        "Effort",
        list(EFFORTS),
        default="quick",
        required=True,
        format_func=EFFORTS.__getitem__,
        key="train_effort",
        help="Full takes longer and narrows the noise of the computation; what is computed is the same.",
    )
    with st.expander("More"):
        holdout = st.number_input(
            f"{version.summary['frequency'].capitalize()}s kept back for the comparison",
            min_value=1,
            max_value=max(1, version.summary["periods"] - 16),
            value=None,
            placeholder="The last fifth, at most 24",
            key="train_holdout",
            help="Models are compared on these; afterwards the model is fitted on everything.",
            width=320,
        )
    if st.button("Train", type="primary", key="train_go", disabled=not families):
        _submit(actor, version, TrainingRequest(tuple(families or ()), str(effort), 0, holdout))


def _families(actor: Actor, version: DatasetVersionInfo) -> list[str]:
    """Which families to fit, with a line on each; the sensible few and the published kind unless somebody chooses."""
    champion = services().models.champion(actor, version.dataset_id)
    usual = list(DEFAULT_FAMILIES)
    if champion is not None and champion.family in FAMILIES and champion.family not in usual:
        usual.append(champion.family)
    every = st.toggle(
        f"All {len(FAMILIES)} families",
        key="train_every",
        help="Takes a few minutes. The usual few are three different ways of thinking, and all of them can plan.",
    )
    if every:
        return list(FAMILIES)
    chosen = st.multiselect(
        "Model families",
        list(FAMILIES),
        default=usual,
        format_func=family_title,
        key="train_families",
        help="Each is fitted, held against periods it has not seen, checked, and fitted again on everything.",
    )
    for name in chosen:
        if FAMILIES[name].says:
            st.caption(f"**{escape(family_title(name))}.** {escape(FAMILIES[name].says)}")
    return list(chosen)


def _submit(actor: Actor, version: DatasetVersionInfo, request: TrainingRequest) -> None:
    try:
        services().training.submit(actor, version.id, request)
    except MMMError as refusal:
        st.warning(escape(refusal))
        return
    st.rerun()


def live_jobs(actor: Actor) -> tuple[JobInfo, ...]:
    """Trainings that wait or run."""
    return tuple(job for job in services().jobs.list(actor, task=TRAIN, limit=LISTED) if job.live)


def watch(titles: Mapping[str, str]) -> None:
    """Trainings under way, looked at every second for as long as there are any.

    Args:
        titles: what each version of the data is called, by id.
    """
    known = tuple(job.id for job in live_jobs(guard(Permission.SEE_JOBS, polling=True)))
    if known:
        st.fragment(_watching, run_every=POLL)(known, titles)


def _watching(known: tuple[str, ...], titles: Mapping[str, str]) -> None:
    actor = guard(Permission.SEE_JOBS, polling=True)
    jobs = live_jobs(actor)
    if tuple(job.id for job in jobs) != known:
        st.rerun(scope="app")  # something ended or began: the rest of the page has news
    for job in jobs:
        with st.container(border=True, key=f"job_{job.id}"):
            _progress(actor, job, titles)


def _progress(actor: Actor, job: JobInfo, titles: Mapping[str, str]) -> None:
    what = titles.get(str(job.params.get("dataset_version_id")), "data you cannot see")
    doing = job.message or ("Waiting for its turn" if job.status is JobStatus.QUEUED else "Starting")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escape(what)}**", width="stretch")
        if job.cancel_requested:
            st.caption("Stopping at the next step", width="content")
        elif job.may_cancel and st.button("Cancel", key=f"cancel_{job.id}"):
            _quietly(partial(services().jobs.cancel, actor, job.id))
    first, *rest = doing.split(UNDER_WAY)
    st.progress(min(1.0, max(0.0, job.progress)), text=escape(first))
    if rest:
        st.caption(f" {UNDER_WAY} ".join(escape(part) for part in rest))
    st.caption(escape(f"Started by {job.submitted_by}, {_for(job.created_at, None)} ago"))


def offered_again(actor: Actor, jobs: Sequence[JobInfo], titles: Mapping[str, str]) -> None:
    """Trainings that ended without a result and have nothing newer for the same data: try again."""
    seen: set[object] = set()
    for job in jobs:
        version = job.params.get("dataset_version_id")
        newest = version not in seen
        seen.add(version)
        if not newest or not job.may_retry or job.status is JobStatus.CANCELLED:
            continue
        what = escape(titles.get(str(version), "data you cannot see"))
        with st.container(key=f"again_{job.id}", gap="small"):
            ended = OUTCOMES[job.status] if job.status is JobStatus.FAILED else f"was {OUTCOMES[job.status]}"
            st.warning(f"The training on {what} {ended}: {escape(job.message)}")
            if st.button("Try again", key=f"retry_{job.id}"):
                _quietly(partial(services().jobs.retry, actor, job.id))


def _quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except MMMError as refusal:
        notice(str(refusal))
    st.rerun(scope="app")


def job_history(jobs: Sequence[JobInfo], titles: Mapping[str, str]) -> None:
    """Trainings that have ended: on what, by whom, when, how long, with which outcome."""
    rows = [
        {
            "Data": titles.get(str(job.params.get("dataset_version_id")), ""),
            "Families": ", ".join(family_title(name) for name in job.params.get("families", [])) or "the usual few",
            "Effort": EFFORTS.get(str(job.params.get("effort")), ""),
            "By": job.submitted_by,
            "Asked (UTC)": job.created_at,
            "Took": _for(job.started_at or job.created_at, job.finished_at),
            "Outcome": OUTCOMES[job.status],
            "Note": "" if job.status is JobStatus.DONE else job.message,
        }
        for job in jobs
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= 8 else 320,
        key="train_history",
        alt=f"{len(rows)} trainings, newest first",
        column_config={"Asked (UTC)": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone="UTC")},
    )


def ratio_to_yardstick(entry: Entry) -> float | None:
    """Hold-out error as a multiple of the plain regression's; None where it is not known."""
    mine = entry.model.metrics.get("model", {}).get("rmse")
    plain = entry.model.metrics.get("yardstick", {}).get("rmse")
    return None if not mine or not plain else float(mine) / float(plain)


def newest_training(entries: Sequence[Entry]) -> list[Entry]:
    """The models of the newest training; the entries are newest first."""
    return [entry for entry in entries if entry.model.job_id == entries[0].model.job_id]


def headline(name: str, entries: Sequence[Entry], *, running: bool) -> str:
    """Where training on a data set stands, in a sentence."""
    if running:
        return f"A training on “{name}” is under way."
    if not entries:
        return f"No model of “{name}” has been trained yet."
    latest = newest_training(entries)
    best = next((entry for entry in latest if entry.recommended), latest[0])
    ratio = ratio_to_yardstick(best)
    title = family_title(best.model.family)
    if ratio is None:
        return f"{title} is recommended for “{name}”."
    if ratio < 0.995:
        return f"{title} is recommended for “{name}”: its error is {percent(1 - ratio)} below a plain regression's."
    if ratio <= ABOUT_EQUAL:
        return f"{title} is recommended for “{name}”: it forecasts about as well as a plain regression."
    return f"{title} is recommended for “{name}”, though its error is {ratio:.2f} times a plain regression's."


def _for(start: datetime, end: datetime | None) -> str:
    seconds = max(0.0, ((end or utc_now()) - start).total_seconds())
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def results(actor: Actor, board: Leaderboard) -> None:
    """The newest training's models, which of them is recommended and why, and the way to publish one."""
    if not board.entries:
        return
    latest = newest_training(board.entries)
    st.markdown(escape(why_recommended(latest)))
    leaderboard(latest, known_effects(actor, latest))
    for told in left_out(latest):
        st.caption(escape(told))
    details(actor, latest)
    by_id = {entry.model.id: entry.model for entry in latest}
    shown = next((entry.model.id for entry in latest if entry.recommended), latest[0].model.id)
    if len(by_id) > 1:
        ids = list(by_id)
        shown = st.selectbox(
            "Model",
            ids,
            index=ids.index(shown),
            format_func=lambda key: model_title(by_id[key]),
            key=f"train_model_{latest[0].model.job_id}",
        )
    champion = next((entry.model for entry in board.entries if entry.model.is_champion), None)
    publish_actions(actor, by_id[shown], board.dataset_name, champion=champion)


def running_on(actor: Actor, version_ids: Collection[str]) -> bool:
    """Whether a training waits or runs on one of these versions."""
    return any(job.params.get("dataset_version_id") in version_ids for job in live_jobs(actor))
