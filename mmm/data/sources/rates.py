"""A file of exchange rates: which currency is worth how much of another, from which day on."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import is_no_value, parse_numbers
from mmm.data.findings import FindingLog, Severity
from mmm.data.guess import described
from mmm.data.read import RawTable
from mmm.data.rows import mark_of, places, row_numbers
from mmm.data.sources.calendar import read_days
from mmm.data.sources.source import Source

FloatArray = NDArray[np.float64]
DateArray = NDArray[np.datetime64]

Pairs = dict[tuple[str, str | None], tuple[DateArray, FloatArray]]

FROM = frozenset({"from", "base", "source", "von", "de"})
TO = frozenset({"to", "quote", "target", "counter", "nach", "vers"})
CODE = frozenset({"currency", "currencies", "code", "ccy", "währung", "waehrung", "devise", "moneda", "iso"})
RATE = frozenset(
    {
        "rate",
        "rates",
        "kurs",
        "wechselkurs",
        "fx",
        "exchange",
        "taux",
        "cambio",
        "tipo",
        "value",
        "mid",
        "close",
        "price",
    }
)

_PAIR = re.compile(r"^([A-Z]{3})\s*(?:/|_|-|→|->|\s+to\s+|in|)\s*([A-Z]{3})$")
_CODE = re.compile(r"^[A-Z]{3}$")
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR"}


@dataclass(frozen=True, eq=False)
class RateTable:
    """Exchange rates by pair of currencies.

    Attributes:
        pairs: (from, to) to the days on which a rate begins `[N]`, in order, and how much of `to` one unit of `from` is
            worth `[N]`. `to` is None where the file does not say: the currency that amounts are converted to.
    """

    pairs: Pairs

    @property
    def codes(self) -> tuple[str, ...]:
        """Every currency the file has a rate for."""
        return tuple(dict.fromkeys(code for pair in self.pairs for code in pair if code is not None))

    def factor(self, code: str, target: str, days: DateArray) -> FloatArray:
        """How much of `target` one unit of `code` was worth on each day, `[day]`.

        The last rate known on a day holds. NaN before the first rate, and throughout where the file has no way from one
        to the other: a pair of both, either way round, or a third currency that both are quoted in.
        """
        if code == target:
            return np.ones(len(days))
        for found in self._ways(code, target, days):
            if found is not None:
                return found
        return np.full(len(days), np.nan)

    def first_day(self, code: str, target: str) -> np.datetime64 | None:
        """The first day on which `code` can be converted; None where it never can."""
        days = np.unique(np.concatenate([days for days, _ in self.pairs.values()]))
        known = np.flatnonzero(np.isfinite(self.factor(code, target, days)))
        return np.datetime64(days[known[0]]) if len(known) else None

    @property
    def last_day(self) -> np.datetime64:
        """The last day that has a rate."""
        return np.datetime64(max(days[-1] for days, _ in self.pairs.values()))

    def _ways(self, code: str, target: str, days: DateArray) -> list[FloatArray | None]:
        direct, inverse = self._on(code, target, days), self._on(target, code, days)
        ways = [direct, None if inverse is None else 1.0 / inverse]
        for base in dict.fromkeys(to for _, to in self.pairs):
            mine, other = self._on(code, base, days), self._on(target, base, days)
            if mine is not None and (other is not None or base is None):
                ways.append(mine if other is None else mine / other)
        for base in dict.fromkeys(start for start, to in self.pairs if to is not None):
            mine, other = self._on(base, code, days), self._on(base, target, days)
            if mine is not None and other is not None:
                ways.append(other / mine)
        return ways

    def _on(self, code: str, to: str | None, days: DateArray) -> FloatArray | None:
        if (code, to) not in self.pairs:
            return None
        since, rates = self.pairs[code, to]
        at = np.searchsorted(since, days, side="right") - 1
        return np.where(at >= 0, rates[np.maximum(at, 0)], np.nan)


def currency_code(text: str) -> str:
    """A code as written in a cell, in capitals; a sign as its code; empty where there is none."""
    cell = text.strip()
    return "" if is_no_value(cell) else _SIGNS.get(cell, cell.upper())


def read_rates(raw: RawTable, source: Source, index: int, noted: FindingLog) -> RateTable | None:
    """The rates of a file of `Layout.RATES`; None where something is asked or refused.

    Reads date, currency, rate; date, from, to, rate; or a column for each currency ("USD") or pair ("USD/EUR").

    Args:
        index: the source's place in the recipe.
    """
    days = read_days(raw, source, index, noted)
    if days is None:
        return None
    columns = {name: column for name, column in described(raw).items() if name != source.date}
    frame, days = raw.frame[~np.isnat(days)], days[~np.isnat(days)]
    wide = {name: pair for name in columns if (pair := pair_named(name)) is not None}
    pairs: Pairs = {}
    if wide:
        for name, pair in wide.items():
            pairs[pair] = _in_order(days, _numbers(frame, name, raw, source, noted))
    else:
        rate = next((name for name, c in columns.items() if c.numeric and c.has(RATE)), None)
        texts = [name for name, column in columns.items() if not column.numeric]
        start = next((n for n in texts if columns[n].has(FROM)), next((n for n in texts if columns[n].has(CODE)), None))
        to = next((n for n in texts if columns[n].has(TO) and n != start), None)
        if rate is None or start is None:
            noted.refuse(
                "rates",
                f"{source.label} is no table of rates. Use the columns date, currency and rate, or a column for each "
                "currency.",
            )
            return None
        values = _numbers(frame, rate, raw, source, noted)
        starts = frame[start].map(currency_code)
        ends = frame[to].map(currency_code) if to else pd.Series("", index=frame.index)
        for pair in dict.fromkeys(zip(starts, ends, strict=True)):
            mine = ((starts == pair[0]) & (ends == pair[1])).to_numpy()
            pairs[str(pair[0]), str(pair[1]) or None] = _in_order(days[mine], values[mine])
    kept = {pair: series for pair, series in pairs.items() if len(series[0]) and pair[0]}
    if not kept:
        noted.refuse("rates", f"{source.label} holds no rate.")
    return RateTable(kept) if kept else None


def pair_named(name: str) -> tuple[str, str | None] | None:
    """The currencies a heading names: "USD", "USD/EUR", "USD to EUR", "USDEUR"."""
    text = name.strip()
    if _CODE.match(text):
        return text, None
    found = _PAIR.match(text.replace(" TO ", " to "))
    return (found[1], found[2]) if found else None


def _numbers(frame: pd.DataFrame, name: str, raw: RawTable, source: Source, noted: FindingLog) -> FloatArray:
    cells = frame[name]
    read = parse_numbers(cells, mark_of(cells, raw.dialect)[0])
    with np.errstate(invalid="ignore"):
        wrong = read.bad | (read.values <= 0)
    noted.each(
        "bad_rate",
        Severity.REFUSE,
        places(row_numbers(frame), wrong),
        lambda at, row: f"{source.label}, row {row}, column “{name}”: “{cells.iloc[at][:40]}” is no exchange rate.",
        name,
    )
    return np.where(wrong, np.nan, read.values)


def _in_order(days: DateArray, rates: FloatArray) -> tuple[DateArray, FloatArray]:
    """By date, the last of equal dates, without empty cells."""
    known = np.isfinite(rates)
    days, rates = days[known], rates[known]
    order = np.argsort(days, kind="stable")
    days, rates = days[order], rates[order]
    last = np.append(days[1:] != days[:-1], True) if len(days) else np.zeros(0, dtype=np.bool_)
    return days[last], rates[last]
