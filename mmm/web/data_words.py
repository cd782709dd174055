"""What a file was recognised as, in words; pure."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mmm.charts.numbers import long_date, short_date, symbol
from mmm.data.dates import detect_frequency, parse_dates
from mmm.data.inputs import Frequency
from mmm.data.read import RawTable
from mmm.data.sources.source import Layout, Source

_LAYOUTS = {Layout.ROWS: "campaign rows", Layout.ORDERS: "orders", Layout.RATES: "exchange rates"}
_TABLES = {Frequency.DAY: "daily table", Frequency.WEEK: "weekly table", Frequency.MONTH: "monthly table"}


@dataclass(frozen=True)
class Seen:
    """What a file is, in words.

    Attributes:
        what: "Google Ads, campaign rows by day, 2 Mar – 30 Aug 2026".
        totals: "Cost 582,856.18 USD", and so on, to compare with the source.
    """

    what: str
    totals: tuple[str, ...]


def seen(source: Source, raw: RawTable, totals: dict[str, float], date: str = "") -> Seen:
    """What a file was recognised as, and what its columns add up to.

    Args:
        source: how the file is read.
        raw: the file.
        totals: sum of each column of numbers, as read.
        date: the column with its dates where the source does not say.
    """
    span, every = _dates(source, raw, date)
    facts = [source.label or source.name] if source.platform else []
    if source.layout is Layout.TABLE:
        facts.append(_TABLES[every] if every is not None else "table")
    else:
        facts.append(_LAYOUTS[source.layout] + (f" by {every.value}" if every is not None else ""))
    text = ", ".join([*facts, *span])
    currency = currency_of(source, raw)
    said = tuple(f"{column} {_total(value, source, column, currency)}" for column, value in totals.items())
    return Seen(text[:1].upper() + text[1:], said)


def currency_of(source: Source, raw: RawTable) -> str:
    """The code of the file's one currency; "" where it has several, or nobody knows."""
    if source.currency or source.currency_column not in raw.columns:
        return source.currency or ""
    codes = distinct(raw, str(source.currency_column))
    return codes[0] if len(codes) == 1 and len(codes[0]) == 3 else ""


def distinct(raw: RawTable, column: str) -> tuple[str, ...]:
    """The different texts of a column, in the order they are met."""
    cells = (str(cell).strip() for cell in pd.unique(raw.frame[column]))
    return tuple(dict.fromkeys(cell for cell in cells if cell))


def _dates(source: Source, raw: RawTable, date: str) -> tuple[list[str], Frequency | None]:
    """The span, such as "2 Mar – 30 Aug 2026", and the length of a period, where the file has dates."""
    column = source.date or date
    if column not in raw.columns:
        return [], None
    days = parse_dates(raw.frame[column], source.date_order).values
    known = days[days == days]  # noqa: PLR0124 - NaT is not itself
    if not len(known):
        return [], None
    first, last = known.min(), known.max()
    alike = str(first)[:4] == str(last)[:4]
    return [f"{short_date(first) if alike else long_date(first)} – {long_date(last)}"], detect_frequency(known)


def _total(value: float, source: Source, column: str, currency: str) -> str:
    """A sum to the cent: it is there to be compared."""
    measure = source.measures.get(column)
    sign = symbol(currency) if measure is not None and measure.money else ""
    return f"{sign}{value:,.2f}".removesuffix(".00").replace("-", "\u2212")
