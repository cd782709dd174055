"""The parts of the Channels page."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from mmm.charts.numbers import amount, amount_interval, days, days_interval, money
from mmm.charts.sentences import crossing_answer, crossing_question, multiplied_answer, next_words, roi_words
from mmm.data.inputs import Frequency
from mmm.effects.curves import ResponseCurve
from mmm.effects.roi import Roi
from mmm.effects.support import SupportStatus
from mmm.services.insight import Workbench
from mmm.services.questions import ChannelAnswers
from mmm.web.components import Figure, escape
from mmm.web.scenario_state import planned_level

AS_TODAY = 0.02  # a plan this near to today is today
PILLS = 8  # up to so many channels are shown side by side; more become a list

SUPPORT_WORDS = {
    SupportStatus.INSIDE: "seen for weeks",
    SupportStatus.EDGE: "at the edge of what was ever spent",
    SupportStatus.BEYOND: "beyond what was ever spent",
}


def chosen_channel(channels: tuple[str, ...]) -> str:
    """The channel to look at; the address remembers it, so a link leads to it."""
    wanted = st.query_params.get("channel")
    at = channels.index(wanted) if wanted in channels else 0
    if len(channels) <= PILLS:
        picked = st.segmented_control(
            "Channel", channels, default=channels[at], format_func=escape, key="channel", required=True
        )
    else:
        picked = st.selectbox("Channel", channels, index=at, key="channel", width=320)
    name = str(picked) if picked in channels else channels[at]
    st.query_params["channel"] = name
    return name


def figures(returns: Roi, index: int, found: ChannelAnswers) -> list[Figure]:
    """Spend today, return so far, return of the next euro, half-life."""
    units, curve, carry = returns.units, found.curve, found.carry_over
    per = returns.labels.frequency.value
    so_far, next_one = roi_words(returns, index), next_words(returns, index)
    is_money = returns.roi is not None
    mean, lo, hi = carry.half_life_days.floats()
    return [
        Figure(
            f"Spend a {per} today",
            money(curve.today.spend, units.currency),
            f"brings {amount(curve.today.response, units)}",
            meaning=f"Mean of the last 12 {per}s, and what it brings if it goes on like this.",
        ),
        Figure(
            "ROI so far" if is_money else "Cost per KPI so far",
            *so_far,
            meaning="Over all its spend, carry-over included.",
        ),
        Figure(
            "Next-euro ROI" if is_money else "Cost of the next KPI",
            *next_one,
            meaning="Of a little more spend than in the last 12 periods, carry-over included.",
        ),
        Figure(
            "Half-life of the effect",
            days(mean),
            days_interval(lo, hi),
            meaning="How long until half of the effect of one period's spend has passed.",
        ),
    ]


def plan_beside(bench: Workbench, channel: int, curve: ResponseCurve) -> float | None:
    """Spend per period in the plan on the visitor's sliders; None where it is as today."""
    level = planned_level(bench.champion.id, channel)
    today = curve.today.spend
    return None if level is None or abs(level - today) <= AS_TODAY * max(today, 1e-9) else level


def questions_answered(found: ChannelAnswers, frequency: Frequency) -> None:
    """Both questions and their answers in sentences."""
    name = found.curve.channel
    with st.grid(2, min_column_width=300, gap="large", key="answers"):
        with st.container(gap="xsmall"):
            st.subheader(escape(f"What if we double {name}?"), anchor=False)
            if found.doubled is None:
                st.markdown(escape(f"{name} does not spend at the moment, so there is nothing to double."))
            else:
                st.markdown(escape(multiplied_answer(found.doubled, frequency)))
        with st.container(gap="xsmall"):
            st.subheader(escape(crossing_question(found.curve)), anchor=False)
            st.markdown(escape(crossing_answer(found.curve, found.crossing, frequency)))


def curve_table(curve: ResponseCurve, frequency: Frequency) -> None:
    """The curve in numbers."""
    shown, units = curve.response.shown, curve.units
    rows: list[dict[str, Any]] = [
        {
            f"Spend a {frequency.value}": money(spend, units.currency),
            "Brings": amount(shown.mean[i], units),
            "90 % interval": amount_interval(shown.lo[i], shown.hi[i], units),
            "Spend like this was": SUPPORT_WORDS[status],
        }
        for i, (spend, status) in enumerate(zip(curve.spend, curve.support, strict=True))
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=f"Response of {curve.channel} at every level of spend.")
