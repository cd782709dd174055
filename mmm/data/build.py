"""From a table and a confirmed mapping to a panel, with every problem reported at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmm.data.findings import Finding, FindingLog, Question, Severity, counted
from mmm.data.gaps import Grid, close_days, fill_gaps, refuse_negative, roll_up_weeks, spread_credit, to_grid
from mmm.data.inputs import ControlRole, Labels
from mmm.data.mapping import Mapping
from mmm.data.panel import KpiKind, Panel
from mmm.data.read import RawTable
from mmm.data.rows import Rows, Use, exact_sum, read_rows
from mmm.data.tidy import Calendar, align, calendar_of, settle_duplicates, settle_spend, without_plan
from mmm.errors import DataError

__all__ = ["BuildResult", "Finding", "Question", "Severity", "build_panel"]

FloatArray = NDArray[np.float64]

MIN_PERIODS = 20  # fewer cannot tell a handful of channels from a trend
SHORT_DAYS = 14  # a part of fewer days is not added up to weeks: hardly one would be whole
MAX_GRID_CELLS = 50_000_000  # 400 MB of numbers; a hundred markets by ten years of days by 60 columns is less


@dataclass(frozen=True, eq=False)
class BuildResult:
    """What became of a table under a mapping.

    Attributes:
        panel: None while a question is open or something was refused.
        findings: everything noticed from reading the file on, each with its row and column.
        questions: what a person has to answer in the mapping first.
        totals: sum of the KPI, of each spend and each exposure column as read from the file, by column name.
        cleaned: one row for each market and period as the panel holds it (`observed` and `filled` included);
            without a panel, the typed rows as far as they could be read.
    """

    panel: Panel | None
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    totals: dict[str, float]
    cleaned: pd.DataFrame


def build_panel(raw: RawTable, mapping: Mapping) -> BuildResult:
    """Read, order and complete the mapped columns of a table.

    Nothing is raised for what the data hold: problems come back as findings, open points as questions.
    """
    noted = FindingLog(raw.findings)
    _check_mapping(raw, mapping, noted)
    if noted.refused and any(f.code in _MAPPING_CODES for f in noted.findings()):
        return BuildResult(None, noted.findings(), (), {}, pd.DataFrame())
    rows = read_rows(raw, mapping, noted)
    totals = _totals(rows)
    if len(rows.number) and rows.dated:
        rows = without_plan(rows, mapping, noted)
    if len(rows.number):
        rows = settle_spend(rows, mapping, noted)
    grid = _grid(rows, mapping, noted)
    if grid is not None and not noted.refused and not noted.questions:
        panel = _panel(grid, raw, mapping, noted)
        if panel is not None:
            return BuildResult(panel, noted.findings(), (), totals, _cleaned(grid, mapping))
    return BuildResult(None, noted.findings(), tuple(noted.questions), totals, _typed(rows, mapping))


@dataclass(frozen=True)
class Part:
    """A table that is only one half of a data set: advertising or sales.

    Attributes:
        rows: periods × markets; 0 while a question is open or something was refused.
        findings: everything noticed from reading the file on.
        questions: what a person has to answer first.
    """

    rows: int
    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]


def build_part(raw: RawTable, mapping: Mapping) -> Part:
    """Read and order a table that has no KPI or no channel, as far as that can be done without the other half.

    However short it is, it is not refused for that: the other half decides.
    """
    noted = FindingLog(raw.findings)
    rows = read_rows(raw, mapping, noted)
    if len(rows.number):
        rows = settle_spend(rows, mapping, noted)
    short = FindingLog()
    calendar = calendar_of(rows, mapping, short) if len(rows.days) and rows.dated else None
    noted.questions += short.questions
    if calendar is not None and calendar.roll_up and len(np.unique(rows.days)) < SHORT_DAYS:
        calendar = Calendar(calendar.native, roll_up=False)
    if calendar is None or short.questions or noted.questions:
        periods = len(np.unique(rows.days)) if rows.dated else 0
        return Part(periods * len(rows.markets), noted.findings(), tuple(noted.questions))
    rows = settle_duplicates(align(rows, calendar.native, mapping, noted), calendar.native, mapping, noted)
    if noted.questions:
        return Part(len(np.unique(rows.days)) * len(rows.markets), noted.findings(), tuple(noted.questions))
    grid = _complete(to_grid(rows, calendar.native), calendar, mapping, noted, least=0)
    return Part(0 if grid is None else grid.observed.size, noted.findings(), tuple(noted.questions))


_MAPPING_CODES = frozenset({"no_date_column", "no_column", "used_twice", "no_channel_column", "bad_answer"})


def _check_mapping(raw: RawTable, mapping: Mapping, noted: FindingLog) -> None:
    """The mapping against the table: every column exists, none has two meanings, answers are in range."""
    seen: dict[str, str] = {}
    if not mapping.date:
        noted.refuse("no_date_column", _no_date(raw))
    for column, use in mapping.used_columns:
        if column == mapping.date == "":
            continue
        if column not in raw.frame.columns:
            what = f"has no column “{column}” for the {use}" if column else f"needs a column for the {use}"
            noted.refuse("no_column", f"The table {what}; it has {', '.join(raw.columns)}.", None, column or None)
        elif column in seen:
            message = f"“{column}” is both {seen[column]} and {use}; choose one."
            noted.refuse("used_twice", message, None, column)
        seen.setdefault(column, use)
    if not mapping.channels:
        noted.refuse("no_channel_column", "No column is a channel's spend. Name at least one.")
    if mapping.margin is not None and not 0 < mapping.margin <= 1:
        noted.refuse(
            "bad_answer", f"The margin is {mapping.margin:g}; it must lie above 0 and at most 1 (0.35 is 35 %)."
        )
    value = mapping.value_per_kpi
    if isinstance(value, int | float) and not (np.isfinite(value) and value > 0):
        noted.refuse("bad_answer", f"The value of a KPI unit is {value:g}; it must be above 0.")
    if value is not None and mapping.kpi_kind is KpiKind.REVENUE:
        noted.info("value_ignored", "The KPI is money already, so the value per KPI unit is not used.")
    for control, role in mapping.controls.items():
        if role is ControlRole.MEDIATOR:
            noted.info(
                "mediator",
                f"“{control}” is a step between advertising and sale (people come because of the advertising); it is "
                "kept with the data but left out of models, which would otherwise credit it with the channels' effect.",
                None,
                control,
            )


_MONTHS = "jan feb mar mär mrz apr may mai jun jul aug sep oct okt nov dec dez"
_AD_WORDS = "campaign campaigns kampagne campagne campaña impressions impr clicks klicks ctr cpc cpm adset adgroup"


def _no_date(raw: RawTable) -> str:
    """Why a table without dates cannot be used, in the words of what it seems to be."""
    words = {word for column in raw.columns for word in re.findall(r"[a-zà-ÿ]+", column.lower())}
    months = sum(column.strip().lower()[:3] in _MONTHS.split() for column in raw.columns)
    start = f"No column of “{raw.name}” holds dates. "
    if months >= 3:
        return start + "Its months seem to lie in columns: transpose the table, so that each period is a row."
    if words & set(_AD_WORDS.split()):
        return (
            f"{start}It seems to be an ad report for the whole time at once. Add the day to the report in the "
            "advertising platform (Google Ads: Segment › Time › Day; Meta: Breakdown › By time › Day) and export it "
            "again."
        )
    return (
        f"{start}Add a column with the date of each row, such as 2024-03-04; a week or month number needs its year, "
        "such as 2024-W10."
    )


def _grid(rows: Rows, mapping: Mapping, noted: FindingLog) -> Grid | None:
    """Every market by every period with the gap rule applied; None where a question or refusal stands before it."""
    if not len(rows.days):
        noted.refuse("no_rows", "No row holds both a date and values.")
        return None
    if not rows.dated:
        return None
    calendar = calendar_of(rows, mapping, noted) if len(np.unique(rows.days)) > 1 else None
    if calendar is None:
        if len(np.unique(rows.days)) < MIN_PERIODS:
            _refuse_short(len(np.unique(rows.days)), "date", noted)
        return None
    rows = align(rows, calendar.native, mapping, noted)
    rows = settle_duplicates(rows, calendar.native, mapping, noted)
    if noted.refused or noted.questions:
        periods = len(np.unique(rows.days)) // (7 if calendar.roll_up else 1)
        if periods < MIN_PERIODS:
            _refuse_short(periods, calendar.frequency, noted)
        return None
    return _complete(to_grid(rows, calendar.native), calendar, mapping, noted)


def _complete(
    grid: Grid, calendar: Calendar, mapping: Mapping, noted: FindingLog, least: int = MIN_PERIODS
) -> Grid | None:
    """Gaps filled or excluded, credits taken off, days added up to weeks."""
    if grid.values.size > MAX_GRID_CELLS:
        noted.refuse("too_large", "Markets x periods x columns are too many. Add days up to weeks, or split the file.")
        return None
    if calendar.roll_up:
        grid = close_days(grid, noted)
    links = _exposure_links(grid.columns, grid.uses, mapping)
    if mapping.negative_spend == "credit":
        grid = spread_credit(grid, noted)
    grid = fill_gaps(grid, links, noted)
    if calendar.roll_up:
        grid = roll_up_weeks(grid, mapping.week_start, noted)
    refuse_negative(grid, noted)
    if len(grid.periods) < least:
        _refuse_short(len(grid.periods), grid.frequency, noted)
    elif int(grid.observed.any(axis=0).sum()) < least:
        _refuse_short(int(grid.observed.any(axis=0).sum()), f"usable {grid.frequency}", noted)
    return grid


def _refuse_short(n: int, what: str, noted: FindingLog) -> None:
    noted.refuse(
        "too_short",
        f"The file has {counted(n, what)}; at least {MIN_PERIODS} are needed to tell channels apart, and two years "
        "of weeks are better. Upload a longer history.",
    )


def _exposure_links(columns: tuple[str, ...], uses: tuple[Use, ...], mapping: Mapping) -> dict[int, int]:
    """Position of each exposure column to that of its channel's spend."""
    place = {key: position for position, key in enumerate(zip(columns, uses, strict=True))}
    return {
        place[channel.exposure, Use.EXPOSURE]: place[channel.spend, Use.SPEND]
        for channel in mapping.channels.values()
        if channel.exposure is not None
    }


def _panel(grid: Grid, raw: RawTable, mapping: Mapping, noted: FindingLog) -> Panel | None:
    spend, controls = grid.which(Use.SPEND), grid.which(Use.CONTROL)
    try:
        return Panel(
            labels=Labels(
                markets=grid.markets,
                channels=tuple(mapping.channels),
                controls=tuple(mapping.controls),
                control_roles=tuple(mapping.controls.values()),
                frequency=grid.frequency,
            ),
            periods=grid.periods,
            kpi=grid.values[:, :, 0].copy(),
            spend=grid.values[:, :, spend].copy(),
            controls=grid.values[:, :, controls].copy(),
            observed=grid.observed.copy(),
            filled=grid.filled.copy(),
            exposure=_exposure(grid, mapping),
            value_per_kpi=_value(grid, mapping),
            population=_population(grid, noted),
            kpi_name=mapping.kpi,
            kpi_kind=mapping.kpi_kind,
            currency=mapping.currency,
            margin=mapping.margin,
            country=mapping.country,
            countries=_countries(grid.markets, mapping),
            captures_demand=mapping.captures_demand,
            meta={"source": raw.name, "source_sha256": raw.sha256},
        )
    except DataError as error:
        noted.refuse("panel", str(error))
        return None


def _countries(markets: tuple[str, ...], mapping: Mapping) -> tuple[str | None, ...] | None:
    """The country of each market; None where all have the mapping's."""
    if not any(market in mapping.countries for market in markets):
        return None
    return tuple(mapping.countries.get(market, mapping.country) for market in markets)


def _exposure(grid: Grid, mapping: Mapping) -> FloatArray | None:
    """Exposure `[market, period, channel]`, NaN for a channel that has none; None where no channel has any."""
    spend = grid.which(Use.SPEND)
    links = _exposure_links(grid.columns, grid.uses, mapping)
    if not links:
        return None
    exposure = np.full((len(grid.markets), len(grid.periods), len(spend)), np.nan)
    for column, paid in links.items():
        exposure[:, :, spend.index(paid)] = grid.values[:, :, column]
    return exposure


def _value(grid: Grid, mapping: Mapping) -> FloatArray | None:
    if mapping.kpi_kind is KpiKind.REVENUE or mapping.value_per_kpi is None:
        return None
    column = grid.which(Use.VALUE)
    if column:
        return grid.values[:, :, column[0]].copy()
    return np.full(grid.observed.shape, float(mapping.value_per_kpi))


def _population(grid: Grid, noted: FindingLog) -> FloatArray | None:
    """People of each market: the median of what the file says; None where it is silent about a market."""
    column = grid.which(Use.POPULATION)
    if not column:
        return None
    cells = grid.values[:, :, column[0]]
    name = grid.columns[column[0]]
    silent = [grid.markets[market] for market in np.flatnonzero(np.isnan(cells).all(axis=1))]
    if silent:
        noted.info("no_population", f"No population for {', '.join(silent)}; it is not used.", None, name)
        return None
    people = np.nanmedian(cells, axis=1)
    if (np.nanmax(cells, axis=1) > np.nanmin(cells, axis=1)).any():
        noted.info("population", "The population changes within a market; its median is used.", None, name)
    return np.asarray(people, dtype=np.float64)


def _totals(rows: Rows) -> dict[str, float]:
    return {
        rows.columns[column]: exact_sum(rows.values[:, column])
        for column in rows.which(Use.KPI, Use.SPEND, Use.EXPOSURE)
    }


def _cleaned(grid: Grid, mapping: Mapping) -> pd.DataFrame:
    markets, periods = grid.observed.shape
    frame = pd.DataFrame({mapping.date: np.tile(grid.periods.astype("datetime64[s]"), markets)})
    if mapping.market is not None:
        frame[mapping.market] = pd.Series(np.repeat(np.array(grid.markets, dtype=object), periods), dtype="str")
    flat = grid.values.reshape(markets * periods, -1)
    numbers = pd.DataFrame({name: flat[:, column] for column, name in enumerate(grid.columns)})
    marks = pd.DataFrame({"observed": grid.observed.ravel(), "filled": grid.filled.ravel()})
    taken = set(frame.columns) | set(numbers.columns)
    return pd.concat(
        [frame, numbers, marks.rename(columns=lambda name: f"{name} (panel)" if name in taken else name)], axis=1
    )


def _typed(rows: Rows, mapping: Mapping) -> pd.DataFrame:
    frame = pd.DataFrame({mapping.date: rows.days.astype("datetime64[s]")}, index=pd.Index(rows.number, name="row"))
    if mapping.market is not None:
        frame[mapping.market] = [rows.markets[market] if market >= 0 else "" for market in rows.market]
    numbers = {name: rows.values[:, column] for column, name in enumerate(rows.columns)}
    return pd.concat([frame, pd.DataFrame(numbers, index=frame.index)], axis=1)
