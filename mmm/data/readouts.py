"""Read-outs of experiments as people write them down, turned into lift tests; every problem is named at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, get_args

import numpy as np

from mmm.data.cells import is_no_value, parse_numbers
from mmm.data.dates import parse_dates
from mmm.data.findings import Severity
from mmm.data.lift import LiftTest
from mmm.data.read import RawTable, read_table
from mmm.data.rows import mark_of
from mmm.errors import DataError

Unit = Literal["kpi", "money"]

NORMAL = {90: 1.6448536, 95: 1.9599640}  # half the width of a central interval, in standard errors
DEFAULT_LEVEL = 90
DATES = ("start", "end")
NUMBERS = ("lift", "se", "low", "high", "level", "lift_percent", "baseline")
TEXTS = ("channel", "market", "unit")
HEADINGS = (
    "channel",
    "market",
    "start",
    "end",
    "lift",
    "se",
    "low",
    "high",
    "level",
    "lift_percent",
    "baseline",
    "unit",
)
MAX_TESTS = 1000  # more rows than anybody ran experiments


@dataclass(frozen=True)
class ReadOut:
    """A lift test and what its lift is counted in.

    Attributes:
        test: the read-out; `lift` and `se` in `unit`.
        unit: "kpi" for units of the KPI, "money" for the currency of the data.
    """

    test: LiftTest
    unit: Unit = "kpi"

    def times(self, factor: float, unit: Unit = "kpi") -> ReadOut:
        """The same read-out in another unit, `factor` of which are one of this."""
        return ReadOut(replace(self.test, lift=self.test.lift * factor, se=self.test.se * factor), unit)


def read_outs(rows: Iterable[Any], name: str = "lift_tests") -> tuple[tuple[ReadOut, ...], list[str]]:
    """Tests of plain rows, and every problem in words; a row with a problem gives no test.

    A row holds `channel`, `start`, `end`, `lift` and `se`, and may hold `market` and `unit` ("kpi" or "money"). In
    place of `se` it may hold the interval `low`, `high` at `level` 90 (the default) or 95 per cent; in place of `lift`
    the `lift_percent` of a `baseline`, and then `se`, `low` and `high` are per cent of the baseline too.

    Args:
        rows: dictionaries; dates are ISO texts or `date`s, numbers are numbers.
        name: what the rows are called in messages.
    """
    found: list[ReadOut] = []
    problems: list[str] = []
    for number, row in enumerate(rows, start=1):
        where = f"{name}[{number}]"
        if not isinstance(row, Mapping):
            problems.append(f"{where} must be an object with channel, start, end, lift and se")
            continue
        test, wrong = _read_out({key: value for key, value in row.items() if value is not None})
        problems += [f"{where}: {what}" for what in wrong]
        if test is not None:
            found.append(test)
    return tuple(found), problems


def read_lift_file(name: str, content: bytes) -> tuple[ReadOut, ...]:
    """Tests of a CSV or workbook with the headings of `read_outs`, in any order and case.

    Raises:
        DataError: the file cannot be read, lacks a heading, or a row cannot be used; everything is named at once.
    """
    raw = read_table(name, content)
    columns = {_heading(column): column for column in raw.columns}
    problems = [finding.message.rstrip(".") for finding in raw.findings if finding.severity is Severity.REFUSE]
    problems += [f"there is no column “{key}”" for key in ("channel", *DATES) if key not in columns]
    problems += [f"the column “{columns[key]}” is not known" for key in columns if key not in HEADINGS]
    if len(raw.frame) > MAX_TESTS:
        problems.append(f"there are more than {MAX_TESTS} rows")
    if problems:
        raise DataError(f"“{name}” cannot be read as lift tests: {'; '.join(problems)}. {_known()}")
    rows, problems = _rows(raw, columns)
    found, wrong = read_outs(rows, "row")
    problems += [_as_row(problem, raw) for problem in wrong]
    if problems:
        raise DataError(f"“{name}” cannot be read as lift tests: {'; '.join(problems)}.")
    return found


def unknown_channels(tests: Sequence[ReadOut], channels: Iterable[str]) -> list[str]:
    """A problem in words for each test whose channel is none of `channels`."""
    known = list(channels)
    return [
        f"the lift test from {read.test.start} names “{read.test.channel}”, which is no channel"
        for read in tests
        if read.test.channel not in known
    ]


def _known() -> str:
    return f"The columns are {', '.join(HEADINGS)}; channel, start, end, a lift and its standard error are needed."


def _heading(column: str) -> str:
    return column.strip().lower().replace(" ", "_").replace("%", "percent")


def _rows(raw: RawTable, columns: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Cells as texts, dates and numbers; empty ones are left away."""
    rows: list[dict[str, Any]] = [{} for _ in range(len(raw.frame))]
    problems = []
    for key, column in columns.items():
        cells = raw.frame[column]
        values: list[Any]
        if key in DATES:
            read = parse_dates(cells)
            values = [None if np.isnat(day) else day.astype("datetime64[D]").item() for day in read.values]
        elif key in NUMBERS:
            mark, unclear = mark_of(cells, raw.dialect)
            if unclear is not None:
                problems.append(f"“{unclear}” in “{column}” reads two ways; write it without thousands separators")
            numbers = parse_numbers(cells, mark).values
            values = [None if np.isnan(number) else float(number) for number in numbers]
        else:
            values = [str(cell).strip() for cell in cells]
        for row, value, cell, line in zip(rows, values, cells, raw.frame.index, strict=True):
            if is_no_value(str(cell)):
                continue
            if value is None:
                problems.append(f"row {line} has “{str(cell)[:40]}” in “{column}”, which is no {_kind(key)}")
            row[key] = value
    return rows, problems


def _kind(key: str) -> str:
    return "date such as 2026-03-30" if key in DATES else "number"


def _as_row(problem: str, raw: RawTable) -> str:
    """`row[2]: …` with the number the row has in the file."""
    place, _, what = problem.removeprefix("row[").partition("]: ")
    return f"row {raw.frame.index[int(place) - 1]}: {what}"


def _read_out(row: Mapping[str, Any]) -> tuple[ReadOut | None, list[str]]:
    problems = [f"“{key}” is no key of a lift test" for key in row if key not in HEADINGS]
    for key in TEXTS:
        if not isinstance(row.get(key, ""), str):
            problems.append(f"{key} must be a text")
    if not str(row.get("channel", "")).strip():
        problems.append("channel is missing")
    unit = row.get("unit", "kpi")
    if unit not in get_args(Unit):
        problems.append("unit must be kpi or money")
    start, end = (_day(row, key, problems) for key in DATES)
    numbers = {key: _number(row, key, problems) for key in NUMBERS}
    lift, se = _lift(numbers, row, problems)
    if start is not None and end is not None and end < start:
        problems.append(f"it ends on {end}, before it starts on {start}")
    if problems or start is None or end is None:
        return None, problems
    market = str(row.get("market", "")).strip() or None
    test = LiftTest(row["channel"].strip(), np.datetime64(start), np.datetime64(end), lift, se, market)
    return ReadOut(test, "money" if unit == "money" else "kpi"), []


def _lift(numbers: Mapping[str, float | None], row: Mapping[str, Any], problems: list[str]) -> tuple[float, float]:
    """Lift and standard error in the row's unit; what is wrong with them is put to `problems`."""
    lift, percent, baseline = numbers["lift"], numbers["lift_percent"], numbers["baseline"]
    scale = 1.0
    if "lift_percent" in row:
        if "lift" in row:
            problems.append("give lift or lift_percent, not both")
        if "baseline" not in row:
            problems.append("lift_percent needs the baseline it is a share of")
        elif baseline is not None and baseline <= 0:
            problems.append("baseline must lie above zero")
        lift, scale = percent, (baseline or 0.0) / 100.0
    elif "lift" not in row:
        problems.append("lift is missing")
    se = _standard_error(numbers, row, lift, problems)
    return (lift or 0.0) * scale, se * scale


def _standard_error(
    numbers: Mapping[str, float | None], row: Mapping[str, Any], lift: float | None, problems: list[str]
) -> float:
    if "se" in row:
        se = numbers["se"]
        if se is not None and se <= 0:
            problems.append("se must lie above zero")
        return se or 0.0
    if "low" not in row or "high" not in row:
        problems.append("se is missing (or the interval low, high)")
        return 0.0
    low, high, level = numbers["low"], numbers["high"], numbers["level"] or DEFAULT_LEVEL
    if level not in NORMAL:
        problems.append("level must be 90 or 95")
        return 0.0
    if low is None or high is None:
        return 0.0
    if not low < high or (lift is not None and not low <= lift <= high):
        problems.append("the lift must lie between low and high")
        return 0.0
    return (high - low) / (2.0 * NORMAL[int(level)])


def _number(row: Mapping[str, Any], key: str, problems: list[str]) -> float | None:
    value = row.get(key)
    if key not in row:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        problems.append(f"{key} must be a number")
        return None
    return float(value)


def _day(row: Mapping[str, Any], key: str, problems: list[str]) -> date | None:
    value = row.get(key)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if key not in row:
        problems.append(f"{key} is missing")
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        problems.append(f"{key} must be a date such as 2026-03-30")
        return None
