"""What the pages that show answers share: which data set, what stands in the way, what the numbers rest on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from mmm.access.actor import Actor
from mmm.access.roles import Permission
from mmm.charts.numbers import long_date, percent
from mmm.effects.estimate import LEVEL
from mmm.errors import DataError
from mmm.services.insight import Readiness, Stage, Workbench
from mmm.services.models import HealthStatus
from mmm.web.components import banner, empty_state, escape, page_header
from mmm.web.guard import guard
from mmm.web.holder import services

HEALTH_WORDS = {
    HealthStatus.PASS: "healthy",
    HealthStatus.WARN: "with a warning",
    HealthStatus.FAIL: "failed a check",
}
NEXT_STEP = {
    Stage.NO_DATA: ("Upload data", "data"),
    Stage.NO_MODEL: ("Train a model", "train"),
    Stage.TRAINING: ("See the training", "train"),
    Stage.NO_CHAMPION: ("Publish a model", "models"),
}
POLL_S = 2
_CHOSEN = "dataset_id"


def open_bench(actor: Actor) -> Workbench:
    """The champion of the data set the person looks at; without one the page says what is missing, and ends."""
    ready = services().insight.readiness(actor, chosen_dataset(actor))
    if ready.stage is not Stage.READY:
        _nothing_yet(ready)
        st.stop()
    try:
        return services().insight.workbench(actor, ready.dataset.id if ready.dataset else None)
    except DataError as problem:
        page_header("This model's answers cannot be read.")
        empty_state(escape(problem), "Train a model", "train")
        st.stop()


def chosen_dataset(actor: Actor) -> str | None:
    """The data set that was chosen in this visit, on whichever page; None for the newest with answers."""
    chosen: str | None = st.session_state.get(_CHOSEN)
    known = {dataset.id for dataset in services().datasets.list(actor)}
    return chosen if chosen in known else None


def finding_header(bench: Workbench, title: str, more: Sequence[str] = ()) -> None:
    """Title, what it rests on, which data set, and a banner where something is to be done."""
    page_header(title, [*context(bench), *more], sample=bench.is_sample)
    choose_dataset(bench)
    if bench.stale:
        text = "Newer data have arrived since this model was trained; its answers do not know them."
        banner("warning", text, ("Train again", "train"))
    if bench.champion.status is HealthStatus.FAIL:
        banner("warning", "This model failed a health check and was published all the same.", ("See why", "models"))


def context(bench: Workbench) -> list[str]:
    """Data set, data through which day, model and its health, interval level."""
    from mmm.models.registry import family

    name = family(bench.champion.family).title.split(" (")[0]
    return [
        bench.dataset.name,
        f"data through {long_date(bench.through)}",
        f"{name} model {bench.champion.number}, {HEALTH_WORDS[bench.champion.status]}",
        f"intervals hold {percent(LEVEL)}",
    ]


def choose_dataset(bench: Workbench) -> None:
    """A choice of data set, where there are several with answers."""
    actor = guard(Permission.SEE_RESULTS)
    found = {d.id: d.name for d in services().datasets.list(actor) if d.champion_id is not None}
    if len(found) < 2:
        return
    ids = list(found)
    st.selectbox(
        "Data set",
        ids,
        index=ids.index(bench.dataset.id),
        format_func=found.__getitem__,  # the names as they stand: a list is no Markdown
        key="choose_dataset",
        on_change=_remember,
        width=320,
    )


def _remember() -> None:
    st.session_state[_CHOSEN] = st.session_state["choose_dataset"]


def _nothing_yet(ready: Readiness) -> None:
    page_header(ready.missing, [ready.dataset.name] if ready.dataset else [], sample=_is_sample(ready))
    if ready.stage is Stage.TRAINING and ready.dataset is not None:
        _training(ready.dataset.id)
    label, page = NEXT_STEP[ready.stage]
    empty_state(escape(ready.who), label, page)


def _is_sample(ready: Readiness) -> bool:
    return ready.dataset is not None and ready.dataset.is_sample


@st.fragment(run_every=POLL_S)
def _training(dataset_id: str) -> None:
    """How far the training is; when it ends, the page draws itself again."""
    actor = guard(Permission.SEE_RESULTS, polling=True)
    now = services().insight.readiness(actor, dataset_id)
    if now.stage is not Stage.TRAINING:
        st.rerun(scope="app")
    share = now.progress or 0.0
    with st.container(width=560):
        st.progress(share, text=f"{percent(share)} done" if share else "Waiting for its turn")
