"""What the calendar alone explains: level, trend, season, weekday; and what it leaves.

The waves are those of `mmm.transforms.calendar`, which stands a floor above the data and cannot be asked from here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmm.data.checks.check import BoolArray, FloatArray
from mmm.data.inputs import Frequency
from mmm.data.panel import Panel

DAYS_PER_YEAR = 365.2425
A_YEAR = 0.95  # of history in years: less does not show every part of a season
FINE = 1.5  # years of history from which the season may have three waves instead of one
ROWS_PER_COLUMN = 5  # periods for each column of the calendar, so that it cannot explain everything
TINY = 1e-12  # relative size of a singular value that is rounding


@dataclass(frozen=True, eq=False)
class Calendar:
    """Columns that the dates alone give.

    Attributes:
        level: one, and time from -1 to 1 `[period, 2]`.
        season: waves of the year, and weekdays of daily data `[period, column]`; none in too short a history.
        years: length of the history.
    """

    level: FloatArray
    season: FloatArray
    years: float

    @property
    def all(self) -> FloatArray:
        """Level and season together `[period, column]`."""
        return np.concatenate([self.level, self.season], axis=1)


def calendar_of(panel: Panel) -> Calendar:
    """The calendar of a panel's periods, as fine as its length allows."""
    days = (panel.periods - panel.periods[0]).astype("timedelta64[D]").astype(np.float64)
    years = float(days[-1] + panel.labels.frequency.days) / DAYS_PER_YEAR
    harmonics = 0 if years < A_YEAR else 3 if years >= FINE else 1
    phase = 2 * np.pi * days / DAYS_PER_YEAR
    columns = [wave(h * phase) for h in range(1, harmonics + 1) for wave in (np.sin, np.cos)]
    if panel.labels.frequency is Frequency.DAY:
        weekday = panel.periods.astype("datetime64[D]").astype(np.int64) % 7
        columns += [(weekday == place).astype(np.float64) for place in range(6)]
    columns = columns[: max(0, len(days) // ROWS_PER_COLUMN - 2)]
    time = np.linspace(-1.0, 1.0, len(days))
    season = np.stack(columns, axis=1) if columns else np.zeros((len(days), 0))
    return Calendar(np.stack([np.ones_like(time), time], axis=1), season, years)


def basis(columns: FloatArray) -> FloatArray:
    """Orthonormal columns that span the same, dependent ones left out `[row, rank]`."""
    axes, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(axes[:, sizes > TINY * max(columns.shape) * sizes[0]]) if sizes.size else axes[:, :0]


def left_over(span: FloatArray, values: FloatArray) -> FloatArray:
    """`values [row, …]` less what the orthonormal columns `span` explain."""
    return np.asarray(values - span @ (span.T @ values))


def pooled(panel: Panel, values: FloatArray, span_of: FloatArray, rows: BoolArray) -> FloatArray:
    """`values [market, period, column]` of every market, as shares of its mean and less what `span_of` explains.

    Args:
        panel: whose markets they are.
        values: numbers in any unit; a column whose mean is zero in a market comes back as zeros there.
        span_of: columns of the calendar `[period, column]`, fitted in each market on its own.
        rows: which periods of each market count `[market, period]`.

    Returns:
        `[observation, column]`, markets one after the other.
    """
    parts = []
    known: dict[bytes, FloatArray] = {}  # markets with the same periods share the span
    for market in range(len(panel.labels.markets)):
        seen = values[market][rows[market]]
        if len(seen):
            mean = np.abs(seen.mean(axis=0))
            scaled = np.divide(seen, mean, out=np.zeros_like(seen), where=mean > 0)
            key = rows[market].tobytes()
            if key not in known:
                known[key] = basis(span_of[rows[market]])
            parts.append(left_over(known[key], scaled))
    return np.concatenate(parts) if parts else np.zeros((0, values.shape[2]))


def correlation(columns: FloatArray, other: FloatArray) -> FloatArray:
    """Correlation of each column with `other [row]`, both centred here `[column]`; zero for what never moves."""
    if len(columns) < 2:
        return np.zeros(columns.shape[1])
    centred, against = columns - columns.mean(axis=0), other - other.mean()
    size = np.sqrt((centred**2).sum(axis=0) * (against**2).sum())
    moving = (centred.std(axis=0) > TINY**0.5) & (against.std() > TINY**0.5)
    r = np.divide(centred.T @ against, size, out=np.zeros(columns.shape[1]), where=moving & (size > 0))
    return np.asarray(r)
