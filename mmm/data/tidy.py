"""Rows put in order: what a cell without spend, a negative one or a second row for a period means."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.dates import WEEK_BACK, dated_at_end, detect_frequency, period_starts, weekday_of
from mmm.data.findings import FindingLog, Question, Severity, counted
from mmm.data.gaps import WEEKDAYS, week_span
from mmm.data.inputs import Frequency
from mmm.data.mapping import Mapping
from mmm.data.rows import Rows, Use, places

MAX_PLACES = 20  # rows a question points at
MAX_JUMP_DAYS = 731  # a longer jump between two dates is a mistyped year


@dataclass(frozen=True)
class Calendar:
    """How the dates of a file are spaced: as written, and whether days are then added up to weeks."""

    native: Frequency
    roll_up: bool

    @property
    def frequency(self) -> Frequency:
        """Length of a period of the panel."""
        return Frequency.WEEK if self.roll_up else self.native


def settle_spend(rows: Rows, mapping: Mapping, noted: FindingLog) -> Rows:
    """Negative and empty spend cells as the mapping answers, or a question for each.

    Negative spend answered "credit" or "keep" stays negative here; `spread_credit` takes a credit off earlier periods,
    and what is kept is added up with its period's other rows.
    """
    spend = rows.which(Use.SPEND)
    values = rows.values.copy()
    with np.errstate(invalid="ignore"):
        negative = values[:, spend] < 0
    if negative.any() and mapping.negative_spend is None:
        noted.ask(_negative_question(rows, spend, negative), _places(rows, spend, negative))
    elif negative.any() and mapping.negative_spend == "zero":
        for row, name in _places(rows, spend, negative, limit=None):
            noted.repair("negative_spend", f"Row {row}: negative spend was read as zero.", row, name)
        values[:, spend] = np.where(negative, 0.0, values[:, spend])
    elif negative.any() and mapping.negative_spend == "keep":
        for row, name in _places(rows, spend, negative, limit=None):
            noted.repair("negative_spend", f"Row {row}: negative spend was kept in its own period.", row, name)
    _note_absent_channels(rows, spend, values, noted)
    empty = np.isnan(values[:, spend])
    if empty.any() and mapping.missing_spend is None:
        noted.ask(_missing_question(rows, spend, empty), _places(rows, spend, empty))
    elif empty.any() and mapping.missing_spend == "zero":
        for position, column in enumerate(spend):
            count = int(empty[:, position].sum())
            if count:
                number = int(rows.number[np.flatnonzero(empty[:, position])[0]])
                message = f"{_cells(count)} no spend in “{rows.columns[column]}”; read as zero."
                noted.repair("missing_spend", message, number, rows.columns[column])
        values[:, spend] = np.where(empty, 0.0, values[:, spend])
    return replace(rows, values=values)


def calendar_of(rows: Rows, mapping: Mapping, noted: FindingLog) -> Calendar | None:
    """The length of a period; None when the dates do not tell, or a person has to choose."""
    if not _plausible_jumps(rows, mapping, noted):
        return None
    native = _spacing(rows) or mapping.frequency
    asked = mapping.frequency
    if native is None:
        noted.refuse(
            "spacing",
            f"The dates in “{mapping.date}” are neither a day, a week nor a month apart. Use one row for each period "
            "(and name the market column if there are several markets).",
            None,
            mapping.date,
        )
        return None
    if asked is not None and asked is not native and (native, asked) != (Frequency.DAY, Frequency.WEEK):
        noted.refuse(
            "spacing",
            f"The dates in “{mapping.date}” are a {native} apart, so periods of a {asked} cannot be made of them.",
            None,
            mapping.date,
        )
        return None
    if native is Frequency.DAY and asked is None and not mapping.roll_up:
        noted.ask(
            Question(
                "roll_up",
                f"The file has a row for each day. Add the days up to weeks ({week_span(mapping.week_start)}; "
                "advised), or keep days?",
                ("weeks", "days"),
                "roll_up",
            )
        )
    return Calendar(native, native is Frequency.DAY and (mapping.roll_up or asked is Frequency.WEEK))


def without_plan(rows: Rows, mapping: Mapping, noted: FindingLog) -> Rows:
    """The rows up to the last date on which any market has a KPI: later ones are a plan, not history."""
    sold = ~np.isnan(rows.values[:, rows.which(Use.KPI)]).any(axis=1)
    if not sold.any():
        return rows
    planned = rows.days > rows.days[sold].max()
    if planned.any():
        days, first = np.unique(rows.days[planned]), int(rows.number[planned].min())
        span = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
        noted.info(
            "no_kpi_yet",
            f"{counted(int(planned.sum()), 'row')} at the end ({span}) without “{mapping.kpi}”: a plan, not history, "
            "so left out.",
            first,
            mapping.kpi,
        )
    return rows.take(~planned)


def align(rows: Rows, native: Frequency, mapping: Mapping, noted: FindingLog) -> Rows:
    """Every date moved to the start of its period; rows in order of market and date."""
    _note_unsorted(rows, mapping, noted)
    if native is Frequency.WEEK and dated_at_end(mapping.date):
        rows = replace(rows, days=rows.days - WEEK_BACK)
        noted.info("week_ending", f"“{mapping.date}” names the last day of a week; weeks are dated by their first day.")
    days = period_starts(rows.days, native)
    moved = days != rows.days
    if native is Frequency.MONTH and moved.any():
        noted.info("month_start", "Monthly dates were moved to the first of their month.", None, mapping.date)
    elif moved.any():
        weekday = WEEKDAYS[weekday_of(rows.days)]
        noted.each(
            "week_start",
            Severity.REPAIR,
            places(rows.number, moved),
            lambda at, row: (
                f"Row {row} is dated {rows.days[at]}; the other weeks start on a {weekday}, so it was counted as the "
                f"week of {days[at]}."
            ),
            mapping.date,
        )
    order = np.lexsort((rows.number, days.astype(np.int64), rows.market))
    return replace(rows, days=days).take(order)


def settle_duplicates(rows: Rows, native: Frequency, mapping: Mapping, noted: FindingLog) -> Rows:
    """One row for each market and period, as the mapping answers, or a question. Rows are in order."""
    same = np.zeros(len(rows.days), dtype=np.bool_)
    same[1:] = (rows.days[1:] == rows.days[:-1]) & (rows.market[1:] == rows.market[:-1])
    if not same.any():
        return rows
    if mapping.duplicates is None:
        noted.ask(
            _duplicates_question(rows, same, native),
            tuple((int(number), mapping.date) for number in rows.number[same][:MAX_PLACES]),
        )
        return rows
    kept = {"sum": "all are added up", "first": "the first is kept", "last": "the last is kept"}[mapping.duplicates]
    noted.each(
        "duplicate",
        Severity.REPAIR,
        places(rows.number, same),
        lambda at, row: f"Row {row} repeats {rows.days[at]}{_where(rows, at)}; of such rows, {kept}.",
    )
    starts = np.flatnonzero(~same)
    if mapping.duplicates == "first":
        return rows.take(starts)
    if mapping.duplicates == "last":
        return rows.take(np.append(starts[1:], len(same)) - 1)
    added = rows.which(Use.KPI, Use.SPEND, Use.EXPOSURE)
    known = ~np.isnan(rows.values)
    total = np.add.reduceat(np.nan_to_num(rows.values), starts, axis=0)
    count = np.add.reduceat(known.astype(np.int64), starts, axis=0)
    merged = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    merged[:, added] = np.where(count > 0, total, np.nan)[:, added]
    return replace(rows.take(starts), values=merged)


def _spacing(rows: Rows) -> Frequency | None:
    """Period length by the spacing of dates within each market, the commonest over markets."""
    votes: dict[Frequency, int] = {}
    for market in range(len(rows.markets)):
        found = detect_frequency(rows.days[rows.market == market])
        if found is not None:
            votes[found] = votes.get(found, 0) + 1
    return max(votes, key=lambda frequency: votes[frequency]) if votes else None


def _plausible_jumps(rows: Rows, mapping: Mapping, noted: FindingLog) -> bool:
    days, first = np.unique(rows.days, return_index=True)
    jumps = np.flatnonzero(np.diff(days) > np.timedelta64(MAX_JUMP_DAYS, "D"))
    for position in jumps:
        late = position + 1 > len(days) / 2
        number = int(rows.number[first[position + 1 if late else position]])
        noted.refuse(
            "date_jump",
            f"Row {number}: between {days[position]} and {days[position + 1]} lie more than two years without a row. "
            "Correct the year, or upload one stretch only.",
            number,
            mapping.date,
        )
    return len(jumps) == 0


def _note_unsorted(rows: Rows, mapping: Mapping, noted: FindingLog) -> None:
    by_market = np.lexsort((rows.number, rows.market))
    days, market = rows.days[by_market], rows.market[by_market]
    back = np.flatnonzero((days[1:] < days[:-1]) & (market[1:] == market[:-1])) + 1
    if len(back):
        number = int(rows.number[by_market][back].min())
        noted.repair(
            "unsorted",
            f"The rows are not in order of date (first at row {number}); they were sorted.",
            number,
            mapping.date,
        )


def _note_absent_channels(rows: Rows, spend: list[int], values: NDArray[np.float64], noted: FindingLog) -> None:
    """A market without any spend cell lacks that channel: zeros. A column without any is refused."""
    for column in spend:
        known = ~np.isnan(values[:, column])
        name = rows.columns[column]
        if not known.any():
            noted.refuse("empty_column", f"“{name}” holds no number at all. Leave this channel out.", None, name)
            continue
        filled = np.bincount(rows.market[known], minlength=len(rows.markets))
        for market in np.flatnonzero(filled == 0):
            noted.info("no_channel", f"{rows.markets[market]} has no “{name}”; its spend is zero there.", None, name)
            values[rows.market == market, column] = 0.0


def _places(
    rows: Rows, columns: list[int], where: NDArray[np.bool_], limit: int | None = MAX_PLACES
) -> tuple[tuple[int, str], ...]:
    found = np.argwhere(where)[:limit]
    return tuple((int(rows.number[row]), rows.columns[columns[column]]) for row, column in found)


def _negative_question(rows: Rows, spend: list[int], where: NDArray[np.bool_]) -> Question:
    number, column = _places(rows, spend, where, 1)[0]
    count = int(where.sum())
    return Question(
        "negative_spend",
        f"{_cells(count)} negative spend, first row {number} of “{column}”. Is it a credit to take off "
        "earlier spend, a mistake to read as zero, or to be kept in its period and taken off its other rows?",
        ("credit", "zero", "keep"),
        "negative_spend",
    )


def _missing_question(rows: Rows, spend: list[int], where: NDArray[np.bool_]) -> Question:
    number, column = _places(rows, spend, where, 1)[0]
    count = int(where.sum())
    return Question(
        "missing_spend",
        f"{_cells(count)} no spend, first row {number} of “{column}”. Was nothing spent, or is it unknown?",
        ("zero", "unknown"),
        "missing_spend",
    )


def _duplicates_question(rows: Rows, same: NDArray[np.bool_], native: Frequency) -> Question:
    position = int(np.flatnonzero(same)[0])
    later = rows.take(np.flatnonzero(same))
    earlier = rows.take(np.flatnonzero(same) - 1)
    identical = bool(np.array_equal(later.values, earlier.values, equal_nan=True))
    return Question(
        "duplicates",
        f"{counted(int(same.sum()), 'further row')} for a {native} that has one already, "
        f"first row {rows.number[position]} ({rows.days[position]}{_where(rows, position)}; "
        f"{'the same' if identical else 'other'} numbers). "
        "Add them up, or keep the first or the last?",
        ("first", "last", "sum") if identical else ("sum", "first", "last"),
        "duplicates",
    )


def _where(rows: Rows, position: int) -> str:
    return "" if len(rows.markets) == 1 else f" in {rows.markets[rows.market[position]]}"


def _cells(count: int) -> str:
    return f"{counted(count, 'cell')} {'has' if count == 1 else 'have'}"
