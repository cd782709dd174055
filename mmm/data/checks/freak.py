"""Single periods that stand out: in the KPI, and in a channel's spend."""

from __future__ import annotations

import numpy as np

from mmm.data.checks.calendar import basis, left_over
from mmm.data.checks.check import BoolArray, Check, day, listed, of_market, passed
from mmm.data.checks.explained import explaining, far_off, level_weekdays, robust_spread
from mmm.data.panel import Panel

UNEXPLAINED = 4.0  # robust standard deviations that a freak period keeps beside calendar, controls and spend
USUAL = 0.7  # share of periods in which a control that marks events has its usual value
LONELY = 4.0  # times the next highest spend: a misplaced digit is ten, an ordinary peak is under two
FEW = 0.02  # share of periods that may stand out together and still be called single
OTHERS = 10  # periods with spend that one is compared with


def outliers(panel: Panel) -> Check:
    """Periods whose KPI lies far off its neighbours' and is not explained by controls or spend."""
    title = "No freak periods"
    told = _marked(panel)
    found: list[str] = []
    for market in range(len(panel.labels.markets)):
        seen = np.flatnonzero(panel.observed[market])
        kpi = level_weekdays(panel, panel.kpi[market][seen], seen)
        strange = far_off(kpi) & ~told[market][seen]
        if strange.any():
            rest = left_over(basis(explaining(panel, market, seen)), kpi)
            strange &= np.abs(rest) > UNEXPLAINED * robust_spread(rest)
        found += [f"{day(period)}{of_market(panel, market)}" for period in panel.periods[seen][strange]]
    if not found:
        return passed("outliers", title, "No period's KPI lies far off its neighbours.")
    return Check(
        "outliers",
        title,
        "warn",
        f"The KPI lies far off its neighbours in {listed(found)}.",
        "Check the figures; if something special happened (a launch, a strike), add a 0/1 column for it as a control.",
    )


def spend_outliers(panel: Panel) -> Check:
    """Periods with several times the spend of any other: a misplaced digit, or a unit that changed for once."""
    title, code = "No freak spend", "spend_outliers"
    spend = np.where(panel.observed[:, :, None], panel.spend, 0.0)
    most = max(1, int(FEW * panel.n_periods))
    if panel.n_periods <= most + OTHERS:
        return passed(code, title, "The history is too short to tell freak spend from a burst.")
    high = -np.sort(-spend, axis=1)[:, : most + OTHERS + 1]
    gap = (high[:, :most] > LONELY * high[:, 1 : most + 1]) & (high[:, OTHERS : OTHERS + most] > 0)
    above = np.where(gap, high[:, :most], np.inf).min(axis=1)
    market, period, channel = np.nonzero(spend >= above[:, None, :])
    if not len(market):
        return passed(code, title, "No period has several times the spend of all others.")
    order = np.lexsort((period, channel, market))
    said = [
        f"{panel.labels.channels[channel[k]]} on {day(panel.periods[period[k]])}{of_market(panel, int(market[k]))}"
        for k in order
    ]
    return Check(
        code,
        title,
        "warn",
        f"Spend is more than {LONELY:g} times that of any other period: {listed(said)}.",
        "Look for a misplaced decimal point or a whole campaign booked on one day; where it is right, expect the curve "
        "to say little between the usual spend and that one.",
    )


def _marked(panel: Panel) -> BoolArray:
    """Periods in which a control that mostly stands still does not: somebody marked an event `[market, period]`."""
    usual = np.median(panel.controls, axis=(0, 1)) if panel.controls.size else np.zeros(panel.controls.shape[2])
    away = panel.controls != usual
    events = away.mean(axis=(0, 1)) <= 1 - USUAL
    return np.asarray(away[:, :, events].any(axis=2))
