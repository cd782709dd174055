from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.folds import rolling_folds
from mmm.data.simulate import WorldSettings, five_channel_world, simulate
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.resampling import blocks
from mmm.models.ridge import RidgeModel, fit_ridge
from mmm.models.tuning import Baseline, Forecasts, Pull, Workbench, best_choice, near_choices, nonnegative
from tests.models.worlds import fitted, small_world


class TestRidge:
    def test_effects_are_never_negative(self) -> None:
        panel = small_world()
        upside_down = replace(panel, kpi=2 * panel.kpi.mean() - panel.kpi)  # advertising seems to destroy sales
        model = fit_ridge(upside_down, FitSettings(n_draws=30))
        assert model.parameters.effect.min() >= 0.0

    def test_has_no_pairwise_terms(self) -> None:
        model = fitted("ridge", "plain")
        assert isinstance(model, RidgeModel)
        terms = model.media_terms(small_world().inputs())
        assert terms is not None
        assert terms.pairs == {}

    def test_finds_what_a_quiet_world_is_made_of(self) -> None:
        world = simulate(WorldSettings(n_periods=156, noise=0.005, synergy=(0.0, 0.0)), seed=5)
        panel = world.panel
        model = fit_ridge(panel, FitSettings(seed=1))
        inputs = panel.inputs()
        on = model.expected(inputs).mean(axis=0)
        found = np.array([(on - model.expected(inputs.scaled(c, 0.0)).mean(axis=0)).sum() for c in range(5)])
        truth = world.truth.contributions(panel.spend).sum(axis=(0, 1))
        assert np.abs(found - truth).mean() / truth.sum() < 0.05

    def test_needs_some_history(self) -> None:
        panel = small_world(12)
        observed = panel.observed.copy()
        observed[:, 5:] = False
        with pytest.raises(ModelError, match="at least 8 observed periods"):
            fit_ridge(replace(panel, observed=observed), FitSettings())

    def test_tells_how_far_it_is_and_can_be_stopped(self) -> None:
        heard: list[float] = []
        fit_ridge(small_world(40), FitSettings(n_draws=10), lambda share, _: heard.append(share))
        assert heard == sorted(heard)
        assert heard[-1] == 1.0

        class StopError(Exception):
            pass

        def stop(share: float, _: str) -> None:
            if share > 0.5:
                raise StopError

        with pytest.raises(StopError):
            fit_ridge(small_world(40), FitSettings(n_draws=10), stop)


class TestTuning:
    def test_search_never_ends_worse_than_it_began(self) -> None:
        bench = Workbench(five_channel_world(2).panel)
        forecasts = Forecasts(bench, rolling_folds(104, 4))
        best = best_choice(forecasts, bench.start, 3, np.random.default_rng(0))
        assert forecasts.badness(best) <= forecasts.badness(bench.start)

    def test_the_walk_stays_where_forecasts_are_good(self) -> None:
        bench = Workbench(five_channel_world(2).panel)
        forecasts = Forecasts(bench, rolling_folds(104, 4))
        best = best_choice(forecasts, bench.start, 3, np.random.default_rng(0))
        near = near_choices(forecasts, best, 60, 5, np.random.default_rng(1))
        above = np.array([forecasts.badness(choice) for choice in near]) - forecasts.badness(best)
        assert len(set(near)) > 20
        assert np.median(above) < 12  # a random walk in a dozen coordinates sits about one unit per coordinate higher

    def test_ridge_is_the_minimum_it_says(self) -> None:
        rng = np.random.default_rng(0)
        columns, media, kpi = rng.normal(size=(40, 4)), rng.uniform(size=(40, 2)), rng.normal(size=40)
        kpi = kpi + media @ [2.0, 3.0]
        ridge, penalty, centre = 0.3, np.array([0.5, 2.0]), np.array([0.1, 0.2])
        found = Baseline(columns, ridge)
        effect = nonnegative(*found.profiled(media, kpi), Pull(penalty, np.zeros(2), centre))
        b = found.coefficients(kpi - media @ effect)

        def cost(effect: np.ndarray, b: np.ndarray) -> float:
            error = kpi - columns @ b - media @ effect
            return float(error @ error + ridge * b @ b + penalty @ (effect - centre) ** 2)

        least = cost(effect, b)
        for _ in range(200):
            step = rng.normal(0, 0.05, 6)
            assert cost(np.maximum(effect + step[:2], 0), b + step[2:]) >= least - 1e-9


class TestBlocks:
    def test_are_runs_of_periods(self) -> None:
        index = blocks(100, np.random.default_rng(0), share=0.1)
        assert index.shape == (100,)
        runs = index.reshape(10, 10)
        assert ((np.diff(runs, axis=1) - 1) % 100 == 0).all()

    def test_draw_every_period_equally_often(self) -> None:
        rng = np.random.default_rng(0)
        counts = np.sum([np.bincount(blocks(30, rng), minlength=30) for _ in range(2000)], axis=0)
        assert np.abs(counts / 2000 - 1).max() < 0.15
