"""New weeks put behind a table that is kept already; what both have is compared cell by cell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import Numbers, is_no_value, parse_numbers
from mmm.data.dates import detect_frequency, parse_dates, period_range, to_week_start, weekday_of
from mmm.data.findings import Finding, FindingLog, Question, counted
from mmm.data.inputs import Frequency
from mmm.data.mapping import Mapping
from mmm.data.read import RawTable
from mmm.data.rows import mark_of
from mmm.errors import DataError

Prefer = Literal["new", "old"]
Intention = Literal["append", "replace", "same"]

SAME = 1e-9  # relative: two texts of one number differ by no more
FIRST_DIFFERENCES = 3  # that the question names


@dataclass(frozen=True)
class CellChange:
    """A cell that two files of the same period hold differently.

    Attributes:
        column: the column's name.
        market: None for national data.
        period: date of the row, ISO.
        old, new: the cells as written; empty where there is no value.
    """

    column: str
    market: str | None
    period: str
    old: str
    new: str

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Appended:
    """A table with new weeks behind it.

    Attributes:
        table: rows numbered afresh from 1, dates as ISO texts; None while the question is open.
        findings: the new file's own, and what was noticed on putting the two together.
        questions: which file counts where both have a period and differ ("overlap": new or old).
        overlap: every cell in which they differ.
        added: periods (and markets) that only the new file has.
    """

    table: RawTable | None
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    overlap: tuple[CellChange, ...]
    added: int = 0


@dataclass(frozen=True, eq=False)
class _Keyed:
    """A table's rows by market, period and how often that came before; `at` is the row's position."""

    raw: RawTable
    frame: pd.DataFrame
    keys: pd.DataFrame

    @property
    def days(self) -> NDArray[np.datetime64]:
        return self.keys["day"].to_numpy().astype("datetime64[D]")


def append(old: RawTable, new: RawTable, mapping: Mapping, prefer: Prefer | None = None) -> Appended:
    """The table `old` with what is new in `new`; the same file again adds nothing.

    Cells are compared by value: "1,200.0" is "1200". A column that only one file has stays empty in the other's rows.

    Args:
        mapping: names the date and market columns, and how dates read.
        prefer: which file counts in periods that both have; None asks where they differ.

    Raises:
        DataError: a file lacks the date or market column, or holds a date that cannot be read.
    """
    first, second = _keyed(old, mapping), _keyed(new, mapping)
    second = _on_calendar(first, second)
    noted = FindingLog(new.findings)
    pairs = first.keys.merge(second.keys, on=["market", "day", "n"], suffixes=("_old", "_new"))
    overlap = tuple(_differences(first, second, pairs, mapping))
    fresh = np.setdiff1d(np.arange(len(second.frame)), pairs["at_new"].to_numpy())
    _note_columns(old, new, noted)
    _note_gap(first, second, noted)
    if overlap and prefer is None:
        noted.ask(_overlap_question(overlap))
        return Appended(None, noted.findings(), tuple(noted.questions), overlap, len(fresh))
    if overlap:
        noted.repair(
            "overlap",
            f"{counted(len(overlap), 'cell')} of periods that both files have differ; the {prefer} file's were kept.",
        )
    frame = _put_together(first, second, pairs, fresh, prefer == "new")
    noted.info("appended", f"{counted(len(fresh), 'row')} were new." if len(fresh) != 1 else "1 row was new.")
    return Appended(_table(frame, first, second, mapping), noted.findings(), (), overlap, len(fresh))


def continues(old: RawTable, new: RawTable, mapping: Mapping) -> Intention:
    """What is likeliest meant by uploading `new` where `old` is kept.

    The same cells: nothing new. All of the old periods, and more or others: it replaces the old table. Otherwise it
    lacks history that is kept, so its weeks are appended.

    Raises:
        DataError: as `append`.
    """
    first, second = _keyed(old, mapping), _keyed(new, mapping)
    second = _on_calendar(first, second)
    pairs = first.keys.merge(second.keys, on=["market", "day", "n"], suffixes=("_old", "_new"))
    if len(pairs) < len(first.frame):
        return "append"
    same_columns = set(old.columns) == set(new.columns)
    same = len(second.frame) == len(pairs) and same_columns
    return "same" if same and next(_differences(first, second, pairs, mapping), None) is None else "replace"


def _keyed(raw: RawTable, mapping: Mapping) -> _Keyed:
    for column, use in ((mapping.date, "dates"), (mapping.market, "markets")):
        if column is not None and column not in raw.frame.columns:
            raise DataError(f"“{raw.name}” has no column “{column}” with the {use}, as the data it continues have.")
    cells = raw.frame[mapping.date]
    dates = parse_dates(cells)
    if dates.ambiguous or dates.conflict:
        dates = parse_dates(cells, mapping.date_order)
    if dates.ambiguous:
        raise DataError(
            f"Dates such as “{dates.example}” in “{raw.name}” can be read day first or month first. Say which it is."
        )
    if dates.bad.any():
        at = int(np.flatnonzero(dates.bad)[0])
        raise DataError(f"“{raw.name}”, row {raw.frame.index[at]}: “{str(cells.iloc[at])[:40]}” is no date.")
    kept = ~dates.missing
    frame = raw.frame[kept]
    market = frame[mapping.market].str.strip() if mapping.market is not None else pd.Series("", index=frame.index)
    keys = pd.DataFrame({"market": market.to_numpy(), "day": dates.values[kept].astype("datetime64[s]")})
    return _Keyed(raw, frame, _numbered(keys))


def _numbered(keys: pd.DataFrame) -> pd.DataFrame:
    keys = keys.assign(at=np.arange(len(keys)))
    return keys.assign(n=keys.groupby(["market", "day"]).cumcount())


def _on_calendar(first: _Keyed, second: _Keyed) -> _Keyed:
    """Weeks of the new file on the old one's weekday; markets in the old one's spelling."""
    spelled = {str(name).casefold(): str(name) for name in pd.unique(first.keys["market"])}
    market = second.keys["market"].map(lambda name: spelled.get(str(name).casefold(), name))
    days = second.days
    if detect_frequency(first.days) is Frequency.WEEK and len(days):
        days = to_week_start(days, weekday_of(first.days))
    if detect_frequency(first.days) is Frequency.MONTH and (first.days.astype("datetime64[M]") == first.days).all():
        days = days.astype("datetime64[M]").astype("datetime64[D]")
    keys = pd.DataFrame({"market": market.to_numpy(), "day": days.astype("datetime64[s]")})
    return replace(second, keys=_numbered(keys))


def _differences(first: _Keyed, second: _Keyed, pairs: pd.DataFrame, mapping: Mapping) -> Iterator[CellChange]:
    before, after = pairs["at_old"].to_numpy(), pairs["at_new"].to_numpy()
    for column in first.frame.columns:
        if column in (mapping.date, mapping.market) or column not in second.frame.columns:
            continue
        old, new = first.frame[column].iloc[before], second.frame[column].iloc[after]
        differ = _differ(old, new, _numbers(first, column, before), _numbers(second, column, after))
        for at in np.flatnonzero(differ):
            market, day = pairs["market"].iloc[at], pairs["day"].iloc[at]
            where = None if mapping.market is None else str(market)
            yield CellChange(str(column), where, day.date().isoformat(), _shown(old.iloc[at]), _shown(new.iloc[at]))


def _differ(old: pd.Series[str], new: pd.Series[str], a: Numbers, b: Numbers) -> NDArray[np.bool_]:
    """Whether cells differ by value: numbers as numbers, anything else as text."""
    with np.errstate(invalid="ignore"):
        close = np.abs(a.values - b.values) <= SAME * np.maximum(np.abs(a.values), np.abs(b.values))
    text = old.str.strip().to_numpy(dtype=object) == new.str.strip().to_numpy(dtype=object)
    return np.asarray(~(close | (a.missing & b.missing) | (text & a.bad & b.bad)), dtype=np.bool_)


def _numbers(table: _Keyed, column: str, rows: NDArray[np.int64]) -> Numbers:
    cells = table.frame[column]
    return parse_numbers(cells.iloc[rows], mark_of(cells, table.raw.dialect)[0])


def _shown(cell: str) -> str:
    return "" if is_no_value(cell) else cell.strip()[:60]


def _overlap_question(overlap: tuple[CellChange, ...]) -> Question:
    periods = len({(change.market, change.period) for change in overlap})
    some = "; ".join(
        f"{change.column} of {change.period}{f' in {change.market}' if change.market else ''}: {change.old or 'empty'} "
        f"→ {change.new or 'empty'}"
        for change in overlap[:FIRST_DIFFERENCES]
    )
    return Question(
        "overlap",
        f"In {counted(periods, 'row')} that both files have, {counted(len(overlap), 'cell')} differ ({some}). Which "
        "file counts there?",
        ("new", "old"),
        "overlap",
    )


def _note_columns(old: RawTable, new: RawTable, noted: FindingLog) -> None:
    for raw, other, which in ((old, new, "new"), (new, old, "earlier")):
        lacking = [name for name in raw.columns if name not in other.frame.columns]
        if lacking:
            named = ", ".join(f"“{name}”" for name in lacking[:8]) + (" and others" if len(lacking) > 8 else "")
            noted.info(f"column_{which}", f"The {which} file has no {named}; its rows are empty there.")


def _note_gap(first: _Keyed, second: _Keyed, noted: FindingLog) -> None:
    frequency = detect_frequency(first.days)
    if frequency is None or not len(second.days):
        return
    for before, after in ((first.days.max(), second.days.min()), (second.days.max(), first.days.min())):
        if after <= before:
            continue
        missing = len(period_range(np.datetime64(before), np.datetime64(after), frequency)) - 2
        if missing > 0:
            noted.info(
                "gap",
                f"Between {before} and {after}, {counted(missing, str(frequency))} "
                f"{'is' if missing == 1 else 'are'} in neither file.",
            )


def _put_together(
    first: _Keyed, second: _Keyed, pairs: pd.DataFrame, fresh: NDArray[np.int64], newer: bool
) -> pd.DataFrame:
    """Old rows with the overlap as chosen, then the fresh ones; in order of date within a market."""
    old, new = first.frame.reset_index(drop=True), second.frame.reset_index(drop=True)
    old, new = _same_marks(old, new, first.raw, second.raw)
    columns = [*old.columns, *(name for name in new.columns if name not in old.columns)]
    frame = old.reindex(columns=columns, fill_value="")
    before, after = pairs["at_old"].to_numpy(), pairs["at_new"].to_numpy()
    for name in new.columns:
        if newer or name not in old.columns:
            cells = frame[name].to_numpy(dtype=object).copy()
            cells[before] = new[name].to_numpy(dtype=object)[after]
            frame[name] = pd.Series(cells, dtype="str")
    keys = pd.concat([first.keys, second.keys.iloc[fresh]], ignore_index=True)
    frame = pd.concat([frame, new.iloc[fresh].reindex(columns=columns, fill_value="")], ignore_index=True)
    frame.insert(0, _DAY, keys["day"].dt.strftime("%Y-%m-%d").to_numpy())
    frame.insert(1, _MARKET, keys["market"].to_numpy())
    codes, _ = pd.factorize(keys["market"])
    days = keys["day"].to_numpy()
    order = np.lexsort((np.arange(len(days)), days, codes))
    in_order = all((np.diff(days[codes == code].astype(np.int64)) >= 0).all() for code in range(codes.max() + 1))
    return frame if in_order else frame.iloc[order]


_DAY, _MARKET = "\x00day", "\x00market"  # no heading holds a NUL: reading leaves them out


def _same_marks(
    old: pd.DataFrame, new: pd.DataFrame, first: RawTable, second: RawTable
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables' numbers with a decimal point, unless their columns agree on the mark already."""
    marks = {
        name: (mark_of(old[name], first.dialect)[0], mark_of(new[name], second.dialect)[0])
        for name in old.columns
        if name in new.columns
    }
    if first.dialect.decimal == second.dialect.decimal and all(a == b for a, b in marks.values()):
        return old, new
    return _with_points(old, first), _with_points(new, second)


def _with_points(frame: pd.DataFrame, raw: RawTable) -> pd.DataFrame:
    columns = {}
    for name in frame.columns:
        read = parse_numbers(frame[name], mark_of(frame[name], raw.dialect)[0])
        number = np.isfinite(read.values)
        cells = frame[name].to_numpy(dtype=object).copy()
        cells[number] = [repr(value).removesuffix(".0") for value in read.values[number].tolist()]
        columns[name] = pd.Series(cells, dtype="str")
    return pd.DataFrame(columns)


def _table(frame: pd.DataFrame, first: _Keyed, second: _Keyed, mapping: Mapping) -> RawTable:
    frame = frame.assign(**{mapping.date: frame[_DAY]})
    if mapping.market is not None:
        frame = frame.assign(**{mapping.market: frame[_MARKET]})
    frame = frame.drop(columns=[_DAY, _MARKET]).astype("str")
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    old, new = first.raw, second.raw
    same = old.dialect.decimal == new.dialect.decimal
    sure = not same or (old.dialect.decimal_sure and new.dialect.decimal_sure)
    digest = hashlib.sha256((old.sha256 + new.sha256).encode()).hexdigest()
    return RawTable(
        frame=frame,
        first_row=1,
        dialect=replace(
            new.dialect,
            decimal=old.dialect.decimal if same else ".",
            decimal_sure=sure,
            date_order="ymd",
            header_row=0,
        ),
        findings=new.findings,
        sha256=digest,
        name=new.name,
    )
