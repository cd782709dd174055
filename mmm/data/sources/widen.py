"""Rows of campaigns, channels or orders added up to one row a date (and market), with a column for each series."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import is_no_value, parse_numbers
from mmm.data.findings import Finding, FindingLog, Question, Severity, counted
from mmm.data.read import RawTable
from mmm.data.rows import Use, mark_of, mark_question, places, read_markets, read_numbers, row_numbers
from mmm.data.sources.days import days_of
from mmm.data.sources.facts import LOOK_ROWS, is_numeric
from mmm.data.sources.orders import count_orders
from mmm.data.sources.rules import channel_of, unmatched_rows
from mmm.data.sources.source import Layout, Measure, Source
from mmm.data.sources.sums import amount_texts, group_sums, is_repeated, same_within, total
from mmm.errors import DataError

FloatArray = NDArray[np.float64]
Index = NDArray[np.int64]

BY_CHANNEL = (Measure.SPEND, Measure.IMPRESSIONS, Measure.CLICKS)
"""What is added up for each channel; anything else is one series of the whole source."""
WHOLE = (Measure.IMPRESSIONS, Measure.CLICKS, Measure.SESSIONS, Measure.ORDERS, Measure.UNITS)
"""What is counted in whole numbers, so that 15,106 is fifteen thousand."""
CLAIMED_BY_ROWS = "claimed"  # before a heading whose numbers are each channel's own claim
MAX_CHANNELS = 150  # three columns each; more are campaigns that no rule has gathered yet


@dataclass(frozen=True, eq=False)
class Widened:
    """What became of one file.

    Attributes:
        table: one row a date (and market), in order; dates as ISO texts under the source's own heading, amounts with
            a decimal point. The file as it is for `Layout.TABLE` and `Layout.RATES`, and where a finding refuses or a
            question is open.
        totals: sum of each measure that went into the table, by its column in the file, before any conversion.
        findings: what was noticed, with rows and columns of the file.
        questions: what a person has to answer first; `mapping_field` is the field of `Source` that holds the answer.
        unmatched: rows no rule matched: their text, how many, and their spend where the source has any.
    """

    table: RawTable
    totals: dict[str, float]
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    unmatched: tuple[tuple[str, int, float | None], ...]


@dataclass(frozen=True, eq=False)
class Added:
    """Rows ready to be added up, N of them in R groups of the same date and market.

    Attributes:
        row: number in the file, `[N]`.
        group: index of its date and market, `[N]`.
        days: date of each group, `datetime64[D] [R]`.
        market: market of each group, `[R]`.
        values: for each measured column, `[N]`, NaN where a cell holds no value.
    """

    frame: pd.DataFrame
    group: Index
    days: NDArray[np.datetime64]
    market: list[str]
    values: dict[str, FloatArray]


def widen(raw: RawTable, source: Source) -> Widened:
    """One row a date (and market) of the file `raw`, described by `source`.

    A channel without a row on a date that others have spent nothing on it: platforms leave days without delivery out.
    Amounts are added up exactly, so each column of the table comes to what its rows in the file come to.
    """
    if source.layout in (Layout.TABLE, Layout.RATES):
        return Widened(raw, {}, (), (), ())
    noted = FindingLog()
    try:
        added = _read(raw, source, noted)
        if noted.refused or noted.questions or added is None:
            return Widened(raw, {}, noted.findings(), tuple(noted.questions), ())
        columns, totals, unmatched = _columns(added, source, noted)
    except DataError as error:
        noted.refuse("source", str(error))
        return Widened(raw, {}, noted.findings(), (), ())
    if not columns:  # refused
        return Widened(raw, {}, noted.findings(), (), unmatched)
    for name, texts in _carried(raw, added, source, noted).items():
        columns[_free(columns, name, f"{name} ({source.label})")] = texts
    return Widened(_table(raw, source, added, columns), totals, noted.findings(), (), unmatched)


def _read(raw: RawTable, source: Source, noted: FindingLog) -> Added | None:
    """The dated rows with their amounts; None where the file has no days."""
    missing = [name for name in _named(source) if name not in raw.frame.columns]
    if missing:
        raise DataError(
            f"“{source.name}” has no column “{missing[0]}”. Choose which of its columns is meant, or upload the file "
            "this description was made for."
        )
    days = days_of(raw, source, noted)
    if days is None:
        return None
    markets, market = read_markets(raw.frame, source.market, noted)
    values = _numbers(raw, source, noted)
    _note_undated(raw.frame, days, values, source, noted)
    _check_currencies(raw.frame, source, noted)
    kept = ~np.isnat(days) & (market >= 0)
    frame = raw.frame[kept]
    values = {column: numbers[kept] for column, numbers in values.items()}
    if source.layout is Layout.ORDERS:
        chosen, values = count_orders(frame, source, values, raw.dialect, noted)
        frame, days, market = frame.iloc[chosen], days[kept][chosen], market[kept][chosen]
    else:
        days, market = days[kept], market[kept]
    if len(frame) == 0 and not (noted.refused or noted.questions):
        raise DataError(f"“{source.name}” has no row with a date that counts. Check the date column and the filters.")
    code = days.astype("datetime64[D]").astype(np.int64) * (len(markets) + 1) + market
    unique, group = np.unique(code, return_inverse=True)
    by_day = (unique // (len(markets) + 1)).astype("datetime64[D]")
    names = [markets[at] for at in unique % (len(markets) + 1)]
    return Added(frame, np.asarray(group, dtype=np.int64), by_day, names, values)


def _numbers(raw: RawTable, source: Source, noted: FindingLog) -> dict[str, FloatArray]:
    """Every measure as numbers; asks for the decimal mark where nothing tells it."""
    values: dict[str, FloatArray] = {}
    unclear: dict[str, str] = {}
    for column, measure in source.measures.items():
        cells = raw.frame[column]
        mark, twofold = mark_of(cells, raw.dialect)
        if twofold is not None and measure in WHOLE:
            mark = "." if "," in twofold else ","
        elif twofold is not None and source.decimal_mark is not None:
            mark = "," if source.decimal_mark == "comma" else "."
        elif twofold is not None:
            unclear[column] = twofold
        values[column] = read_numbers(cells, mark, Use.SPEND, noted).values
    if unclear:
        noted.ask(mark_question(unclear, raw.dialect), tuple((None, column) for column in unclear))
    return values


def _named(source: Source) -> list[str]:
    named = [source.date, source.market, source.order_id, source.currency_column, *source.keys, *source.measures]
    return [name for name in named if name]


def _note_undated(
    frame: pd.DataFrame, days: NDArray[np.datetime64], values: dict[str, FloatArray], source: Source, noted: FindingLog
) -> None:
    """Rows without a date are left out, each with the amounts that are lost with it."""
    blank = np.isnat(days)
    if not blank.any():
        return
    rows = row_numbers(frame)
    lost = {column: numbers for column, numbers in values.items() if (np.nan_to_num(numbers[blank]) != 0).any()}

    def said(at: int, row: int) -> str:
        amounts = [f"{column} {numbers[at]:,.2f}" for column, numbers in lost.items() if numbers[at]]
        return f"Row {row} has no date and was left out{' (' + ', '.join(amounts[:4]) + ')' if amounts else ''}."

    noted.each("undated_row", Severity.REPAIR, places(rows, blank), said, source.date)


def _check_currencies(frame: pd.DataFrame, source: Source, noted: FindingLog) -> None:
    """Amounts in several currencies cannot be added up before they are converted."""
    if source.currency_column is None or not any(measure.money for measure in source.measures.values()):
        return
    codes = sorted({code for cell in frame[source.currency_column].unique() if not is_no_value(code := cell.strip())})
    if len(codes) > 1:
        noted.refuse(
            "mixed_currency",
            f"“{source.currency_column}” names {len(codes)} currencies ({', '.join(codes[:5])}), which cannot be added "
            "up as they are. Upload a table of exchange rates beside the file.",
            None,
            source.currency_column,
        )


Columns = dict[str, list[str]]


def _columns(
    added: Added, source: Source, noted: FindingLog
) -> tuple[Columns, dict[str, float], tuple[tuple[str, int, float | None], ...]]:
    """The table's columns of numbers as texts, the measures' totals, and the rows no rule matched."""
    columns: Columns = {}
    totals: dict[str, float] = {}
    unmatched: tuple[tuple[str, int, float | None], ...] = ()
    split = [column for column, measure in source.measures.items() if measure in (*BY_CHANNEL, Measure.SERIES)]
    if split:
        channel, matched = channel_of(added.frame, source)
        spends = [added.values[column] for column in split if source.measures[column] is Measure.SPEND]
        unmatched = unmatched_rows(added.frame, source, matched, np.nansum(spends, axis=0) if spends else None)
        codes, names = pd.factorize(channel)
        order = sorted(range(len(names)), key=lambda code: (names[code] == source.unmatched, str(names[code]).lower()))
        if len(names) > MAX_CHANNELS:
            _refuse_channels(len(names), source, noted)
            return {}, {}, unmatched
        for code in order:
            for column in split:
                name, texts = _channel_series(added, source, column, codes == code, str(names[code]))
                columns[_free(columns, name, f"{name} ({column})")] = texts
        totals |= {column: total(added.values[column]) for column in split}
    for column in source.measures:
        if column not in split:
            series, totals[column], once = _source_series(added, source, column, noted)
            heading = (
                f"{CLAIMED_BY_ROWS} {column}" if _claims(source, column) and not once else _heading(source, column)
            )
            columns[_free(columns, heading, f"{source.label} {column}")] = amount_texts(series)
    if source.layout is Layout.ORDERS:
        count = np.bincount(added.group, minlength=len(added.days)).astype(np.float64)
        name = Measure.ORDERS.value if source.platform is None else f"{source.label} {Measure.ORDERS}"
        columns[_free(columns, name, f"{source.label} {Measure.ORDERS}")] = amount_texts(count)
    return columns, totals, unmatched


def _channel_series(
    added: Added, source: Source, column: str, mine: NDArray[np.bool_], channel: str
) -> tuple[str, list[str]]:
    """One measure of one channel: its column's name and cells."""
    sums = group_sums(added.values[column][mine], added.group[mine], len(added.days))
    if source.measures[column] is Measure.SERIES:
        return channel, amount_texts(sums)
    if source.platform is None:  # a blank cell of an unknown file may mean unknown: it stays blank and is asked
        told = np.bincount(added.group[mine], minlength=len(added.days)) > 0
        return f"{channel} {source.measures[column]}", amount_texts(np.where(told, sums, 0.0))
    return f"{channel} {source.measures[column]}", amount_texts(np.nan_to_num(sums))


def _claims(source: Source, column: str) -> bool:
    """Whether a file that no platform wrote says in this column what each of its channels is said to have sold."""
    measures = source.measures
    claimed = measures[column] in (Measure.CONVERSIONS, Measure.VALUE) and Measure.SPEND in measures.values()
    return claimed and source.platform is None


def _source_series(added: Added, source: Source, column: str, noted: FindingLog) -> tuple[FloatArray, float, bool]:
    """A measure of the source as a whole, `[group]`, its total, and whether it was taken once a date.

    It is added up, or taken once where every row of a date repeats it.
    """
    values = added.values[column]
    sums = group_sums(values, added.group, len(added.days))
    if source.platform is not None or source.layout is Layout.ORDERS:
        return np.nan_to_num(sums), total(values), False
    once = same_within(values, added.group, len(added.days))
    if once is None or not is_repeated(once, values, added.group):
        return sums, total(values), False
    noted.info(
        "repeated_value",
        f"“{column}” has the same value in all rows of a date, so it was counted once a date: {total(once):,.2f} "
        f"in all, not {total(values):,.2f}.",
        None,
        column,
    )
    return once, total(once), True


def _heading(source: Source, column: str) -> str:
    """What a measure of the source as a whole is called: by platform, else as in the file, else by what it counts."""
    if source.platform is not None:
        return f"{source.label} {source.measures[column]}"
    return source.measures[column].value if source.layout is Layout.ORDERS else column


def _carried(raw: RawTable, added: Added, source: Source, noted: FindingLog) -> Columns:
    """Other columns of numbers that are the same in all rows of a date, such as a price: kept as they are."""
    if source.platform is not None or source.layout is Layout.ORDERS:
        return {}
    used = {*_named(source), *(rule.column for rule in source.rules)}
    kept: Columns = {}
    rest = [str(column) for column in added.frame.columns if column not in used]
    for column in rest:
        cells = added.frame[column]
        if is_numeric(cells.iloc[:LOOK_ROWS].tolist()):
            read = parse_numbers(cells, mark_of(cells, raw.dialect)[0])
            once = None if read.bad.any() else same_within(read.values, added.group, len(added.days))
            if once is not None:
                kept[column] = amount_texts(once)
    lost = [f"“{column}”" for column in rest if column not in kept]
    if lost:
        noted.info("columns_left_out", f"{', '.join(lost[:8])} {'was' if len(lost) == 1 else 'were'} not used.")
    return kept


def _refuse_channels(count: int, source: Source, noted: FindingLog) -> None:
    noted.refuse(
        "too_many_channels",
        f"The rows of “{source.name}” would become {counted(count, 'channel')}; at most {MAX_CHANNELS} can be handled. "
        "Write rules that gather them, or choose another column for the channel.",
        None,
        source.keys[0] if source.keys else None,
    )


def _free(columns: Columns, name: str, other: str) -> str:
    """A column name that is not taken yet."""
    if name not in columns:
        return name
    return other if other not in columns else _free(columns, f"{other} (2)", f"{other} (3)")


def _table(raw: RawTable, source: Source, added: Added, columns: Columns) -> RawTable:
    index = pd.RangeIndex(1, len(added.days) + 1, name="row")
    cells: dict[str, list[str]] = {source.date: [str(day) for day in added.days]}
    if source.market is not None:
        cells[source.market] = added.market
    for name, texts in columns.items():
        cells[_free(cells, name, f"{source.label or source.name} {name}")] = texts
    frame = pd.DataFrame({name: pd.Series(texts, index=index, dtype="str") for name, texts in cells.items()})
    dialect = replace(raw.dialect, decimal=".", decimal_sure=True, date_order="ymd")
    return replace(raw, frame=frame, first_row=1, dialect=dialect)
