"""Many markets pooled partially: the blocks are the dense posterior, and markets keep what is their own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.stats import multivariate_normal

from mmm.data.lift import LiftTest
from mmm.data.panel import Panel
from mmm.data.simulate import OFFLINE_MEDIA, SEARCH, World, WorldSettings, simulate
from mmm.data.variants import with_multiplier
from mmm.models.base import FitSettings
from mmm.models.form import Form
from mmm.models.hierarchical import HierarchicalModel, fit_hierarchical, market_effects
from mmm.models.market_posterior import MarketPosterior
from mmm.models.posterior import Posterior, Priors
from mmm.models.replay import replayed
from tests.models.worlds import fitted, small_world

MARKETS = ("north", "south", "west")
LOUD, QUIET = 2.0, 0.3  # what the effects of the first and the second market are multiplied by
WIDTH = np.array([0.2, 0.35])


def with_test(panel: Panel, market: str | None, lift: float, se: float) -> Panel:
    test = LiftTest(panel.labels.channels[0], panel.periods[20], panel.periods[23] + 6, lift, se, market)
    return replace(panel, lift_tests=(*panel.lift_tests, test))


def gappy() -> Panel:
    panel = small_world(40, MARKETS)
    observed = panel.observed.copy()
    observed[1, 5:9] = False
    return replace(panel, observed=observed)


def dense(posterior: MarketPosterior, theta: np.ndarray, width: float) -> float:
    """The same log density with every coefficient in one covariance over rows and tests."""
    natural = posterior.natural(theta[None])
    given = posterior._linear(natural)
    level = posterior.form.level(posterior._drive, natural, posterior.scaling.opening)
    full = posterior.form.saturated(level, natural)[0]
    residual, terms = given.block[:, 0, 0], given.block[:, 0, 1:]
    g, t, c = full.shape
    own = np.zeros((g, t, g * c))
    for m in range(g):
        own[m, :, m * c : (m + 1) * c] = full[m] * given.effect[0] * width
    rows = np.concatenate([posterior._columns, terms, own.reshape(g * t, -1)[posterior._rows]], axis=1)
    assert given.tests is not None
    seen = np.zeros((len(posterior._windows), rows.shape[1]))
    seen[:, rows.shape[1] - g * c - terms.shape[1] : rows.shape[1] - g * c] = given.tests[0, :, 1:]
    for k, (window, spent) in enumerate(zip(posterior._windows, posterior._spent, strict=True)):
        fewer = full[:, window.periods, window.channel] - posterior._without(level, window, spent, natural)[0]
        for m in window.markets:
            lift = fewer[m].sum() * posterior.scaling.kpi[m] * given.effect[0, window.channel] * width
            seen[k, rows.shape[1] - g * c + m * c + window.channel] = lift / window.test.se
    whole = np.concatenate([rows, seen])
    noise = np.concatenate([np.full(len(rows), natural.noise[0] ** 2), np.ones(len(seen))])
    residual = np.concatenate([residual, given.tests[0, :, 0]])
    return float(multivariate_normal(cov=whole @ whole.T + np.diag(noise)).logpdf(residual))


def test_the_blocks_by_market_are_the_dense_gaussian() -> None:
    panel = with_test(with_test(gappy(), "north", 9_000.0, 3_000.0), None, 40_000.0, 9_000.0)
    posterior = MarketPosterior(panel, Priors(), Form())
    theta = posterior.centre() + np.array([[0.0], [0.3]])
    natural = posterior.natural(theta)
    found = posterior._log_evidence(posterior._blocks(natural, WIDTH)[0], natural.noise)
    here, there = (dense(posterior, theta[i], WIDTH[i]) for i in range(2))
    np.testing.assert_allclose(found[1] - found[0], there - here, rtol=1e-8)


@cache
def uneven() -> World:
    settings = WorldSettings(channels=(SEARCH, OFFLINE_MEDIA), n_periods=60, markets=tuple("abcdef"), noise=0.02)
    multiplier = np.ones((6, 1, 2))
    multiplier[0], multiplier[1] = LOUD, QUIET
    return with_multiplier(simulate(settings, 7), multiplier)


@cache
def of_uneven() -> HierarchicalModel:
    return fit_hierarchical(uneven().panel, FitSettings(seed=1, n_draws=60))


class TestMarkets:
    def test_that_differ_are_told_apart(self) -> None:
        mean = market_effects(of_uneven().parameters, 6).mean(axis=0)[1]
        assert mean[0] > 1.2 * mean[2:].mean()
        assert mean[1] < 0.8 * mean[2:].mean()

    def test_that_differ_widen_the_pool(self) -> None:
        alike = fitted("hierarchical", "markets")
        assert of_uneven().diagnostics["pooling_width"] > 1.5 * alike.diagnostics["pooling_width"]

    def test_add_up_to_the_nation(self) -> None:
        panel = uneven().panel
        expected = of_uneven().expected(panel.inputs()).mean(axis=0)
        np.testing.assert_allclose(expected.sum(), panel.kpi.sum(), rtol=0.01)


def test_one_market_is_the_structural_model_and_says_so() -> None:
    model = fitted("hierarchical", "plain")
    structural = fitted("structural", "plain")
    assert "nothing to pool" in model.diagnostics["pooling"]
    np.testing.assert_array_equal(model.noise_sd, structural.noise_sd)


def test_a_channel_split_by_size_keeps_the_width_of_the_pool() -> None:
    panel = small_world(40, MARKETS)
    assert panel.population is not None
    spend = panel.spend.copy()
    share = panel.population / panel.population.sum()
    spend[:, :, 1] = share[:, None] * spend[:, :, 1].sum(axis=0)
    model = fit_hierarchical(replace(panel, spend=spend), FitSettings(seed=1, n_draws=100))
    deviation = market_effects(model.parameters, 3)[:, 1] - 1.0
    assert model.diagnostics["split_by_size"] == [panel.labels.channels[1]]
    assert abs(deviation.mean()) < 0.25 * deviation.std()


def test_a_test_in_one_market_moves_that_market_most() -> None:
    panel = small_world(40, MARKETS)
    settings = FitSettings(seed=1, n_draws=50)
    plain = fit_hierarchical(panel, settings)
    window = with_test(panel, "south", 1.0, 1.0).lift_windows[0]
    asked = 2.0 * float(replayed(plain, panel, window).mean())
    after = fit_hierarchical(with_test(panel, "south", asked, 0.05 * asked), settings)
    found = (replayed(after, panel, window) - asked) / (0.05 * asked)
    moved = market_effects(after.parameters, 3).mean(axis=0)[0]
    assert abs(np.median(found)) < 1.0
    assert moved.argmax() == 1


def test_the_national_part_of_theta_has_the_structural_prior() -> None:
    panel = small_world(40, MARKETS)
    one, many = Posterior(panel, Priors()), MarketPosterior(panel, Priors(), Form())
    np.testing.assert_array_equal(one.centre(), many.centre())
