"""A clean panel, written as people's tools write it, is read back equal to the cent."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.data.build import build_panel
from mmm.data.inputs import Frequency
from mmm.data.mapping import ChannelColumns, Mapping
from mmm.data.read import read_table

HEADER = ("Date", "Region", "Sales", "TV spend", "Radio spend")


def plain(cents: int) -> str:
    return f"{cents / 100:.2f}"


def english(cents: int) -> str:
    return f"{cents / 100:,.2f}"


def german(cents: int) -> str:
    return english(cents).translate(str.maketrans(",.", ".,"))


def french(cents: int) -> str:
    return english(cents).replace(",", "\u202f").replace(".", ",")


@dataclass(frozen=True)
class Style:
    """How one tool writes a table."""

    delimiter: str
    encoding: str
    number: Callable[[int], str]
    day: str
    end: str = "\n"
    order: str | None = None


STYLES = {
    "plain": Style(",", "utf-8", plain, "%Y-%m-%d"),
    "english": Style(",", "utf-8-sig", english, "%m/%d/%Y", "\r\n", "mdy"),
    "german": Style(";", "cp1252", lambda cents: german(cents) + " €", "%d.%m.%Y", "\r\n"),
    "french": Style(";", "utf-8", french, "%d/%m/%Y", order="dmy"),
    "excel": Style("\t", "utf-16", english, "%d-%b-%y"),
    "accounting": Style("|", "utf-8", lambda cents: f"$ {english(cents)}", "%Y%m%d"),
}


@dataclass(frozen=True)
class World:
    """Cents `[market, period, column]` for the KPI and two channels."""

    markets: tuple[str, ...]
    days: tuple[date, ...]
    frequency: Frequency
    cents: np.ndarray


@st.composite
def worlds(draw) -> World:
    frequency = draw(st.sampled_from(Frequency))
    n = draw(st.integers(24, 40))
    if frequency is Frequency.MONTH:
        days = tuple(date(2019 + i // 12, 1 + i % 12, 1) for i in range(n))
    else:
        first = date(2020, 1, 1) + timedelta(draw(st.integers(0, 400)))
        days = tuple(first + timedelta(int(frequency.days) * i) for i in range(n))
    markets = tuple(
        draw(st.lists(st.sampled_from(["Nord", "Süd", "Ost-West", "Total Wine"]), min_size=1, max_size=3, unique=True))
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cents = rng.integers(0, 10 ** draw(st.integers(4, 9)), (len(markets), n, 3))
    return World(markets, days, frequency, cents)


def records(world: World) -> list[tuple[date, str, np.ndarray]]:
    return [
        (day, market, world.cents[g, t]) for g, market in enumerate(world.markets) for t, day in enumerate(world.days)
    ]


def written(world: World, style: Style) -> bytes:
    def quoted(cell: str) -> str:
        return f'"{cell}"' if style.delimiter in cell else cell

    rows = [HEADER]
    for day, market, cents in records(world):
        rows.append((day.strftime(style.day), market, *(style.number(int(value)) for value in cents)))
    text = style.end.join(style.delimiter.join(quoted(cell) for cell in row) for row in rows)
    return text.encode(style.encoding)


def as_workbook(world: World) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for day, market, cents in records(world):
        book.active.append([day, market, *(int(value) / 100 for value in cents)])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def mapping(world: World) -> Mapping:
    return Mapping(
        date="Date",
        market="Region",
        kpi="Sales",
        channels={"TV": ChannelColumns("TV spend"), "Radio": ChannelColumns("Radio spend")},
        frequency=world.frequency,
    )


def assert_read_back(world: World, name: str, content: bytes, order: str | None) -> None:
    result = build_panel(read_table(name, content), replace(mapping(world), date_order=order))
    assert result.questions == ()
    panel = result.panel
    assert panel is not None, result.findings
    assert panel.labels.markets == world.markets
    assert panel.periods.astype(object).tolist() == list(world.days)
    assert (np.round(panel.kpi * 100).astype(np.int64) == world.cents[:, :, 0]).all()
    assert (np.round(panel.spend * 100).astype(np.int64) == world.cents[:, :, 1:]).all()
    assert (panel.spend == world.cents[:, :, 1:] / 100).all()
    assert panel.observed.all()


@pytest.mark.parametrize("style", list(STYLES))
@settings(max_examples=25, deadline=None)
@given(world=worlds())
def test_a_clean_panel_is_read_back_equal_to_the_cent(style, world):
    assert_read_back(world, "a.csv", written(world, STYLES[style]), STYLES[style].order)


@settings(max_examples=10, deadline=None)
@given(world=worlds())
def test_a_workbook_is_read_back_equal_to_the_cent(world):
    assert_read_back(world, "a.xlsx", as_workbook(world), None)
