from __future__ import annotations

import numpy as np

from mmm.data.simulate import five_channel_world
from mmm.models.base import FitSettings
from mmm.models.linear import fit_linear
from mmm.validation.folds import rolling_origin


class TestRollingOrigin:
    def test_forecasts_each_fold_from_what_came_before(self) -> None:
        panel, heard = five_channel_world(3).panel, []
        found = rolling_origin(
            panel,
            fit_linear,
            FitSettings(n_draws=20),
            n_folds=3,
            horizon=10,
            progress=lambda share, _: heard.append(share),
        )
        assert [len(forecast.periods) for forecast in found.forecasts] == [10, 10, 10]
        for fold, forecast in zip(found.folds, found.forecasts, strict=True):
            np.testing.assert_array_equal(forecast.periods, panel.periods[fold.test])
            alone = fit_linear(panel.take(fold.train), FitSettings(n_draws=20)).expected(panel.inputs(), fold.test)
            np.testing.assert_allclose(forecast.predicted.mean, alone.mean(axis=0))
        assert heard == sorted(heard)
        assert heard[-1] == 1.0

    def test_of_the_yardstick_against_itself_is_a_draw(self) -> None:
        found = rolling_origin(five_channel_world(3).panel, fit_linear, FitSettings(n_draws=20), n_folds=2)
        assert np.isclose(found.rmse, found.yardstick_rmse)
