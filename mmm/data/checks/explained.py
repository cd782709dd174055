"""The KPI beside its neighbours, and beside everything in the data that could explain it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.checks.calendar import calendar_of
from mmm.data.checks.check import BoolArray, FloatArray
from mmm.data.inputs import Frequency
from mmm.data.panel import Panel

OUTLIER = 6.0  # robust standard deviations from the running median
HALF = 6  # periods on each side of a running median: enough to outlast a promotion, short against a season
ROWS_PER_COLUMN = 4  # periods for each column that explains, so that spend of many channels cannot explain anything


def explaining(panel: Panel, market: int, seen: NDArray[np.int64]) -> FloatArray:
    """Columns of calendar, controls and spend `[period, column]`, the largest channels where there are too many."""
    calendar = calendar_of(panel).all[seen]
    room = max(0, len(seen) // ROWS_PER_COLUMN - calendar.shape[1])
    controls = panel.controls[market][seen][:, list(panel.labels.modelled_controls)][:, :room]
    spend = panel.spend[market][seen]
    largest = np.sort(np.argsort(-spend.std(axis=0), kind="stable")[: room - controls.shape[1]])
    chosen = np.concatenate([controls, spend[:, largest]], axis=1)
    size = chosen.std(axis=0)
    return np.concatenate([calendar, (chosen - chosen.mean(axis=0))[:, size > 0] / size[size > 0]], axis=1)


def far_off(kpi: FloatArray) -> BoolArray:
    """Periods more than `OUTLIER` robust standard deviations from the median of their neighbours `[period]`."""
    off = kpi - running_median(kpi)
    spread = robust_spread(off)
    return np.asarray(np.abs(off) > OUTLIER * spread) if spread > 0 else np.zeros(len(kpi), dtype=np.bool_)


def robust_spread(off: FloatArray) -> float:
    """Median size, scaled to be the standard deviation of a normal sample."""
    return 1.4826 * float(np.median(np.abs(off))) if len(off) else 0.0


def running_median(kpi: FloatArray) -> FloatArray:
    """Median of each period and its `HALF` neighbours on both sides; the figures themselves where those are too few."""
    if len(kpi) < 2 * HALF + 1:
        return kpi
    padded = np.concatenate([kpi[HALF:0:-1], kpi, kpi[-2 : -HALF - 2 : -1]])
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * HALF + 1)
    return np.asarray(np.partition(around, HALF, axis=1)[:, HALF])  # an odd number of them: the middle one


def level_weekdays(panel: Panel, kpi: FloatArray, seen: NDArray[np.int64]) -> FloatArray:
    """The KPI of the periods `seen`; daily data less how each weekday lies around the rest."""
    values = kpi.astype(np.float64)
    if panel.labels.frequency is Frequency.DAY:
        weekday = panel.periods[seen].astype("datetime64[D]").astype(np.int64) % 7
        off = values - running_median(values)
        for place in range(7):
            if (weekday == place).any():
                values[weekday == place] -= np.median(off[weekday == place])
    return values
