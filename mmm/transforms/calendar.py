"""Features of the calendar: trend, season, weekday, public holidays and retail peaks."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Frequency

FloatArray = NDArray[np.float64]
DateArray = NDArray[np.datetime64]

EPOCH = np.datetime64("2000-01-03", "D")  # a Monday; only differences to it matter
DAYS_PER_YEAR = 365.2425
LANGUAGE = "en_US"  # models keep holidays by name: the machine's language must not rename them


def years_since(periods: DateArray, origin: np.datetime64) -> FloatArray:
    """Time in years from `origin` to each period's first day `[period]`."""
    return np.asarray((periods - origin).astype("timedelta64[D]").astype(np.float64) / DAYS_PER_YEAR)


def yearly_fourier(periods: DateArray, harmonics: int) -> FloatArray:
    """Sine and cosine of the day of the year, `[period, 2 * harmonics]`, lowest frequency first."""
    phase = 2 * np.pi * years_since(periods, EPOCH)
    waves = [f(h * phase) for h in range(1, harmonics + 1) for f in (np.sin, np.cos)]
    return np.stack(waves, axis=-1) if waves else np.zeros((len(periods), 0))


def weekday_dummies(periods: DateArray, frequency: Frequency) -> FloatArray:
    """Monday to Saturday against Sunday for daily data `[period, 6]`; `[period, 0]` otherwise."""
    if frequency is not Frequency.DAY:
        return np.zeros((len(periods), 0))
    weekday = (periods - EPOCH).astype(np.int64) % 7
    return np.asarray(weekday[:, None] == np.arange(6)[None, :], dtype=np.float64)


def holiday_features(
    periods: DateArray, frequency: Frequency, country: str | None, names: tuple[str, ...] | None = None
) -> tuple[FloatArray, tuple[str, ...]]:
    """Days of each holiday inside each period, as a share of the holiday's length, `[period, holiday]`.

    Public holidays of `country` by name, and three retail peaks (Black Friday to Cyber Monday, the two weeks
    before Christmas, the week after it). Nothing where no country is given.

    Args:
        names: keep these holidays in this order (those seen when a model was fitted); None keeps all that occur.
    """
    if country is None or len(periods) == 0:
        return np.zeros((len(periods), 0)), ()
    ends = np.append(periods[1:], periods[-1] + _length(frequency))
    first, last = periods[0].astype(object), ends[-1].astype(object)
    days = holiday_days(country, first.year, last.year)
    kept = tuple(sorted(days)) if names is None else names
    columns = np.zeros((len(periods), len(kept)))
    for column, name in enumerate(kept):
        dates = np.array(days.get(name, ()), dtype="datetime64[D]")
        index = np.searchsorted(periods, dates, side="right") - 1
        inside = (index >= 0) & (dates < ends[-1])
        np.add.at(columns[:, column], index[inside], 1.0)
        columns[:, column] /= max(1.0, len(dates) / max(1, len({d.astype(object).year for d in dates})))
    if names is None:
        occurs = np.asarray(columns.any(axis=0))
        return columns[:, occurs], tuple(name for name, seen in zip(kept, occurs.tolist(), strict=True) if seen)
    return columns, kept


@lru_cache(maxsize=64)
def holiday_days(country: str, first_year: int, last_year: int) -> dict[str, tuple[dt.date, ...]]:
    """Dates of each holiday by name from `first_year` to `last_year`; empty for a country nobody lists."""
    import holidays

    years = range(first_year, last_year + 1)
    days: dict[str, list[dt.date]] = {}
    if country.upper() in holidays.list_supported_countries():
        listed = holidays.country_holidays(country.upper(), years=years, language=LANGUAGE)
        for date, name in sorted(listed.items()):
            for part in name.split("; "):
                days.setdefault(part.removesuffix(" (observed)"), []).append(date)
    for year in years:
        thanksgiving = _nth_weekday(year, 11, weekday=3, n=4)
        days.setdefault("Black Friday weekend", []).extend(thanksgiving + dt.timedelta(d) for d in range(1, 5))
        days.setdefault("Weeks before Christmas", []).extend(dt.date(year, 12, d) for d in range(11, 25))
        days.setdefault("Week after Christmas", []).extend(dt.date(year, 12, d) for d in range(26, 32))
    return {name: tuple(dates) for name, dates in days.items()}


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """English name of every country whose holidays are known, by its ISO 3166 alpha-2 code."""
    from holidays.registry import COUNTRIES

    return {entry[1]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", entry[0]) for entry in COUNTRIES.values()}


def country_name(code: str) -> str:
    """English name of a country by its code; the code itself where its holidays are not known."""
    return country_names().get(code.upper(), code)


def _nth_weekday(year: int, month: int, *, weekday: int, n: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + dt.timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))


def _length(frequency: Frequency) -> np.timedelta64:
    return np.timedelta64(round(frequency.days), "D")
