"""What each column of a file means: guessed from names and content, confirmed by a person."""

from __future__ import annotations

import json
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from mmm.data.findings import Question
from mmm.data.inputs import ControlRole, Frequency
from mmm.data.panel import KpiKind
from mmm.errors import DataError

if TYPE_CHECKING:
    from mmm.data.read import RawTable

FORMAT_VERSION = 1

Duplicates = Literal["sum", "first", "last"]
MissingSpend = Literal["zero", "unknown"]
NegativeSpend = Literal["zero", "credit", "keep"]
Mark = Literal["comma", "point"]
DateOrder = Literal["dmy", "mdy"]


@dataclass(frozen=True)
class ChannelColumns:
    """The columns of one channel: its spend, and what the spend bought where the file says so."""

    spend: str
    exposure: str | None = None


@dataclass(frozen=True)
class Mapping:
    """What each column means, and what a person answered; JSON-able, immutable.

    Attributes:
        date: column with the date of each period.
        kpi: column to be explained.
        kpi_kind: whether the KPI is money or a count.
        market: column naming the market, or None for national data.
        value_per_kpi: currency per KPI unit: a column, a number, or None when unknown.
        margin: profit per unit of revenue, above 0 and at most 1; None when not told.
        currency: ISO 4217 code.
        country: ISO 3166 alpha-2 code whose public holidays apply, or None.
        countries: market to its ISO 3166 code, for markets whose holidays are not those of `country`.
        channels: channel name to its columns.
        controls: control column to its role.
        captures_demand: channels whose spend follows demand, such as brand search: modelled in two stages.
        population: column with the people of each market.
        frequency: period length; None to detect it from the dates.
        roll_up: daily rows are added up to weeks.
        duplicates: what to do with two rows for one period and market; None to be asked.
        missing_spend: what an empty spend cell means; None to be asked.
        negative_spend: what negative spend means; None to be asked.
        date_order: how a date such as 03/04/2024 reads; None to be asked when it matters.
        decimal_mark: what 1,234 or 1.234 means where nothing in the file tells; None to be asked when it matters.
        week_start: weekday on which the weeks begin that days are added up to, Monday = 0.
    """

    date: str
    kpi: str
    kpi_kind: KpiKind = KpiKind.REVENUE
    market: str | None = None
    value_per_kpi: str | float | None = None
    margin: float | None = None
    currency: str = "EUR"
    country: str | None = None
    countries: dict[str, str] = field(default_factory=dict)
    channels: dict[str, ChannelColumns] = field(default_factory=dict)
    controls: dict[str, ControlRole] = field(default_factory=dict)
    captures_demand: tuple[str, ...] = ()
    population: str | None = None
    frequency: Frequency | None = None
    roll_up: bool = False
    duplicates: Duplicates | None = None
    missing_spend: MissingSpend | None = None
    negative_spend: NegativeSpend | None = None
    date_order: DateOrder | None = None
    decimal_mark: Mark | None = None
    week_start: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The mapping as JSON-able values, with its format version."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["kpi_kind"] = self.kpi_kind.value
        plain["frequency"] = None if self.frequency is None else self.frequency.value
        plain["captures_demand"] = list(self.captures_demand)
        plain["controls"] = {name: role.value for name, role in self.controls.items()}
        plain["channels"] = {
            name: {"spend": columns.spend, "exposure": columns.exposure} for name, columns in self.channels.items()
        }
        return {"format": FORMAT_VERSION, **plain}

    def to_json(self) -> str:
        """The mapping as a JSON text; channels and controls keep their order."""
        return json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes | MappingType[str, Any]) -> Mapping:
        """The mapping that `to_json` wrote (or the values `as_dict` returned).

        Raises:
            DataError: it is no mapping, or names a choice that does not exist.
        """
        try:
            plain = json.loads(text) if isinstance(text, str | bytes) else dict(text)
        except ValueError as error:
            raise DataError("This is not a mapping: it is not JSON.") from error
        if not isinstance(plain, dict) or plain.pop("format", FORMAT_VERSION) != FORMAT_VERSION:
            raise DataError("This is not a mapping in a format that this version reads.")
        unknown = sorted(set(plain) - set(cls.__dataclass_fields__))
        if unknown:
            raise DataError(f"A mapping has no field {', '.join(unknown)}.")
        return _from_plain(cls, plain)

    @property
    def used_columns(self) -> tuple[tuple[str, str], ...]:
        """Every column the mapping names, each with what it is used as."""
        value = self.value_per_kpi if isinstance(self.value_per_kpi, str) else None
        single = [
            (self.date, "date"),
            (self.market, "market"),
            (self.kpi, "KPI"),
            (value, "value per KPI"),
            (self.population, "population"),
        ]
        found = [(column, role) for column, role in single if column is not None]
        for name, columns in self.channels.items():
            found.append((columns.spend, f"spend of {name}"))
            if columns.exposure is not None:
                found.append((columns.exposure, f"exposure of {name}"))
        return (*found, *((control, "control") for control in self.controls))


def guess_mapping(raw: RawTable) -> Mapping:
    """A first guess at what each column means, for a person to confirm.

    Names and content decide together. Helper columns (an index, the day of the year) become neither
    channels nor controls; a step between advertising and sale, such as site sessions, becomes a mediator.
    It never fails: where nothing fits, the field is left empty or wrong, and `build_panel` says so.
    """
    from mmm.data.guess import guess  # imports this module

    return guess(raw)


def answer(mapping: Mapping, question: Question, option: str) -> Mapping:
    """The mapping with `option` as the answer to `question`.

    Raises:
        DataError: the question has no such option.
    """
    if option not in question.options:
        raise DataError(f"“{option}” is no answer to this question; choose {' or '.join(question.options)}.")
    if question.mapping_field == "kpi":
        from mmm.data.guess import with_kpi  # imports this module

        return with_kpi(mapping, option)
    if question.mapping_field == "roll_up":
        weeks = option == "weeks"
        return replace(mapping, roll_up=weeks, frequency=None if weeks else Frequency.DAY)
    return Mapping.from_json({**mapping.as_dict(), question.mapping_field: option})


def _from_plain(cls: type[Mapping], plain: dict[str, Any]) -> Mapping:
    choices = {
        "duplicates": get_args(Duplicates),
        "missing_spend": get_args(MissingSpend),
        "negative_spend": get_args(NegativeSpend),
        "date_order": get_args(DateOrder),
        "decimal_mark": get_args(Mark),
        "week_start": tuple(range(7)),
    }
    for name, allowed in choices.items():
        if plain.get(name) not in (None, *allowed):
            raise DataError(f"“{plain[name]}” is no choice for {name}; choose {' or '.join(map(str, allowed))}.")
    try:
        frequency = plain.get("frequency")
        return cls(
            **{
                **plain,
                "kpi_kind": KpiKind(plain.get("kpi_kind", KpiKind.REVENUE)),
                "frequency": None if frequency is None else Frequency(frequency),
                "countries": {str(market): str(code) for market, code in dict(plain.get("countries") or {}).items()},
                "controls": {name: ControlRole(role) for name, role in dict(plain.get("controls") or {}).items()},
                "captures_demand": _names(plain.get("captures_demand") or ()),
                "channels": {name: _channel(columns) for name, columns in dict(plain.get("channels") or {}).items()},
            }
        )
    except (TypeError, ValueError, KeyError) as error:
        raise DataError(f"This is not a mapping: {error}.") from error


def _names(given: object) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise TypeError("captures_demand is a list of channels")
    return tuple(given)


def _channel(columns: ChannelColumns | str | MappingType[str, str]) -> ChannelColumns:
    if isinstance(columns, ChannelColumns):
        return columns
    if isinstance(columns, str):
        return ChannelColumns(columns)
    spend, exposure = columns["spend"], columns.get("exposure")
    if not isinstance(spend, str) or not isinstance(exposure, str | None):
        raise TypeError("the columns of a channel are named by texts")
    return ChannelColumns(spend, exposure)
