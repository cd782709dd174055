"""A clean panel, in whatever mixture of dialects it is written, comes back equal to the cent."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmm.data.build import build_panel
from mmm.data.dates import EXCEL_EPOCH
from mmm.data.inputs import ControlRole
from mmm.data.inspect import Verdict, inspect_files
from mmm.data.mapping import ChannelColumns, Mapping, guess_mapping
from mmm.data.read import RawTable, read_table
from mmm.data.sources.assemble import assemble

MARKETS = ("Nord", "Süd", "Ost-West")
CHANNELS = ("tv", "radio", "search", "print")
CURRENCIES = ("", "€ ", "$", " €", " EUR")
NARROW, APOSTROPHE = "\u202f", "\u2019"

FIGURES = (  # decimal mark, mark between thousands
    (".", ""),
    (".", ","),
    (".", " "),
    (".", NARROW),
    (".", "'"),
    (".", APOSTROPHE),
    (",", ""),
    (",", "."),
    (",", " "),
    (",", NARROW),
    (",", "'"),
)
DAYS = {
    "iso": lambda day: day.isoformat(),
    "dotted": lambda day: day.strftime("%d.%m.%Y"),
    "day first": lambda day: day.strftime("%d/%m/%Y"),
    "month first": lambda day: day.strftime("%m/%d/%Y"),
    "iso week": lambda day: f"{day.isocalendar().year}-W{day.isocalendar().week:02}",
    "serial": lambda day: str((day - EXCEL_EPOCH).days),
    "named": lambda day: f"{day.day} {day:%b %Y}",
    "zoned": lambda day: f"{day.isoformat()}T00:00:00+02:00",
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-16-le bom", "utf-16-be bom", "cp1252")


@dataclass(frozen=True)
class World:
    """Cents `[market, week, column]` for the KPI, the channels and a control; Mondays."""

    markets: tuple[str, ...]
    days: tuple[date, ...]
    channels: tuple[str, ...]
    cents: np.ndarray

    @property
    def columns(self) -> tuple[str, ...]:
        return ("revenue", *(f"{name}_spend" for name in self.channels), "price")

    @property
    def mapping(self) -> Mapping:
        return Mapping(
            date="week",
            market="region",
            kpi="revenue",
            channels={name: ChannelColumns(f"{name}_spend") for name in self.channels},
            controls={"price": ControlRole.CONFOUNDER},
        )


@dataclass(frozen=True)
class Style:
    """How a table is written, and what stands around it."""

    delimiter: str
    encoding: str
    end: str
    figures: tuple[str, str]
    currency: str
    day: str
    notes: bool
    titles: int
    totals: bool
    footer: bool
    blanks: bool


@st.composite
def worlds(draw) -> World:
    weeks = draw(st.integers(20, 40))
    first = date(2021, 1, 4) + timedelta(7 * draw(st.integers(0, 100)))
    markets = MARKETS[: draw(st.integers(1, 3))]
    channels = CHANNELS[: draw(st.integers(1, 4))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cents = rng.integers(1, 10 ** draw(st.integers(4, 11)), (len(markets), weeks, len(channels) + 2))
    cents[:, :, 1:-1] *= rng.random(cents[:, :, 1:-1].shape) > 0.2  # weeks without advertising
    cents[0, 0, 1:-1], cents[0, 1, 1:-1] = 0, 123_456_789_01
    cents[:, :, 0] += np.arange(weeks)[None, :] * 7 + 3
    return World(markets, tuple(first + timedelta(7 * i) for i in range(weeks)), channels, cents)


styles = st.builds(
    Style,
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(ENCODINGS),
    end=st.sampled_from(("\n", "\r\n", "\r")),
    figures=st.sampled_from(FIGURES),
    currency=st.sampled_from(CURRENCIES),
    day=st.sampled_from(sorted(DAYS)),
    notes=st.booleans(),
    titles=st.integers(0, 3),
    totals=st.booleans(),
    footer=st.booleans(),
    blanks=st.booleans(),
)


def figure(cents: int, style: Style) -> str:
    decimal, thousands = style.figures
    text = f"{cents // 100:,}".replace(",", thousands) + f"{decimal}{cents % 100:02}"
    sign = style.currency
    return f"{sign}{text}" if sign and sign[0] != " " else f"{text}{sign}"


def written(world: World, style: Style) -> bytes:
    records = [["week", "region", *world.columns, *(["note"] if style.notes else [])]]
    for i, day in enumerate(world.days):
        if style.blanks and i == 7:
            records.append([])
        for g, market in enumerate(world.markets):
            cells = [figure(int(cents), style) for cents in world.cents[g, i]]
            note = [f"first line{style.end}second, “quoted”; line" if i % 5 == 0 else ""] if style.notes else []
            records.append([DAYS[style.day](day), market, *cells, *note])
    if style.totals:
        sums = [figure(int(cents), style) for cents in world.cents.sum(axis=(0, 1))]
        records.append(["Total", "", *sums[:-1], "", *([""] if style.notes else [])])
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=style.delimiter, lineterminator=style.end).writerows(records)
    titles = ["Media report", "Created by Finance", ""][: style.titles]
    text = "".join(line + style.end for line in titles) + buffer.getvalue()
    text += f"{style.end}Source: planning{style.end}" if style.footer else ""
    return encoded(text, style.encoding)


def encoded(text: str, encoding: str) -> bytes:
    name, _, bom = encoding.partition(" ")
    if name == "cp1252":
        text = text.replace(NARROW, "\u00a0")
    return ("\ufeff" + text if bom else text).encode(name)


def as_workbook(world: World, titles: int, hidden: bool, second: bool) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    if second:
        sheet.append(["Read me first"])
        sheet = book.create_sheet("Data")
    for title in range(titles):
        sheet.append([f"Title {title}"])
    sheet.append(["week", "region", *world.columns])
    for i, day in enumerate(world.days):
        for g, market in enumerate(world.markets):
            sheet.append([day, market, *(int(cents) / 100 for cents in world.cents[g, i])])
    if hidden:
        sheet.row_dimensions[titles + 5].hidden = True
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def assert_equal_to_the_cent(world: World, name: str, content: bytes) -> None:
    assembly = assemble([read_table(name, content)])
    assert assembly.questions == ()
    raw = assembly.table
    assert isinstance(raw, RawTable), assembly.findings
    guessed = guess_mapping(raw)
    told = replace(world.mapping, currency=guessed.currency)
    assert (guessed.date, guessed.market, guessed.kpi) == (told.date, told.market, told.kpi)
    assert (guessed.channels, guessed.controls) == (told.channels, told.controls)
    result = build_panel(raw, told)
    assert result.questions == ()
    panel = result.panel
    assert panel is not None, result.findings
    assert panel.periods.astype(object).tolist() == list(world.days)
    assert panel.labels.markets == world.markets
    cents = world.cents
    assert (panel.kpi == cents[:, :, 0] / 100).all()
    assert (panel.spend == cents[:, :, 1:-1] / 100).all()
    assert (panel.controls == cents[:, :, -1:] / 100).all()
    assert panel.observed.all()


def assert_inspected(world: World, name: str, content: bytes) -> None:
    found = inspect_files([(name, content)])
    assert found.verdict in (Verdict.ACCEPT, Verdict.REPAIR), (found.questions, found.remarks)
    sums = world.cents.sum(axis=(0, 1))
    totals = {column: round(found.totals[column] * 100) for column in world.columns}
    assert totals == dict(zip(world.columns, sums.tolist(), strict=True))


@pytest.mark.parametrize("day", sorted(DAYS))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), style=styles)
def test_text_in_any_mixture_of_dialects_is_read_back(day, world, style):
    content = written(world, replace(style, day=day))
    assert_equal_to_the_cent(world, "a.csv", content)
    assert_inspected(world, "a.csv", content)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds(), titles=st.integers(0, 3), hidden=st.booleans(), second=st.booleans())
def test_a_workbook_is_read_back(world, titles, hidden, second):
    content = as_workbook(world, titles, hidden, second)
    assert_equal_to_the_cent(world, "a.xlsx", content)
    assert_inspected(world, "a.xlsx", content)
