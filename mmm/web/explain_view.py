"""The parts of the Explain page, which is for analysts."""

from __future__ import annotations

import streamlit as st

from mmm.charts.numbers import count, long_date, percent
from mmm.data.panel import KpiKind
from mmm.effects.shap import Explanation
from mmm.services.insight import Workbench

METHOD = (
    "SHAP values of channels (their Shapley values, period by period): first all media on and off, then shared within "
    "media. From strong to faint: immediate, from the same period's spend; carry-over, from earlier spend; "
    "interaction, there only because other channels run too. Bars are mean absolute values."
)


def units_word(bench: Workbench) -> str:
    """Unit of the KPI: the currency of revenue, else what is counted."""
    panel = bench.panel
    return panel.currency if panel.kpi_kind is KpiKind.REVENUE else panel.kpi_name


def split_words(explanation: Explanation) -> list[str]:
    """Which periods are explained."""
    first, last = explanation.periods[0], explanation.periods[-1]
    return [f"explained: {long_date(first)} to {long_date(last)}"]


def chosen_pair(channels: tuple[str, ...]) -> tuple[str, str] | None:
    """Two different channels; None where there are not two."""
    if len(channels) < 2:
        return None
    with st.container(horizontal=True, gap="small"):
        first = st.selectbox("One channel", channels, index=0, key="pair_first", width=240)
        rest = [name for name in channels if name != first]
        second = st.selectbox("The other", rest, index=0, key="pair_second", width=240)
    return str(first), str(second)


def fit_words(bench: Workbench) -> str:
    """Errors of fit and forecast, beside the yardstick."""
    held, fitted = bench.results.hold_out, bench.results.fitted
    ratio = held.model.rmse / held.yardstick.rmse if held.yardstick.rmse > 0 else float("nan")
    several = len(bench.panel.labels.markets) > 1
    return (
        f"R² of the fit {count(fitted.metrics.r2)}. Forecast of {len(held.periods)} periods it had not seen: MAPE "
        f"{percent(held.model.mape)}, error {count(ratio)} times that of a plain regression on spend and lagged spend, "
        f"{percent(held.coverage)} inside the 90 % interval."
        + (" Markets are added up; their intervals do not add up and are not drawn." if several else "")
    )
