"""Coming periods from a table: the controls, spend and values somebody already knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.cells import parse_numbers
from mmm.data.dates import WEEK_BACK, dated_at_end, parse_dates, period_starts
from mmm.data.inputs import Future, Labels, future_inputs, next_periods
from mmm.data.mapping import Mapping
from mmm.data.panel import Panel
from mmm.data.read import RawTable
from mmm.data.rows import told_mark
from mmm.errors import DataError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ComingPeriods:
    """What a table says of the periods after history.

    Attributes:
        future: spend, controls and value by market and period; unknown ones are derived as `Future` says.
        market, period: for each row of the table, its market and how many periods after history it lies, `[row]`.
        dates: as written in the table, `[row]`.
    """

    future: Future
    market: NDArray[np.int64]
    period: NDArray[np.int64]
    dates: tuple[str, ...]


def read_coming(raw: RawTable, mapping: Mapping, panel: Panel) -> ComingPeriods:
    """Read coming periods with the columns of the history's mapping; columns that are absent are unknown.

    Raises:
        DataError: the dates do not follow history without a gap, a market is unknown, a cell is no number, or spend is
            below zero.
    """
    dates = _column(raw, mapping.date)
    market = _markets(raw, mapping, panel)
    period = _positions(raw, mapping, panel)
    n, g = int(period.max()) + 1, len(panel.labels.markets)
    if len(period) != n * g or len({*zip(market.tolist(), period.tolist(), strict=True)}) != n * g:
        raise DataError(
            f"The coming periods need one row for each of {n} periods"
            + (f" and {g} markets" if g > 1 else "")
            + f", in a row after {panel.periods[-1]}; {len(period)} rows were found."
        )
    spend = _spend(raw, mapping, panel, market, period, n)
    controls = np.full((g, n, len(panel.labels.controls)), np.nan)
    for index, name in enumerate(panel.labels.controls):
        if name in raw.frame.columns:
            controls[market, period, index] = _numbers(raw, name, mapping)
    value = None
    if isinstance(mapping.value_per_kpi, str) and mapping.value_per_kpi in raw.frame.columns:
        value = np.empty((g, n))
        value[market, period] = _numbers(raw, mapping.value_per_kpi, mapping)
        value = None if np.isnan(value).any() else value
    future = Future(n, spend=spend, controls=controls, value_per_kpi=value)
    return ComingPeriods(future, market, period, tuple(dates))


def _column(raw: RawTable, name: str) -> list[str]:
    if name not in raw.frame.columns:
        raise DataError(f"The coming periods have no column “{name}”; name it as in the history.")
    return [str(cell) for cell in raw.frame[name]]


def _numbers(raw: RawTable, name: str, mapping: Mapping) -> FloatArray:
    read = parse_numbers(raw.frame[name], told_mark(raw.frame[name], raw, mapping)[0])
    bad = np.flatnonzero(np.isnan(read.values) & ~read.missing)
    if len(bad):
        row = int(raw.frame.index[bad[0]])
        raise DataError(f"Row {row} of the coming periods has no number in “{name}”. Correct it.")
    return np.asarray(read.values)


def _markets(raw: RawTable, mapping: Mapping, panel: Panel) -> NDArray[np.int64]:
    if mapping.market is None:
        return np.zeros(len(raw.frame), dtype=np.int64)
    place = {name: index for index, name in enumerate(panel.labels.markets)}
    names = [name.strip() for name in _column(raw, mapping.market)]
    unknown = sorted({name for name in names if name not in place})
    if unknown:
        raise DataError(f"The coming periods name markets that history does not have: {', '.join(unknown[:5])}.")
    return np.array([place[name] for name in names], dtype=np.int64)


def _positions(raw: RawTable, mapping: Mapping, panel: Panel) -> NDArray[np.int64]:
    """How many periods after the first coming one each row lies `[row]`."""
    _column(raw, mapping.date)
    read = parse_dates(raw.frame[mapping.date], mapping.date_order)
    if np.isnat(read.values).any() or not len(read.values):
        raise DataError(
            f"The dates of the coming periods in “{mapping.date}” could not be read; write them as 2026-03-30."
        )
    frequency = panel.labels.frequency
    expected = next_periods(panel.periods[-1], frequency, len(read.values))
    found = period_starts(read.values, frequency) if frequency.value == "month" else read.values
    if frequency.value == "week" and dated_at_end(mapping.date):
        found = found - WEEK_BACK
    index = np.searchsorted(expected, found)
    known = (index < len(expected)) & (expected[np.minimum(index, len(expected) - 1)] == found)
    if not known.all():
        stray = found[~known][0]
        raise DataError(
            f"The coming periods must follow history without a gap: the first is {expected[0]}, "
            f"but the file has {stray}, which is not the start of a coming {frequency.value}."
        )
    return np.asarray(index, dtype=np.int64)


def _spend(
    raw: RawTable, mapping: Mapping, panel: Panel, market: NDArray[np.int64], period: NDArray[np.int64], n: int
) -> FloatArray | None:
    """Spend where the file has a channel's column, its recent rate elsewhere; None where it has none at all."""
    columns = {name: mapping.channels[name].spend for name in panel.labels.channels}
    if not any(column in raw.frame.columns for column in columns.values()):
        return None
    usual = future_inputs(panel.inputs(), Future(n)).spend[:, panel.n_periods :].copy()
    for index, name in enumerate(panel.labels.channels):
        if columns[name] in raw.frame.columns:
            usual[market, period, index] = np.nan_to_num(_numbers(raw, columns[name], mapping))
    if (usual < 0).any():
        below = panel.labels.channels[int(np.argwhere(usual < 0)[0, 2])]
        raise DataError(f"The coming periods hold spend below zero in “{columns[below]}”. Correct it.")
    return usual


def controls_over(future: Future, labels: Labels, horizon: int) -> FloatArray:
    """Known controls of the first `horizon` coming periods `[market, period, control]`, NaN beyond what is known."""
    known = np.full((len(labels.markets), horizon, len(labels.controls)), np.nan)
    if future.controls is not None:
        n = min(horizon, future.n_periods)
        known[:, :n] = future.controls[:, :n]
    return known
