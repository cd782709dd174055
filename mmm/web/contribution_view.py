"""The parts of the Contribution page: figures, the table, and the words about method."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from mmm.charts.numbers import (
    amount,
    amount_interval,
    money,
    probability,
    symbol,
)
from mmm.charts.sentences import next_words, roi_words
from mmm.charts.waterfall import Parts
from mmm.effects.roi import Roi
from mmm.services.insight import Workbench
from mmm.study import Results
from mmm.web.components import Figure, banner, escape

ADDS_UP = (
    "Method: Shapley. Channels are counted so that they add up with the baseline; what two of them make together "
    "is shared between them."
)
ONE_OUT = (
    "Method: drop-one. A channel's effect is what would be missing without its spend, carry-over included, so what "
    "two channels make together counts for both. Intervals hold 90 %."
)


def figures(results: Results, parts: Parts) -> list[Figure]:
    """Sales, the baseline, the channel that brings most and the one that returns most."""
    units, split, one_out = parts.units, results.decomposition, results.contributions
    base = split.baseline_total.shown
    names = one_out.labels.channels
    shown = one_out.total.shown
    most = int(shown.mean.argmax())
    found = [
        Figure("Sales", amount(parts.actual, units), meaning="Observed, over all of history and all markets."),
        Figure(
            "Without any media",
            amount(base.mean, units),
            amount_interval(base.lo, base.hi, units),
            meaning="The baseline: what would have been sold with every channel at zero.",
        ),
        Figure(
            "Brought in most",
            amount(shown.mean[most], units),
            f"{amount_interval(shown.lo[most], shown.hi[most], units)} · {escape(names[most])}",
            meaning="What would be missing without this channel (drop-one).",
        ),
    ]
    return [*found, *_best_return(results.roi)]


def _best_return(returns: Roi) -> list[Figure]:
    found = returns.roi if returns.roi is not None else returns.cost_per_kpi
    known = [i for i, v in enumerate(found.mean.tolist()) if math.isfinite(v)]
    if not known:
        return []
    sign = 1 if returns.roi is not None else -1
    best = max(known, key=lambda i: sign * float(found.mean[i]))
    value, ends = roi_words(returns, best)
    one = f"{symbol(returns.units.currency)}1"
    is_money = returns.roi is not None
    label = "Returned most" if is_money else f"Cheapest {returns.units.kpi}"
    meaning = f"Money back for each {one} spent." if is_money else f"Spend for each of {returns.units.kpi}."
    return [Figure(label, value, f"{ends} · {escape(returns.labels.channels[best])}", meaning=meaning)]


def left_out_words(parts: Parts, bench: Workbench) -> str:
    """Says which periods are in none of the numbers."""
    if not parts.left_out:
        return ""
    unit = f"{bench.panel.labels.frequency.value}{'' if parts.left_out == 1 else 's'}"
    return f"{parts.left_out} {unit} without an observed figure are left out of the total."


def told_apart(bench: Workbench) -> None:
    """A plain line where the data cannot tell channels apart."""
    for check in bench.champion.health.get("checks", ()):
        if check.get("code") == "distinct" and check.get("status") != "pass":
            banner("warning", escape(f"{check['finding']} {check['remedy']}"))


def channel_table(results: Results) -> None:
    """Every number of every channel, as people read them."""
    returns, one_out, split = results.roi, results.contributions.total.shown, results.decomposition.total.shown
    units, currency = returns.units, returns.units.currency
    is_money = returns.roi is not None
    so_far, following = ("ROI", "Next-euro ROI") if is_money else ("Cost per KPI", "Next cost per KPI")
    rows: list[dict[str, Any]] = []
    for i, name in enumerate(returns.labels.channels):
        value, ends = roi_words(returns, i)
        next_value, next_ends = next_words(returns, i)
        row: dict[str, Any] = {
            "Channel": name,
            "Spend": money(returns.spend[i], currency),
            "Contribution (drop-one)": amount(one_out.mean[i], units),
            "90 % interval": amount_interval(one_out.lo[i], one_out.hi[i], units),
            "Contribution (Shapley)": amount(split.mean[i], units),
            "Share of spend": 100 * float(returns.spend_share[i]),
            "Share of effect": 100 * float(returns.effect_share[i]),
            so_far: value,
            f"{so_far}, 90 %": ends,
            following: next_value,
            f"{following}, 90 %": next_ends,
        }
        if returns.p_pays_back is not None:
            row["Chance it pays back"] = probability(returns.p_pays_back[i])
        rows.append(row)
    share = st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100)
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "Channel": st.column_config.TextColumn(pinned=True),
            "Share of spend": share,
            "Share of effect": share,
        },
        alt="Spend, contribution and return of every channel.",
    )
