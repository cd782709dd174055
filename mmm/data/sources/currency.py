"""Amounts in several currencies brought to one, row by row, at the rate of each row's day."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import parse_numbers
from mmm.data.findings import FindingLog, Question
from mmm.data.guess import Column, described, guess
from mmm.data.panel import KpiKind
from mmm.data.read import RawTable
from mmm.data.rows import mark_of, row_numbers
from mmm.data.sources.calendar import read_days
from mmm.data.sources.headings import Headings
from mmm.data.sources.orders import REFUNDED, count_orders
from mmm.data.sources.rates import RateTable, currency_code
from mmm.data.sources.series import bears_kpi
from mmm.data.sources.source import Layout, Source
from mmm.data.sources.sums import total
from mmm.data.vocabulary import CURRENCIES, MONEY_KPI, SPEND

FloatArray = NDArray[np.float64]
DateArray = NDArray[np.datetime64]

STALE_DAYS = 45  # amounts dated that long after the last rate are said
PRICE = frozenset({"price", "prices", "preis", "preise", "aov"})
_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "$": "USD"}
_CODE = re.compile(r"^[A-Z]{3}$")


@dataclass(frozen=True, eq=False)
class Money:
    """The amounts of one source; N rows.

    Attributes:
        index: the source's place in the recipe.
        values: by column, `[N]`, NaN where the cell holds no number.
        codes: by column, each row's currency `[N]`; "" where nobody knows.
    """

    index: int
    values: dict[str, FloatArray]
    codes: dict[str, NDArray[np.object_]]

    def by_currency(self) -> dict[str, float]:
        """Absolute amounts by currency."""
        found: dict[str, float] = {}
        for name, values in self.values.items():
            filled = np.isfinite(values) & (values != 0)
            for code in pd.unique(pd.Series(self.codes[name][filled])):
                amount = float(np.abs(values[filled & (self.codes[name] == code)]).sum())
                found[str(code)] = found.get(str(code), 0.0) + amount
        return found


@dataclass(frozen=True, eq=False)
class Converted:
    """The files with all amounts in one currency.

    Attributes:
        tables: as given, where nothing was converted the very same.
        currency: what amounts are in; None where nobody knows.
        originals: for each source, the amounts as read of what was converted, by "column (currency)".
    """

    tables: tuple[RawTable, ...]
    currency: str | None
    originals: tuple[dict[str, float], ...]


def convert(
    tables: Sequence[RawTable],
    sources: Sequence[Source],
    rates: RateTable | None,
    target: str | None,
    noted: FindingLog,
) -> Converted:
    """Bring all amounts to one currency; asks or refuses where that cannot be done.

    Args:
        tables: the files as read, time stamps cut into local days.
        rates: None where no file of rates was uploaded.
        target: what to convert to; None takes the currency of the sales, else the one most money is in.
    """
    plain = Converted(tuple(tables), target, tuple({} for _ in tables))
    money = [
        money_of(table, source, index)
        for index, (table, source) in enumerate(zip(tables, sources, strict=True))
        if source.layout is not Layout.RATES
    ]
    amounts = {m.index: m.by_currency() for m in money}
    known = {code for found in amounts.values() for code in found if code}
    target = target or _usual(amounts, sources, tables)
    if _ask_unknown(amounts, sources, known, target, noted) or not known - {target}:
        return replace(plain, currency=target)
    assert target is not None  # noqa: S101 - some amount has a currency
    if not _codes_are_codes(amounts, sources, noted):
        return plain
    if rates is None:
        _ask_for_rates(amounts, sources, target, noted)
        return replace(plain, currency=target)
    converted, originals = list(tables), [dict(found) for found in plain.originals]
    for m in money:
        if set(amounts[m.index]) - {target, ""}:
            table, read = _converted(tables[m.index], sources[m.index], m, (rates, target), noted)
            converted[m.index], originals[m.index] = table, read
    return Converted(tuple(converted), target, tuple(originals))


def money_of(raw: RawTable, source: Source, index: int) -> Money:
    """Every amount of a file with its currency: the row's, else the source's, else the heading's."""
    names = money_columns(raw, source)
    values: dict[str, FloatArray] = {}
    codes: dict[str, NDArray[np.object_]] = {}
    by_row = None
    if source.currency_column in raw.frame.columns:
        written, unique = pd.factorize(raw.frame[source.currency_column])
        by_row = np.array([currency_code(str(cell)) for cell in unique], dtype=object)[written]
    for name, heading in names.items():
        cells = raw.frame[name]
        values[name] = parse_numbers(cells, mark_of(cells, raw.dialect)[0]).values
        fallback = source.currency or heading or ""
        codes[name] = np.full(len(cells), fallback, dtype=object)
        if by_row is not None:
            codes[name] = np.where(by_row == "", fallback, by_row)
    return Money(index, values, codes)


def money_columns(raw: RawTable, source: Source) -> dict[str, str | None]:
    """The columns with amounts of money, each with the currency its heading names."""
    if source.layout is not Layout.TABLE:
        measured = [name for name, measure in source.measures.items() if measure.money and name in raw.frame.columns]
        refunds = Headings(raw.columns).first(REFUNDED) if source.layout is Layout.ORDERS else None
        measured += [refunds] if refunds is not None and refunds not in measured else []
        return {name: heading_currency(name) for name in measured}
    columns = {name: column for name, column in described(raw).items() if column.numeric}
    guessed = guess(raw)
    surely = {channel.spend for channel in guessed.channels.values()}
    if guessed.kpi_kind is KpiKind.REVENUE:
        surely.add(guessed.kpi)
    if isinstance(guessed.value_per_kpi, str):
        surely.add(guessed.value_per_kpi)
    return {
        name: code
        for name, column in columns.items()
        if (code := heading_currency(name)) is not None or name in surely or _is_money(column)
    }


def heading_currency(name: str) -> str | None:
    """The currency a heading names, as in "tv_eur", "Amount spent (USD)" or "Cost €"."""
    for word in re.split(r"[^0-9A-Za-z]+", name):
        if word.lower() in CURRENCIES:
            return word.upper()
    return next((code for sign, code in _SIGNS.items() if sign in name), None)


def _is_money(column: Column) -> bool:
    if column.flag or column.has(frozenset({"index", "idx", "score"})):
        return False
    return column.has(SPEND | PRICE | (MONEY_KPI - {"y", "kpi", "target", "response"}))


def _usual(amounts: dict[int, dict[str, float]], sources: Sequence[Source], tables: Sequence[RawTable]) -> str | None:
    """The currency of the sales; else the one most money is in."""
    sales = [i for i in amounts if bears_kpi(tables[i], sources[i])]
    for chosen in (sales, list(amounts)):
        by_code: dict[str, float] = {}
        for index in chosen:
            for code, amount in amounts[index].items():
                by_code[code] = by_code.get(code, 0.0) + amount
        by_code.pop("", None)
        if by_code:
            return max(by_code, key=lambda code: by_code[code])
    return None


def _ask_unknown(
    amounts: dict[int, dict[str, float]],
    sources: Sequence[Source],
    known: set[str],
    target: str | None,
    noted: FindingLog,
) -> bool:
    """Amounts in a currency nobody named: the only one there is, or a question; whether any was asked."""
    asked = False
    for index, found in amounts.items():
        if "" not in found or not known:
            continue
        label = sources[index].label
        if known <= {target}:
            noted.info("currency_assumed", f"Nobody said what currency {label} is in; it was read as {target}.")
            continue
        options = tuple(sorted(known | {target or min(known)}, key=lambda code: (code != target, code)))
        noted.ask(
            Question(
                f"currency:{index}",
                f"What currency are the amounts of {label} in? The other files have {' and '.join(sorted(known))}.",
                options,
                f"sources.{index}.currency",
            )
        )
        asked = True
    return asked


def _codes_are_codes(amounts: dict[int, dict[str, float]], sources: Sequence[Source], noted: FindingLog) -> bool:
    wrong = [(i, code) for i, found in amounts.items() for code in found if code and not _CODE.match(code)]
    for index, code in wrong:
        noted.refuse(
            "currency_code",
            f"{sources[index].label}: “{code[:20]}” is no currency code. Write three letters, such as EUR.",
            None,
            sources[index].currency_column,
        )
    return not wrong


def _ask_for_rates(
    amounts: dict[int, dict[str, float]], sources: Sequence[Source], target: str, noted: FindingLog
) -> None:
    """Say which currencies meet and what to upload; where only headings say so, ask whether they are right."""
    known = sorted({code for found in amounts.values() for code in found if code})
    mixed = [i for i, found in amounts.items() if len(found) > 1]
    upload = "upload a file of rates beside it, with the columns date, currency and rate"
    if len(mixed) == 1 and all(set(amounts[i]) <= {target} or i in mixed for i in amounts):
        index = mixed[0]
        if sources[index].currency_column is None and sources[index].currency is None:
            noted.ask(
                Question(
                    f"currency:{index}",
                    f"The headings of {sources[index].label} name {' and '.join(known)}. If its amounts really are in "
                    f"several currencies, {upload} (what one unit is worth in {target}). If not, which one are all of "
                    "them in?",
                    (target, *(code for code in known if code != target)),
                    f"sources.{index}.currency",
                )
            )
            return
    where = "; ".join(f"{sources[i].label}: {', '.join(sorted(c for c in f if c))}" for i, f in amounts.items() if f)
    foreign = [code for code in known if code != target]
    noted.refuse(
        "no_rates",
        f"Amounts are in {' and '.join(known)} ({where}) and there are no exchange rates. To bring them to {target}, "
        f"{upload}, where a rate is what one {' or one '.join(foreign)} is worth in {target}.",
    )


def _converted(
    raw: RawTable, source: Source, money: Money, at: tuple[RateTable, str], noted: FindingLog
) -> tuple[RawTable, dict[str, float]]:
    """One file in the target currency, and its foreign amounts as read."""
    rates, target = at
    days = read_days(raw, source, money.index, noted)
    if days is None:
        return raw, {}
    frame, read = raw.frame.copy(), {}
    repeats = source.order_id is not None and bool(raw.frame[source.order_id].duplicated().any())
    for name, values in money.values.items():
        cells = np.asarray(frame[name].to_numpy(dtype=object)).copy()
        for code in sorted({str(code) for code in pd.unique(pd.Series(money.codes[name]))} - {target, ""}):
            rows = (money.codes[name] == code) & np.isfinite(values)
            factor = rates.factor(code, target, days[rows])
            if _refused(raw, source, (code, target), (rows, values, days, factor), rates, noted):
                continue
            made = np.where(values[rows] == 0, 0.0, values[rows] * factor)
            cells[rows] = ["" if new != new else repr(new) for new in made.tolist()]  # noqa: PLR0124 - not a number
            if name in source.measures or source.layout is Layout.TABLE:
                read[f"{name} ({code})"] = _total(
                    raw, source, name, values, (money.codes[name] == code) & ~np.isnat(days)
                )
            _say(source, name, (code, target), (float(values[rows].sum()), float(np.nansum(made))), repeats, noted)
            _say_stale(source, code, rates, days[rows], noted)
        frame[name] = pd.Series(cells, index=frame.index, dtype="str")
    return replace(raw, frame=frame.rename(columns=_renamed(raw, source, money, target))), read


def _total(raw: RawTable, source: Source, name: str, values: FloatArray, rows: NDArray[np.bool_]) -> float:
    """Sum of an amount over some rows as read; of orders, each that was a sale counts once."""
    if source.layout is not Layout.ORDERS:
        return total(values[rows])
    _, amounts = count_orders(raw.frame[rows], source, {name: values[rows]}, raw.dialect, FindingLog())
    return total(amounts[name])


def _refused(
    raw: RawTable,
    source: Source,
    pair: tuple[str, str],
    data: tuple[NDArray[np.bool_], FloatArray, DateArray, FloatArray],
    rates: RateTable,
    noted: FindingLog,
) -> bool:
    rows, values, days, factor = data
    code, target = pair
    lacking = np.flatnonzero(rows)[np.isnan(factor) & (values[rows] != 0)]
    if not len(lacking):
        return False
    first = rates.first_day(code, target)
    row, day = int(row_numbers(raw.frame)[lacking[0]]), days[lacking[0]]
    if first is None:
        noted.refuse(
            "no_rate",
            f"{source.label} has amounts in {code}, but the rates have no way from {code} to {target}; they have "
            f"{', '.join(rates.codes)}. Add {code} to the file of rates.",
            row,
        )
    else:
        noted.refuse(
            "rate_too_late",
            f"{source.label}, row {row} is dated {day}, before the first rate of {code} ({first}). Add rates from "
            f"{np.min(days[lacking])} on.",
            row,
        )
    return True


def _say(
    source: Source, name: str, pair: tuple[str, str], amounts: tuple[float, float], repeats: bool, noted: FindingLog
) -> None:
    """What was converted; where an order has several rows, their sum would mislead and is not told."""
    code, target = pair
    told = f"{code} to {target}" if repeats else f"{code} {amounts[0]:,.2f} → {target} {amounts[1]:,.2f}"
    rate = f", on average 1 {code} = {amounts[1] / amounts[0]:.4f} {target}" if amounts[0] else ""
    noted.repair("converted", f"{source.label}, “{name}”: {told}{rate}.", None, name)


def _say_stale(source: Source, code: str, rates: RateTable, days: DateArray, noted: FindingLog) -> None:
    late = int((days.max() - rates.last_day).astype(np.int64)) if len(days) else 0
    if late > STALE_DAYS:
        noted.info(
            f"old_rate:{code}",
            f"{source.label} goes on {late} days after the last rate ({rates.last_day}), which was used for them.",
        )


def _renamed(raw: RawTable, source: Source, money: Money, target: str) -> dict[str, str]:
    """Headings of a table that name a currency no longer true, with the new one in its place."""
    if source.layout is not Layout.TABLE:
        return {}
    names: dict[str, str] = {}
    for name in money.values:
        code = heading_currency(name)
        if code is None or code == target or code not in set(money.codes[name]):
            continue
        wanted = re.sub(rf"(?i)(?<![A-Za-z]){code}(?![A-Za-z])", _like(target), name)
        if wanted not in raw.frame.columns and wanted not in names.values():
            names[name] = wanted
    return names


def _like(target: str) -> Callable[[re.Match[str]], str]:
    return lambda found: target.lower() if found[0].islower() else target
