"""The days of one source: time stamps cut into local days, the length of its periods, where its weeks start."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mmm.data.cells import as_arrow
from mmm.data.dates import detect_frequency, parse_dates, to_week_start, weekday_of, weekdays
from mmm.data.findings import FindingLog, Question, Severity
from mmm.data.gaps import WEEKDAYS
from mmm.data.read import RawTable
from mmm.data.rows import places, row_numbers
from mmm.data.sources.source import Layout, Source
from mmm.errors import DataError

DateArray = NDArray[np.datetime64]

DAY = np.timedelta64(1, "D")
FIRST_DAY, LAST_DAY = "first day", "last day"  # what the date of a week may be

_UNIVERSAL = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]00:?00|UTC)\s*$"
_MIDNIGHT = r"[T ]0?0:00(:00(\.0+)?)?\s*(Z|[+-]00:?00|UTC)\s*$"
_WEEK_END = re.compile(
    r"week[ _-]*end(ing|s|ed)?\b|\bw[/ ]?e\b|week[ _-]*to\b|\bending\b|wochenende|woche bis|fin de (la )?sem", re.I
)

ZONES = {
    "EUR": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Athens"),
    "GBP": ("Europe/London",),
    "USD": ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
    "CAD": ("America/Toronto", "America/Vancouver"),
    "AUD": ("Australia/Sydney", "Australia/Perth"),
    "NZD": ("Pacific/Auckland",),
    "CHF": ("Europe/Zurich",),
    "SEK": ("Europe/Stockholm",),
    "NOK": ("Europe/Oslo",),
    "DKK": ("Europe/Copenhagen",),
    "PLN": ("Europe/Warsaw",),
    "JPY": ("Asia/Tokyo",),
    "INR": ("Asia/Kolkata",),
    "BRL": ("America/Sao_Paulo",),
}
"""Where a shop that sells in a currency likely keeps its clock."""
ANYWHERE = ("Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo")


class Length(StrEnum):
    """Length of a source's periods."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    @property
    def rank(self) -> int:
        """Shorter periods first."""
        return list(Length).index(self)


@dataclass(frozen=True)
class Periods:
    """How time is cut.

    Attributes:
        week_start: weekday on which weeks start, Monday = 0; of no account for other lengths.
    """

    length: Length
    week_start: int = 0

    def start(self, days: DateArray) -> DateArray:
        """First day of the period that holds each day."""
        days = days.astype("datetime64[D]")
        if self.length is Length.DAY:
            return days
        if self.length is Length.WEEK:
            return np.asarray(days - ((weekdays(days) - self.week_start) % 7).astype("timedelta64[D]"))
        months = days.astype("datetime64[M]")
        if self.length is Length.QUARTER:
            months = months - (months.astype(np.int64) % 3).astype("timedelta64[M]")
        return np.asarray(months.astype("datetime64[D]"))

    def next(self, starts: DateArray) -> DateArray:
        """First day after each period."""
        if self.length in (Length.DAY, Length.WEEK):
            return np.asarray(starts + np.timedelta64(1 if self.length is Length.DAY else 7, "D"))
        months = np.timedelta64(1 if self.length is Length.MONTH else 3, "M")
        return np.asarray((starts.astype("datetime64[M]") + months).astype("datetime64[D]"))

    def between(self, first: np.datetime64, last: np.datetime64) -> DateArray:
        """Every period from the one that starts on `first` to the one that starts on `last`."""
        days = np.arange(first, last + DAY, DAY)
        return np.unique(self.start(days))

    def holds(self, shorter: Periods) -> bool:
        """Whether each of the other periods lies within one of these."""
        if shorter.length is Length.DAY or self == shorter:
            return True
        if self.length is shorter.length:
            return self.length is not Length.WEEK
        return self.length is Length.QUARTER and shorter.length is Length.MONTH

    @property
    def words(self) -> str:
        """What a whole period is: "a whole week (Monday to Sunday)"."""
        if self.length is not Length.WEEK:
            return f"a whole {self.length}"
        return f"a whole week ({WEEKDAYS[self.week_start]} to {WEEKDAYS[(self.week_start + 6) % 7]})"


def in_local_days(raw: RawTable, source: Source, index: int, noted: FindingLog) -> RawTable:
    """The table with universal time stamps of the source's date column cut into days of its time zone.

    Asks once where the zone matters and is not known; the day is then left as written. Other tables come back
    untouched.

    Args:
        index: the source's place in the recipe.
    """
    if source.date not in raw.frame.columns:
        return raw
    cells = as_arrow(raw.frame[source.date])
    universal = _matches(cells, _UNIVERSAL)
    if not (universal & ~_matches(cells, _MIDNIGHT)).any():
        return raw
    if source.time_zone is None:
        noted.ask(_zone_question(source, index), ((None, source.date),))
        return raw
    stamps = pc.replace_substring_regex(cells.filter(pa.array(universal)), r"\s*UTC\s*$", "Z").to_pandas()
    moments = pd.to_datetime(stamps, utc=True, format="ISO8601", errors="coerce")
    local = moments.dt.tz_convert(_zone(source.time_zone)).dt.strftime("%Y-%m-%d").to_numpy()
    days = raw.frame[source.date].to_numpy(dtype=object).copy()
    readable = moments.notna().to_numpy()
    days[np.flatnonzero(universal)[readable]] = local[readable]
    noted.info(
        "time_zone",
        f"The time stamps in “{source.date}” of {source.label} are in universal time; they were cut into days of "
        f"{source.time_zone}.",
        None,
        source.date,
    )
    return replace(raw, frame=raw.frame.assign(**{source.date: pd.Series(days, index=raw.frame.index, dtype="str")}))


def read_days(raw: RawTable, source: Source, index: int, noted: FindingLog) -> DateArray | None:
    """The day of each row, `datetime64[D] [N]`, NaT where the cell is empty.

    None where the dates can be read two ways (asked) or some cannot be read at all (refused with their rows).
    """
    column = source.date
    if column not in raw.frame.columns:
        noted.refuse("no_date_column", f"{source.label} has no column with dates. Name it.", None, column or None)
        return None
    cells = raw.frame[column]
    dates = parse_dates(cells, source.date_order)
    if dates.ambiguous:
        question = Question(
            f"date_order:{index}",
            f"Dates such as “{dates.example}” in “{column}” of {source.label} can be read day first or month first. "
            "Which is it?",
            ("dmy", "mdy"),
            f"sources.{index}.date_order",
        )
        noted.ask(question, ((None, column),))
        return None
    if dates.conflict:
        noted.refuse(
            "mixed_dates",
            f"“{column}” of {source.label} mixes day-first and month-first dates. Write all of them one way, best as "
            "YYYY-MM-DD.",
            None,
            column,
        )
    noted.each(
        "bad_date",
        Severity.REFUSE,
        places(row_numbers(raw.frame), dates.bad),
        lambda at, row: f"{source.label}, row {row}: “{cells.iloc[at][:40]}” is no date. Write it as YYYY-MM-DD.",
        column,
    )
    return None if dates.bad.any() or dates.conflict else dates.values


def periods_of(days: DateArray, source: Source) -> Periods | None:
    """How a source's days are spaced; None where they are neither days, weeks, months nor quarters apart.

    Rows of campaigns and orders may skip days: unless their dates are evenly spaced, each stands for its day.
    """
    distinct = np.unique(days[~np.isnat(days)])
    gaps = np.diff(distinct).astype(np.int64)
    length: Length | None = None
    if len(gaps) and (gaps >= 80).all() and ((gaps >= 89) & (gaps <= 93)).mean() >= 0.5:
        length = Length.QUARTER
    elif (found := detect_frequency(distinct)) is not None:
        length = Length(found.value)
    elif source.layout is not Layout.TABLE and len(distinct):
        length = Length.WEEK if len(gaps) > 1 and (gaps % 7 == 0).all() else Length.DAY
    if length is Length.WEEK and source.layout is not Layout.TABLE and len(np.unique(weekdays(distinct))) > 3:
        length = Length.DAY  # some rows a week on changing weekdays
    if length is None:
        return None
    if length is not Length.WEEK:
        return Periods(length)
    at_end = bool(source.dated_at_end)
    usual = weekday_of(distinct) if source.week_start is None or at_end else source.week_start
    return Periods(length, (usual + 1) % 7 if at_end else usual)


def to_starts(days: DateArray, source: Source, periods: Periods) -> DateArray:
    """Each date as the first day of its period; a week dated a day off counts as the week it is nearest to."""
    if periods.length is not Length.WEEK:
        return periods.start(days)
    first = days - 6 * DAY if source.dated_at_end else days
    return to_week_start(np.asarray(first), periods.week_start)


def says_week_end(column: str) -> bool:
    """Whether a heading says that its dates are the last days of weeks: "week ending", "W/E"."""
    return bool(_WEEK_END.search(column.replace("_", " ")))


def ask_week_dates(sources: list[tuple[int, Source, Periods]], noted: FindingLog) -> bool:
    """Ask what the date of a week is, of each weekly source where both readings matter; whether any was asked.

    They matter where weeks meet days or weeks that start on another weekday: then a source whose dates are Sundays or
    Saturdays is asked about, and one that is dated on any day but Monday where weeks differ.
    """
    weekly = [(i, source, periods) for i, source, periods in sources if periods.length is Length.WEEK]
    differ = len({periods.week_start for _, _, periods in weekly}) > 1
    if not differ and all(periods.length in (Length.WEEK, Length.QUARTER) for _, _, periods in sources):
        return False
    asked = False
    for index, source, periods in weekly:
        if source.dated_at_end is not None or not (
            periods.week_start in _WEEKEND or (differ and periods.week_start != 0)
        ):
            continue
        start = periods.week_start
        noted.ask(
            Question(
                f"dated_at_end:{index}",
                f"The weeks of {source.label} are dated on a {WEEKDAYS[start]}. Is that the week's first day "
                f"({WEEKDAYS[start]} to {WEEKDAYS[(start + 6) % 7]}) or its last ({WEEKDAYS[(start + 1) % 7]} to "
                f"{WEEKDAYS[start]})?",
                (LAST_DAY, FIRST_DAY) if start == _SATURDAY else (FIRST_DAY, LAST_DAY),
                f"sources.{index}.dated_at_end",
            ),
            ((None, source.date),),
        )
        asked = True
    return asked


_SATURDAY = 5
_WEEKEND = (5, 6)


def _matches(cells: pa.Array, pattern: str) -> NDArray[np.bool_]:
    found = pc.match_substring_regex(cells, pattern)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DataError(f"“{name}” is no time zone; write it as Europe/Berlin or UTC.") from error


def _zone_question(source: Source, index: int) -> Question:
    likely = ZONES.get(source.currency or "", ANYWHERE)
    return Question(
        f"time_zone:{index}",
        f"The time stamps in “{source.date}” of {source.label} are in universal time (UTC). In which time zone are its "
        "days counted?",
        (*likely, "UTC"),
        f"sources.{index}.time_zone",
    )
