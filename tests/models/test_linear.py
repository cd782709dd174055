from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.inputs import Future
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.linear import LAGS, LinearModel, fit_linear
from mmm.models.state import ModelState
from tests.models.worlds import small_world


def lagged_world() -> Panel:
    """KPI that is exactly a regression: 3 per euro of search now, 2 per euro of social two weeks ago."""
    panel = small_world(80)
    search, social = panel.spend[..., 0], panel.spend[..., 1]
    earlier = np.concatenate([np.repeat(social[:, :8].mean(axis=1, keepdims=True), 2, axis=1), social[:, :-2]], axis=1)
    return replace(panel, kpi=500_000 + 100.0 * np.arange(80) + 3 * search + 2 * earlier)


class TestYardstick:
    def test_finds_a_regression_where_there_is_one(self) -> None:
        panel = lagged_world()
        model = fit_linear(panel, FitSettings(n_draws=10))
        inputs = panel.inputs(Future(8))
        base = model.expected(inputs).mean(axis=0)
        np.testing.assert_allclose(base[:, :80], panel.kpi, rtol=1e-9)
        more = inputs.spend.copy()
        more[:, 40, 0] += 1000.0
        gain = model.expected(inputs.with_spend(more)).mean(axis=0) - base
        np.testing.assert_allclose(gain[0, 38:46], [0, 0, 3000, 0, 0, 0, 0, 0], atol=1e-2)
        more = inputs.spend.copy()
        more[:, 40, 1] += 1000.0
        gain = model.expected(inputs.with_spend(more)).mean(axis=0) - base
        np.testing.assert_allclose(gain[0, 38:46], [0, 0, 0, 0, 2000, 0, 0, 0], atol=1e-2)

    def test_remembers_three_periods_and_no_more(self) -> None:
        panel = small_world()
        model, inputs = fit_linear(panel, FitSettings(n_draws=10)), panel.inputs()
        gain = model.expected(inputs.scaled(0, 3.0, slice(20, 21))) - model.expected(inputs)
        felt = np.flatnonzero(np.abs(gain).max(axis=(0, 1)) > 0)
        assert felt.tolist() == list(range(20, 20 + LAGS + 1))

    @pytest.mark.parametrize("n_draws", [1, 2, 7, 100])
    def test_draws_average_to_the_regression(self, n_draws: int) -> None:
        panel = small_world()
        mean = fit_linear(panel, FitSettings(n_draws=n_draws)).expected(panel.inputs()).mean(axis=0)
        centre = fit_linear(panel, FitSettings(n_draws=1)).expected(panel.inputs())[0]
        np.testing.assert_allclose(mean, centre, rtol=1e-12)

    def test_answers_where_columns_cannot_be_told_apart(self) -> None:
        panel = small_world(24)
        same = panel.spend.copy()
        same[..., 1] = same[..., 0]
        model = fit_linear(replace(panel, spend=same), FitSettings(n_draws=10))
        assert model.diagnostics["rank"] < model.diagnostics["columns"]
        assert np.isfinite(model.expected(panel.inputs(Future(4)))).all()

    def test_does_not_plan(self) -> None:
        assert not LinearModel.supports_planning
        assert not LinearModel.monotone_in_media

    def test_answers_identically_when_stored(self) -> None:
        panel = small_world(48, ("north", "south"))
        model = fit_linear(panel, FitSettings(n_draws=10))
        again = LinearModel.from_state(ModelState.from_bytes(model.state().to_bytes()))
        np.testing.assert_array_equal(again.expected(panel.inputs()), model.expected(panel.inputs()))
        with pytest.raises(ModelError, match="ridge"):
            LinearModel.from_state(replace(model.state(), family="ridge"))
