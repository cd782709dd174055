"""Forecast errors, the hold-out, and the health card."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.simulate import five_channel_world
from mmm.effects.roi import roi
from mmm.errors import DataError
from mmm.models.base import FitSettings
from mmm.models.linear import fit_linear
from mmm.models.ridge import fit_ridge
from mmm.validation.health import check_health
from mmm.validation.holdout import fitted_periods, hold_out, hold_out_periods
from mmm.validation.metrics import metrics

SETTINGS = FitSettings(seed=0, n_draws=50)


@pytest.fixture(scope="module")
def parts():
    panel = five_channel_world(3).panel
    model = fit_ridge(panel, SETTINGS)
    return panel, model, hold_out(panel, fit_ridge, SETTINGS), fitted_periods(model, panel)


class TestMetrics:
    def test_are_those_of_the_textbook(self):
        found = metrics(np.array([1.0, 2.0, 4.0]), np.array([2.0, 2.0, 2.0]))
        assert found.rmse == pytest.approx(np.sqrt(5 / 3))
        assert found.mae == pytest.approx(1.0)
        assert found.mape == pytest.approx((1 + 0 + 0.5) / 3)
        assert found.r2 == pytest.approx(1 - 5 / (14 / 3))

    def test_leave_out_what_was_not_observed(self):
        assert metrics(np.array([1.0, np.nan]), np.array([1.0, 99.0])).rmse == 0.0

    def test_need_something_observed(self):
        with pytest.raises(DataError, match="observed"):
            metrics(np.array([np.nan]), np.array([1.0]))

    def test_have_no_share_of_a_zero(self):
        assert metrics(np.array([0.0, 1.0]), np.array([1.0, 1.0])).mape is None


class TestHoldOut:
    @pytest.mark.parametrize(("n", "kept"), [(104, 20), (156, 24), (40, 8), (3, 1)])
    def test_is_the_smaller_of_24_periods_and_a_fifth(self, n, kept):
        assert hold_out_periods(n) == kept

    def test_never_sees_the_kpi_it_forecasts(self):
        panel = five_channel_world(3).panel
        kpi = panel.kpi.copy()
        kpi[:, -20:] *= 5
        here, there = (hold_out(p, fit_linear, SETTINGS) for p in (panel, replace(panel, kpi=kpi)))
        np.testing.assert_array_equal(here.predicted.mean, there.predicted.mean)

    def test_is_refused_where_too_little_would_be_left(self):
        with pytest.raises(DataError, match="at least 16"):
            hold_out(five_channel_world(3).panel, fit_linear, SETTINGS, 100)


class TestHealth:
    def test_every_check_says_what_it_found(self, parts):
        panel, model, held, fitted = parts
        found = check_health(model, panel, roi(model, panel), held, fitted)
        assert {check.code for check in found.checks} >= {
            "hold_out",
            "coverage",
            "media_share",
            "baseline",
            "residuals",
        }
        assert all(check.finding for check in found.checks)
        assert all(check.remedy for check in found.checks if check.status != "pass")

    def test_a_forecast_far_worse_than_the_yardstick_fails(self, parts):
        panel, model, held, fitted = parts
        bad = replace(held, model=replace(held.model, rmse=3 * held.yardstick.rmse))
        found = check_health(model, panel, roi(model, panel), bad, fitted)
        assert found.status == "fail"
        assert next(c for c in found.checks if c.code == "hold_out").status == "fail"

    def test_intervals_that_miss_most_periods_fail(self, parts):
        panel, model, held, fitted = parts
        found = check_health(model, panel, roi(model, panel), replace(held, coverage=0.2), fitted)
        assert next(c for c in found.checks if c.code == "coverage").status == "fail"

    def test_channels_that_move_in_step_are_named(self, parts):
        panel, model, held, fitted = parts
        spend = panel.spend.copy()
        spend[:, :, 1] = 2 * spend[:, :, 0]
        found = check_health(model, replace(panel, spend=spend), roi(model, panel), held, fitted)
        check = next(c for c in found.checks if c.code == "distinct")
        assert check.status == "warn"
        assert "search and social" in check.finding
