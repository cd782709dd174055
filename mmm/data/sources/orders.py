"""Orders counted once each, whatever number of rows an export spends on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import NO_VALUE, TRUE_WORDS, parse_numbers
from mmm.data.dialect import Dialect
from mmm.data.findings import FindingLog, counted
from mmm.data.read import RawTable
from mmm.data.rows import exact_sum, mark_of, row_numbers
from mmm.data.sources.headings import Headings, plain
from mmm.data.sources.source import Layout, Measure, Source
from mmm.data.sources.sums import group_sums

FloatArray = NDArray[np.float64]
Index = NDArray[np.int64]

STATUS = ("financial status", "order status", "payment status", "status", "bestellstatus", "zahlungsstatus")
CANCELLED_AT = ("cancelled at", "canceled at")
REFUNDED = ("refunded amount", "refund amount", "total refunded", "order refund amount")
TEST = ("test", "is test", "test order")
GATEWAY = ("payment method", "gateway", "payment gateway")

NOT_SOLD = {
    "voided": frozenset({"voided", "void", "expired", "failed", "trash", "draft", "checkout-draft"}),
    "cancelled": frozenset({"cancelled", "canceled", "storniert", "abgebrochen"}),
    "refunded": frozenset({"refunded", "erstattet", "returned"}),
}
"""Statuses of orders that brought nothing, by the word for it."""
OPEN = frozenset({"pending", "authorized", "on-hold", "partially_paid"})
_ITEM_WORDS = ("item", "line", "quantity", "qty", "product", "unit", "menge", "anzahl", "stück", "artikel", "price")


def with_order_details(raw: RawTable, source: Source) -> RawTable:
    """The table with the date, market and currency of each order in all of its rows.

    Exports write them in the first row of an order and leave them empty in its further items. A row without an order
    number, and an order that has none in any row, stay as they are.
    """
    if source.layout is not Layout.ORDERS or source.order_id not in raw.frame.columns:
        return raw
    ids = raw.frame[source.order_id].str.strip()
    order, numbered = pd.factorize(ids)[0], ~_blank(ids)
    filled: dict[str, pd.Series[str]] = {}
    for column in (source.date, source.market, source.currency_column):
        if column not in raw.frame.columns or column is None:
            continue
        cells = raw.frame[column]
        lacks = numbered & _blank(cells.str.strip())
        if not lacks.any():
            continue
        known, first = np.unique(order[~lacks], return_index=True)
        row = np.full(len(ids), -1)
        row[known] = np.flatnonzero(~lacks)[first]
        lacks &= row[order] >= 0
        texts = cells.to_numpy(dtype=object).copy()
        texts[lacks] = texts[row[order[lacks]]]
        filled[column] = pd.Series(texts, index=cells.index, dtype="str")
    return replace(raw, frame=raw.frame.assign(**filled)) if filled else raw


def count_orders(
    frame: pd.DataFrame, source: Source, values: dict[str, FloatArray], dialect: Dialect, noted: FindingLog
) -> tuple[Index, dict[str, FloatArray]]:
    """One row for each order that was a sale: positions in `frame` `[order]`, and the measures of each, `[order]`.

    An amount of the order is taken once, whether the export writes it in the first of its rows or in all; an amount of
    an item is added up. Voided, cancelled, refunded and test orders are left out, partial refunds taken off, and all
    of it said.

    Args:
        frame: dated rows.
        source: their description, with `order_id`.
        values: numbers of each measure, `[row]`.
        dialect: how the file is written.
        noted: where it is said.
    """
    order, first = _orders(frame, source, noted)
    n = len(first)
    amounts = {column: _of_order(column, source, numbers, order, n, noted) for column, numbers in values.items()}
    revenue = next((column for column, measure in source.measures.items() if measure is Measure.REVENUE), None)
    money = amounts.get(revenue or "", np.zeros(n))
    headings = Headings(str(column) for column in frame.columns)
    sold = np.ones(n, dtype=np.bool_)
    for reason, told in _not_sold(frame, headings, order, first).items():
        gone = told & sold
        if gone.any():
            said = f" ({revenue} {exact_sum(money[gone]):,.2f})" if revenue else ""
            noted.repair(f"{reason}_orders", f"{counted(int(gone.sum()), f'{reason} order')}{said} left out.")
            sold &= ~gone
    refunded = headings.first(REFUNDED)
    if revenue is not None and refunded is not None:
        amounts[revenue] = _less_refunds(frame[refunded], dialect, order, money, sold, noted)
    _note_open(frame, headings, order, first, sold, noted)
    if len(frame) > n:
        noted.info("item_rows", f"{len(frame):,} rows are items of {counted(n, 'order')}; each order was counted once.")
    return first[sold], {column: numbers[sold] for column, numbers in amounts.items()}


def _orders(frame: pd.DataFrame, source: Source, noted: FindingLog) -> tuple[Index, Index]:
    """The order of each row, `[row]`, and each order's first row, `[order]`; a row without a number stands alone."""
    if source.order_id is None:
        return np.arange(len(frame)), np.arange(len(frame))
    ids = frame[source.order_id].str.strip()
    code, unique = pd.factorize(ids)
    blank = _blank(ids)
    if blank.any():
        row = int(row_numbers(frame)[np.flatnonzero(blank)[0]])
        noted.repair(
            "no_order_number",
            f"{counted(int(blank.sum()), 'row')} without an order number, first row {row}; each counts as an order.",
            row,
            source.order_id,
        )
        code = np.where(blank, len(unique) + np.cumsum(blank), code)
    order, _ = pd.factorize(code)
    _, first = np.unique(order, return_index=True)
    return np.asarray(order, dtype=np.int64), np.asarray(first, dtype=np.int64)


def _of_order(column: str, source: Source, values: FloatArray, order: Index, n: int, noted: FindingLog) -> FloatArray:
    """A measure of each order, `[order]`: what its rows repeat, or the sum over its items."""
    first, low, high = _spread(values, order, n)
    differs = low != high
    if _of_item(column, source, differs):
        return np.nan_to_num(group_sums(values, order, n))
    if differs.any():
        noted.repair(
            "order_amounts_differ",
            f"“{column}” differs within {counted(int(differs.sum()), 'order')}; the first row counts.",
            None,
            column,
        )
    return np.nan_to_num(first)


def _of_item(column: str, source: Source, differs: NDArray[np.bool_]) -> bool:
    """Whether a column is about items: by its measure or heading, or because rows of one order differ in it."""
    words = plain(column)
    if source.measures[column] is Measure.UNITS or any(word in words for word in _ITEM_WORDS):
        return True
    of_order = source.platform is not None or any(word in words for word in ("order", "total", "bestell", "gesamt"))
    return not of_order and bool(differs.any())


def _spread(values: FloatArray, order: Index, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The first, least and greatest number of each order, `[order]`, NaN (first) or 0 (others) where it has none."""
    known = np.flatnonzero(~np.isnan(values))
    first, low, high = np.full(n, np.nan), np.zeros(n), np.zeros(n)
    if len(known) == 0:
        return first, low, high
    by = known[np.argsort(order[known], kind="stable")]
    starts = np.flatnonzero(np.diff(order[by], prepend=-1))
    at = order[by][starts]
    first[at] = values[by][starts]
    low[at], high[at] = np.minimum.reduceat(values[by], starts), np.maximum.reduceat(values[by], starts)
    return first, low, high


def _not_sold(frame: pd.DataFrame, headings: Headings, order: Index, first: Index) -> dict[str, NDArray[np.bool_]]:
    """Orders that were no sale, `[order]`, by the word for it."""
    n = len(first)
    test = _any(_column(frame, headings.first(TEST)).isin([*TRUE_WORDS, "1"]), order, n)
    test |= _any(_column(frame, headings.first(GATEWAY)).str.contains("bogus", regex=False), order, n)
    found = {"test": test}
    status = _column(frame, headings.first(STATUS))
    found |= {reason: _any(status.isin(list(words)), order, n) for reason, words in NOT_SOLD.items()}
    found["cancelled"] |= _any(~_blank(_column(frame, headings.first(CANCELLED_AT))), order, n)
    return found


def _less_refunds(
    cells: pd.Series[str],
    dialect: Dialect,
    order: Index,
    money: FloatArray,
    sold: NDArray[np.bool_],
    noted: FindingLog,
) -> FloatArray:
    """Revenue of each order less what was paid back of it."""
    paid_back = parse_numbers(cells, mark_of(cells, dialect)[0]).values
    refunds = np.abs(np.nan_to_num(_spread(paid_back, order, len(money))[0]))
    back = sold & (refunds > 0)
    if back.any():
        noted.repair(
            "refunds",
            f"{counted(int(back.sum()), 'order')} partly paid back: {exact_sum(refunds[back]):,.2f} was taken off.",
            None,
            str(cells.name),
        )
    return np.where(back, money - refunds, money)


def _note_open(
    frame: pd.DataFrame, headings: Headings, order: Index, first: Index, sold: NDArray[np.bool_], noted: FindingLog
) -> None:
    waiting = _any(_column(frame, headings.first(STATUS)).isin(list(OPEN)), order, len(first)) & sold
    if waiting.any():
        noted.info("open_orders", f"{counted(int(waiting.sum()), 'order')} not fully paid yet; counted as sold.")


def _column(frame: pd.DataFrame, name: str | None) -> pd.Series[str]:
    """Cells in lower case; blank where there is no such column."""
    if name is None:
        return pd.Series([""] * len(frame), index=frame.index, dtype="str")
    return frame[name].str.strip().str.lower()


def _blank(cells: pd.Series[str]) -> NDArray[np.bool_]:
    return np.asarray(cells.str.lower().isin(list(NO_VALUE)).to_numpy(dtype=np.bool_))


def _any(rows: pd.Series[bool] | NDArray[np.bool_], order: Index, n: int) -> NDArray[np.bool_]:
    """Orders of which any row is marked, `[order]`."""
    return np.asarray(np.bincount(order[np.asarray(rows, dtype=np.bool_)], minlength=n) > 0)
