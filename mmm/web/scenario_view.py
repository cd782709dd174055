"""The Scenarios page: sliders, what they bring, and what can be done with the plan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mmm.access import Actor, Permission
from mmm.charts.numbers import (
    SYMBOLS,
    UNKNOWN,
    amount,
    amount_interval,
    long_date,
    money,
    probability,
    signed_amount,
)
from mmm.charts.scenario import channels_bring, sales_ahead, spend_by_channel
from mmm.effects.estimate import LEVEL
from mmm.effects.support import SupportStatus
from mmm.planning.presets import scale_all
from mmm.planning.scenario import ScenarioOutcome
from mmm.services.planning import Outlook
from mmm.web.components import Figure, draw, escape, metric_row, page_header
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.marks import marks_of
from mmm.web.plan_actions import plan_bar
from mmm.web.scenario_state import (
    Draft,
    draft_of,
    forget,
    level_key,
    read_sliders,
    restart_from,
    slider_number,
    stale_banner,
    tracks,
)
from mmm.web.scenario_words import SUPPORT_WORDS, against, ahead, headline, pays_back, periods_words
from mmm.web.turns import turn

FloatArray = NDArray[np.float64]

HEALTH_WORDS = {"pass": "healthy", "warn": "with a warning", "fail": "failed a check"}
WEEKS, CHANNELS, BRINGS = "Ahead", "Spend by channel", "What channels bring"


@st.fragment
def workplace(outlook: Outlook) -> None:
    """Everything that follows the sliders; a moved slider reruns this and nothing else."""
    with turn():
        _follow(outlook)


def _follow(outlook: Outlook) -> None:
    actor = guard(Permission.SEE_RESULTS)
    draft = draft_of(outlook)
    read_sliders(draft)
    spend = draft.spend(outlook)
    tab = st.session_state.get("scenario_tab") or WEEKS
    outcome = services().planning.evaluate(actor, outlook.model.id, spend, per_channel=tab == BRINGS)
    page_header(headline(outcome), context_line(outlook), sample=outlook.dataset.is_sample)
    stale_banner(outlook)
    _older_model(outlook, draft)
    metric_row(figures(outcome, outlook.panel.margin))
    left, right = st.columns([5, 8], gap="large")
    with left:
        _presets(outlook)
        _sliders(outlook, draft, outcome)
        plan_bar(actor, outlook, draft)
    with right:
        _charts(actor, outlook, outcome)


def context_line(outlook: Outlook) -> list[str]:
    """What the numbers rest on."""
    return [
        outlook.dataset.name,
        f"data through {long_date(outlook.through)}",
        f"model {outlook.model.number}, {HEALTH_WORDS[outlook.model.status]}",
        f"next {periods_words(len(outlook.periods), outlook.labels.frequency)}, from {long_date(outlook.periods[0])}",
        f"{probability(LEVEL)} intervals",
    ]


def figures(outcome: ScenarioOutcome, margin: float | None) -> list[Figure]:
    """Sales, uplift, chance and spend of a plan."""
    units, frequency = outcome.units, outcome.labels.frequency
    total, uplift = outcome.total_predictive.shown, outcome.uplift.shown
    spend, usual = float(outcome.spend.sum()), float(outcome.baseline.sum())
    what = "Revenue" if units.has_value else units.kpi.capitalize()
    tail = periods_words(outcome.tail, frequency)
    back = pays_back(outcome, margin)
    moved = bool(np.any(outcome.spend != outcome.baseline))
    return [
        Figure(
            f"{what}, next {ahead(outcome)}",
            amount(outcome.total.shown.mean, units),
            amount_interval(total.lo, total.hi, units),
            meaning="What this plan should bring in all; the actual figure falls into the interval nine times in ten.",
        ),
        Figure(
            "Against today",
            signed_amount(uplift.mean, units),
            amount_interval(uplift.lo, uplift.hi, units) if moved else "",
            meaning=f"What the plan brings more than spending as today, with the carry-over of {tail} after it.",
        ),
        Figure(
            "Chance of bringing more",
            probability(outcome.p_better) if moved else UNKNOWN,
            "" if back is None else f"{probability(back[0])} pays for itself",
            meaning="How likely the plan brings more than spending as today."
            + ("" if back is None else f" It pays for itself when it earns more than it costs. {back[1]}"),
        ),
        _spend_figure(outcome, spend, usual),
    ]


def _spend_figure(outcome: ScenarioOutcome, spend: float, usual: float) -> Figure:
    """Total spend; without a value of a KPI unit, with what one more unit costs."""
    units = outcome.units
    change, meaning = against(spend, usual), f"Today: {money(usual, units.currency)}."
    total = float(outcome.total.kpi.mean)
    if not units.has_value and total > 0:
        change += f" · {money(spend / total, units.currency)} each"
        meaning += f" “Each” is the spend divided by all {escape(units.kpi)}, also those that no advertising brought."
    return Figure("Spend in all", money(spend, units.currency), change, meaning=meaning)


def _presets(outlook: Outlook) -> None:
    choices: list[tuple[str, Callable[[], FloatArray | None]]] = [
        ("Today", lambda: outlook.usual),
        ("−10 %", lambda: scale_all(outlook.usual, 0.9)),
        ("+10 %", lambda: scale_all(outlook.usual, 1.1)),
        ("As last year", lambda: outlook.last_year),
    ]
    with st.container(horizontal=True, gap="small", key="presets"):
        for label, make in choices:
            missing = label == "As last year" and outlook.last_year is None
            help_text = "Needs a year of history." if missing else None
            key = f"preset_{label}"
            st.button(label, key=key, on_click=_to, args=(outlook, make), disabled=missing, help=help_text)


def _to(outlook: Outlook, make: Callable[[], FloatArray | None]) -> None:
    spend = make()
    if spend is not None:
        restart_from(outlook, spend)


def _sliders(outlook: Outlook, draft: Draft, outcome: ScenarioOutcome) -> None:
    """A slider a channel; its label says the change, and when nobody ever spent so much."""
    sign = SYMBOLS.get(outlook.units.currency, "")
    levels = outcome.spend.sum(axis=0).mean(axis=0)
    st.caption(f"Spend a {outlook.labels.frequency.value}, all markets together, over the next {ahead(outcome)}")
    for c, track in enumerate(tracks(outlook, draft.anchor)):
        key = level_key(c)
        whole = track.step >= 1
        if key not in st.session_state:
            st.session_state[key] = slider_number(draft.positions[c], track.step)
        st.slider(
            _slider_label(outlook, c, float(levels[c]), outcome.channels.support[c]),
            min_value=slider_number(0.0, track.step),
            max_value=slider_number(track.highest, track.step),
            step=slider_number(track.step, track.step),
            format=f"{sign}%,d" if whole else f"{sign}%.2f",
            key=key,
        )


def _slider_label(outlook: Outlook, channel: int, level: float, status: SupportStatus) -> str:
    name = escape(outlook.labels.channels[channel])
    change = against(level, float(outlook.levels[channel]))
    label = f"**{name}** · {escape(change)}"
    words = SUPPORT_WORDS[status]
    return label if not words else f"{label} · :orange[{words}]"


def _charts(actor: Actor, outlook: Outlook, outcome: ScenarioOutcome) -> None:
    tabs = st.tabs([WEEKS, CHANNELS, BRINGS], key="scenario_tab", on_change="rerun")
    with tabs[0]:
        if tabs[0].open:
            marks = marks_of(actor, outlook.dataset.id)
            draw(
                sales_ahead(outcome, outlook.recent_periods, outlook.recent, key="ahead", marks=marks), "scenario_ahead"
            )
            st.caption("The band holds nine of ten answers of the model; single weeks scatter more.")
    with tabs[1]:
        if tabs[1].open:
            n = outcome.spend.shape[1]
            picture = spend_by_channel(
                outlook.labels.channels,
                outcome.channels.baseline_spend / n,
                outcome.channels.spend / n,
                currency=outlook.units.currency,
                frequency=outlook.labels.frequency,
                key="spend",
                status=outcome.channels.support,
            )
            draw(picture, "scenario_spend")
            st.caption("Ring: today. Dot: this plan.")
    with tabs[2]:
        if tabs[2].open and outcome.channels.incremental is not None:
            draw(channels_bring(outcome, key="brings"), "scenario_brings")
            st.caption(
                "What would be missing without the channel, carry-over included; the bar holds nine of ten answers."
            )


def _older_model(outlook: Outlook, draft: Draft) -> None:
    """A plan is answered by the model it was made with, and says so when another one is published by now."""
    if outlook.is_champion:
        return
    st.info(
        f"“{escape(draft.name)}” was made with model {outlook.model.number}, which answers here. "
        "Another model is published by now."
    )
    st.button("Leave this plan and ask the published model", on_click=forget, key="ask_champion")
