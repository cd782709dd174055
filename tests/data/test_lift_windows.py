"""Where a lift test is replayed: weekly, daily and monthly data, and slices of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmm.data.inputs import Frequency, Labels
from mmm.data.lift import LiftTest, windows

CALENDARS = {
    Frequency.WEEK: np.datetime64("2024-01-01") + 7 * np.arange(30),
    Frequency.DAY: np.datetime64("2024-01-01") + np.arange(90),
    Frequency.MONTH: (np.datetime64("2023-01") + np.arange(24)).astype("datetime64[D]"),
}


def place(frequency: Frequency, periods: np.ndarray, start: np.datetime64, length: int) -> list[np.datetime64] | None:
    """First days of the periods in which a test is replayed; None where it is not."""
    labels = Labels(("national",), ("tv",), frequency=frequency)
    found = windows([LiftTest("tv", start, start + length - 1, 1.0, 1.0)], labels, periods)
    return list(periods[found[0].periods]) if found else None


cases = st.tuples(st.sampled_from(list(CALENDARS)), st.integers(-40, 260), st.integers(1, 120))


@given(cases)
def test_a_test_is_replayed_where_its_days_are(case):
    """All but half a period of the window at either end, and never a period of which less than half was tested."""
    frequency, offset, length = case
    periods = CALENDARS[frequency]
    start = periods[0] + offset
    found = place(frequency, periods, start, length)
    if found is None:
        return
    half = {Frequency.DAY: 0, Frequency.WEEK: 3, Frequency.MONTH: 16}[frequency]
    longest = {Frequency.DAY: 1, Frequency.WEEK: 7, Frequency.MONTH: 31}[frequency]
    assert abs((found[0] - start).astype(int)) <= half
    assert abs((found[-1] + longest - (start + length)).astype(int)) <= half + (frequency is Frequency.MONTH)


@given(cases, st.integers(0, 29), st.integers(1, 30))
def test_a_slice_replays_a_test_whole_or_not_at_all(case, first, count):
    frequency, offset, length = case
    periods = CALENDARS[frequency]
    start = periods[0] + offset
    whole, part = periods, periods[first : first + count]
    if not len(part):
        return
    seen = place(frequency, part, start, length)
    assert seen is None or seen == place(frequency, whole, start, length)


@given(cases)
def test_a_test_inside_the_data_is_replayed(case):
    frequency, offset, length = case
    periods = CALENDARS[frequency]
    start = periods[0] + offset
    longest = {Frequency.DAY: 1, Frequency.WEEK: 7, Frequency.MONTH: 31}[frequency]
    inside = start >= periods[0] and start + length <= periods[-1] + 28 % longest
    if inside and length >= longest:
        assert place(frequency, periods, start, length) is not None


def test_four_whole_weeks_are_four_weeks():
    periods = CALENDARS[Frequency.WEEK]
    assert place(Frequency.WEEK, periods, periods[5], 28) == list(periods[5:9])


def test_a_window_from_wednesday_to_wednesday_is_the_weeks_it_mostly_covers():
    periods = CALENDARS[Frequency.WEEK]
    assert place(Frequency.WEEK, periods, periods[5] + 2, 15) == list(periods[5:7])


def test_a_window_that_reaches_half_a_week_past_the_data_is_not_replayed():
    periods = CALENDARS[Frequency.WEEK][:10]
    assert place(Frequency.WEEK, periods, periods[8], 14 + 4) is None
