"""Several sources on one calendar: one row a period and market, each source's amounts kept to the cent.

Amounts are summed and levels averaged; see `lay`. A period outside a source's own span stays empty, so that missing
spend is asked about and not invented. National levels are put in every market; national amounts beside sales by market
are refused, because no split of them would be known; where only advertising is by market, it is added up.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.dialect import Dialect
from mmm.data.findings import FindingLog
from mmm.data.read import RawTable
from mmm.data.sources.calendar import DAY, Length, Periods
from mmm.data.sources.lay import Laid, Target, lay
from mmm.data.sources.series import Series
from mmm.data.sources.source import Fill
from mmm.data.sources.sums import amount_texts

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Joined:
    """The sources as one table.

    Attributes:
        table: cells as text, rows numbered from 1.
        made_of: for each column, the indices of the sources it comes from.
        dropped: for each source, by column, the amounts that lie in partial or incomplete periods and are in no row.
        names: for each source, its columns' names in the table by their names in the source.
    """

    table: RawTable
    made_of: dict[str, tuple[int, ...]]
    dropped: dict[int, dict[str, float]]
    names: dict[int, dict[str, str]]


def join(
    series: Sequence[Series], tables: Sequence[RawTable], fill: dict[str, Fill], noted: FindingLog
) -> Joined | None:
    """The sources on the calendar they have in common; None where something is asked or refused.

    Args:
        series: at least one.
        tables: the files as read, for their names, hashes and findings.
        fill: as in `Recipe.fill`.
    """
    met = _met_markets(series, noted)
    target = _target(met, noted)
    if target is None or noted.refused:
        return None
    market = next((s.market_column for s in met if s.market_column and s.kpi), None)
    market = market or next((s.market_column for s in met if s.market_column), None)
    date = next((s.date for s in met if s.kpi), met[0].date)
    names = _names(met, {date, *([market] if market else [])})
    laid = [lay(s, target, tuple(names[s.index].values()), fill, noted) for s in met]
    if noted.refused or noted.questions:
        return None
    _note_spans(met, noted)
    markets = _all_markets(met)
    frame, made_of = _frame(met, laid, target, names, (date, market), markets, fill)
    made_of = {date: tuple(s.index for s in met), **made_of}
    if market is not None:
        made_of = {market: tuple(s.index for s in met if s.markets), **made_of}
    dropped = {s.index: part.dropped for s, part in zip(met, laid, strict=True)}
    return Joined(_table(frame, tables), made_of, dropped, names)


def _met_markets(series: Sequence[Series], noted: FindingLog) -> list[Series]:
    """Sources that agree on whether they have markets, or the reason why they cannot."""
    series = _same_market_names(series)
    by_market = [s for s in series if s.markets]
    if not by_market or all(s.markets or not s.core for s in series):
        return list(series)
    national_kpi = [s for s in series if s.kpi and not s.markets]
    if national_kpi and not any(s.kpi for s in by_market):
        return [_over_markets(s, noted) if s.markets else s for s in series]
    for s in series:
        if not s.markets and s.core:
            other = next((o for o in by_market if o.kpi), by_market[0])
            noted.refuse(
                "national_amounts",
                f"{s.label} has no market column, but {other.label} is by market. How its amounts split over the "
                f"markets is not known: upload {s.label} by market, or {other.label} added up over all markets.",
            )
    return list(series)


def _same_market_names(series: Sequence[Series]) -> list[Series]:
    """Markets whose names differ only in case share the spelling of the first source that has them."""
    spelled: dict[str, str] = {}
    for s in sorted(series, key=lambda s: not s.kpi):
        for name in s.markets:
            spelled.setdefault(name.casefold(), name)
    met = []
    for s in series:
        names = [spelled[name.casefold()] for name in s.markets]
        unique = tuple(dict.fromkeys(names))
        codes = np.array([unique.index(name) for name in names], dtype=np.int64)
        met.append(replace(s, markets=unique, market=codes[s.market]) if names else s)
    return met


def _over_markets(series: Series, noted: FindingLog) -> Series:
    """A source by market as national data: amounts added up, levels averaged."""
    order = np.argsort(series.days, kind="stable")
    starts = np.flatnonzero(np.append(True, series.days[order][1:] != series.days[order][:-1]))
    cells = series.values[order]
    total = np.add.reduceat(np.nan_to_num(cells), starts, axis=0)
    known = np.add.reduceat((~np.isnan(cells)).astype(np.int64), starts, axis=0)
    values = np.where(known > 0, np.where(series.added, total, total / np.maximum(known, 1)), np.nan)
    noted.repair(
        "over_markets",
        f"{series.label} is by market and the sales are not: its amounts were added up over "
        f"{len(series.markets)} markets, its prices and indices averaged.",
    )
    days = series.days[order][starts]
    return replace(
        series, days=days, market=np.zeros(len(days), np.int64), markets=(), values=values, market_column=None
    )


def _target(series: Sequence[Series], noted: FindingLog) -> Target | None:
    """The periods of the joined table: the longest of those that sales and spend come in.

    Spend by month or quarter does not make a weekly table monthly: how it is laid on weeks is asked.
    """
    core = [s for s in series if s.core] or list(series)
    sales = [s for s in core if s.kpi] or core
    too_long = [s for s in sales if s.periods.length is Length.QUARTER]
    if too_long and all(s.periods.length is Length.QUARTER for s in core):
        noted.refuse("quarters", f"{too_long[0].label} has one row a quarter; upload it by week, or by month.")
        return None
    longest = max((s.periods.length for s in sales), key=lambda length: length.rank)
    if longest in (Length.DAY, Length.WEEK) and any(s.periods.length is Length.WEEK for s in core):
        longest = Length.WEEK
    weekly = [s for s in (*sales, *core) if s.periods.length is Length.WEEK]
    periods = Periods(longest, weekly[0].periods.week_start if weekly and longest is Length.WEEK else 0)
    first = min(s.first for s in core)
    last = max(s.after for s in core) - DAY
    starts = periods.between(periods.start(np.array([first]))[0], last)
    return Target(periods, starts, periods.next(starts))


def _names(series: Sequence[Series], taken: set[str]) -> dict[int, dict[str, str]]:
    """The table's name of each column: its own, with the source's label where two sources have the same."""
    often = Counter(name for s in series for name in s.columns)
    used = set(taken)
    names: dict[int, dict[str, str]] = {}
    for s in series:
        names[s.index] = {}
        for name in s.columns:
            wanted = name if often[name] == 1 and name not in taken else f"{name} ({s.label})"
            unique, number = wanted, 1
            while unique in used:
                number += 1
                unique = f"{wanted} {number}"
            used.add(unique)
            names[s.index][name] = unique
    return names


def _all_markets(series: Sequence[Series]) -> tuple[str, ...]:
    ordered = sorted(series, key=lambda s: not s.kpi)
    return tuple(dict.fromkeys(name for s in ordered for name in s.markets))


def _frame(
    series: Sequence[Series],
    laid: Sequence[Laid],
    target: Target,
    names: dict[int, dict[str, str]],
    keys: tuple[str, str | None],
    markets: tuple[str, ...],
    fill: dict[str, Fill],
) -> tuple[pd.DataFrame, dict[str, tuple[int, ...]]]:
    """The cells as text, market by market; periods at the edges in which no source has an amount are left out."""
    wide = {s.index: _in_markets(s, part, markets) for s, part in zip(series, laid, strict=True)}
    filled = np.zeros(len(target.starts), dtype=np.bool_)
    for s in series:
        amounts = wide[s.index][:, :, s.added] if s.core else wide[s.index][:, :0]
        filled |= (~np.isnan(amounts)).any(axis=(0, 2)) if amounts.size else False
    kept = np.flatnonzero(filled) if filled.any() else np.arange(len(filled))
    span = slice(int(kept[0]), int(kept[-1]) + 1)
    starts = target.starts[span]
    n = max(1, len(markets))
    index = pd.RangeIndex(1, n * len(starts) + 1, name="row")
    columns: dict[str, list[str]] = {keys[0]: np.tile(starts.astype(str), n).tolist()}
    if keys[1] is not None:
        columns[keys[1]] = np.repeat(np.array(markets, dtype=object), len(starts)).tolist()
    made_of: dict[str, tuple[int, ...]] = {}
    for s in series:
        for position, name in enumerate(names[s.index].values()):
            if fill.get(name) == "omit":
                continue
            columns[name] = amount_texts(wide[s.index][:, span, position].ravel())
            made_of[name] = (s.index,)
    return pd.DataFrame({name: pd.Series(cells, index=index, dtype="str") for name, cells in columns.items()}), made_of


def _in_markets(series: Series, laid: Laid, markets: tuple[str, ...]) -> FloatArray:
    """A source's values in the table's markets; national levels in every one, nothing where it has no such market."""
    if not markets:
        return laid.values
    if not series.markets:
        return np.repeat(laid.values, len(markets), axis=0)
    values = np.full((len(markets), *laid.values.shape[1:]), np.nan)
    values[[markets.index(name) for name in series.markets]] = laid.values
    return values


def _note_spans(series: Sequence[Series], noted: FindingLog) -> None:
    """Say where a source begins later or ends earlier than the sales (or the longest source)."""
    core = [s for s in series if s.core]
    against = next((s for s in core if s.kpi), None)
    for s in series:
        other = against or (max(core, key=lambda o: o.after - o.first) if core else s)
        if s is other:
            continue
        slack = np.timedelta64(7 if Length.WEEK in (s.periods.length, other.periods.length) else 1, "D")
        if s.after + slack <= other.after:
            noted.info(
                "ends_early",
                f"{s.label} ends {_day(s.after - DAY)}, {other.label} goes on to {_day(other.after - DAY)}; the cells "
                "between are empty.",
            )
        if s.first >= other.first + slack:
            noted.info(
                "starts_late",
                f"{s.label} starts {_day(s.first)}, {other.label} already {_day(other.first)}; the cells between are "
                "empty.",
            )


def _day(day: np.datetime64) -> str:
    moment = pd.Timestamp(day)
    return f"{moment.day} {moment.strftime('%b %Y')}"


def _table(frame: pd.DataFrame, tables: Sequence[RawTable]) -> RawTable:
    digest = hashlib.sha256("".join(table.sha256 for table in tables).encode()).hexdigest()
    return RawTable(
        frame=frame,
        first_row=1,
        dialect=Dialect("csv", None, None, ".", "ymd", None, 0),
        findings=tuple(finding for table in tables for finding in table.findings),
        sha256=digest,
        name=" + ".join(table.name for table in tables),
    )
