"""The twin test on the Models page: start it, watch it, read how well known effects come back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.numbers import percent, ratio
from mmm.charts.recovery import recovery
from mmm.data.findings import counted
from mmm.errors import MMMError
from mmm.services.twins import MOST_TWINS, TWINS
from mmm.store.jobs import JobStatus
from mmm.validation.twins import DEFAULT_TWINS
from mmm.web.components import draw, escape
from mmm.web.data_upload import notice
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.publishing import family_title

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmm.access.actor import Actor
    from mmm.services.jobs import JobInfo
    from mmm.services.models import ModelInfo
    from mmm.services.twins import TwinRun
    from mmm.validation.twin_report import FamilyRecovery, TwinReport

POLL = "2s"
WHAT_IT_IS = (
    "Simulated worlds with this very spend, season, controls and noise, in which every channel's effect is known. All "
    "models are fitted there again: where they miss what was put in, they may miss it in your data too. In a third of "
    "the worlds a demand that nobody recorded moves sales together with some channels' spend. No model is judged on "
    "worlds made from itself."
)


def twin_test(actor: Actor, model: ModelInfo) -> None:
    """The whole tab."""
    standing = services().twins.standing(actor, model.id)
    report = services().twins.report(actor, model.id)
    if standing is not None and standing.live:
        watch(model.id)
    else:
        _start(actor, model, standing, report)
    if report is None:
        return
    st.subheader(escape(_headline(report, model.family)), anchor=False)
    _families(report)
    shown = report.of(model.family)
    if shown is not None and shown.channels:
        _channels(shown)
        draw(recovery(shown), "models_twins_chart")
        st.caption(escape(recovery(shown).alt))
    with st.expander("What the test found, in sentences", key="models_twins_words"):
        st.markdown("  \n".join(escape(sentence) for sentence in report.sentences))


def _headline(report: TwinReport, family: str) -> str:
    """What the test says of the model on show, in a sentence."""
    found = report.of(family)
    worlds = counted(report.twins, "simulated world")
    if found is None or not found.channels:
        return f"{family_title(family)} was not tried on these {worlds}."
    worst = min(found.channels, key=lambda one: one.coverage)
    return (
        f"In {worlds}, {family_title(family)} was off by {percent(found.error)} of what media bring; its 90 % interval "
        f"of {worst.channel} held the truth in {percent(worst.coverage)} of them."
    )


def _start(actor: Actor, model: ModelInfo, standing: TwinRun | None, report: TwinReport | None) -> None:
    st.markdown(WHAT_IT_IS if report is None else "")
    unfinished = standing is not None and standing.done < standing.asked
    if standing is not None and unfinished:
        _go_on(actor, standing)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.number_input(
            "Simulated worlds", min_value=1, max_value=MOST_TWINS, value=DEFAULT_TWINS, key="models_twins_n", width=200
        )
        if st.button("Start the twin test", key="models_twins_go", type="secondary" if report else "primary"):
            _quietly(partial(services().twins.submit, actor, model.id, twins=int(asked)))
    st.caption(escape(_duration(services().twins.seconds_per_twin(actor, model.id), int(asked))))


def _duration(seconds: float | None, worlds: int) -> str:
    """How long it will take, from what was measured here."""
    if seconds is None:
        return "How long a world takes is not known here yet; each fits every trained family once."
    total = seconds * worlds
    told = f"{total:.0f} s" if total < 90 else f"{total / 60:.0f} min"
    return f"About {told} of computing, from what was measured on these data; worker processes share it."


def _go_on(actor: Actor, standing: TwinRun) -> None:
    st.warning(
        f"The last test stopped after {standing.done} of {counted(standing.asked, 'world')}; these are kept, and it "
        "can go on from there."
    )
    ended = [job for job in _jobs(actor, standing) if job.may_retry]
    if ended and st.button("Go on", key="models_twins_again", type="primary"):
        _quietly(lambda: [services().jobs.retry(actor, job.id) for job in ended])


def _jobs(actor: Actor, standing: TwinRun) -> list[JobInfo]:
    return [job for job in services().jobs.list(actor, task=TWINS, limit=200) if job.id in standing.job_ids]


def _quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except MMMError as refusal:
        notice(str(refusal))
    st.rerun(scope="app")


def watch(model_id: str) -> None:
    """A test under way, looked at for as long as it lasts."""
    st.fragment(_watching, run_every=POLL)(model_id)


def _watching(model_id: str) -> None:
    actor = guard(Permission.TRAIN, polling=True)
    standing = services().twins.standing(actor, model_id)
    if standing is None or not standing.live:
        st.rerun(scope="app")
    jobs = _jobs(actor, standing)
    doing = next((job.message for job in jobs if job.status is JobStatus.RUNNING and job.message), "waiting its turn")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**The twin test is under way**", width="stretch")
        if any(job.may_cancel and not job.cancel_requested for job in jobs) and st.button(
            "Cancel", key="models_twins_cancel"
        ):
            _quietly(lambda: [services().jobs.cancel(actor, job.id) for job in jobs if job.may_cancel])
    share = sum(job.progress for job in jobs) / max(len(jobs), 1)
    done = f"{standing.done} of {counted(standing.asked, 'world')} done"
    st.progress(min(1.0, max(0.0, share)), text=escape(f"{done}; {doing}"))


def _families(report: TwinReport) -> None:
    """Every family on the worlds it was judged on."""
    rows = [
        {
            "Model": family_title(one.family),
            "Worlds": one.twins,
            "Off by (of media)": percent(one.error) if one.twins else "–",
            "In its 90 %": percent(one.coverage) if one.twins else "–",
            "Order of channels right": percent(one.order_right) if one.twins else "–",
            "Value of its plan": percent(one.plan_value),
            "Promised ÷ came true": ratio(one.promise),
            "Note": one.problem,
        }
        for one in report.families
    ]
    st.dataframe(
        rows, hide_index=True, height="content", key="models_twins_families", alt="Recovery of known effects by model"
    )
    st.caption(
        f"{counted(report.twins, 'simulated world')}, {report.confounded} with an unrecorded demand. Value of its "
        "plan: what the recommended split of the last 12 weeks' budget really brings there, as a share of the best."
    )


def _channels(found: FamilyRecovery) -> None:
    """Every channel of the model on show."""
    rows = [
        {
            "Channel": one.channel,
            "Off by (of its own)": percent(one.relative_error),
            "Leaning": "overrated" if one.bias > 0.1 else "underrated" if one.bias < -0.1 else "neither way",
            "In its 90 %": percent(one.coverage),
            "without hidden demand": percent(one.coverage_plain),
            "with hidden demand": percent(one.coverage_confounded),
            "Interval should be": f"{one.interval_ratio:.1f} times as wide"
            if one.interval_ratio > 1.05
            else "as it is",
        }
        for one in found.channels
    ]
    st.dataframe(
        rows, hide_index=True, height="content", key="models_twins_channels", alt="Recovery of known effects by channel"
    )
