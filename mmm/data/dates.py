"""Dates as people write them, and what their spacing says about the length of a period."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import as_arrow, is_no_value
from mmm.data.inputs import Frequency

DateArray = NDArray[np.datetime64]

EXCEL_EPOCH = date(1899, 12, 30)  # day 0 of a workbook's 1900 date system, its invented leap day included
SERIALS = range(20000, 80001)  # 1954 to 2119; other numbers are no dates
MAX_DATE = 80  # characters; a longer text is no date, and is not searched for one
LOOK_CELLS = 300  # distinct cells that tell whether a column holds dates
WEEK_BACK = np.timedelta64(6, "D")  # from the last day of a week to its first
NO_DATE = np.datetime64("NaT", "D")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janv janvier ene enero",
            "feb february februar fév févr février febrero",
            "mar march mär märz mrz mars marzo",
            "apr april avr avril abr abril",
            "may mai mayo",
            "jun june juni juin junio",
            "jul july juli juil juillet julio",
            "aug august août ago agosto",
            "sep sept september septembre septiembre",
            "oct october okt oktober octobre octubre",
            "nov november novembre noviembre",
            "dec december dez dezember déc décembre dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
_ZONE = r"(?:(?:Z|UTC|GMT|[A-Z]{3,5})?\s*(?:[+-]\d{1,2}(?::?\d{2})?)?|[A-Z][a-z]+/[A-Z]\w+)(?:\[[\w/+-]+\])?"
_TIME = rf"(?:,?[T ]\s*\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*{_ZONE})?$"
_NUMERIC = re.compile(r"^(\d{1,2})([/.\-])(\d{1,2})\2((?:19|20)\d{2}|\d{2})" + _TIME)
_WEEKDAY = re.compile(
    r"^(?:(?:mon|tue|wed|thu|fri|sat|sun|die|mit|don|fre|sam|son|lun|mer|jeu|ven|dim)[a-zé]*(?:\.,?|,)|"
    r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|(?:mo|di|mi|do|fr|sa|so)(?:\.,?|,))\s*(?=\S)",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"^(?P<first>.{6,}?)(?:\s+(?:-|–|—|to|bis|au|until|through)\s+|\s*[–—~]\s*|\s*\.\.\s*|/(?=\d{4}-))(?P<last>.{6,})$",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"\b(?:week|wk|woche)[\s_-]+(?:end|ending|ends|ended|ende)\b|\bweekending\b|\bw/?e\b|\bwoche[\s_-]*bis\b|"
    r"\b(?:fin|fin de)[\s_-]*(?:de[\s_-]*)?(?:la[\s_-]*)?(?:semaine|semana)\b|\bperiod[\s_-]*end(?:ing)?\b",
    re.IGNORECASE,
)

_NO_DATE_AT_ALL = re.compile(r"[^\d]*|[+-]?\d{1,7}|\d{9,12}|[+-]?\d+\.(?!(?:19|20)\d\d$)\d+|[+-]?\d{3,}\.\d+")
"""Texts without a digit and plain numbers, most cells of most files, which need no closer look."""

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], date]]


def _iso_week(m: re.Match[str]) -> date:
    return date.fromisocalendar(int(m["y"]), int(m["w"]), int(m.groupdict().get("d") or 1))


def _named(m: re.Match[str]) -> date:
    month = _MONTHS[m["m"].lower().rstrip(".")]
    return date(_full_year(m["y"]), month, int(m.groupdict().get("d") or 1))


def _plain(m: re.Match[str]) -> date:
    return date(int(m["y"]), int(m["m"].rstrip("-/.")), int(m.groupdict().get("d") or 1))


def _quarter(m: re.Match[str]) -> date:
    return date(int(m["y"]), 3 * int(m["q"]) - 2, 1)


_YEAR = r"(?P<y>(?:19|20)\d\d)"
_SHORT_YEAR = r"(?P<y>(?:19|20)\d\d|'?\d\d)"
_WORD = r"(?P<m>[A-Za-zÀ-ÿ]{3,10}\.?)"
_WEEK = r"(?P<w>\d\d?)"
_DAY = r"(?P<d>\d\d?)(?:st|nd|rd|th|\.)?"
_MONTH = r"(?P<m>\d\d?)"


def _rule(pattern: str, build: Callable[[re.Match[str]], date], *, time: bool = False) -> Rule:
    return re.compile("^" + pattern + (_TIME if time else "$"), re.IGNORECASE), build


_RULES: tuple[Rule, ...] = (
    _rule(rf"{_YEAR}([-/.]){_MONTH}\2(?P<d>\d\d?)", _plain, time=True),
    _rule(rf"{_YEAR}(?P<m>\d\d)(?P<d>\d\d)", _plain),
    _rule(rf"{_YEAR}[-/]{_MONTH}", _plain),
    _rule(rf"(?P<m>\d\d?[-/]|\d\d\.){_YEAR}", _plain),
    _rule(rf"{_YEAR}[- ]?M{_MONTH}", _plain),
    _rule(rf"{_YEAR}[- /]*(?:W|KW|CW|Wk|Week|Woche|S)[\s.-]?{_WEEK}(?:-?(?P<d>[1-7]))?", _iso_week),
    _rule(rf"(?:W|KW|CW|Wk|Week|Woche|S)[\s.]*{_WEEK}[ /,.-]+{_YEAR}", _iso_week),
    _rule(rf"{_WEEK}\.?\s*(?:KW|CW|Woche|Week)[ /,-]*{_YEAR}", _iso_week),
    _rule(rf"{_YEAR}[- /]?[QT](?P<q>[1-4])", _quarter),
    _rule(rf"[QT](?P<q>[1-4])[- /,]*{_YEAR}", _quarter),
    _rule(rf"{_WORD}[\s\-/]+{_SHORT_YEAR}", _named),
    _rule(rf"{_YEAR}[\s\-/]+{_WORD}", _named),
    _rule(rf"{_WORD}\s+{_DAY},?\s+{_YEAR}", _named, time=True),
    _rule(rf"{_DAY}[\s\-/]*{_WORD}[\s\-/,]+{_SHORT_YEAR}", _named, time=True),
)


@dataclass(frozen=True, eq=False)
class Dates:
    """A column read as dates, `[row]`.

    Attributes:
        values: `datetime64[D]`, NaT where missing or bad, and everywhere numeric dates are `ambiguous`.
        missing: the cell is blank or says "no value".
        bad: the cell is no date (or none under the order asked for).
        order: "ymd", "dmy" or "mdy" as used; None while ambiguous.
        ambiguous: every numeric date can be read both ways and no order was given.
        conflict: some dates only read day first, others only month first.
        example: a date that can be read both ways, for the question.
    """

    values: DateArray
    missing: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    order: str | None
    ambiguous: bool = False
    conflict: bool = False
    example: str = ""


def looks_like_date(text: str) -> bool:
    """Whether a cell reads as a date in some order; bare numbers other than YYYYMMDD do not."""
    if _NO_DATE_AT_ALL.fullmatch(text):
        return False
    cell = _first_of_range(text.strip())
    return _fixed_date(cell, serials=False) is not None or any(
        _numeric_date(cell, order) is not None for order in ("dmy", "mdy")
    )


def dated_at_end(heading: str) -> bool:
    """Whether a column's name says that weeks are dated by their last day: `week ending`, `Woche bis`."""
    return _ENDING.search(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading).replace("_", " ")) is not None


def parse_date(text: str, order: str | None = None, *, serials: bool = True) -> date | None:
    """One cell as a date; None when it is none, or when it needs an `order` ("dmy", "mdy") to be read.

    Reads ISO dates, DD.MM.YYYY, DD/MM and MM/DD in the order given, workbook serials, months such as
    2024-03 or Mar 2024 and quarters such as 2024-Q1 (their first day), and ISO weeks such as 2024-W36 (their Monday).
    """
    cell = _first_of_range(text.strip())
    fixed = _fixed_date(cell, serials)
    if fixed is not None:
        return fixed
    return None if order is None and not _dotted(cell) else _numeric_date(cell, order or "dmy")


def parse_dates(text: pd.Series[str], order: str | None = None) -> Dates:
    """A column of cells as dates; each distinct text is read once.

    `order` decides between DD/MM and MM/DD; without it the dates themselves decide if any of them can be
    read only one way.
    """
    coded = as_arrow(text).dictionary_encode()
    codes = coded.indices.to_numpy()
    cells = [_first_of_range(cell.strip()) for cell in coded.dictionary.to_pylist()]
    missing = np.array([is_no_value(cell) for cell in cells], dtype=np.bool_)
    numeric = [match for cell in cells if (match := _NUMERIC.match(_WEEKDAY.sub("", cell)))]
    first = any(int(match[1]) > 12 for match in numeric)
    second = any(int(match[3]) > 12 for match in numeric)
    found = order
    if found is None and numeric:
        dotted = all(match[2] == "." for match in numeric)
        found = "dmy" if dotted else _order_by_majority(numeric) if first or second else None
    if numeric and found is None:
        _, example = next((0, match.string) for match in numeric)
        blank = np.full(len(text), NO_DATE)
        return Dates(blank, missing[codes], np.zeros(len(text), np.bool_), None, ambiguous=True, example=example)
    days = np.array([_day(parse_date(cell, found)) for cell in cells], dtype="datetime64[D]")
    bad = np.isnat(days) & ~missing
    kind = found if numeric else "ymd"
    return Dates(days[codes], missing[codes], bad[codes], kind, conflict=first and second and order is None)


def date_share(text: pd.Series[str]) -> float:
    """Share of the first distinct non-blank cells that read as dates in some order."""
    unique = as_arrow(text).unique().to_pylist()
    cells = list(islice((cell.strip() for cell in unique if not is_no_value(cell)), LOOK_CELLS))
    return sum(looks_like_date(cell) for cell in cells) / len(cells) if cells else 0.0


def detect_frequency(days: DateArray) -> Frequency | None:
    """Length of a period from the spacing of the distinct dates; None when it is neither day, week nor month."""
    gaps = np.diff(np.unique(days)).astype("timedelta64[D]").astype(np.int64)
    if len(gaps) == 0:
        return None
    if (gaps == 1).mean() >= 0.5:
        return Frequency.DAY
    if ((gaps >= 28) & (gaps <= 31)).mean() >= 0.5 and not (gaps == 7).any():
        weekly = (gaps % 7 == 0).all()
        return None if weekly and (gaps == 28).all() else Frequency.MONTH
    if (np.abs(gaps - 7) <= 1).mean() >= 0.5:
        return Frequency.WEEK
    return None


def weekday_of(days: DateArray) -> int:
    """The commonest weekday, Monday = 0; the earlier one of equals."""
    return int(np.bincount(weekdays(days), minlength=7).argmax())


def weekdays(days: DateArray) -> NDArray[np.int64]:
    """Weekday of each date, Monday = 0."""
    return np.asarray((days.astype("datetime64[D]").astype(np.int64) + 3) % 7)


def to_week_start(days: DateArray, start: int) -> DateArray:
    """Each date moved to the nearest day on weekday `start`: a week dated a day off stays that week."""
    back = (weekdays(days) - start) % 7
    step = np.where(back <= 3, -back, 7 - back)
    return np.asarray(days + step.astype("timedelta64[D]"))


def period_starts(days: DateArray, frequency: Frequency) -> DateArray:
    """Each date moved to the start of its period: itself, the nearest usual weekday, or the first of its month."""
    days = days.astype("datetime64[D]")
    if frequency is Frequency.MONTH:
        return np.asarray(days.astype("datetime64[M]").astype("datetime64[D]"))
    if frequency is Frequency.WEEK:
        return to_week_start(days, weekday_of(days))
    return days


def period_range(first: np.datetime64, last: np.datetime64, frequency: Frequency) -> DateArray:
    """Every period from `first` to `last`, both included, `datetime64[D]`."""
    if frequency is Frequency.MONTH:
        months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1)
        return np.asarray(months.astype("datetime64[D]"))
    step = int(frequency.days)
    return np.asarray(np.arange(first, last + np.timedelta64(1, "D"), np.timedelta64(step, "D")))


def _fixed_date(cell: str, serials: bool) -> date | None:
    """A date that needs no order to be read."""
    cell = _WEEKDAY.sub("", cell) if cell[:1].isalpha() else cell
    for pattern, build in _RULES:
        match = pattern.match(cell)
        if match:
            try:
                return build(match)
            except (ValueError, KeyError):
                continue
    if serials and re.match(r"^\d{5}(\.\d+)?$", cell) and int(cell[:5]) in SERIALS:
        return EXCEL_EPOCH + timedelta(days=int(cell[:5]))
    return None


def _numeric_date(cell: str, order: str) -> date | None:
    match = _NUMERIC.match(_WEEKDAY.sub("", cell) if cell[:1].isalpha() else cell)
    if not match:
        return None
    day, month = (int(match[1]), int(match[3])) if order == "dmy" else (int(match[3]), int(match[1]))
    try:
        return date(_full_year(match[4]), month, day)
    except ValueError:
        return None


def _first_of_range(cell: str) -> str:
    """The first day of `2024-03-04 - 2024-03-10`; any other cell as it is."""
    if len(cell) > MAX_DATE or len(cell) < 13:
        return cell[:MAX_DATE]
    match = _RANGE.match(cell)
    if match is None:
        return cell
    first, last = match["first"].strip(), match["last"].strip()
    return first if _is_date(first) and _is_date(last) else cell


def _is_date(cell: str) -> bool:
    return _fixed_date(cell, serials=False) is not None or _NUMERIC.match(cell) is not None


def _dotted(cell: str) -> bool:
    match = _NUMERIC.match(cell.strip())
    return match is not None and match[2] == "."


def _order_by_majority(numeric: list[re.Match[str]]) -> str:
    day_first = sum(int(match[1]) > 12 for match in numeric)
    return "dmy" if day_first >= sum(int(match[3]) > 12 for match in numeric) else "mdy"


def _full_year(text: str) -> int:
    year = int(text.strip("'"))
    return year if len(text.strip("'")) == 4 else year + (2000 if year < 70 else 1900)


def _day(value: date | None) -> np.datetime64:
    return NO_DATE if value is None else np.datetime64(value, "D")
