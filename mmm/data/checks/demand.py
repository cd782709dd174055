"""Is spend set by demand, so that a model would credit advertising with sales that were coming anyway?"""

from __future__ import annotations

import numpy as np

from mmm.data.checks.calendar import A_YEAR, Calendar, basis, calendar_of, correlation, left_over, pooled
from mmm.data.checks.check import Check, FloatArray, listed, passed, unit
from mmm.data.panel import Panel

FOLLOWS_SEASON = 0.7  # r of spend with the KPI's season: above it the season is half of the spend's ups and downs
SEASON_MATTERS = 0.2  # share of the KPI's variance around its trend that must be seasonal for this to be a risk
FOLLOWS_SALES = 0.5  # partial r of spend with the KPI of the period before
CLEARLY = 3.5  # standard errors that such an r must be away from zero: one chance in 4,000 a channel


def follows_season(panel: Panel) -> Check:
    """Channels whose spend has the KPI's own season."""
    title, code = "Spend apart from the season", "spend_follows_season"
    calendar = calendar_of(panel)
    if calendar.years < A_YEAR:
        return passed(code, title, "The history is shorter than a year, so a season cannot be told yet.")
    season, strength = _season(panel, calendar)
    if strength < SEASON_MATTERS:
        return passed(code, title, "The KPI has no strong season that spend could follow.")
    r = correlation(pooled(panel, panel.spend, calendar.level, panel.observed), season)
    found = np.argsort(-r, kind="stable")[: int((r > FOLLOWS_SEASON).sum())]
    if not len(found):
        return passed(code, title, "No channel's spend rises and falls with the season of the KPI.")
    said = [f"{panel.labels.channels[c]} (r = {r[c]:.2f})" for c in found]
    return Check(
        code,
        title,
        "warn",
        f"Spend follows the season of {panel.kpi_name}: {listed(said)}. A model can hardly tell what the channel did "
        "from what the season did.",
        "Add what drives demand (prices, promotions, weather) as controls, spend against the season for some weeks, or "
        "run a lift test.",
    )


def follows_sales(panel: Panel) -> Check:
    """Channels whose spend is set from the KPI of the period before."""
    title, code = "Spend not set by last sales", "spend_follows_sales"
    r, n = _after_sales(panel)
    found = np.argsort(-r, kind="stable")[: int((r > max(FOLLOWS_SALES, CLEARLY / np.sqrt(max(n, 1)))).sum())]
    if not len(found):
        return passed(code, title, f"No channel's spend follows the KPI of the {unit(panel)} before.")
    said = [f"{panel.labels.channels[c]} (r = {r[c]:.2f})" for c in found]
    return Check(
        code,
        title,
        "warn",
        f"Spend rises in the {unit(panel)} after {panel.kpi_name} was high: {listed(said)}. It looks set from sales (a "
        "share of revenue, a target cost per order), so high sales would be taken for its work.",
        "Trust such a channel's return only after a lift test, or fix its budget ahead for some weeks.",
    )


def _season(panel: Panel, calendar: Calendar) -> tuple[FloatArray, float]:
    """The KPI's season as a share of its market's mean `[observation]`, and its share of the variance around trend."""
    parts, around = [], []
    for market, seen in enumerate(panel.observed):
        kpi = panel.kpi[market][seen]
        if not len(kpi) or kpi.mean() == 0:
            parts.append(np.zeros(len(kpi)))
            continue
        columns = calendar.all[seen]
        fitted = np.linalg.lstsq(columns, kpi / abs(kpi.mean()), rcond=None)[0]
        season = columns[:, 2:] @ fitted[2:]
        parts.append(season - season.mean())
        around.append(left_over(basis(columns[:, :2]), kpi / abs(kpi.mean())))
    total = float((np.concatenate(around) ** 2).sum()) if around else 0.0
    every = np.concatenate(parts) if parts else np.zeros(0)
    return every, float((every**2).sum()) / total if total > 0 else 0.0


def _after_sales(panel: Panel) -> tuple[FloatArray, int]:
    """Partial correlation of spend with the last period's KPI `[channel]`, and the observations it rests on.

    The calendar and the channel's own spend of two periods are held fixed: those explain what habit explains.
    """
    calendar = calendar_of(panel)
    channels = len(panel.labels.channels)
    rows = panel.observed.copy()
    rows[:, 1:] &= panel.observed[:, :-1]
    rows[:, :2] = False
    kpi = np.roll(np.where(panel.observed, panel.kpi, 0.0), 1, axis=1)[:, :, None]
    columns = [panel.spend, np.roll(panel.spend, 1, axis=1), np.roll(panel.spend, 2, axis=1), kpi]
    left = pooled(panel, np.concatenate(columns, axis=2), calendar.all, rows)
    n = len(left) - len(panel.labels.markets) * calendar.all.shape[1] - 2
    if n < 1:
        return np.zeros(channels), 0
    now, one, two = (left[:, k * channels : (k + 1) * channels] for k in range(3))
    sales = np.broadcast_to(left[:, -1:], now.shape)
    now, sales = (_without(each, one, two) for each in (now, sales))
    size = np.sqrt((now**2).sum(axis=0) * (sales**2).sum(axis=0))
    return np.divide((now * sales).sum(axis=0), size, out=np.zeros(channels), where=size > 1e-12), n


def _without(values: FloatArray, one: FloatArray, two: FloatArray) -> FloatArray:
    """Each column of `values` less what the same column of `one` and of `two` explains (Gram-Schmidt)."""

    def less(of: FloatArray, by: FloatArray) -> FloatArray:
        size = (by**2).sum(axis=0)
        share = np.divide((of * by).sum(axis=0), size, out=np.zeros_like(size), where=size > 1e-12)
        return np.asarray(of - share * by)

    two = less(two, one)
    return less(less(values, one), two)
