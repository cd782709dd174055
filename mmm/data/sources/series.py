"""One source as typed series: its days, markets and numbers, and which of them add up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import FALSE_WORDS, TRUE_WORDS, DecimalMark, is_no_value, parse_number, parse_numbers
from mmm.data.findings import FindingLog, Question, Severity, counted
from mmm.data.guess import Column, described, guess
from mmm.data.read import RawTable
from mmm.data.rows import mark_of, places, row_numbers
from mmm.data.sources.calendar import Periods, periods_of, read_days, to_starts
from mmm.data.sources.source import Layout, Measure, Source
from mmm.data.vocabulary import COMPETITOR, COUNT_KPI, EXPOSURE, MEDIATOR, MONEY_KPI, RATIO, SPEND

FloatArray = NDArray[np.float64]
DateArray = NDArray[np.datetime64]

LEVEL = frozenset(
    {"price", "prices", "preis", "preise", "index", "idx", "indices", "temperature", "temp", "weather", "cpi", "gdp"}
    | {"unemployment", "inflation", "confidence", "sentiment", "score", "discount", "rate", "rates", "population"}
    | {"distribution", "stock"}
)
"""Words of a heading whose numbers are a level: averaged over days, never added up."""
OWN = frozenset({Measure.REVENUE, Measure.ORDERS, Measure.UNITS})


@dataclass(frozen=True, eq=False)
class Series:
    """A source's numbers by period; N rows, K columns.

    Attributes:
        index: the source's place in the recipe.
        label: its name in words.
        days: first day of each row's period, `datetime64[D] [N]`.
        market: index into `markets`, `[N]`; zeros for a source without markets.
        markets: names of the markets; empty for national data.
        values: `[N, K]`, NaN where the cell holds no value.
        added: whether a column's numbers add up over time (amounts, counts), or are a level to be averaged, `[K]`.
        periods: how the source's time is cut.
        absent_is_zero: a date without a row means nothing happened (rows of campaigns, orders), not that it is unknown.
        kpi: the source brings sales of the company's own.
        date, market_column: names of its columns.
        missing: as in `Source`.
    """

    index: int
    label: str
    days: DateArray
    market: NDArray[np.int64]
    markets: tuple[str, ...]
    columns: tuple[str, ...]
    values: FloatArray
    added: NDArray[np.bool_]
    periods: Periods
    absent_is_zero: bool
    kpi: bool
    date: str
    market_column: str | None = None
    missing: Literal["zero", "unknown"] | None = None

    @property
    def core(self) -> bool:
        """Whether it brings amounts that add up, rather than only levels such as prices and indices."""
        return bool(self.added.any())

    @property
    def first(self) -> np.datetime64:
        """First day of its span."""
        return np.datetime64(self.days.min())

    @property
    def after(self) -> np.datetime64:
        """First day after its span."""
        return np.datetime64(self.periods.next(self.days[[self.days.argmax()]])[0])

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Some of the rows."""
        return replace(self, days=self.days[rows], market=self.market[rows], values=self.values[rows])

    def pick(self, columns: NDArray[np.bool_]) -> Self:
        """Some of the columns."""
        names = tuple(name for name, kept in zip(self.columns, columns, strict=True) if kept)
        return replace(self, columns=names, values=self.values[:, columns], added=self.added[columns])


def complete(source: Source, raw: RawTable) -> Source:
    """A `Layout.TABLE` source with its date and market columns as `guess` takes them, where it names none."""
    if source.layout is not Layout.TABLE or source.date:
        return source
    guessed = guess(raw)
    return replace(source, date=guessed.date, market=source.market or guessed.market)


def read_series(table: RawTable, source: Source, index: int, noted: FindingLog) -> Series | None:
    """A widened source (or a table as it is) as series; None where something is asked or refused first.

    Args:
        table: one row a date (and market).
        index: the source's place in the recipe.
    """
    days = read_days(table, source, index, noted)
    if days is None:
        return None
    frame = table.frame[~np.isnat(days)]
    days = days[~np.isnat(days)]
    if not len(days):
        noted.refuse("no_rows", f"{source.label} has no row with a date.")
        return None
    periods = periods_of(days, source)
    if periods is None:
        noted.refuse(
            "spacing",
            f"The dates of {source.label} in “{source.date}” are neither days, weeks, months nor quarters apart. "
            "Upload one row for each period.",
            None,
            source.date,
        )
        return None
    columns, added = _columns(table, source, noted)
    values = _values(frame, table, columns, source, index, noted)
    markets, market = _markets(frame, source, noted)
    found = Series(
        index=index,
        label=source.label,
        days=to_starts(days, source, periods),
        market=market,
        markets=markets,
        columns=tuple(columns),
        values=values,
        added=added,
        periods=periods,
        absent_is_zero=not _like_a_table(source),
        kpi=bears_kpi(table, source),
        date=source.date,
        market_column=source.market if markets else None,
        missing=source.missing,
    )
    return _without_duplicates(found, source, noted)


def adds_up(column: Column) -> bool:
    """Whether a column's numbers are amounts or counts of a period, by its heading; levels and flags are not."""
    if column.has(RATIO | COMPETITOR | LEVEL) or "control" in column.words:
        return False
    return column.has(SPEND | EXPOSURE | COUNT_KPI | MEDIATOR) or (column.has(MONEY_KPI) and not column.flag)


def _columns(table: RawTable, source: Source, noted: FindingLog) -> tuple[dict[str, Column], NDArray[np.bool_]]:
    """The columns of numbers, and which of them add up; texts are left out and said."""
    found = {name: c for name, c in described(table).items() if name not in (source.date, source.market)}
    unread = [name for name, column in found.items() if not column.numeric]
    texts = [name for name in unread if not all(map(is_no_value, pd.unique(table.frame[name])))]
    if texts:
        named = ", ".join(f"“{name}”" for name in texts[:8]) + (" and others" if len(texts) > 8 else "")
        noted.info("text_column", f"{source.label}: {named} hold{'s' * (len(texts) == 1)} text and was left out.")
    numbers = {name: column for name, column in found.items() if column.numeric}
    if source.layout is not Layout.TABLE:
        counted_ = (*(measure.value for measure in source.measures.values()), Measure.ORDERS.value)
        added = [n in source.measures or n.endswith(counted_) or adds_up(c) for n, c in numbers.items()]
        return numbers, np.array(added, dtype=np.bool_)
    guessed = guess(table)
    spends = {c for channel in guessed.channels.values() for c in (channel.spend, channel.exposure)}
    surely = spends | ({guessed.kpi} if not any(adds_up(c) for c in numbers.values()) else set())
    added = [name in surely or adds_up(column) for name, column in numbers.items()]
    return numbers, np.array(added, dtype=np.bool_)


def _values(
    frame: pd.DataFrame, table: RawTable, columns: dict[str, Column], source: Source, index: int, noted: FindingLog
) -> FloatArray:
    values = np.empty((len(frame), len(columns)))
    numbers = row_numbers(frame)
    for position, (name, column) in enumerate(columns.items()):
        cells = frame[name]
        read = parse_numbers(cells, _mark(table.frame[name], table, source, index, noted))
        found, bad = read.values, read.bad
        if column.flag and bad.any():
            words = cells.str.strip().str.lower()
            yes, no = words.isin(TRUE_WORDS).to_numpy(), words.isin(FALSE_WORDS).to_numpy()
            found, bad = np.where(yes, 1.0, np.where(no, 0.0, found)), bad & ~yes & ~no
        values[:, position] = found
        noted.each(
            "text_in_number",
            Severity.REFUSE,
            places(numbers, bad),
            lambda at, row, cells=cells, name=name: (  # type: ignore[misc]
                f"{source.label}, row {row}, column “{name}”: “{cells.iloc[at][:40]}” is not a number. Correct it, or "
                "leave the cell empty if there is no value."
            ),
            name,
        )
    return values


def _mark(cells: pd.Series[str], table: RawTable, source: Source, index: int, noted: FindingLog) -> DecimalMark:
    """The decimal mark of a column; asked once for a file where nothing in it tells."""
    if source.layout is not Layout.TABLE:
        return "."  # as widened
    mark, unclear = mark_of(cells, table.dialect)
    if unclear is None:
        return mark
    if source.decimal is not None:
        return "," if source.decimal == "comma" else "."
    by_point, by_comma = parse_number(unclear, "."), parse_number(unclear, ",")
    noted.ask(
        Question(
            f"decimal:{index}",
            f"Numbers such as “{unclear}” in “{cells.name}” of {source.label} can be read two ways: {by_point:,g} if "
            f"the decimal mark is a point, {by_comma:,g} if it is a comma. Which is it?",
            ("point", "comma") if mark == "." else ("comma", "point"),
            f"sources.{index}.decimal",
        ),
        ((None, str(cells.name)),),
    )
    return mark


def _markets(frame: pd.DataFrame, source: Source, noted: FindingLog) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if source.market is None or source.market not in frame.columns:
        return (), np.zeros(len(frame), dtype=np.int64)
    codes, unique = pd.factorize(frame[source.market].str.strip())
    names = tuple(str(name) for name in unique)
    blank = np.array([is_no_value(name) for name in names], dtype=np.bool_)
    noted.each(
        "no_market",
        Severity.REFUSE,
        places(row_numbers(frame), blank[codes]),
        lambda _, row: f"{source.label}, row {row} names no market. Add it.",
        source.market,
    )
    return names, codes.astype(np.int64)


def bears_kpi(table: RawTable, source: Source) -> bool:
    """Whether a source brings sales of the company's own: what it took, not what a platform claims."""
    if not _like_a_table(source):
        return any(measure in OWN for measure in source.measures.values())
    columns = described(table).values()
    return any(adds_up(c) and c.has(MONEY_KPI | COUNT_KPI) and not c.has(SPEND | EXPOSURE) for c in columns)


def _like_a_table(source: Source) -> bool:
    """Whether only the headings tell what numbers are: a wide table, or one of dates, names and values."""
    return source.layout is Layout.TABLE or Measure.SERIES in source.measures.values()


def _without_duplicates(series: Series, source: Source, noted: FindingLog) -> Series:
    """One row for each market and period, as the source answers, or a question."""
    order = np.lexsort((np.arange(len(series.days)), series.days.astype(np.int64), series.market))
    sorted_ = series.take(order)
    same = np.zeros(len(order), dtype=np.bool_)
    same[1:] = (sorted_.days[1:] == sorted_.days[:-1]) & (sorted_.market[1:] == sorted_.market[:-1])
    if not same.any():
        return sorted_
    count = counted(int(same.sum()), "further row")
    if source.duplicates is None:
        noted.ask(
            Question(
                f"duplicates:{series.index}",
                f"{source.label} has {count} for a {series.periods.length} that has one already, first "
                f"{sorted_.days[same][0]}. Add them up, or keep the first or the last?",
                ("sum", "first", "last"),
                f"sources.{series.index}.duplicates",
            ),
            ((None, source.date),),
        )
        return sorted_
    noted.repair("duplicate", f"{source.label} has {count} for a period that has one already: {source.duplicates}.")
    starts = np.flatnonzero(~same)
    if source.duplicates == "first":
        return sorted_.take(starts)
    if source.duplicates == "last":
        return sorted_.take(np.append(starts[1:], len(same)) - 1)
    known = ~np.isnan(sorted_.values)
    total = np.add.reduceat(np.nan_to_num(sorted_.values), starts, axis=0)
    n = np.add.reduceat(known.astype(np.int64), starts, axis=0)
    merged = np.where(n > 0, np.where(series.added, total, total / np.maximum(n, 1)), np.nan)
    return replace(sorted_.take(starts), values=merged)
