"""What each column of an upload means, as rows that a person edits; pure, so that it is tested without a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mmm.data.inputs import ControlRole
from mmm.data.mapping import ChannelColumns
from mmm.data.mapping import Mapping as ColumnMapping
from mmm.data.panel import KpiKind


class Meaning(StrEnum):
    """What a column may be; the text is what people choose from."""

    DATE = "Date"
    KPI = "KPI: what is to be explained"
    SPEND = "Spend of a channel"
    EXPOSURE = "Exposure of a channel"
    MARKET = "Market"
    CONFOUNDER = "Control: moves both spend and sales"
    PREDICTOR = "Control: moves sales only"
    MEDIATOR = "Step between advertising and sale"
    VALUE = "Value of one KPI unit"
    POPULATION = "Population"
    UNUSED = "Not used, stored as read"
    PSEUDONYM = "Kept as a pseudonym, not used"
    LEFT_OUT = "Left out, not stored"


_ROLES = {
    Meaning.CONFOUNDER: ControlRole.CONFOUNDER,
    Meaning.PREDICTOR: ControlRole.PREDICTOR,
    Meaning.MEDIATOR: ControlRole.MEDIATOR,
}
_OF_ROLE = {role: meaning for meaning, role in _ROLES.items()}

IN_BULK = (Meaning.UNUSED, Meaning.SPEND, Meaning.PREDICTOR, Meaning.CONFOUNDER, Meaning.LEFT_OUT)
"""What many columns at once may be; the other meanings belong to one column, or need its channel."""

_NEEDED = (Meaning.DATE, Meaning.KPI, Meaning.MARKET, Meaning.LEFT_OUT, Meaning.PSEUDONYM)


@dataclass(frozen=True)
class Choice:
    """What one column was chosen to be.

    Attributes:
        channel: name of the channel, for spend.
        spend: spend column of the channel it belongs to, for exposure; None while it is not chosen.
    """

    meaning: Meaning
    channel: str = ""
    spend: str | None = None


@dataclass(frozen=True)
class Business:
    """The three questions and where the money and the holidays are.

    Attributes:
        kind: whether the KPI is money or a count.
        value: money per unit of a count, when it is one number; None when a column says it or nobody knows.
        margin: profit per unit of revenue; None when not told.
        countries: market to its country, where that is not `country`.
        week_start: weekday on which weeks begin that days are added up to, Monday = 0.
        captures_demand: channels whose spend follows demand.
    """

    kind: KpiKind = KpiKind.REVENUE
    value: float | None = None
    margin: float | None = None
    currency: str = "EUR"
    country: str | None = None
    countries: tuple[tuple[str, str], ...] = ()
    week_start: int = 0
    captures_demand: tuple[str, ...] = ()


def choices_of(mapping: ColumnMapping, columns: Sequence[str], personal: Iterable[str] = ()) -> dict[str, Choice]:
    """Every column of the table with what the mapping takes it for."""
    hidden = set(personal)
    found = {c: Choice(Meaning.LEFT_OUT if c in hidden else Meaning.UNUSED) for c in columns}
    single = {
        Meaning.POPULATION: mapping.population,
        Meaning.VALUE: mapping.value_per_kpi if isinstance(mapping.value_per_kpi, str) else None,
        Meaning.MARKET: mapping.market,
        Meaning.KPI: mapping.kpi,
        Meaning.DATE: mapping.date,
    }
    for control, role in mapping.controls.items():
        found[control] = Choice(_OF_ROLE[role])
    for name, channel in mapping.channels.items():
        found[channel.spend] = Choice(Meaning.SPEND, channel=name)
        if channel.exposure is not None:
            found[channel.exposure] = Choice(Meaning.EXPOSURE, spend=channel.spend)
    for meaning, column in single.items():
        if column:
            found[column] = Choice(meaning)
    return {column: found[column] for column in columns}


def business_of(mapping: ColumnMapping) -> Business:
    """The business answers inside a mapping."""
    value = mapping.value_per_kpi
    return Business(
        mapping.kpi_kind,
        None if value is None or isinstance(value, str) else float(value),
        mapping.margin,
        mapping.currency,
        mapping.country,
        tuple(mapping.countries.items()),
        mapping.week_start,
        mapping.captures_demand,
    )


def mapping_of(choices: Mapping[str, Choice], business: Business) -> ColumnMapping:
    """The mapping that the choices make. Where they contradict each other, `problems` says so."""

    def first(meaning: Meaning) -> str | None:
        return next((column for column, choice in choices.items() if choice.meaning is meaning), None)

    exposure = {c.spend: column for column, c in choices.items() if c.meaning is Meaning.EXPOSURE and c.spend}
    channels = {
        choice.channel.strip() or column: ChannelColumns(column, exposure.get(column))
        for column, choice in choices.items()
        if choice.meaning is Meaning.SPEND
    }
    value = first(Meaning.VALUE) if business.kind is KpiKind.UNITS else None
    return ColumnMapping(
        date=first(Meaning.DATE) or "",
        kpi=first(Meaning.KPI) or "",
        kpi_kind=business.kind,
        market=first(Meaning.MARKET),
        value_per_kpi=value or (business.value if business.kind is KpiKind.UNITS else None),
        margin=business.margin,
        currency=business.currency,
        country=business.country,
        countries=dict(business.countries) if first(Meaning.MARKET) else {},
        week_start=business.week_start,
        channels=channels,
        captures_demand=tuple(name for name in business.captures_demand if name in channels),
        controls={column: _ROLES[c.meaning] for column, c in choices.items() if c.meaning in _ROLES},
        population=first(Meaning.POPULATION),
    )


def problems(choices: Mapping[str, Choice]) -> list[str]:
    """What a person has to settle before the mapping makes sense, in words."""
    found = []
    for meaning, what in ((Meaning.DATE, "the date"), (Meaning.KPI, "the KPI")):
        columns = [column for column, choice in choices.items() if choice.meaning is meaning]
        if len(columns) != 1:
            had = f"{_listed(columns)} are" if columns else "no column is"
            found.append(f"Exactly one column is {what}; {had} at the moment.")
    for meaning in (Meaning.MARKET, Meaning.VALUE, Meaning.POPULATION):
        columns = [column for column, choice in choices.items() if choice.meaning is meaning]
        if len(columns) > 1:
            found.append(f"Only one column can be “{meaning.value}”; {_listed(columns)} are.")
    return [*found, *_channel_problems(choices)]


def found_columns(columns: Sequence[str], wanted: str) -> list[str]:
    """Columns whose name holds every word of `wanted`, regardless of case; all of them for nothing."""
    words = wanted.lower().split()
    return [column for column in columns if all(word in column.lower() for word in words)]


def made_alike(choices: Mapping[str, Choice], columns: Iterable[str], meaning: Meaning) -> dict[str, Choice]:
    """The choices with every one of `columns` given the same meaning; the date, the KPI and the market stay."""
    alike = set(columns)
    return {
        column: Choice(meaning, choice.channel) if column in alike and choice.meaning not in _NEEDED[:3] else choice
        for column, choice in choices.items()
    }


def kpi_of(choices: Mapping[str, Choice]) -> str | None:
    """The column that is the KPI; None where none or several are."""
    found = [column for column, choice in choices.items() if choice.meaning is Meaning.KPI]
    return found[0] if len(found) == 1 else None


def with_kpi(choices: Mapping[str, Choice], kpi: str) -> dict[str, Choice]:
    """The choices with another KPI; the former one is not used."""
    changed = {
        column: Choice(Meaning.UNUSED) if choice.meaning is Meaning.KPI else choice
        for column, choice in choices.items()
    }
    return {**changed, kpi: Choice(Meaning.KPI)}


def rest_unused(choices: Mapping[str, Choice], found: Iterable[str]) -> dict[str, Choice]:
    """The choices with everything unused that is not among `found`, but for what a table cannot do without."""
    kept = set(found)
    return {
        column: choice if column in kept or choice.meaning in _NEEDED else Choice(Meaning.UNUSED)
        for column, choice in choices.items()
    }


def _channel_problems(choices: Mapping[str, Choice]) -> list[str]:
    found = []
    spends = {column: c.channel.strip() or column for column, c in choices.items() if c.meaning is Meaning.SPEND}
    if not spends:
        found.append("No column is the spend of a channel; at least one is needed.")
    names = list(spends.values())
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        found.append(f"Two channels are called “{name}”; give each its own name.")
    owners = [c.spend for c in choices.values() if c.meaning is Meaning.EXPOSURE]
    for column, choice in choices.items():
        if choice.meaning is Meaning.EXPOSURE and choice.spend not in spends:
            found.append(f"“{column}” is an exposure; choose the channel it belongs to.")
        elif choice.meaning is Meaning.EXPOSURE and owners.count(choice.spend) > 1:
            found.append(f"“{column}” is not the only exposure of its channel; keep one, the others are not used.")
    return found


def _listed(columns: Sequence[str]) -> str:
    return " and ".join(f"“{column}”" for column in columns)
