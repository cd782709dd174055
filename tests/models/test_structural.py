"""The structural family beside its contract."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.lift import LiftTest
from mmm.data.simulate import five_channel_world
from mmm.effects.contributions import drop_one
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.posterior import Posterior
from mmm.models.priors import Priors
from mmm.models.sampling import laplace_covariance, maximise, sample
from mmm.models.structural import fit_structural
from tests.models.worlds import daily, monthly, small_world

SETTINGS = FitSettings(seed=0, n_draws=100)


def test_a_kpi_that_never_varies_is_refused():
    panel = five_channel_world(1).panel
    with pytest.raises(ModelError, match="never varies"):
        fit_structural(replace(panel, kpi=np.ones_like(panel.kpi)), SETTINGS)


def test_the_prior_means_the_same_half_life_in_days_at_every_frequency():
    half_lives = []
    for panel in (small_world(), daily(), monthly()):
        posterior = Posterior(panel, Priors())
        decay = posterior.natural(posterior.centre()[None]).decay
        half_lives.append(panel.labels.frequency.days * np.log(0.5) / np.log(decay))
    np.testing.assert_allclose(half_lives[1], half_lives[0])
    np.testing.assert_allclose(half_lives[2], half_lives[0])


@pytest.mark.parametrize("n_tests", [0, 2])
def test_the_marginal_likelihood_is_that_of_the_full_gaussian(n_tests: int) -> None:
    panel = five_channel_world(2).panel.take(slice(0, 60))
    tests = [LiftTest(name, panel.periods[20], panel.periods[23] + 6, 9e4, 4e4) for name in panel.labels.channels]
    posterior = Posterior(replace(panel, lift_tests=tuple(tests[:n_tests])), Priors())
    theta = posterior.centre()[None] + 0.1 * np.random.default_rng(0).standard_normal((3, posterior.size))
    natural = posterior.natural(theta)
    linear = posterior._linear(natural)
    dense = []
    for i in range(3):
        one = linear.block[:, i]
        columns = np.concatenate([posterior._columns, one[:, 1:]], axis=1)
        residual, noise = one[:, 0], natural.noise[i] ** 2 * np.ones(60)
        if linear.tests is not None:
            blank, tests_here = np.zeros((n_tests, posterior._columns.shape[1])), linear.tests[i]
            columns = np.concatenate([columns, np.concatenate([blank, tests_here[:, 1:]], axis=1)])
            residual, noise = np.concatenate([residual, tests_here[:, 0]]), np.concatenate([noise, np.ones(n_tests)])
        covariance = columns @ columns.T + np.diag(noise)
        _, log_det = np.linalg.slogdet(covariance)
        dense.append(-0.5 * (residual @ np.linalg.solve(covariance, residual) + log_det))
    np.testing.assert_allclose(posterior._log_marginal(linear, natural.noise), dense, rtol=1e-8)


def test_a_dead_channel_is_found_to_bring_little():
    world = five_channel_world(5, n_periods=156)
    spend = world.panel.spend.copy()
    spend[0, :, 1] = np.random.default_rng(3).gamma(4.0, 5_000.0, 156)  # social now spends at random, for nothing
    truth = world.truth.media(world.panel.spend)
    off = world.panel.spend.copy()
    off[0, :, 1] = 0.0
    kpi = world.panel.kpi - truth + world.truth.media(off)
    panel = replace(world.panel, spend=spend, kpi=kpi)
    total = drop_one(fit_structural(panel, FitSettings(seed=0)), panel.inputs()).total.kpi
    assert total.mean[1] < 0.25 * spend[0, :, 1].sum() + 0.02 * kpi.sum()
    assert total.lo[1] < 0.01 * kpi.sum()


def test_impossible_parameters_have_no_density_and_break_nothing():
    posterior = Posterior(five_channel_world(2).panel, Priors())
    wild = posterior.centre() + np.random.default_rng(0).choice([-1e6, -60.0, 60.0, 1e6], (50, posterior.size))
    assert (posterior.log_density(wild) == -np.inf).all()
    assert np.isfinite(posterior.log_density(posterior.centre()[None])).all()


@pytest.mark.parametrize("scale", [2.0**-20, 2.0**30])  # powers of two: nothing is rounded
def test_the_currency_does_not_matter(scale):
    panel = five_channel_world(3).panel
    moved = replace(panel, kpi=panel.kpi * scale, spend=panel.spend * scale)
    here, there = (drop_one(fit_structural(p, SETTINGS), p.inputs()).total.kpi.mean for p in (panel, moved))
    np.testing.assert_allclose(there / scale, here, rtol=1e-9)


class TestSampling:
    """A density with a known answer: a correlated Gaussian."""

    COVARIANCE = np.array([[1.0, 0.6, 0.0], [0.6, 2.0, 0.3], [0.0, 0.3, 0.5]])
    CENTRE = np.array([1.0, -2.0, 0.5])

    def log_density(self, theta):
        away = theta - self.CENTRE
        return -0.5 * np.einsum("bi,ij,bj->b", away, np.linalg.inv(self.COVARIANCE), away)

    def test_the_optimum_is_found_from_several_starts(self):
        starts = np.random.default_rng(0).standard_normal((3, 3)) * 3
        best = maximise(self.log_density, starts)
        np.testing.assert_allclose(best.theta, self.CENTRE, atol=1e-3)
        assert best.starts_agreeing == 1.0

    def test_the_curvature_gives_back_the_covariance(self):
        found = laplace_covariance(self.log_density, self.CENTRE, np.full(3, 10.0))
        np.testing.assert_allclose(found, self.COVARIANCE, rtol=1e-3, atol=1e-4)

    def test_chains_started_too_narrow_reach_the_right_spread(self):
        draws = sample(
            self.log_density,
            self.CENTRE,
            0.25 * self.COVARIANCE,
            n_draws=2000,
            n_steps=200,
            rng=np.random.default_rng(1),
        )
        np.testing.assert_allclose(np.cov(draws.theta.T), self.COVARIANCE, atol=0.2)

    def test_a_density_that_is_not_a_number_somewhere_is_survived(self):
        def holed(theta):
            return np.where(theta[:, 0] > 3.0, np.nan, self.log_density(theta))

        draws = sample(holed, self.CENTRE, self.COVARIANCE, n_draws=200, n_steps=30, rng=np.random.default_rng(2))
        assert np.isfinite(draws.theta).all()
