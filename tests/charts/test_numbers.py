"""Numbers read the same everywhere, and no input whatever shows a machine's word for nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.charts import numbers
from mmm.charts.numbers import MINUS, THIN, UNKNOWN
from mmm.effects.estimate import Units

anything = st.one_of(st.none(), st.floats(), st.integers(-(10**15), 10**15))
known = st.floats(-1e14, 1e14)
FORMATS: list[Callable[[float | None], str]] = [
    lambda v: numbers.money(v, "EUR"),
    lambda v: numbers.signed_money(v, "EUR"),
    lambda v: numbers.count(v, "conversions"),
    numbers.signed_count,
    numbers.percent,
    numbers.signed_percent,
    numbers.probability,
    numbers.ratio,
    numbers.days,
]


def spaced(text: str) -> str:
    """Thin spaces as plain ones, to compare with what is typed here."""
    return text.replace(THIN, " ")


@given(anything)
def test_no_number_reads_as_a_machines_word(value: float | None) -> None:
    for write in FORMATS:
        text = write(value)
        assert text
        assert not re.search(r"nan|none|inf|e[+-]\d", text, re.IGNORECASE)
        assert "-" not in text
        assert not re.search(r"\d 0\d|0\.000", text)


@given(anything, anything)
def test_intervals_never_read_as_a_machines_word(lo: float | None, hi: float | None) -> None:
    for text in (
        numbers.interval(lo, hi, "EUR"),
        numbers.count_interval(lo, hi, "visits"),
        numbers.ratio_interval(lo, hi),
        numbers.between(lo, hi, Units()),
        numbers.days_interval(lo, hi),
    ):
        assert text
        assert not re.search(r"nan|none|inf(?!o)|e[+-]\d|-", text, re.IGNORECASE)


@given(known)
def test_money_keeps_three_significant_figures(value: float) -> None:
    text = numbers.money(value, "EUR")
    if text.startswith("under") or text.endswith("at most"):
        assert abs(value) < 0.005
        return
    found = re.fullmatch(rf"({MINUS}?)€([\d.]+)(?:{THIN}(k|m|bn|tn))?", text)
    assert found is not None
    scale = {None: 1.0, "k": 1e3, "m": 1e6, "bn": 1e9, "tn": 1e12}[found[3]]
    read = float(found[2]) * scale * (-1 if found[1] else 1)
    assert math.isclose(read, value, rel_tol=0.0051, abs_tol=0.00501)


@given(known)
def test_a_difference_is_the_amount_with_its_sign(value: float) -> None:
    text = numbers.signed_money(value, "EUR").removeprefix("+")
    assert text == numbers.money(value, "EUR")
    assert numbers.signed_money(value, "EUR").startswith(("+", "under")) == (value > 0)


@given(known, known)
def test_an_interval_does_not_mind_which_end_comes_first(a: float, b: float) -> None:
    assert numbers.interval(a, b, "EUR") == numbers.interval(b, a, "EUR")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_234_567, "€1.23 m"),
        (845_000, "€845 k"),
        (999_999, "€1.00 m"),
        (999.6, "€1.00 k"),
        (845, "€845"),
        (84.5, "€84.50"),
        (50, "€50"),
        (0.617, "€0.62"),
        (0, "€0"),
        (-0.0, "€0"),
        (-3.1, "−€3.10"),
        (0.001, "under €0.01"),
        (None, UNKNOWN),
        (float("inf"), UNKNOWN),
    ],
)
def test_money_reads_like_this(value: float | None, text: str) -> None:
    assert spaced(numbers.money(value, "EUR")) == text


def test_currencies_without_a_sign_of_their_own_show_their_code() -> None:
    assert spaced(numbers.money(1200, "SEK")) == "SEK 1.20 k"
    assert spaced(numbers.money(-1200, "USD")) == "−$1.20 k"
    assert spaced(numbers.money(12, "")) == "12"


@pytest.mark.parametrize(
    ("lo", "hi", "text"),
    [
        (0.9e6, 1.6e6, "€0.9–1.6 m"),
        (-1e5, 3e5, "−€100 to +€300 k"),
        (-1.6e6, -0.9e6, "−€1.6 to −€0.9 m"),
        (1.23e6, 1.25e6, "€1.23–1.25 m"),
        (4e4, 1.6e6, "€0–1.6 m"),
        (0, 0, "€0"),
        (12.3, 45.6, "€12–46"),
        (0.5, 0.8, "€0.50–0.80"),
        (999.9, 1234, "€1.00–1.23 k"),
        (1e6, 1e6, "€1.00 m"),
        (None, 3, UNKNOWN),
        (float("nan"), 3, UNKNOWN),
    ],
)
def test_an_interval_reads_like_this(lo: float | None, hi: float | None, text: str) -> None:
    assert spaced(numbers.interval(lo, hi, "EUR")) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.4, "2.4×"), (0.617, "0.62×"), (1.04, "1.04×"), (12.3, "12×"), (0, "0×"), (-0.3, "−0.30×"), (None, UNKNOWN)],
)
def test_a_return_reads_like_this(value: float | None, text: str) -> None:
    assert numbers.ratio(value) == text
    assert numbers.ratio_interval(1.9, 3.1) == "1.9–3.1×"


def test_shares_and_chances_read_like_this() -> None:
    assert [spaced(numbers.percent(v)) for v in (0.032, 0.5, 1, 0.0001, -0.12)] == [
        "3.2 %",
        "50 %",
        "100 %",
        "under 0.1 %",
        "−12 %",
    ]
    assert [spaced(numbers.probability(v)) for v in (0.813, 1.0, 0.0)] == ["81 %", "over 99 %", "under 1 %"]
    assert spaced(numbers.signed_percent(0.04)) == "+4 %"


def test_spans_read_in_the_unit_people_would_say() -> None:
    assert [spaced(numbers.days(v)) for v in (1, 9, 22.4, 75, 500, 5000)] == [
        "1 day",
        "9 days",
        "3.2 weeks",
        "11 weeks",
        "16 months",
        "14 years",
    ]
    assert spaced(numbers.days_interval(2, 14.6)) == "2–15 days"
    assert spaced(numbers.days_interval(7, 28)) == "1–4 weeks"
    assert spaced(numbers.days_interval(1, 1.2)) == "1 day"


def test_dates_read_as_day_and_month() -> None:
    assert numbers.short_date(date(2025, 3, 3)) == "3 Mar"
    assert numbers.long_date(np.datetime64("2025-03-03")) == "3 Mar 2025"
    assert numbers.short_date(np.datetime64("NaT")) == UNKNOWN


def test_amounts_are_money_only_where_a_unit_has_a_value() -> None:
    visits = Units(kpi="visits", currency="EUR", has_value=False)
    assert spaced(numbers.amount(12_400, Units())) == "€12.4 k"
    assert spaced(numbers.amount(12_400, visits)) == "12.4 k visits"
    assert spaced(numbers.signed_amount(12_400, visits)) == "+12.4 k visits"
    assert spaced(numbers.amount_interval(9_100, 12_400, visits)) == "9–12 k visits"
    assert spaced(numbers.between(-1e5, 3e5, Units())) == "between −€100 k and +€300 k"
