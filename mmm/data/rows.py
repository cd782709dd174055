"""The mapped columns of a table as numbers, dates and markets, row by row, every bad cell noted."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import (
    FALSE_WORDS,
    LOOK_ROWS,
    TRUE_WORDS,
    DecimalMark,
    Numbers,
    column_mark,
    decimal_mark,
    has_comma,
    is_no_value,
    parse_number,
    parse_numbers,
)
from mmm.data.dates import Dates, date_share, parse_dates
from mmm.data.dialect import Dialect
from mmm.data.findings import FindingLog, Question, Severity, counted
from mmm.data.mapping import Mapping
from mmm.data.panel import KpiKind
from mmm.data.personal import masked, personal_columns
from mmm.data.read import RawTable

NATIONAL = "national"  # the one market of a file without a market column
LARGEST = 1e15  # of any cell; sums and squares of larger numbers leave what a computer can hold
MAX_MARKETS = 500


class Use(StrEnum):
    """What a column of numbers is used as."""

    KPI = "KPI"
    SPEND = "spend"
    EXPOSURE = "exposure"
    CONTROL = "control"
    VALUE = "value per KPI"
    POPULATION = "population"


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a file, typed; N rows, columns in the order KPI, spend, exposure, control, value, population.

    Attributes:
        days: date of each row, `datetime64[D] [N]`; NaT throughout while their order is not known.
        market: index into `markets`, `[N]`.
        number: row number in the file, `[N]`.
        values: `[N, column]`, NaN where the cell holds no value.
    """

    days: NDArray[np.datetime64]
    market: NDArray[np.int64]
    number: NDArray[np.int64]
    values: NDArray[np.float64]
    columns: tuple[str, ...]
    uses: tuple[Use, ...]
    markets: tuple[str, ...]

    @property
    def dated(self) -> bool:
        """Whether the dates are known."""
        return not bool(np.isnat(self.days).any())

    def which(self, *uses: Use) -> list[int]:
        """Positions of the columns used as any of `uses`."""
        return [position for position, use in enumerate(self.uses) if use in uses]

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Some of the rows, in the order given."""
        return replace(
            self,
            days=self.days[index],
            market=self.market[index],
            number=self.number[index],
            values=self.values[index],
        )


def read_rows(raw: RawTable, mapping: Mapping, noted: FindingLog) -> Rows:
    """The mapped columns, typed. Every cell that cannot be read is noted with its row and column."""
    frame = raw.frame
    numbers = row_numbers(frame)
    dates = parse_dates(frame[mapping.date], mapping.date_order)
    note_dates(frame[mapping.date], dates, noted)
    markets, market = read_markets(frame, mapping.market, noted)
    plan = _plan(mapping)
    values = np.empty((len(frame), len(plan)))
    empty = np.ones(len(frame), dtype=np.bool_)
    unclear: dict[str, str] = {}
    for position, (column, use) in enumerate(plan):
        mark, twofold = told_mark(frame[column], raw, mapping)
        unclear |= {column: twofold} if twofold is not None else {}
        read = read_numbers(frame[column], mark, use, noted)
        values[:, position] = read.values
        if use in (Use.KPI, Use.SPEND, Use.EXPOSURE):
            empty &= read.missing
    if unclear:
        noted.ask(mark_question(unclear, raw.dialect), tuple((None, column) for column in unclear))
    rows = Rows(
        days=dates.values,
        market=market,
        number=numbers,
        values=values,
        columns=tuple(column for column, _ in plan),
        uses=tuple(use for _, use in plan),
        markets=markets,
    )
    noted.each(
        "no_date",
        Severity.REFUSE,
        places(numbers, dates.missing & ~empty),
        lambda _, row: f"Row {row} has values but no date. Add its date.",
        mapping.date,
    )
    noted.each(
        "empty_row",
        Severity.REPAIR,
        places(numbers, empty),
        lambda _, row: f"Row {row} holds neither the KPI nor any spend, and was left out.",
    )
    if dates.ambiguous:
        return rows.take(~empty)
    return rows.take(~np.isnat(dates.values) & (market >= 0) & ~empty)


def column_totals(raw: RawTable) -> dict[str, float]:
    """Sum of every column of numbers as read, to the last digit, by its name in the file.

    Left out: dates, what counts rows, what looks personal, and columns in which a cell is no number.
    """
    private = personal_columns(raw)
    totals: dict[str, float] = {}
    for column in raw.columns:
        cells = raw.frame[column]
        if column in private or date_share(cells.iloc[:LOOK_ROWS]) > 0.5:
            continue
        read = parse_numbers(cells, mark_of(cells, raw.dialect)[0])
        if not read.bad.any() and not read.missing.all():
            totals[column] = exact_sum(read.values)
    return totals


def exact_sum(values: NDArray[np.float64]) -> float:
    """Sum without rounding on the way; NaN counts as nothing, and nothing is infinite."""
    known = values[np.isfinite(values) & (np.abs(values) <= LARGEST)]
    return math.fsum(known.tolist())


def row_numbers(frame: pd.DataFrame | pd.Series[str]) -> NDArray[np.int64]:
    """The number each row has in the file."""
    return np.asarray(frame.index.to_numpy(), dtype=np.int64)


def places(numbers: NDArray[np.int64], where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Position and row number of each True."""
    found = np.flatnonzero(where)
    return list(zip(found.tolist(), numbers[found].tolist(), strict=True))


def _plan(mapping: Mapping) -> list[tuple[str, Use]]:
    channels = mapping.channels.values()
    asked = isinstance(mapping.value_per_kpi, str) and mapping.kpi_kind is KpiKind.UNITS
    value = [str(mapping.value_per_kpi)] if asked else []
    return [
        *((column, Use.KPI) for column in [mapping.kpi] if column),
        *((channel.spend, Use.SPEND) for channel in channels),
        *((channel.exposure, Use.EXPOSURE) for channel in channels if channel.exposure is not None),
        *((control, Use.CONTROL) for control in mapping.controls),
        *((column, Use.VALUE) for column in value),
        *((column, Use.POPULATION) for column in [mapping.population] if column is not None),
    ]


def note_dates(cells: pd.Series[str], dates: Dates, noted: FindingLog) -> None:
    """Ask how the dates of a column read where they can be read two ways; refuse those that are none."""
    column, numbers = str(cells.name), row_numbers(cells)
    if dates.ambiguous:
        noted.ask(
            Question(
                "date_order",
                f"Dates such as “{dates.example}” in “{column}” can be read day first or month first. Which is it?",
                _likelier_order(cells),
                "date_order",
            ),
            ((int(numbers[0]), column),),
        )
    if dates.conflict:
        first = "day" if dates.order == "dmy" else "month"
        noted.refuse(
            "mixed_dates",
            f"“{column}” mixes day-first and month-first dates. Most are {first} first; write all of them one way, "
            "best as YYYY-MM-DD.",
            None,
            column,
        )
    noted.each(
        "bad_date",
        Severity.REFUSE,
        places(numbers, dates.bad),
        lambda at, row: f"Row {row}, column “{column}”: “{_short(cells.iloc[at])}” is no date. Write it as YYYY-MM-DD.",
        column,
    )


def _likelier_order(cells: pd.Series[str]) -> tuple[str, ...]:
    """Both orders, the one under which the dates lie closer together first."""

    def widest(order: str) -> int:
        days = np.unique(parse_dates(cells, order).values)
        return int(np.diff(days[~np.isnat(days)]).astype(np.int64).max(initial=0))

    return ("dmy", "mdy") if widest("dmy") <= widest("mdy") else ("mdy", "dmy")


def read_markets(
    frame: pd.DataFrame, column: str | None, noted: FindingLog
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The markets' names, and for each row the index of its market, `[row]`, -1 where it names none."""
    if column is None:
        return (NATIONAL,), np.zeros(len(frame), dtype=np.int64)
    cells = frame[column].str.strip()
    codes, unique = pd.factorize(cells)
    names = [str(name) for name in unique]
    blank = np.array([is_no_value(name) for name in names], dtype=np.bool_)
    noted.each(
        "no_market",
        Severity.REFUSE,
        places(row_numbers(frame), blank[codes]),
        lambda _, row: f"Row {row} names no market. Add it.",
        column,
    )
    kept = [name for name, missing in zip(names, blank, strict=True) if not missing]
    if len(kept) > MAX_MARKETS:
        noted.refuse(
            "too_many_markets",
            f"“{column}” holds {len(kept):,} different names; at most {MAX_MARKETS} markets can be handled. "
            "Choose the column that names the market.",
            None,
            column,
        )
    order = np.cumsum(~blank) - 1
    order[blank] = -1
    return tuple(kept), order[codes].astype(np.int64)


def read_numbers(cells: pd.Series[str], fallback: DecimalMark, use: Use, noted: FindingLog) -> Numbers:
    """A column as numbers; every cell that is none, too large or below zero where that cannot be is noted."""
    column, numbers = str(cells.name), row_numbers(cells)
    mark = "." if fallback == "." and not has_comma(cells) else decimal_mark(cells, fallback)
    read = parse_numbers(cells, mark)
    if use is Use.CONTROL and read.bad.any():
        read = _flags(cells, read)
    noted.each(
        "text_in_number",
        Severity.REFUSE,
        places(numbers, read.bad),
        lambda at, row: (
            f"Row {row}, column “{column}”: “{_short(cells.iloc[at])}” is not a number. Correct it, or leave the cell "
            "empty if there is no value."
        ),
        column,
    )
    with np.errstate(invalid="ignore"):
        beyond = np.abs(read.values) > LARGEST
    noted.each(
        "too_large",
        Severity.REFUSE,
        places(numbers, beyond),
        lambda at, row: f"Row {row}, column “{column}”: “{_short(cells.iloc[at])}” is too large. Correct it.",
        column,
    )
    with np.errstate(invalid="ignore"):
        negative = read.values < 0
    if use is Use.KPI and negative.any():
        count, first = int(negative.sum()), int(numbers[negative][0])
        noted.info(
            "negative_kpi", f"“{column}” is below zero in {counted(count, 'row')}, first row {first}.", first, column
        )
    if use in (Use.EXPOSURE, Use.VALUE, Use.POPULATION):
        noted.each(
            "negative",
            Severity.REFUSE,
            places(numbers, negative),
            lambda _, row: f"Row {row}, column “{column}”: the {use} is below zero. Correct it.",
            column,
        )
    return read


def mark_of(cells: pd.Series[str], dialect: Dialect) -> tuple[DecimalMark, str | None]:
    """A column's decimal mark, and a cell that reads two ways where nothing in the file tells it."""
    return column_mark(cells, dialect.decimal, sure=dialect.decimal_sure, delimiter=dialect.delimiter)


def told_mark(cells: pd.Series[str], raw: RawTable, mapping: Mapping) -> tuple[DecimalMark, str | None]:
    """As `mark_of`, with a person's answer where nothing in the file tells it."""
    mark, unclear = mark_of(cells, raw.dialect)
    if unclear is not None and mapping.decimal_mark is not None:
        return ("," if mapping.decimal_mark == "comma" else "."), None
    return mark, unclear


def mark_question(unclear: dict[str, str], dialect: Dialect) -> Question:
    """Asks which mark is the decimal one, for columns whose every cell reads two ways."""
    column, cell = next(iter(unclear.items()))
    by_point, by_comma = parse_number(cell, "."), parse_number(cell, ",")
    groups_likelier = dialect.delimiter != ","
    point_first = ("," in cell) is groups_likelier
    return Question(
        "decimal_mark",
        f"Numbers such as “{cell}” in “{column}” can be read two ways: {by_point:,g} if the decimal mark is a point, "
        f"{by_comma:,g} if it is a comma. Which is it?",
        ("point", "comma") if point_first else ("comma", "point"),
        "decimal_mark",
    )


def _flags(cells: pd.Series[str], read: Numbers) -> Numbers:
    """Yes and no as 1 and 0."""
    words = cells.str.strip().str.lower()
    yes, no = words.isin(TRUE_WORDS).to_numpy(), words.isin(FALSE_WORDS).to_numpy()
    return Numbers(np.where(yes, 1.0, np.where(no, 0.0, read.values)), read.missing, read.bad & ~yes & ~no)


def _short(cell: str) -> str:
    text = masked(" ".join(str(cell)[:400].split()))
    return text if len(text) <= 40 else text[:39] + "…"
