"""A first guess at what each column means, from its name and its content; a person confirms it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.cells import FALSE_WORDS, TRUE_WORDS, column_mark, parse_numbers
from mmm.data.dates import date_share
from mmm.data.inputs import ControlRole
from mmm.data.mapping import ChannelColumns, Mapping
from mmm.data.outcomes import sum_of_others, total_and_parts
from mmm.data.panel import KpiKind
from mmm.data.read import RawTable
from mmm.data.vocabulary import (
    BRAND,
    BRAND_SEARCH,
    CHANNEL,
    CLAIMED,
    COMPETITOR,
    COUNT_KPI,
    CURRENCIES,
    DATE,
    EXPOSURE,
    EXPOSURE_ORDER,
    FILLER,
    HELPER,
    KPI_ORDER,
    MARKET,
    MEDIATOR,
    MONEY_KPI,
    NO_MARKET,
    NUMBERED,
    PLATFORM,
    POPULATION,
    PREDICTOR,
    RATIO,
    SPEND,
    without_accents,
)

LOOK_ROWS = 5_000  # enough to know what a column holds
MAX_BAD_SHARE = 0.5  # a column of numbers may hold that much text and still be meant as numbers


_CURRENCY_SIGN = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR"}


@dataclass(frozen=True, eq=False)
class Column:
    """What is known about one column before its meaning: its name in words, and its content."""

    name: str
    parts: tuple[str, ...]
    numbers: NDArray[np.float64]
    numeric: bool
    flag: bool

    @property
    def words(self) -> tuple[str, ...]:
        """The name's words in lower case and without accents."""
        return tuple(without_accents(part) for part in self.parts)

    def has(self, words: frozenset[str]) -> bool:
        """Whether any word of the name is among `words`."""
        return any(word in words for word in self.words)

    def without(self, words: frozenset[str]) -> str:
        """The name without those words, as written."""
        kept = list(self.parts)
        if len(kept) > 2 and kept[0].lower() == "media" and without_accents(kept[1]) in words:
            kept = kept[1:]  # "media_spend_tv" is the spend of "tv", as "spend_social_media" is of "social_media"
        kept = [part for part in kept if without_accents(part) not in words]
        while kept and kept[0].lower() in FILLER:
            kept = kept[1:]
        return " ".join(kept)


def guess(raw: RawTable) -> Mapping:
    """The likeliest mapping of a table's columns; never fails, whatever the table holds."""
    return raw.once("guess", lambda: _guess(raw))


def _guess(raw: RawTable) -> Mapping:
    columns = described(raw)
    date = _date_column(raw, columns)
    rest = [column for column in columns.values() if column.name != date]
    market = _market_column(raw, rest)
    population = next((c.name for c in rest if c.numeric and c.has(POPULATION)), None)
    value = next((c.name for c in rest if c.numeric and is_value_per_kpi(c)), None)
    taken = {market, population, value}
    rest = [column for column in rest if column.name not in taken and column.numeric]
    kpi, parts = _kpi_and_parts(rest)
    rest = [column for column in rest if column.name not in parts]
    spends = _channels([column for column in rest if column.name != kpi])
    channels = _without_total(spends, columns)
    dropped = {used.spend for name, used in spends.items() if name not in channels}
    used = {kpi} | {name for c in channels.values() for name in (c.spend, c.exposure)}
    controls = {
        column.name: _role(column) for column in rest if column.name not in used | dropped and _is_control(column)
    }
    kind = _kpi_kind(columns[kpi]) if kpi in columns else KpiKind.REVENUE
    return Mapping(
        date=date,
        market=market,
        kpi=kpi,
        kpi_kind=kind,
        value_per_kpi=value if kind is KpiKind.UNITS else None,
        currency=_currency(raw, columns),
        channels=channels,
        controls=controls,
        population=population,
    )


def described(raw: RawTable) -> dict[str, Column]:
    """What name and content of each column say, by its name."""
    return dict(raw.once("columns", lambda: {name: _column(raw, name) for name in raw.columns}))


def _column(raw: RawTable, name: str) -> Column:
    cells = raw.frame[name].iloc[:LOOK_ROWS]
    mark, _ = column_mark(cells, raw.dialect.decimal, sure=raw.dialect.decimal_sure, delimiter=raw.dialect.delimiter)
    read = parse_numbers(cells, mark)
    filled = int((~read.missing).sum())
    numeric = filled > 0 and read.bad.sum() <= MAX_BAD_SHARE * filled
    known = read.values[np.isfinite(read.values)]
    flag = numeric and bool(np.isin(known, (0.0, 1.0)).all())
    if not numeric:
        words = {str(cell).strip().lower() for cell in pd.unique(cells)}
        flag = filled > 0 and words <= (TRUE_WORDS | FALSE_WORDS | {"", "0", "1"})
        numeric = flag
    return Column(name, name_parts(name), read.values, bool(numeric), bool(flag))


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a name: cut at blanks, marks and capitals after small letters."""
    split = re.sub(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ][a-zà-ÿ])", " ", name)
    return tuple(part for part in re.split(r"[^0-9A-Za-zÀ-ÿ]+", split) if part)


def _date_column(raw: RawTable, columns: dict[str, Column]) -> str:
    def score(column: Column) -> float:
        if _is_plain_number(column) and not column.has(DATE):
            return -1.0
        share = date_share(raw.frame[column.name].iloc[:LOOK_ROWS])
        serials = column.numeric and bool(np.all((column.numbers >= 20_000) & (column.numbers <= 80_000)))
        named = column.has(DATE)
        if share < 0.5 and not (named and (serials or share > 0)):
            return -1.0
        return share + 0.5 * named - (0.2 if {"end", "ends", "updated", "created"} & set(column.words) else 0.0)

    scores = {name: score(column) for name, column in columns.items()}
    best = max(scores, key=lambda name: scores[name], default="")
    return best if scores.get(best, -1.0) >= 0 else ""


def _is_plain_number(column: Column) -> bool:
    """Whether every cell is a number too small or too large to be read as 2024.03 or 20240304, which spares a look."""
    known = column.numbers
    year = ((known >= 1900) & (known < 2200)) | ((known >= 19_000_000) & (known < 22_000_000))
    return column.numeric and not column.flag and bool(np.isfinite(known).all()) and not bool(year.any())


def _market_column(raw: RawTable, rest: list[Column]) -> str | None:
    for column in rest:
        if column.has(MARKET) and not column.has(SPEND | EXPOSURE | NO_MARKET):
            kinds = raw.frame[column.name].nunique()
            if kinds < len(raw.frame) / 5 and (not column.numeric or column.has(NUMBERED)):
                return column.name
    return None


def is_value_per_kpi(column: Column) -> bool:
    """Whether a column says what one unit of the KPI is worth."""
    words = column.words
    if words in {("aov",), ("ltv",), ("clv",)} or words[-3:] == ("average", "order", "value"):
        return True
    return "per" in words and words[0] in {"revenue", "value", "sales", "income", "profit", "umsatz"}


def is_claim(column: Column) -> bool:
    """Whether a column holds the sales that an advertising platform claims, by its name: "Google Ads conversions".

    A person may choose it for the KPI; by itself it is none.
    """
    return column.has(PLATFORM) and column.has(CLAIMED)


def _kpi_column(rest: list[Column]) -> str:
    def rank(column: Column) -> int:
        if column.has(COMPETITOR | SPEND | EXPOSURE | RATIO | {"control"}) or column.flag or is_claim(column):
            return 1000
        return next((place for place, word in enumerate(KPI_ORDER) if word in column.words), 1000)

    ranked = sorted(rest, key=rank)
    if ranked and rank(ranked[0]) < 1000:
        return ranked[0].name
    plain = [
        c for c in rest if not (c.has(COMPETITOR | SPEND | EXPOSURE | HELPER | CHANNEL) or c.flag or _is_media_code(c))
    ]
    plain = [column for column in plain if not (_is_counter(column) or is_claim(column))]
    return plain[0].name if plain else ""


def _kpi_and_parts(rest: list[Column]) -> tuple[str, tuple[str, ...]]:
    """The likeliest KPI; where a total stands beside its parts, online and in store, the total and those parts."""
    found = total_of_sales(rest)
    return found if found is not None else (_kpi_column(rest), ())


def total_of_sales(rest: list[Column]) -> tuple[str, tuple[str, ...]] | None:
    """A column of sales that is the sum of others, such as online and in store, and those; None where there is none."""
    sales = [c for c in rest if not (c.flag or c.has(COMPETITOR | SPEND | EXPOSURE | RATIO | HELPER | CHANNEL))]
    found = total_and_parts({column.name: column.numbers for column in sales})
    if found is None or not any(c.has(MONEY_KPI | COUNT_KPI) for c in sales if c.name in (found[0], *found[1])):
        return None
    return found


def _without_total(channels: dict[str, ChannelColumns], columns: dict[str, Column]) -> dict[str, ChannelColumns]:
    """The channels without a column that adds up all the others."""
    total = sum_of_others({name: columns[used.spend].numbers for name, used in channels.items()})
    return {name: used for name, used in channels.items() if name != total}


def with_kpi(mapping: Mapping, column: str) -> Mapping:
    """The mapping with another KPI; whether it is money or a count is told by its name."""
    parts = name_parts(column)
    named = Column(column, parts, np.empty(0), numeric=True, flag=False)
    kind = _kpi_kind(named)
    return replace(
        mapping,
        kpi=column,
        kpi_kind=kind,
        value_per_kpi=mapping.value_per_kpi if kind is KpiKind.UNITS else None,
        controls={name: role for name, role in mapping.controls.items() if name != column},
        channels={name: used for name, used in mapping.channels.items() if used.spend != column},
    )


def _kpi_kind(column: Column) -> KpiKind:
    counted = column.has(COUNT_KPI) and not column.has(MONEY_KPI | {"value"})
    return KpiKind.UNITS if counted else KpiKind.REVENUE


def _is_media_code(column: Column) -> bool:
    """`x1`, `media_2`, `channel3`: names of media in examples and simulations."""
    return re.fullmatch(r"(x|media|channel|ch|m)_?\d+", column.name.strip().lower()) is not None


def _is_spend(column: Column) -> bool:
    if column.has(COMPETITOR | RATIO) or "control" in column.words:
        return False
    if column.has(SPEND) or _is_media_code(column):
        return True
    return len(column.parts) > 1 and column.parts[-1] == "S"  # the suffix of Robyn's examples


def _is_exposure(column: Column) -> bool:
    if column.has(COMPETITOR | SPEND | RATIO):
        return False
    return column.has(EXPOSURE) or (len(column.parts) > 1 and column.parts[-1] in {"I", "P"})


def _channels(rest: list[Column]) -> dict[str, ChannelColumns]:
    spends = [column for column in rest if _is_spend(column)]
    exposures = [column for column in rest if _is_exposure(column)]
    if not spends:
        spends = [c for c in rest if c.has(CHANNEL) and not (c.has(EXPOSURE | COMPETITOR | MEDIATOR) or c.flag)]
    by_stem: dict[str, list[Column]] = {}
    for column in exposures:
        by_stem.setdefault(_stem(column, EXPOSURE | {"i", "p"}).lower(), []).append(column)
    channels: dict[str, ChannelColumns] = {}
    for column in spends:
        stem = _stem(column, SPEND | {"s"})
        found = sorted(by_stem.get(stem.lower(), []), key=_exposure_rank)
        label = stem or column.name
        label = column.name if label in channels else label
        channels[label] = ChannelColumns(column.name, found[0].name if found and stem else None)
    return channels


def _stem(column: Column, words: frozenset[str]) -> str:
    """What is left of a name without its keyword: `TV.advert` is TV, `spend_Paid Search` is Paid Search."""
    if _is_media_code(column):
        return column.name.strip()
    body = column.without(words | CURRENCIES)
    marks = re.findall(r"[^0-9A-Za-zÀ-ÿ]", column.name)
    joint = "_" if "_" in marks and " " not in marks else " "
    written = re.sub(r"[^0-9A-Za-zÀ-ÿ]+", joint, column.name)
    joined = body.replace(" ", joint)
    compact = body.replace(" ", "")
    return compact if joined not in written and compact in column.name else joined


def _exposure_rank(column: Column) -> int:
    return next((place for place, words in enumerate(EXPOSURE_ORDER) if column.has(words)), len(EXPOSURE_ORDER))


def _is_counter(column: Column) -> bool:
    """Whole numbers that rise by one from row to row, such as an index."""
    known = column.numbers
    whole = len(known) > 2 and bool(np.isfinite(known).all()) and bool((known == np.round(known)).all())
    return whole and bool((np.diff(known) == 1).all())


def _is_control(column: Column) -> bool:
    joined = "".join(column.words)
    if joined in HELPER or joined in DATE or _is_counter(column):
        return False
    if _is_exposure(column) or is_value_per_kpi(column) or re.fullmatch(r"column \d+", column.name):
        return False
    outcome = column.has(MONEY_KPI | COUNT_KPI) and not (column.has(COMPETITOR) or _is_brand_search(column))
    if outcome and not (column.flag or "control" in column.words):
        return False
    known = column.numbers[np.isfinite(column.numbers)]
    sometimes = len(known) < len(column.numbers) and column.flag  # an event marked by 1 and blanks
    return len(known) == 0 or sometimes or bool((known != known[0]).any())


def _is_brand_search(column: Column) -> bool:
    """How often people look for the own brand: a step between advertising and sale, whatever is counted."""
    return column.has(BRAND) and column.has(BRAND_SEARCH) and not column.has(COMPETITOR | SPEND)


def _role(column: Column) -> ControlRole:
    if (column.has(MEDIATOR) or _is_brand_search(column)) and not column.has(COMPETITOR):
        return ControlRole.MEDIATOR
    return ControlRole.PREDICTOR if column.has(PREDICTOR) else ControlRole.CONFOUNDER


def _currency(raw: RawTable, columns: dict[str, Column]) -> str:
    for column in columns.values():
        for word in column.parts:
            if word.lower() in CURRENCIES and (word.isupper() or f"({word})" in column.name):
                return word.upper()
    for column in columns.values():
        cell = str(raw.frame[column.name].iloc[0])
        for sign, code in _CURRENCY_SIGN.items():
            if column.numeric and sign in cell:
                return code
        if "currency" in column.words and cell.strip().lower() in CURRENCIES:
            return cell.strip().upper()
    return "EUR"
