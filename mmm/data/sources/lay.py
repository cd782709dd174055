"""A source's series laid on the periods of the joined table, every amount accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.dates import to_week_start, weekdays
from mmm.data.findings import FindingLog, Question, counted
from mmm.data.gaps import WEEKDAYS, runs
from mmm.data.sources.calendar import DAY, Length, Periods
from mmm.data.sources.series import Series
from mmm.data.sources.source import Fill

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
DateArray = NDArray[np.datetime64]

MAX_NAMED = 8  # columns whose amounts one finding lists; the rest are counted


@dataclass(frozen=True, eq=False)
class Laid:
    """A source on the joined periods: M markets of its own, T periods, K columns.

    Attributes:
        values: `[market, period, column]`, NaN where unknown.
        dropped: by column, the amount that lies in partial or incomplete periods and is in none of `values`.
    """

    values: FloatArray
    dropped: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Target:
    """The joined table's periods.

    Attributes:
        starts: first day of each, `datetime64[D] [T]`.
        after: first day after each, `[T]`.
    """

    periods: Periods
    starts: DateArray
    after: DateArray

    def at(self, days: DateArray) -> NDArray[np.int64]:
        """Position of the period that holds each day; -1 outside."""
        found = np.searchsorted(self.starts, days, side="right") - 1
        return np.where((found >= 0) & (days < self.after[-1]), found, -1)


def lay(series: Series, target: Target, names: tuple[str, ...], fill: dict[str, Fill], noted: FindingLog) -> Laid:
    """Add up, average or spread a source over the joined periods.

    Periods that the source covers only in part are left empty and said with their amounts. A series whose periods are
    not whole parts of the joined ones follows `fill`; for amounts it is asked for.

    Args:
        names: the joined table's names of the series' columns.
        fill: as in `Recipe.fill`.
    """
    if target.periods.length is series.periods.length is Length.WEEK and target.periods != series.periods:
        series = _with_weeks_of(series, target.periods, noted)
    if target.periods.holds(series.periods):
        if target.periods != series.periods:
            series = _with_empty_cells(series, target, noted)
        return _added_up(series, target, names, noted)
    return _spread(series, target, names, fill, noted)


def held_periods(series: Series, target: Target) -> BoolArray:
    """Whether a period lies wholly within the source's span, `[T]`.

    Weekdays on which the source never has a row do not cut a period off.
    """
    first, after = series.first, series.after
    if series.periods.length is Length.DAY:
        closed = ~np.isin(np.arange(7), weekdays(series.days))
        while closed[weekdays(np.array([first - DAY]))[0]] and not closed.all():
            first = first - DAY
        while closed[weekdays(np.array([after]))[0]] and not closed.all():
            after = after + DAY
    return np.asarray((target.starts >= first) & (target.after <= after))


def _with_weeks_of(series: Series, periods: Periods, noted: FindingLog) -> Series:
    days = to_week_start(series.days, periods.week_start)
    noted.repair(
        "week_start",
        f"The weeks of {series.label} start on a {WEEKDAYS[series.periods.week_start]}, the table's on a "
        f"{WEEKDAYS[periods.week_start]}; each was counted as the week that starts nearest to it, "
        f"{counted(int(np.abs((days - series.days).astype(np.int64)).max()), 'day')} off.",
    )
    return replace(series, days=days, periods=periods)


def _with_empty_cells(series: Series, target: Target, noted: FindingLog) -> Series:
    """Empty cells among days that are added up, as the source answers, or a question."""
    empty = np.isnan(series.values) & series.added & ~np.isnan(series.values).all(axis=0)
    if not empty.any() or series.missing == "unknown":
        return series
    row, column = np.argwhere(empty)[0]
    cells = f"{series.label} has {counted(int(empty.sum()), 'empty cell')}"
    if series.missing == "zero":
        noted.repair("empty_cell", f"{cells} among its amounts; read as zero.")
        return replace(series, values=np.where(empty, 0.0, series.values))
    noted.ask(
        Question(
            f"missing:{series.index}",
            f"{cells} among amounts that are added up to a {target.periods.length}, first “{series.columns[column]}” "
            f"of {series.days[row]}. Was there nothing, or is it unknown (the {target.periods.length} is then left "
            "empty)?",
            ("zero", "unknown"),
            f"sources.{series.index}.missing",
        ),
        ((None, series.columns[column]),),
    )
    return series


def _added_up(series: Series, target: Target, names: tuple[str, ...], noted: FindingLog) -> Laid:
    """Periods that hold the source's own whole: amounts are summed, levels averaged."""
    shape = (max(1, len(series.markets)), len(target.starts), len(series.columns))
    at = target.at(series.days)
    inside = at >= 0
    rows = series.market[inside], at[inside]
    cells = series.values[inside]
    total, known = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    np.add.at(total, rows, np.nan_to_num(cells))
    np.add.at(known, rows, (~np.isnan(cells)).astype(np.int64))
    there = np.zeros(shape[:2], dtype=np.int64)
    np.add.at(there, rows, 1)
    values = np.where(known > 0, np.where(series.added, total, total / np.maximum(known, 1)), np.nan)
    held = held_periods(series, target)
    if series.absent_is_zero:
        nothing = (held & (there == 0))[:, :, None] & series.added
        values = np.where(nothing, 0.0, values)
    lost = np.broadcast_to(~held[:, None] & series.added, shape)
    if target.periods != series.periods:
        lost = lost | (_incomplete(series, target, known, there) & series.added)
    return _without(series, target, names, values, lost, noted)


def _incomplete(series: Series, target: Target, known: NDArray[np.int64], there: NDArray[np.int64]) -> BoolArray:
    """Amounts of periods that have some of their days but not all, `[market, period, column]`.

    A weekday on which the source never has a row is not waited for, nor a date without a row where that means nothing
    happened.
    """
    if series.absent_is_zero:
        return np.asarray((known > 0) & (known < there[:, :, None]))
    days = np.arange(target.starts[0], target.after[-1], DAY)
    expected = np.isin(weekdays(days), np.unique(weekdays(series.days)))
    wanted = np.bincount(target.at(days)[expected], minlength=len(target.starts))
    return np.asarray((known > 0) & (known < wanted[None, :, None]))


def _without(
    series: Series, target: Target, names: tuple[str, ...], values: FloatArray, lost: BoolArray, noted: FindingLog
) -> Laid:
    """The values without those lost, each stretch said with its amounts."""
    lost = np.broadcast_to(lost, values.shape) & ~np.isnan(values)
    dropped: dict[str, float] = {}
    held = held_periods(series, target)
    where = np.asarray(lost.any(axis=(0, 2)))
    for start, stop in runs(where):
        amounts = np.where(lost[:, start:stop], values[:, start:stop], 0.0).sum(axis=(0, 1))
        told = {name: float(amount) for name, amount in zip(names, amounts, strict=True) if amount}
        for name, amount in told.items():
            dropped[name] = dropped.get(name, 0.0) + amount
        first = max(target.starts[start], series.first)
        last = min(target.after[stop - 1], series.after) - DAY
        partial = not (held[start] and held[stop - 1])
        why = f"not {target.periods.words}" if partial else "days are missing"
        amounts_said = f" ({amounts_in_words(told)})" if told else ""
        noted.repair(
            "partial_week" if target.periods.length is Length.WEEK else "partial_period",
            f"{series.label}, {first} to {last}: {why}, so what it has there was left out{amounts_said}.",
        )
    return Laid(np.where(lost, np.nan, values), dropped)


def amounts_in_words(amounts: dict[str, float]) -> str:
    """`sales 1,234.50, clicks 12.00`; beyond `MAX_NAMED` the rest are counted."""
    said = [f"{name} {amount:,.2f}" for name, amount in list(amounts.items())[:MAX_NAMED]]
    more = len(amounts) - len(said)
    return ", ".join([*said, *([counted(more, "more column")] if more else [])])


def _spread(series: Series, target: Target, names: tuple[str, ...], fill: dict[str, Fill], noted: FindingLog) -> Laid:
    """Longer periods laid on shorter ones (or weeks on months), each column its own way."""
    shape = (max(1, len(series.markets)), len(target.starts), len(series.columns))
    values = np.full(shape, np.nan)
    lost = np.zeros(shape, dtype=np.bool_)
    ways: dict[Fill, list[str]] = {}
    for column, name in enumerate(names):
        way = _way(series, target, column, name, fill, noted)
        if way is None or way == "omit":
            continue
        ways.setdefault(way, []).append(name)
        for market in range(shape[0]):
            mine = (series.market == market) & ~np.isnan(series.values[:, column])
            if way == "share":
                values[market, :, column], lost[market, :, column] = _shared(series.take(mine), target, column)
            elif mine.any():
                values[market, :, column] = _levels(series.take(mine), target, column, way)
    for way, filled in ways.items():
        noted.repair("fill", _said(series, target, way, filled))
    return _without(series, target, names, values, lost, noted)


def _way(
    series: Series, target: Target, column: int, name: str, fill: dict[str, Fill], noted: FindingLog
) -> Fill | None:
    """How one column is laid; None where a person is asked."""
    if not series.added[column]:
        return fill.get(name, "step")
    if fill.get(name) in ("share", "omit"):
        return fill[name]
    noted.ask(
        Question(
            f"fill:{name}",
            f"“{name}” has one amount a {series.periods.length}, the table one row a {target.periods.length}. Divide "
            f"each amount over its days (share), or leave the column out (omit) and upload it by "
            f"{target.periods.length} instead?",
            ("share", "omit"),
            f"fill.{name}",
        ),
        ((None, name),),
    )
    return None


def _shared(series: Series, target: Target, column: int) -> tuple[FloatArray, BoolArray]:
    """Amounts divided evenly over their days and added up; which periods are covered in part only."""
    lengths = (series.periods.next(series.days) - series.days).astype(np.int64)
    total, covered = _by_days(series, target, series.values[:, column] / lengths, lengths)
    partial = (covered > 0) & (covered < (target.after - target.starts).astype(np.int64))
    return np.where(covered > 0, total, np.nan), partial


def _by_days(
    series: Series, target: Target, a_day: FloatArray, lengths: NDArray[np.int64]
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Values of single days summed over the joined periods, and how many days each period has; `[period]` both."""
    offsets = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    at = target.at(np.repeat(series.days, lengths) + offsets.astype("timedelta64[D]"))
    inside, n = at >= 0, len(target.starts)
    total = np.bincount(at[inside], weights=np.repeat(a_day, lengths)[inside], minlength=n)
    return np.asarray(total, dtype=np.float64), np.bincount(at[inside], minlength=n).astype(np.int64)


def _levels(series: Series, target: Target, column: int, way: Fill) -> FloatArray:
    """A level at the middle day of each period (or its mean over a longer one); NaN outside the source's span."""
    if target.periods.length.rank > series.periods.length.rank:
        lengths = (series.periods.next(series.days) - series.days).astype(np.int64)
        total, covered = _by_days(series, target, series.values[:, column], lengths)
        return np.where(covered > 0, total / np.maximum(covered, 1), np.nan)
    middle = target.starts + (target.after - target.starts) // 2
    after = series.periods.next(series.days)
    if way == "line":
        centre = series.days + (after - series.days) // 2
        drawn = np.interp(middle.astype(np.int64), centre.astype(np.int64), series.values[:, column])
        return np.where((middle >= series.days[0]) & (middle < after[-1]), drawn, np.nan)
    at = np.searchsorted(series.days, middle, side="right") - 1
    inside = (at >= 0) & (middle < after[np.maximum(at, 0)])
    return np.where(inside, series.values[np.maximum(at, 0), column], np.nan)


def _said(series: Series, target: Target, way: Fill, names: list[str]) -> str:
    listed = ", ".join(f"“{name}”" for name in names[:MAX_NAMED]) + (" and others" if len(names) > MAX_NAMED else "")
    how = {
        "step": f"each {target.periods.length} carries the value of the {series.periods.length} it lies in"
        if target.periods.length.rank < series.periods.length.rank
        else f"each {target.periods.length} carries the mean of its days",
        "line": f"values run straight between the middles of {series.periods.length}s",
        "share": f"each amount is divided evenly over the days of its {series.periods.length}",
    }[way]
    return f"{series.label}, {series.periods.length} to {target.periods.length}, {listed}: {how}."
