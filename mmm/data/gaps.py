"""The gap rule: short gaps are filled and marked, long ones are excluded with what they contaminate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.dates import period_range, weekdays
from mmm.data.findings import FindingLog, counted
from mmm.data.inputs import Frequency
from mmm.data.rows import Rows, Use

GAP_DAYS = 14  # a gap of two weeks or more is not filled (the source method's rule)
CARRY_OVER_DAYS = 56  # how far unknown spend is taken to reach: eight weeks, as for a plan's tail

CLOSED = -1  # in place of a row number: no row was to be expected
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Run = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Grid:
    """Every market by every period, G x T; columns and uses as in `Rows`.

    Attributes:
        values: `[market, period, column]`, NaN where the file holds no value.
        number: row number in the file `[market, period]`, 0 where the file has no row, `CLOSED` on closed days.
        observed, filled: as in `Panel`, `[market, period]`.
    """

    periods: NDArray[np.datetime64]
    frequency: Frequency
    values: FloatArray
    number: NDArray[np.int64]
    observed: BoolArray
    filled: BoolArray
    columns: tuple[str, ...]
    uses: tuple[Use, ...]
    markets: tuple[str, ...]

    def which(self, *uses: Use) -> list[int]:
        """Positions of the columns used as any of `uses`."""
        return [position for position, use in enumerate(self.uses) if use in uses]

    def where(self, market: int) -> str:
        """` in <market>` for a message, nothing where there is one market only."""
        return "" if len(self.markets) == 1 else f" in {self.markets[market]}"

    def span(self, run: Run) -> str:
        """The periods of a run, for a message."""
        first, last = self.periods[run[0]], self.periods[run[1] - 1]
        return str(first) if first == last else f"{first} to {last} ({counted(run[1] - run[0], self.frequency)})"


def to_grid(rows: Rows, frequency: Frequency) -> Grid:
    """Aligned rows, one for each market and period, laid out over every period from first to last."""
    periods = period_range(rows.days.min(), rows.days.max(), frequency)
    at = np.searchsorted(periods, rows.days)
    shape = (len(rows.markets), len(periods))
    values = np.full((*shape, len(rows.columns)), np.nan)
    values[rows.market, at] = rows.values
    number = np.zeros(shape, dtype=np.int64)
    number[rows.market, at] = rows.number
    return Grid(
        periods=periods,
        frequency=frequency,
        values=values,
        number=number,
        observed=np.ones(shape, dtype=np.bool_),
        filled=np.zeros(shape, dtype=np.bool_),
        columns=rows.columns,
        uses=rows.uses,
        markets=rows.markets,
    )


def runs(where: BoolArray) -> Iterator[Run]:
    """Stretches of True as (start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    yield from ((int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True))


def spread_credit(grid: Grid, noted: FindingLog) -> Grid:
    """Negative spend taken off the channel's nearest earlier periods, then off later ones; totals stay."""
    values = grid.values.copy()
    for column in grid.which(Use.SPEND):
        with np.errstate(invalid="ignore"):
            places = np.argwhere(values[:, :, column] < 0)
        for market, period in places:
            series = values[market, :, column]
            credit, series[period] = -series[period], 0.0
            for other in (*range(period - 1, -1, -1), *range(period + 1, len(series))):
                if credit <= 0:
                    break
                if series[other] > 0:
                    taken = min(credit, series[other])
                    series[other] -= taken
                    credit -= taken
            number, name = int(grid.number[market, period]), grid.columns[column]
            rest = f"; {credit:,.2f} had no spend to be taken off and was dropped" if credit > 0 else ""
            noted.repair("credit", f"Row {number}: the credit was taken off earlier spend{rest}.", number, name)
    return replace(grid, values=values)


def close_days(grid: Grid, noted: FindingLog) -> Grid:
    """Weekdays that no row of a daily file falls on are days without sales and spend, not gaps.

    Only where the days around them have rows: next to a missing day they belong to its gap.
    """
    weekday = weekdays(grid.periods)
    present = np.unique(weekday[(grid.number > 0).any(axis=0)])
    closed = ~np.isin(weekday, present)
    if not closed.any():
        return grid
    values, number = grid.values.copy(), grid.number.copy()
    summed = grid.which(Use.KPI, Use.SPEND, Use.EXPOSURE)
    for market in range(len(grid.markets)):
        for start, stop in runs(closed):
            if (grid.number[market, [max(start - 1, 0), min(stop, len(closed) - 1)]] > 0).all():
                values[market, start:stop, summed] = 0.0
                number[market, start:stop] = CLOSED
    names = " and ".join(WEEKDAYS[day] for day in sorted(set(range(7)) - set(present.tolist())))
    noted.info("closed_days", f"The file has no row on any {names}; they count as days without sales and spend.")
    return replace(grid, values=values, number=number)


def fill_gaps(grid: Grid, links: dict[int, int], noted: FindingLog) -> Grid:
    """Apply the gap rule; afterwards every value is finite.

    In the KPI, spend and exposure a gap shorter than 14 days is filled forward, then backward; its periods are
    marked filled and not observed. A longer one is interpolated so that arrays stay finite, and excluded. Where
    spend or exposure was unknown for that long, the 56 days after it are excluded as well: its carry-over
    reaches them.

    Args:
        links: exposure column to the spend column it belongs to; without spend there is no exposure.
    """
    values, observed, filled = grid.values.copy(), grid.observed.copy(), grid.filled.copy()
    for exposure, spend in links.items():
        nothing = np.isnan(values[:, :, exposure]) & (values[:, :, spend] == 0)
        values[:, :, exposure][nothing] = 0.0
    reached = np.zeros_like(observed)
    for market in range(len(grid.markets)):
        _note_absent(grid, market, noted)
        for column in np.flatnonzero(np.isnan(values[market]).any(axis=0)):
            if grid.uses[column] is not Use.POPULATION:
                place = market, int(column)
                _fill_column(grid, place, values[market, :, column], (observed, filled, reached), noted)
    _note_reached(grid, observed & reached, noted)
    return replace(grid, values=values, observed=observed & ~reached, filled=filled)


def _fill_column(
    grid: Grid, place: tuple[int, int], series: FloatArray, masks: tuple[BoolArray, ...], noted: FindingLog
) -> None:
    """Fill one column of one market in place, and mark what that means for fitting."""
    market, column = place
    observed, filled, reached = (np.asarray(mask[market]) for mask in masks)
    use, missing = grid.uses[column], np.isnan(series)
    if missing.all():
        message = f"“{grid.columns[column]}” holds no value{grid.where(market)}."
        noted.refuse("empty_column", message, None, grid.columns[column])
        series[:] = 0.0
        return
    flag = use is Use.CONTROL and bool(np.isin(series[~missing], (0.0, 1.0)).all())
    _fill_series(grid, series, missing, flag)
    if use is Use.VALUE:
        _note_value(grid, market, column, missing, noted)
        return
    for run in runs(missing):
        here = slice(*run)
        short = _days(grid, run) < GAP_DAYS
        _note_run(grid, market, column, run, short or flag, noted)
        if use is Use.CONTROL:
            observed[here] &= short or flag
            continue
        observed[here] = False
        filled[here] |= short
        if use is not Use.KPI and not short:
            reached |= _reached(grid, run)


def week_span(start: int) -> str:
    """`Monday to Sunday` for weeks that begin on weekday `start`, Monday = 0."""
    return f"{WEEKDAYS[start]} to {WEEKDAYS[start - 1]}"


def refuse_negative(grid: Grid, noted: FindingLog) -> None:
    """Spend that is below zero in a period even after everything in it was added up cannot be used."""
    for column in grid.which(Use.SPEND):
        for market, period in np.argwhere(grid.values[:, :, column] < 0):
            number, name = int(grid.number[market, period]), grid.columns[column]
            noted.refuse(
                "negative_spend",
                f"The {grid.frequency} of {grid.periods[period]}{grid.where(market)}: “{name}” is below zero in sum. "
                "Answer “credit” (take it off earlier spend) or “zero” (a mistake) instead of “keep”.",
                number if number > 0 else None,
                name,
            )


def roll_up_weeks(grid: Grid, week_start: int, noted: FindingLog) -> Grid:
    """Days added up to whole weeks from weekday `week_start` on: KPI, spend and exposure summed, controls averaged.

    The value of a KPI unit is averaged by KPI, so that the week's money stays the same. A week is observed only if
    all its days are. Days outside whole weeks are dropped and said.
    """
    first = int((week_start - weekdays(grid.periods[:1])[0]) % 7)
    weeks = max(0, (len(grid.periods) - first) // 7)
    stop = first + 7 * weeks
    for run in ((0, first), (stop, len(grid.periods))):
        if run[1] > run[0] and weeks:
            noted.repair("partial_week", f"{grid.span(run)}: not a whole week ({week_span(week_start)}), so left out.")
    noted.repair(
        "rolled_up",
        f"{counted(len(grid.periods), 'day')} were added up to {counted(weeks, 'week')} ({week_span(week_start)}): "
        "KPI, spend and exposure summed, prices, indices and other controls averaged.",
    )
    shape = (len(grid.markets), weeks, 7)
    values = grid.values[:, first:stop].reshape(*shape, len(grid.columns))
    summed = grid.which(Use.KPI, Use.SPEND, Use.EXPOSURE)
    weekly = values.mean(axis=2)
    weekly[:, :, summed] = values[:, :, :, summed].sum(axis=2)
    for column in grid.which(Use.VALUE):
        kpi, value = values[..., grid.which(Use.KPI)[0]], values[..., column]
        total = kpi.sum(axis=2)
        money = np.divide((kpi * value).sum(axis=2), total, out=weekly[:, :, column].copy(), where=total > 0)
        weekly[:, :, column] = money
    observed = grid.observed[:, first:stop].reshape(shape).all(axis=2)
    lost = int((~observed).sum())
    if lost:
        noted.repair("excluded_weeks", f"{counted(lost, 'week')} with a filled or excluded day: not used for fitting.")
    return replace(
        grid,
        periods=grid.periods[first:stop:7],
        frequency=Frequency.WEEK,
        values=weekly,
        number=grid.number[:, first:stop].reshape(shape).max(axis=2),
        observed=np.asarray(observed),
        filled=np.asarray(grid.filled[:, first:stop].reshape(shape).any(axis=2)),
    )


def _days(grid: Grid, run: Run) -> float:
    return (run[1] - run[0]) * grid.frequency.days


def _fill_series(grid: Grid, series: FloatArray, missing: BoolArray, flag: bool) -> None:
    """Fill in place: short gaps forward then backward, long ones by interpolation; a flag is off where not set."""
    if flag:
        series[missing] = 0.0
        return
    at = np.arange(len(series))
    known = at[~missing]
    smooth = np.interp(at, known, series[known])
    for start, stop in runs(missing):
        if _days(grid, (start, stop)) < GAP_DAYS:
            series[start:stop] = series[start - 1] if start > 0 else series[stop]
        else:
            series[start:stop] = smooth[start:stop]


def _reached(grid: Grid, run: Run) -> BoolArray:
    """Periods that begin within the carry-over of a run of unknown spend."""
    if run[1] == len(grid.periods):
        return np.zeros(len(grid.periods), dtype=np.bool_)
    end = grid.periods[run[1]]
    return np.asarray((grid.periods >= end) & (grid.periods < end + np.timedelta64(CARRY_OVER_DAYS, "D")))


def _note_absent(grid: Grid, market: int, noted: FindingLog) -> None:
    """Periods without any row, said once rather than for each column."""
    for run in runs(grid.number[market] == 0):
        span = f"{grid.span(run)}: the file has no row{grid.where(market)}"
        if _days(grid, run) < GAP_DAYS:
            noted.repair("filled", f"{span}. It was filled from its neighbour and marked; it is not used for fitting.")
        else:
            noted.repair("excluded", f"{span}. Excluded from fitting.")


def _note_run(grid: Grid, market: int, column: int, run: Run, filled: bool, noted: FindingLog) -> None:
    numbers = grid.number[market, run[0] : run[1]]
    if not (numbers > 0).any():
        return  # the absent rows are said already
    number, name = int(numbers[numbers > 0][0]), grid.columns[column]
    start = f"{grid.span(run)}: “{name}” is missing{grid.where(market)}"
    if grid.uses[column] is Use.CONTROL:
        end = "It was filled." if filled else "It was interpolated, and these periods are excluded from fitting."
    elif filled:
        end = "It was filled from its neighbour and marked; it is not used for fitting."
    else:
        end = "Excluded from fitting."
    noted.repair("filled" if filled else "excluded", f"{start}. {end}", number, name)


def _note_value(grid: Grid, market: int, column: int, missing: BoolArray, noted: FindingLog) -> None:
    empty = missing & (grid.number[market] > 0)
    if empty.any():
        number, name = int(grid.number[market][empty][0]), grid.columns[column]
        message = (
            f"“{name}” is empty in {counted(int(empty.sum()), 'row')}{grid.where(market)}; its neighbours were used."
        )
        noted.repair("value_filled", message, number, name)


def _note_reached(grid: Grid, lost: BoolArray, noted: FindingLog) -> None:
    for market in range(len(grid.markets)):
        for run in runs(lost[market]):
            noted.repair(
                "contaminated",
                f"{grid.span(run)}: excluded from fitting{grid.where(market)}, because the carry-over of unknown "
                f"spend before reaches {CARRY_OVER_DAYS} days.",
                int(grid.number[market, run[0]]) if grid.number[market, run[0]] > 0 else None,
            )
