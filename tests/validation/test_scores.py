"""Scores of forecasts with uncertainty, against the closed forms they stand for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import norm

from mmm.errors import DataError
from mmm.validation.scores import Forecast, crps_of, mixed, score, seasonal_naive
from tests.fakes import a_panel


def forecast(actual, *, mean=100.0, sd=10.0, draws=4000, naive=90.0) -> Forecast:
    actual = np.asarray(actual, dtype=np.float64)[None, :]
    expected = np.full((draws, *actual.shape), mean)
    return Forecast(actual, expected, np.full((draws, 1), sd), np.full(actual.shape, naive))


class TestScores:
    def test_crps_of_a_normal_sample_is_that_of_the_normal(self):
        found = score([forecast([103.0])]).crps
        z = 0.3
        truth = 10.0 * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
        assert found == pytest.approx(truth, rel=0.05)

    def test_crps_without_spread_is_the_absolute_error(self):
        assert crps_of(np.full((5, 1), 7.0), np.array([4.0]))[0] == pytest.approx(3.0)

    def test_crps_does_not_depend_on_the_number_of_draws_on_average(self):
        rng = np.random.default_rng(0)
        few = crps_of(rng.normal(size=(5, 20000)), np.zeros(20000)).mean()
        assert few == pytest.approx(2 * norm.pdf(0) - 1 / np.sqrt(np.pi), abs=0.01)

    def test_the_error_is_measured_in_that_of_the_same_period_a_year_ago(self):
        assert score([forecast([105.0, 110.0])]).mase == pytest.approx(7.5 / 17.5)

    def test_pooled_scores_weigh_every_point_alike(self):
        found = score([forecast([101.0]), forecast([105.0, 105.0, 105.0])])
        assert (found.points, found.mae) == (4, pytest.approx(4.0))

    def test_what_was_not_observed_does_not_count(self):
        assert score([forecast([101.0, np.nan])]).points == 1
        with pytest.raises(DataError, match="observed"):
            score([forecast([np.nan])])

    def test_are_json_without_a_nan(self):
        found = score([forecast([0.0, 90.0], naive=np.nan)]).as_dict()
        assert json.loads(json.dumps(found, allow_nan=False))["mase"] is None

    def test_nine_of_ten_actuals_of_the_model_itself_lie_inside_its_interval(self):
        actual = np.random.default_rng(1).normal(100.0, 10.0, 2000)
        assert score([forecast(actual, draws=500)]).coverage == pytest.approx(0.9, abs=0.03)

    def test_the_log_density_is_that_of_the_mixture_over_draws(self):
        expected = np.array([90.0, 110.0])[:, None, None]
        found = Forecast(np.array([[95.0]]), expected, np.full((2, 1), 5.0), np.zeros((1, 1))).log_density
        truth = np.log(np.mean(norm.pdf(95.0, [90.0, 110.0], 5.0)))
        assert found[0, 0] == pytest.approx(truth)


class TestSeasonalNaive:
    def test_is_the_same_week_a_year_earlier(self):
        panel = a_panel(n=104)
        np.testing.assert_array_equal(seasonal_naive(panel, 80, slice(80, 104)), panel.kpi[:, 28:52])

    def test_is_the_last_level_where_history_is_short(self):
        panel = a_panel(n=40)
        np.testing.assert_allclose(seasonal_naive(panel, 30, slice(30, 32)), panel.kpi[:, 26:30].mean())

    def test_never_looks_past_the_cut(self):
        panel = a_panel(n=120)
        assert seasonal_naive(panel, 60, slice(118, 119))[0, 0] == panel.kpi[0, 118 - 104]


def test_a_mixture_takes_the_draws_it_was_told_to():
    parts = [forecast([1.0], mean=mean, draws=4) for mean in (10.0, 20.0)]
    found = mixed(parts, [np.array([0, 1, 2]), np.array([3])])
    np.testing.assert_array_equal(found.expected[:, 0, 0], [10.0, 10.0, 10.0, 20.0])
