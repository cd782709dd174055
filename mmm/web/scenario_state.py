"""The plan somebody is working on: what it started from and where its sliders stand, kept for this visit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mmm.access import Actor
from mmm.errors import ModelError, NotFoundError
from mmm.services.insight import Stage
from mmm.services.planning import Outlook
from mmm.web.components import banner, empty_state, escape, page_header
from mmm.web.holder import services
from mmm.web.insight_view import chosen_dataset

FloatArray = NDArray[np.float64]

REACH = 2.5  # × business as usual: as far as a slider goes
STEPS = 50  # a slider's step is at most one fiftieth of business as usual
PLAN_NAME = "plan_name"  # key of the text field
_DRAFT = "scenario"


@dataclass(frozen=True)
class Track:
    """One slider: a channel's spend per period, all markets together.

    Attributes:
        usual: business as usual, as near as a step allows.
        step: one press of an arrow key; a round amount.
        highest: right end.
    """

    usual: float
    step: float
    highest: float

    def nearest(self, level: float) -> float:
        """The position nearest to a level."""
        return round(min(max(level, 0.0), self.highest) / self.step) * self.step


@dataclass
class Draft:
    """The plan on the sliders.

    Attributes:
        model_id: the model version that answers.
        anchor: the plan it started from, currency `[market, period, channel]`; a channel whose slider was not moved
            keeps exactly this, to the cent and with its timing.
        started: where each slider stood then.
        positions: where they stand.
        name: of the saved plan, or "".
        plan_id: the saved plan that a save would change; None makes a new one.
        version: of that plan as it was opened or last saved.
        keeps_model: a saved plan was opened, which its own model answers whatever is published by now.
    """

    model_id: str
    anchor: FloatArray
    started: dict[int, float]
    positions: dict[int, float] = field(default_factory=dict)
    name: str = ""
    plan_id: str | None = None
    version: int | None = None
    keeps_model: bool = False

    def spend(self, outlook: Outlook) -> FloatArray:
        """The plan as it stands, currency `[market, period, channel]`."""
        moved = {c: level for c, level in self.positions.items() if not math.isclose(level, self.started[c])}
        return outlook.plan(self.anchor, moved) if moved else self.anchor


def open_outlook(actor: Actor, model_id: str | None = None) -> Outlook | None:
    """What planning starts from; without it the page says what is missing and who can do it, and gets None."""
    dataset_id = chosen_dataset(actor)
    ready = services().insight.readiness(actor, dataset_id)
    if model_id is None and ready.stage is not Stage.READY:
        page_header("There is nothing to plan with yet.")
        page = {Stage.NO_DATA: "data", Stage.NO_CHAMPION: "models"}.get(ready.stage, "train")
        label = {"data": "Upload data", "models": "Publish a model", "train": "Open training"}[page]
        empty_state(f"{escape(ready.missing)} {escape(ready.who)}", label, page)
        return None
    try:
        return services().planning.outlook(actor, dataset_id, model_id=model_id)
    except (ModelError, NotFoundError) as problem:
        page_header("There is no model to plan with.")
        empty_state(escape(problem), "Open the models", "models")
        return None


def tracks(outlook: Outlook, anchor: FloatArray) -> tuple[Track, ...]:
    """The slider of every channel; long enough for `anchor` where that goes further than usual."""
    held = anchor.sum(axis=0).mean(axis=0)
    whole = float(outlook.levels.sum())
    made = []
    for c, usual in enumerate(outlook.levels):
        scale = float(usual) or outlook.support[c].sustained or whole / len(outlook.levels) or 1.0
        step = round_step(scale / STEPS)
        highest = math.ceil(max(REACH * scale, float(held[c])) / step) * step
        made.append(Track(round(float(usual) / step) * step, step, highest))
    return tuple(made)


def round_step(size: float) -> float:
    """The largest of 1, 2, 5 × 10ⁿ that is not above `size`; at least one cent."""
    size = max(size, 0.01)
    power = 10.0 ** math.floor(math.log10(size) + 1e-9)
    return round(max(k for k in (1, 2, 5) if k * power <= size * (1 + 1e-9)) * power, 2)


def draft_of(outlook: Outlook) -> Draft:
    """The plan being worked on; business as usual for a first look, or when the model is another one by now."""
    draft = st.session_state.get(_DRAFT)
    if isinstance(draft, Draft) and draft.model_id == outlook.model.id and draft.anchor.shape == outlook.usual.shape:
        return draft
    return start_from(outlook, outlook.usual)


def wanted_model() -> str | None:
    """The model version of a saved plan that was opened; None asks the champion."""
    draft = st.session_state.get(_DRAFT)
    return draft.model_id if isinstance(draft, Draft) and draft.keeps_model else None


def planned_level(model_id: str, channel: int) -> float | None:
    """Where a channel's slider stands, currency per period; None when nobody planned with that model in this visit."""
    draft = st.session_state.get(_DRAFT)
    return draft.positions.get(channel) if isinstance(draft, Draft) and draft.model_id == model_id else None


def forget() -> None:
    """Start again from business as usual of the published model."""
    st.session_state.pop(_DRAFT, None)


def start_from(
    outlook: Outlook,
    spend: FloatArray,
    *,
    name: str = "",
    plan_id: str | None = None,
    version: int | None = None,
    keeps_model: bool = False,
) -> Draft:
    """Put a plan on the sliders; in a callback, or before the sliders are drawn."""
    levels = spend.sum(axis=0).mean(axis=0)
    sliders = tracks(outlook, spend)
    started = {c: track.nearest(float(levels[c])) for c, track in enumerate(sliders)}
    draft = Draft(outlook.model.id, spend, started, dict(started), name, plan_id, version, keeps_model)
    st.session_state[_DRAFT] = draft
    st.session_state[PLAN_NAME] = name
    for c, position in started.items():
        st.session_state[level_key(c)] = slider_number(position, sliders[c].step)
    return draft


def restart_from(outlook: Outlook, spend: FloatArray) -> None:
    """Put another spend on the sliders; it stays the same plan."""
    draft = draft_of(outlook)
    name = str(st.session_state.get(PLAN_NAME, draft.name))
    start_from(outlook, spend, name=name, plan_id=draft.plan_id, version=draft.version, keeps_model=draft.keeps_model)


def read_sliders(draft: Draft) -> None:
    """Where the sliders stand; they are asked before they are drawn, so that everything above them agrees."""
    for c in draft.positions:
        if level_key(c) in st.session_state:
            draft.positions[c] = float(st.session_state[level_key(c)])


def keep_as(draft: Draft, spend: FloatArray) -> None:
    """Start anew from `spend` with the sliders where they are, as after saving."""
    draft.anchor, draft.started = spend, dict(draft.positions)


def level_key(channel: int) -> str:
    """Key of a channel's slider."""
    return f"level_{channel}"


def slider_number(value: float, step: float) -> float | int:
    """A slider of whole amounts wants whole numbers."""
    return round(value) if step >= 1 else float(value)


def stale_banner(outlook: Outlook) -> None:
    """Says so when the model has not seen the newest data, or failed its checks."""
    if outlook.stale:
        banner("warning", "Newer data have arrived since this model was trained; its answers do not know them.")
    if outlook.model.status == "fail":
        banner("warning", "This model failed a health check; take its answers as a first idea only.")
