"""Business as usual: what would be spent if nobody decided anything."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import RECENT_PERIODS, Frequency, recent_rate
from mmm.data.panel import Panel
from mmm.errors import DataError

FloatArray = NDArray[np.float64]

BusinessAsUsual = Literal["recent", "last_year"]

HORIZON = {Frequency.DAY: 84, Frequency.WEEK: 12, Frequency.MONTH: 12}  # periods ahead: 12 weeks, or a year of months
YEAR = {Frequency.DAY: 364, Frequency.WEEK: 52, Frequency.MONTH: 12}  # periods; 364 days keep the weekday
MAX_LEVEL_CHANGE = 3.0  # a channel's level against last year is not scaled further: few weeks say no more


def business_as_usual(panel: Panel, horizon: int, kind: BusinessAsUsual = "recent") -> FloatArray:
    """Spend over the next `horizon` periods, currency `[market, period, channel]`.

    Args:
        panel: history.
        horizon: periods ahead, at least 1.
        kind: "recent" repeats the mean rate of the last 12 periods; "last_year" repeats the same periods of last year,
            each channel scaled by its last 12 periods over the same 12 a year before (at most threefold). A
            channel that was dark then but spends now keeps its recent rate.

    Raises:
        DataError: the horizon is empty, or "last_year" is asked of less than a year of history.
    """
    if horizon < 1:
        raise DataError("A horizon needs at least one period.")
    recent = np.repeat(recent_rate(panel.spend)[:, None, :], horizon, axis=1)
    if kind == "recent":
        return recent
    year = YEAR[panel.labels.frequency]
    t = panel.n_periods
    if t < year:
        raise DataError(f"“As last year” needs {year} periods of history; this data set has {t}.")
    pattern = panel.spend[:, t - year + np.arange(horizon) % year]
    now, then = _levels(panel.spend, year)
    ratio = np.divide(now, then, out=np.ones_like(now), where=then > 0)
    scaled = pattern * np.clip(ratio, 1 / MAX_LEVEL_CHANGE, MAX_LEVEL_CHANGE) * np.where((then > 0) & (now == 0), 0, 1)
    is_new = (then == 0) & (now > 0)
    return np.where(is_new, recent, scaled)


def _levels(spend: FloatArray, year: int) -> tuple[FloatArray, FloatArray]:
    """Spend of the last 12 periods and of the same ones a year before, as far as history reaches: `[channel]`."""
    t = spend.shape[1]
    last = np.arange(max(year, t - RECENT_PERIODS), t)
    if not len(last):
        level = spend.sum(axis=(0, 1))
        return level, level
    return spend[:, last].sum(axis=(0, 1)), spend[:, last - year].sum(axis=(0, 1))
