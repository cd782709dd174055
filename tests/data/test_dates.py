from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.data.dates import detect_frequency, looks_like_date, parse_date, parse_dates, period_range, period_starts
from mmm.data.inputs import Frequency


def days(*cells: str) -> np.ndarray:
    return np.array(cells, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-03-04", date(2024, 3, 4)),
        ("2024/3/4", date(2024, 3, 4)),
        ("20240304", date(2024, 3, 4)),
        ("2024-03-04 00:00:00", date(2024, 3, 4)),
        ("2024-03-04T00:00:00Z", date(2024, 3, 4)),
        ("31.12.2024", date(2024, 12, 31)),
        ("45355", date(2024, 3, 4)),
        ("45355.0", date(2024, 3, 4)),
        ("2024-03", date(2024, 3, 1)),
        ("03/2024", date(2024, 3, 1)),
        ("Mar 2024", date(2024, 3, 1)),
        ("March-24", date(2024, 3, 1)),
        ("Mär 2024", date(2024, 3, 1)),
        ("2024-W36", date(2024, 9, 2)),
        ("KW 36/2024", date(2024, 9, 2)),
        ("4 Mar 2024", date(2024, 3, 4)),
        ("Mar 4, 2024", date(2024, 3, 4)),
        ("Mon, 4 March 2024", date(2024, 3, 4)),
    ],
)
def test_a_date_is_read_as_people_write_it(text, value):
    assert parse_date(text) == value


@pytest.mark.parametrize(
    "text", ["2024-02-30", "31.13.2024", "2024-W54", "soon", "2024", "12", "1234.5", "Smarch 2024"]
)
def test_what_is_no_date_is_not_made_one(text):
    assert parse_date(text) is None
    assert not looks_like_date(text)


def test_slashes_need_an_order():
    assert parse_date("03/04/2024") is None
    assert parse_date("03/04/2024", "dmy") == date(2024, 4, 3)
    assert parse_date("03/04/2024", "mdy") == date(2024, 3, 4)


def test_one_date_that_reads_one_way_settles_the_column():
    read = parse_dates(pd.Series(["01/02/2024", "13/02/2024"], dtype="str"))
    assert read.order == "dmy"
    assert read.values.tolist() == [date(2024, 2, 1), date(2024, 2, 13)]


def test_dates_valid_both_ways_are_ambiguous_until_told():
    cells = pd.Series(["01/02/2024", "05/06/2024"], dtype="str")
    assert parse_dates(cells).ambiguous
    assert parse_dates(cells, "mdy").values.tolist() == [date(2024, 1, 2), date(2024, 5, 6)]


def test_a_column_that_mixes_orders_says_so_and_marks_the_minority():
    read = parse_dates(pd.Series(["13/01/2024", "20/01/2024", "01/27/2024"], dtype="str"))
    assert read.conflict
    assert read.bad.tolist() == [False, False, True]


@settings(deadline=None)
@given(st.dates(date(1970, 1, 1), date(2068, 12, 31)))
def test_every_format_of_a_day_reads_back(day):
    for text in (day.isoformat(), f"{day:%Y%m%d}", f"{day:%d.%m.%Y}", f"{day:%d %b %Y}", f"{day:%B %d, %Y}"):
        assert parse_date(text) == day
    assert parse_date(f"{day:%d/%m/%Y}", "dmy") == day
    assert parse_date(f"{day:%m/%d/%y}", "mdy") == day
    year, week, weekday = day.isocalendar()
    assert parse_date(f"{year}-W{week:02d}-{weekday}") == day


@settings(deadline=None)
@given(st.text(max_size=20))
def test_no_text_breaks_the_date_reader(text):
    parse_date(text)
    parse_dates(pd.Series([text, "2024-01-01"], dtype="str"))


@pytest.mark.parametrize("frequency", list(Frequency))
def test_spacing_tells_the_frequency_in_spite_of_holes(frequency):
    periods = period_range(np.datetime64("2022-01-03"), np.datetime64("2024-06-03"), frequency)
    assert detect_frequency(np.delete(periods, [4, 9, 10])) is frequency


def test_fortnights_are_no_frequency():
    assert detect_frequency(period_range(*days("2024-01-01", "2024-12-30"), Frequency.WEEK)[::2]) is None


def test_a_week_dated_a_day_off_stays_that_week():
    given_days = days("2024-01-01", "2024-01-09", "2024-01-14", "2024-01-22")
    assert (
        period_starts(given_days, Frequency.WEEK).tolist()
        == days("2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22").tolist()
    )


def test_months_start_on_their_first_day():
    assert (
        period_starts(days("2024-01-31", "2024-02-29"), Frequency.MONTH).tolist()
        == days("2024-01-01", "2024-02-01").tolist()
    )
