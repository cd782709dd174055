"""What an uploaded file is, and how its rows become one row a period; guessed, then confirmed by a person."""

from __future__ import annotations

import json
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self

from mmm.errors import DataError

FORMAT_VERSION = 1

Match = Literal["contains", "regex"]
Fill = Literal["step", "line", "share", "omit"]


class Layout(StrEnum):
    """What one row of a file is."""

    TABLE = "table"
    """A period (and market); every series has a column of its own. The file is used as it is."""
    ROWS = "rows"
    """A campaign, ad, product or channel on one date; rows are added up to channels by rules."""
    ORDERS = "orders"
    """An order, or one item of an order; each order is counted once."""
    RATES = "rates"
    """An exchange rate; converts the other files' amounts and brings no series of its own."""


class Measure(StrEnum):
    """What a column of numbers counts, where rows are added up."""

    SPEND = "spend"
    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    CONVERSIONS = "conversions"  # as the platform claims them: shown and compared, never taken for the KPI by itself
    VALUE = "conversion value"  # money the platform claims
    SESSIONS = "sessions"
    REVENUE = "revenue"  # money the company itself took
    ORDERS = "orders"
    UNITS = "units"
    SERIES = "series"  # whatever the key column's text says; each distinct text is a column of the table by itself

    @property
    def money(self) -> bool:
        """Whether it is an amount of money, which a currency rate converts."""
        return self in (Measure.SPEND, Measure.VALUE, Measure.REVENUE)


@dataclass(frozen=True)
class Rule:
    """Rows whose text matches belong to a channel; of several rules the first that matches decides.

    Attributes:
        channel: where matching rows go.
        text: what is looked for, regardless of case; a regular expression (RE2, anywhere in the text) when
            `how` is "regex".
        column: the column looked at; None looks at all key columns of the source, joined by " | ".
    """

    channel: str
    text: str
    how: Match = "contains"
    column: str | None = None


@dataclass(frozen=True)
class Source:
    """How one file is read; JSON-able, immutable.

    Attributes:
        name: the file's name, as a person knows it.
        layout: what one row is.
        platform: stable name of the recognised export ("google_ads", …), or None.
        label: the platform's or file's name in words, used in column names; unique in a recipe.
        date: column with the date of a row.
        market: column naming the market, or None.
        keys: columns whose text says which channel a row belongs to (campaign, campaign type, channel, …).
        measures: columns of numbers that are added up, with what they count. Empty for `Layout.TABLE`.
        rules: rows to channels; see `Rule`.
        unmatched: channel of rows that no rule matches; they are shown and never dropped.
        order_id: column that tells orders apart, for `Layout.ORDERS`.
        date_order: how a date such as 03/04/2024 reads; None where the dates tell it themselves.
        decimal_mark: the decimal mark of amounts such as 1,234; None where the file tells it itself.
        week_start: weekday on which this source's weeks start, Monday = 0; None where its rows are not weekly or their
            dates tell it.
        dated_at_end: the date of a week is its last day, not its first; None where nobody said, which reads as its
            first.
        time_zone: IANA zone in which time stamps in universal time are to be cut into days; None leaves the day as
            written.
        currency: ISO 4217 code of all amounts; None where `currency_column` says it or nobody knows.
        currency_column: column with the code of each row's amounts.
        duplicates: what becomes of two rows of a `Layout.TABLE` for one date and market, where files are joined; None
            to be asked.
        decimal: the decimal mark of a `Layout.TABLE` whose numbers all read two ways; None to be asked.
        missing: what an empty cell means among days that are added up to a longer period; None to be asked.
    """

    name: str
    layout: Layout = Layout.TABLE
    platform: str | None = None
    label: str = ""
    date: str = ""
    market: str | None = None
    keys: tuple[str, ...] = ()
    measures: dict[str, Measure] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    unmatched: str = "Other"
    order_id: str | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    decimal_mark: Literal["point", "comma"] | None = None
    week_start: int | None = None
    dated_at_end: bool | None = None
    time_zone: str | None = None
    currency: str | None = None
    currency_column: str | None = None
    duplicates: Literal["sum", "first", "last"] | None = None
    missing: Literal["zero", "unknown"] | None = None
    decimal: Literal["point", "comma"] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The source as JSON-able values."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["layout"] = self.layout.value
        plain["keys"] = list(self.keys)
        plain["measures"] = {column: measure.value for column, measure in self.measures.items()}
        plain["rules"] = [
            {"channel": rule.channel, "text": rule.text, "how": rule.how, "column": rule.column} for rule in self.rules
        ]
        return plain

    @classmethod
    def from_dict(cls, plain: MappingType[str, Any]) -> Self:
        """The source that `as_dict` wrote.

        Raises:
            DataError: it is no source.
        """
        try:
            return cls(
                **{
                    **plain,
                    "layout": Layout(plain["layout"]),
                    "keys": tuple(plain["keys"]),
                    "measures": {column: Measure(measure) for column, measure in plain["measures"].items()},
                    "rules": tuple(Rule(**rule) for rule in plain["rules"]),
                }
            )
        except (TypeError, ValueError, KeyError) as error:
            raise DataError(f"This is not the description of a file: {error}.") from error


@dataclass(frozen=True)
class Recipe:
    """How several files become one table; stored with a data set version and offered for the next upload.

    Attributes:
        sources: one a file, in the files' order.
        currency: ISO 4217 code that amounts are in, and are converted to where a source has another; None where nobody
            knows it.
        fill: how a series is laid on periods that do not hold its own whole: column of the table to "step" (each
            shorter period carries the longer one's value), "line" (straight between middles of periods), "share" (a
            sum divided over the days) or "omit" (the column is left out).
        kpi: column of the table that a person chose where several claim the same sales; None to be asked.
    """

    sources: tuple[Source, ...] = ()
    currency: str | None = None
    fill: dict[str, Fill] = field(default_factory=dict)
    kpi: str | None = None

    def to_json(self) -> str:
        """The recipe as a JSON text."""
        plain = {
            "format": FORMAT_VERSION,
            "sources": [source.as_dict() for source in self.sources],
            "currency": self.currency,
            "fill": self.fill,
            "kpi": self.kpi,
        }
        return json.dumps(plain, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The recipe that `to_json` wrote.

        Raises:
            DataError: it is no recipe in a format that this version reads.
        """
        try:
            plain = json.loads(text)
            if plain["format"] != FORMAT_VERSION:
                raise DataError("This recipe is in a format that this version does not read.")
            return cls(
                tuple(Source.from_dict(source) for source in plain["sources"]),
                plain["currency"],
                dict(plain["fill"]),
                plain["kpi"],
            )
        except (TypeError, ValueError, KeyError) as error:
            raise DataError("This is not a recipe.") from error
