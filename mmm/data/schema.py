"""A column that appears, vanishes, is renamed or changes its meaning against the version before.

With each version `describe` is stored: what kind of column each one is, its median, how much of it is filled, and its
values on the last dates, with which the next file overlaps. No text of a cell is stored.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.data.cells import parse_numbers
from mmm.data.dates import parse_dates
from mmm.data.findings import whole_percent
from mmm.data.guess import Column, described, guess
from mmm.data.mapping import Mapping
from mmm.data.read import RawTable
from mmm.data.rows import mark_of
from mmm.errors import DataError

FloatArray = NDArray[np.float64]

FORMAT_VERSION = 1
RECENT = 26  # dates whose values are kept: half a year of weeks
MIN_OVERLAP = 3  # dates that two files must share before values are taken to tell a meaning
STEADY = 0.8  # share of the dates shared on which a factor must be the same
FACTORS = (1e6, 1e3, 1e2, 1e-2, 1e-3, 1e-6)  # thousands, millions, cents and per cents
JUMP = 20.0  # times the former median: no growth, another thing
SAME = 1e-6  # relative


class Change(StrEnum):
    """What happened to a column."""

    APPEARED = "appeared"
    GONE = "gone"
    RENAMED = "renamed"
    TYPE = "type"
    SCALE = "scale"
    MEANING = "meaning"


@dataclass(frozen=True)
class SchemaChange:
    """One column that is not what it was.

    Attributes:
        column: its name in the new file (for `GONE`, in the former one).
        message: what happened and what to do, in words.
        before: the former name, for `RENAMED`; the column whose numbers it now holds, for `MEANING`, if any.
        factor: new values ÷ former ones, for `SCALE` and `MEANING`; None where it is not one factor.
        used: whether the mapping uses the column.
    """

    change: Change
    column: str
    message: str
    before: str | None = None
    factor: float | None = None
    used: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON-able values."""
        return asdict(self)


def describe(raw: RawTable, date: str | None = None, date_order: str | None = None) -> dict[str, Any]:
    """What is stored of a table so that the next file can be compared with it; JSON-able.

    Args:
        date: the date column; None takes the likeliest.
        date_order: as in `Mapping`.

    Returns:
        format, rows, dates (the last `RECENT`, ISO), and for each column kind ("number", "flag", "date", "text" or
        "empty"), filled (share of cells with a value), median, whole (all numbers are whole) and recent (sum over the
        rows of each of `dates`; None where empty). Columns of text have neither median nor values.
    """
    date = guess(raw).date if date is None else date
    days = parse_dates(raw.frame[date], date_order).values if date in raw.frame.columns else _no_days(raw)
    dates = np.unique(days[~np.isnat(days)])[-RECENT:]
    recently = np.flatnonzero(np.isin(days, dates))
    columns = {name: _described(raw, column, date, days, dates, recently) for name, column in described(raw).items()}
    return {
        "format": FORMAT_VERSION,
        "rows": len(raw.frame),
        "dates": dates.astype("datetime64[D]").astype(str).tolist(),
        "columns": columns,
    }


def schema_changes(
    old: MappingType[str, Any], raw: RawTable, mapping: Mapping | None = None
) -> tuple[SchemaChange, ...]:
    """How the columns of `raw` differ from a former version; those that the mapping uses come first.

    Args:
        old: what `describe` returned for the former version.
        mapping: the former version's, to know its date column and which columns are used.

    Raises:
        DataError: `old` is no such description.
    """
    if old.get("format") != FORMAT_VERSION:
        raise DataError("The description of the former version is in a format that this version does not read.")
    date = mapping.date if mapping is not None and mapping.date in raw.frame.columns else None
    new = describe(raw, date, None if mapping is None else mapping.date_order)
    before, after = old["columns"], new["columns"]
    shared = sorted(set(old["dates"]) & set(new["dates"]))
    at = [old["dates"].index(day) for day in shared], [new["dates"].index(day) for day in shared]
    past = {name: _recent(column, at[0]) for name, column in before.items()}
    now = {name: _recent(column, at[1]) for name, column in after.items()}
    renamed = _renamed(before, after, past, now)
    uses = dict(mapping.used_columns) if mapping is not None else {}
    changes = [
        *(_rename(name, former, uses) for name, former in renamed.items()),
        *(_gone(name, uses) for name in before if name not in after and name not in renamed.values()),
        *(_appeared(name) for name in after if name not in before and name not in renamed),
    ]
    for name in after:
        if name in before and (found := _changed(name, before, after, past, now, name in uses)) is not None:
            changes.append(found)
    return tuple(sorted(changes, key=lambda change: not change.used))


def _no_days(raw: RawTable) -> NDArray[np.datetime64]:
    return np.full(len(raw.frame), np.datetime64("NaT", "D"))


def _described(
    raw: RawTable,
    column: Column,
    date: str,
    days: NDArray[np.datetime64],
    dates: NDArray[np.datetime64],
    recently: NDArray[np.int64],
) -> dict[str, Any]:
    """What is stored of one column.

    Args:
        days: of each row, `[row]`.
        dates: whose values are kept.
        recently: rows that lie on one of `dates`.
    """
    cells = raw.frame[column.name]
    read = parse_numbers(cells, mark_of(cells, raw.dialect)[0])
    filled = 1.0 - float(read.missing.mean())
    kind = "date" if column.name == date else "flag" if column.flag else "number" if column.numeric else "text"
    kind = "empty" if filled == 0 else kind
    found: dict[str, Any] = {"kind": kind, "filled": round(filled, 4), "median": None, "whole": None, "recent": None}
    known = read.values[np.isfinite(read.values)]
    if kind not in ("number", "flag") or not len(known):
        return found
    recent = _by_date(read.values[recently], days[recently], dates)
    whole = bool((known == np.round(known)).all())
    return found | {"median": float(np.median(known)), "whole": whole, "recent": recent}


def _by_date(values: FloatArray, days: NDArray[np.datetime64], dates: NDArray[np.datetime64]) -> list[float | None]:
    """Sum of the numbers on each of `dates`, in order; None where there is none."""
    known = np.isfinite(values)
    at = np.searchsorted(dates, days[known])
    sums = np.bincount(at, weights=values[known], minlength=len(dates))
    count = np.bincount(at, minlength=len(dates))
    return [float(total) if n else None for total, n in zip(sums.tolist(), count.tolist(), strict=True)]


def _recent(column: MappingType[str, Any], at: list[int]) -> FloatArray:
    """A column's values on the dates shared; all NaN where it has none."""
    recent = column["recent"]
    return np.array([np.nan if recent is None or recent[i] is None else recent[i] for i in at], dtype=np.float64)


def _same(a: FloatArray, b: FloatArray) -> bool:
    """Whether two columns hold the same numbers on enough dates, and not merely one number throughout."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < MIN_OVERLAP or len(np.unique(a[both])) < MIN_OVERLAP:
        return False
    return bool(np.isclose(a[both], b[both], rtol=SAME).mean() >= STEADY)


def _renamed(
    before: MappingType[str, Any],
    after: MappingType[str, Any],
    past: dict[str, FloatArray],
    now: dict[str, FloatArray],
) -> dict[str, str]:
    """New names to the former ones of columns with the same numbers."""
    gone = [name for name in before if name not in after]
    found: dict[str, str] = {}
    for name in after:
        if name not in before:
            former = next((g for g in gone if g not in found.values() and _same(past[g], now[name])), None)
            if former is not None:
                found[name] = former
    return found


def _changed(
    name: str,
    before: MappingType[str, Any],
    after: MappingType[str, Any],
    past: dict[str, FloatArray],
    now: dict[str, FloatArray],
    used: bool,
) -> SchemaChange | None:
    """What became of a column that both have: another type, another scale, or other numbers altogether."""
    old, new = before[name], after[name]
    if old["kind"] != new["kind"] and {old["kind"], new["kind"]} != {"number", "flag"}:
        empty = " It holds no value any more." if new["kind"] == "empty" else ""
        message = f"“{name}” held {_KINDS[old['kind']]} and now holds {_KINDS[new['kind']]}.{empty} Check the export."
        return SchemaChange(Change.TYPE, name, message, used=used)
    if not {old["kind"], new["kind"]} <= {"number", "flag"} or _same(past[name], now[name]):
        return None
    taken = next((other for other in past if other != name and _same(past[other], now[name])), None)
    if taken is not None:
        message = f"“{name}” now holds the numbers that “{taken}” held before. Check that columns were not swapped."
        return SchemaChange(Change.MEANING, name, message, before=taken, used=used)
    return _scaled(name, (past[name], now[name]), used) or _jumped(name, old, new, used)


def _scaled(name: str, values: tuple[FloatArray, FloatArray], used: bool) -> SchemaChange | None:
    """One factor between former and new values on the dates shared."""
    past, now = values
    both = np.isfinite(past) & np.isfinite(now) & (past != 0) & (now != 0)
    if both.sum() < MIN_OVERLAP:
        return None
    ratios = now[both] / past[both]
    factor = float(np.median(ratios))
    steady = np.isclose(ratios, factor, rtol=0.005)
    if steady.mean() < STEADY or abs(factor - 1) < 0.01:
        return None
    known = next((known for known in FACTORS if np.isclose(factor, known, rtol=0.01)), None)
    times = (
        f"{known:,.0f} times" if known and known > 1 else f"one {1 / known:,.0f}th of" if known else f"{factor:.4g} ×"
    )
    reason = "Another unit?" if known else "Another currency or definition?"
    message = (
        f"“{name}” is {times} what it was on {whole_percent(float(steady.mean()))} of the dates that both files have. "
        f"{reason} Bring it back, or upload its whole history anew."
    )
    return SchemaChange(Change.SCALE, name, message, factor=factor, used=used)


def _jumped(name: str, old: MappingType[str, Any], new: MappingType[str, Any], used: bool) -> SchemaChange | None:
    """A median far from the former one: spend that became impressions, units that became money."""
    if not old["median"] or not new["median"] or old["median"] * new["median"] < 0:
        return None
    factor = float(new["median"] / old["median"])
    if 1 / JUMP < factor < JUMP:
        return None
    counts = " Its numbers are whole now, like a count of impressions." if new["whole"] and not old["whole"] else ""
    message = (
        f"A usual value of “{name}” was {old['median']:,.6g} and is {new['median']:,.6g}.{counts} Check that it still "
        "holds the same thing in the same unit."
    )
    change = Change.MEANING if counts else Change.SCALE
    return SchemaChange(change, name, message, factor=factor, used=used)


_KINDS = {"number": "numbers", "flag": "yes or no", "date": "dates", "text": "text", "empty": "nothing"}


def _rename(name: str, former: str, uses: dict[str, str]) -> SchemaChange:
    message = f"“{name}” holds the numbers that “{former}” held, which is gone: it was probably renamed."
    return SchemaChange(Change.RENAMED, name, message, before=former, used=former in uses)


def _gone(name: str, uses: dict[str, str]) -> SchemaChange:
    use = f" It was the {uses[name]}; choose another, or add it to the export." if name in uses else ""
    return SchemaChange(Change.GONE, name, f"“{name}” is no longer in the file.{use}", used=name in uses)


def _appeared(name: str) -> SchemaChange:
    return SchemaChange(Change.APPEARED, name, f"“{name}” is new. Say what it means if it should be used.")
