"""What a file is: a platform's export, a long table, orders, exchange rates, or simply one row a period."""

from __future__ import annotations

import re
from pathlib import PurePath

from mmm.data.dates import date_share
from mmm.data.read import RawTable
from mmm.data.sources.connectors.connector import Connector
from mmm.data.sources.connectors.known import connector_for
from mmm.data.sources.facts import Facts, facts_of
from mmm.data.sources.headings import Headings, currency_in
from mmm.data.sources.long import long_source
from mmm.data.sources.rates import pair_named
from mmm.data.sources.source import Layout, Measure, Source
from mmm.data.vocabulary import CURRENCIES

LOOK_ROWS = 500
_CODE = r"[A-Z]{3}"
_RATE = frozenset({"rate", "rates", "fx", "kurs", "wechselkurs", "umrechnungskurs", "taux"})
_ORDER_ID = re.compile(
    r"^(?:order|bestell\w*|transaction|invoice|receipt|rechnungs?)[ _-]?(?:id|no\.?|nr\.?|number|nummer|#|name)$"
)
_ORDER_TOTAL = (
    *("order total", "order_total", "total", "grand total", "order value", "order amount", "order total amount"),
    *("revenue", "amount", "sales", "net sales", "total price", "total amount", "price", "value", "subtotal"),
    *("gesamt", "gesamtbetrag", "summe", "betrag", "umsatz", "bestellwert"),
)
_QUANTITY = ("lineitem quantity", "quantity", "qty", "item quantity", "units", "menge", "anzahl")


def recognise(raw: RawTable) -> Source:
    """The likeliest description of a file, for a person to confirm; never fails, whatever the file holds.

    A file is rows to be added up only where that is sure: its headings are those of an export that is known, or it
    names a channel in each of several rows of the same date. Anything else is one row a period.
    """
    headings = Headings(raw.columns)
    connector = connector_for(headings)
    if connector is not None:
        return _exported(raw, headings, connector)
    facts = facts_of(raw)
    return _rates(facts) or _orders(facts, headings) or long_source(facts, label_of(raw.name)) or _table(facts)


def label_of(name: str) -> str:
    """A file's name in words: "media_spend-2026.csv" is "media spend 2026"."""
    return " ".join(re.split(r"[\s_\-.]+", PurePath(name).stem)).strip() or "file"


def _exported(raw: RawTable, headings: Headings, connector: Connector) -> Source:
    keys = tuple(name for names in connector.keys if (name := headings.first(names)) is not None)
    found = {measure: headings.first(names) for measure, names in connector.measures.items()}
    measures = {column: measure for measure, column in found.items() if column is not None}
    currency = next((code for column, m in measures.items() if m.money and (code := currency_in(column))), None)
    return Source(
        name=raw.name,
        layout=connector.layout,
        platform=connector.platform,
        label=connector.label,
        date=_date_among(raw, headings, connector.date),
        keys=keys,
        measures=measures,
        rules=connector.rules(raw, keys),
        unmatched=connector.unmatched,
        order_id=headings.first(connector.order_id),
        currency=currency,
        currency_column=None if currency else headings.first(connector.currency),
    )


def _date_among(raw: RawTable, headings: Headings, names: tuple[str, ...]) -> str:
    """The first of the columns that holds dates; "" where none does."""
    columns = (headings.first((name,)) for name in names)
    return next((c for c in columns if c is not None and date_share(raw.frame[c].iloc[:LOOK_ROWS]) >= 0.5), "")


def _table(facts: Facts) -> Source:
    raw = facts.raw
    return Source(
        name=raw.name,
        label=label_of(raw.name),
        date=facts.date,
        market=facts.market,
        currency=facts.currency,
        currency_column=None if facts.currency else facts.currency_column,
    )


def _rates(facts: Facts) -> Source | None:
    """A small table of exchange rates: a rate beside one or two columns of codes, or a column for each code."""
    raw = facts.raw
    codes = [column for column in facts.texts if _holds_codes(facts, column)]
    rate = [column for column in facts.numbers if facts.words(column) & _RATE]
    listed = len(raw.columns) <= 6 and len(rate) == 1 and bool(codes)
    pairs = [pair_named(column) for column in facts.numbers]
    told = len(pairs) >= 2 or any(pair is not None and (pair[1] or pair[0].lower() in CURRENCIES) for pair in pairs)
    spread = told and None not in pairs
    if not (listed or (spread and facts.date)):
        return None
    return Source(
        name=raw.name,
        layout=Layout.RATES,
        label=label_of(raw.name),
        date=facts.date,
        keys=tuple(codes),
        currency_column=codes[0] if codes else None,
    )


def _holds_codes(facts: Facts, column: str) -> bool:
    cells = facts.raw.frame[column].iloc[:LOOK_ROWS].str.strip()
    return bool(len(cells)) and bool(cells.str.fullmatch(f"{_CODE}|{_CODE}[/ _-]?{_CODE}").all())


def _orders(facts: Facts, headings: Headings) -> Source | None:
    """One row an order or item: a column of order numbers, more of them than dates, and an amount."""
    order_id = next((c for c in facts.raw.columns if _ORDER_ID.match(" ".join(c.lower().split()))), None)
    amount = headings.first(_ORDER_TOTAL)
    if order_id is None or amount not in facts.numbers or not facts.date or facts.spends:
        return None
    days = facts.raw.frame[facts.date].str.slice(0, 10).nunique()
    if facts.raw.frame[order_id].nunique() <= days:
        return None
    quantity = headings.first(_QUANTITY)
    return Source(
        name=facts.raw.name,
        layout=Layout.ORDERS,
        label=label_of(facts.raw.name),
        date=facts.date,
        market=facts.market,
        measures={amount: Measure.REVENUE} | ({quantity: Measure.UNITS} if quantity in facts.numbers else {}),
        order_id=order_id,
        currency=facts.currency,
        currency_column=None if facts.currency else facts.currency_column,
    )
