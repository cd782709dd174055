from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.loglinear import LogLinearModel, fit_loglinear
from tests.models.worlds import fitted, panel_of, small_world


class TestLogLinear:
    @pytest.mark.parametrize("lowest", [0.0, -3.0])
    def test_refuses_a_kpi_that_is_not_above_zero(self, lowest: float) -> None:
        panel = small_world(40)
        kpi = panel.kpi.copy()
        kpi[0, 7] = lowest
        with pytest.raises(ModelError, match=rf"above zero in every period, and it falls to {lowest:g}"):
            fit_loglinear(replace(panel, kpi=kpi), FitSettings())

    def test_does_not_mind_a_zero_where_nothing_was_observed(self) -> None:
        panel = small_world(40)
        kpi, observed = panel.kpi.copy(), panel.observed.copy()
        kpi[0, 7], observed[0, 7] = 0.0, False
        model = fit_loglinear(replace(panel, kpi=kpi, observed=observed), FitSettings(n_draws=4))
        assert np.isfinite(model.expected(panel.inputs())).all()

    def test_channels_multiply(self) -> None:
        model, inputs = fitted("loglinear", "plain"), panel_of("plain").inputs()
        without = [model.expected(inputs.scaled(channel, 0.0)) for channel in (0, 1)]
        neither = model.expected(inputs.scaled(0, 0.0).scaled(1, 0.0))
        np.testing.assert_allclose(neither * model.expected(inputs), without[0] * without[1], rtol=1e-9)

    def test_expects_the_mean_of_the_kpi_and_not_its_median(self) -> None:
        panel = small_world(104)
        noise = np.random.default_rng(0).normal(0, 0.4, panel.kpi.shape)  # the mean is 8 % above the median
        model = fit_loglinear(replace(panel, kpi=1000.0 * np.exp(noise)), FitSettings(n_draws=20))
        expected = model.expected(panel.inputs()).mean()
        assert abs(expected / (1000.0 * np.exp(noise).mean()) - 1) < 0.03

    def test_noise_is_on_the_scale_of_the_kpi(self) -> None:
        model, panel = fitted("loglinear", "plain"), panel_of("plain")
        left = (panel.kpi - model.expected(panel.inputs()).mean(axis=0))[panel.observed].std()
        assert 0.8 * left < model.noise_sd.mean() < 2 * left

    def test_has_no_terms_that_add_up(self) -> None:
        model = fitted("loglinear", "plain")
        assert isinstance(model, LogLinearModel)
        assert model.media_terms(panel_of("plain").inputs()) is None

    def test_absurd_spend_gives_a_finite_answer(self) -> None:
        model, inputs = fitted("loglinear", "plain"), panel_of("plain").inputs()
        assert np.isfinite(model.expected(inputs.with_spend(inputs.spend * 1e9))).all()
