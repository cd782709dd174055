from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmm.models.base import FitSettings
from mmm.models.lasso import LassoWorkbench, fit_lasso
from mmm.models.tuning import Baseline, nonnegative
from tests.models.worlds import small_world


class TestLasso:
    def test_drops_channels_that_explain_nothing(self) -> None:
        panel = small_world()
        upside_down = replace(panel, kpi=2 * panel.kpi.mean() - panel.kpi)  # advertising seems to destroy sales
        model = fit_lasso(upside_down, FitSettings(n_draws=10))
        assert model.diagnostics["dropped"]
        assert set(model.diagnostics["dropped"]) <= set(panel.labels.channels)

    def test_effects_are_never_negative(self) -> None:
        panel = small_world()
        model = fit_lasso(replace(panel, kpi=2 * panel.kpi.mean() - panel.kpi), FitSettings(n_draws=10))
        assert model.parameters.effect.min() >= 0.0

    def test_effect_is_the_minimum_it_says(self) -> None:
        bench = LassoWorkbench(small_world())
        choice = replace(bench.start, reach=0)
        pull = bench.pull(choice)
        kpi = bench.kpi[bench.observed]
        columns, media = bench.columns[bench.observed], bench.saturated(choice, bench.observed)
        gram, moment = Baseline(columns, 0.03**2).profiled(media, kpi)
        effect = nonnegative(gram, moment, pull)

        def cost(effect: np.ndarray) -> float:
            return float(effect @ gram @ effect - 2 * moment @ effect + 2 * pull.linear @ effect)

        rng = np.random.default_rng(0)
        for size in (1e-4, 1e-2):
            for _ in range(50):
                assert cost(np.maximum(effect + rng.normal(0, size, 3), 0)) >= cost(effect) - 1e-9

    def test_a_drawn_pull_differs_in_strength_alone(self) -> None:
        bench = LassoWorkbench(small_world())
        fixed, drawn = bench.pull(bench.start), bench.pull(bench.start, np.random.default_rng(0))
        assert (drawn.linear > 0).all()
        assert not np.allclose(drawn.linear, fixed.linear)
        np.testing.assert_array_equal(drawn.centre, fixed.centre)
