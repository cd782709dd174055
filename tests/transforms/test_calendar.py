from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.data.inputs import Frequency
from mmm.transforms.calendar import holiday_days, holiday_features, weekday_dummies, yearly_fourier, years_since

days = st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31)).map(lambda date: np.datetime64(date, "D"))


def weeks(first: str, n: int) -> np.ndarray:
    return np.datetime64(first, "D") + 7 * np.arange(n)


class TestSeason:
    @given(days, st.integers(1, 4))
    def test_waves_lie_on_the_unit_circle(self, first: np.datetime64, harmonics: int) -> None:
        waves = yearly_fourier(first + 7 * np.arange(60), harmonics)
        assert waves.shape == (60, 2 * harmonics)
        np.testing.assert_allclose(waves[:, ::2] ** 2 + waves[:, 1::2] ** 2, 1.0)

    @given(days)
    def test_returns_after_four_years(self, first: np.datetime64) -> None:
        now, then = yearly_fourier(np.array([first]), 3), yearly_fourier(np.array([first + 1461]), 3)
        np.testing.assert_allclose(now, then, atol=2e-3 * 3 * 2 * np.pi)

    @given(days, days)
    def test_depends_on_the_date_alone(self, one: np.datetime64, other: np.datetime64) -> None:
        together = yearly_fourier(np.array([one, other]), 2)
        np.testing.assert_array_equal(together[1:], yearly_fourier(np.array([other]), 2))

    def test_no_harmonics_are_no_columns(self) -> None:
        assert yearly_fourier(weeks("2024-01-01", 5), 0).shape == (5, 0)

    @given(days)
    def test_years_are_counted_from_the_origin(self, origin: np.datetime64) -> None:
        counted = years_since(np.array([origin, origin + 3652]), origin)
        np.testing.assert_allclose(counted, [0.0, 10.0], atol=0.01)


class TestWeekday:
    @given(days)
    def test_columns_are_monday_to_saturday(self, day: np.datetime64) -> None:
        columns = weekday_dummies(np.array([day]), Frequency.DAY)[0]
        weekday = day.astype(object).weekday()
        assert columns.tolist() == [1.0 if k == weekday else 0.0 for k in range(6)]

    @pytest.mark.parametrize("frequency", [Frequency.WEEK, Frequency.MONTH])
    def test_is_nothing_for_longer_periods(self, frequency: Frequency) -> None:
        assert weekday_dummies(weeks("2024-01-01", 4), frequency).shape == (4, 0)


class TestHolidays:
    def test_fall_into_the_period_that_holds_them(self) -> None:
        periods = weeks("2023-01-02", 104)
        columns, names = holiday_features(periods, Frequency.WEEK, "DE")
        christmas = columns[:, names.index("Christmas Day")]
        assert np.flatnonzero(christmas).tolist() == [51, 103]
        assert periods[51] <= np.datetime64("2023-12-25") < periods[52]

    @pytest.mark.parametrize("language", ["de_DE", "fr_FR", "en_US"])
    def test_keep_their_names_whatever_the_machine_speaks(self, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LANGUAGE", language)
        assert "Christmas Day" in holiday_days.__wrapped__("DE", 2023, 2023)

    def test_are_a_share_of_their_length(self) -> None:
        columns, names = holiday_features(weeks("2023-01-02", 104), Frequency.WEEK, "DE")
        before = columns[:, names.index("Weeks before Christmas")]
        np.testing.assert_allclose(before.sum(), 2.0)  # once a year
        assert before.max() <= 1.0

    def test_daily_and_weekly_agree_on_how_much_there_is(self) -> None:
        by_week, names = holiday_features(weeks("2023-01-02", 52), Frequency.WEEK, "US")
        by_day, _ = holiday_features(np.datetime64("2023-01-02") + np.arange(52 * 7), Frequency.DAY, "US", names)
        np.testing.assert_allclose(by_day.reshape(52, 7, -1).sum(axis=1), by_week)

    def test_of_the_future_have_the_columns_of_the_past(self) -> None:
        _, names = holiday_features(weeks("2023-01-02", 104), Frequency.WEEK, "US")
        ahead, again = holiday_features(weeks("2024-12-30", 12), Frequency.WEEK, "US", names)
        assert again == names
        assert ahead.shape == (12, len(names))

    def test_are_none_without_a_country(self) -> None:
        columns, names = holiday_features(weeks("2023-01-02", 10), Frequency.WEEK, None)
        assert columns.shape == (10, 0)
        assert names == ()

    def test_of_a_country_nobody_lists_are_the_retail_peaks(self) -> None:
        assert set(holiday_days("XX", 2023, 2023)) == {
            "Black Friday weekend", "Weeks before Christmas", "Week after Christmas",
        }  # fmt: skip

    @given(st.integers(2000, 2040))
    def test_black_friday_follows_the_fourth_thursday_of_november(self, year: int) -> None:
        friday = holiday_days("XX", year, year)["Black Friday weekend"][0]
        assert friday.weekday() == 4
        assert dt.date(year, 11, 23) <= friday <= dt.date(year, 11, 29)
