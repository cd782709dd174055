"""Effects that drift: what the time-varying family does that the structural one does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.inputs import Future
from mmm.data.lift import LiftTest
from mmm.data.simulate import OFFLINE_MEDIA, SEARCH, WorldSettings, simulate
from mmm.data.variants import with_multiplier
from mmm.errors import ModelError
from mmm.models.base import FitSettings, FittedModel
from mmm.models.replay import replayed
from mmm.models.varying import STEPS_AHEAD, Drift, VaryingModel, fit_varying, walk
from tests.models.worlds import fitted, panel_of, small_world

KNOTS = np.linspace(0.0, 2.0, 9)


class TestTheWalk:
    def test_is_zero_on_average_over_history(self) -> None:
        fine = np.linspace(0.0, 2.0, 4001)
        np.testing.assert_allclose(walk(fine, KNOTS).mean(axis=0), 0.0, atol=1e-3)

    def test_varies_by_one_deviation_in_a_year(self) -> None:
        year = np.diff(walk(np.array([0.5, 1.5]), KNOTS), axis=0)
        np.testing.assert_allclose((year**2).sum(), 1.0)

    def test_stays_where_it_was_after_the_last_knot(self) -> None:
        there, later = walk(np.array([2.0, 5.0]), KNOTS)
        np.testing.assert_array_equal(there, later)

    def test_ahead_of_history_is_nothing_within_it(self) -> None:
        drift = drift_of(fitted("varying", "plain"))
        np.testing.assert_array_equal(drift.at(drift.knots)[:, -STEPS_AHEAD:], 0.0)


def drift_of(model: FittedModel) -> Drift:
    assert isinstance(model, VaryingModel)
    drift = model.form.modulations[0]
    assert isinstance(drift, Drift)
    return drift


def media_of_each_week(model: VaryingModel) -> np.ndarray:
    """Media's contribution under a steady spend, over history and two years `[draw, period]`."""
    panel = panel_of("plain")
    inputs = panel.inputs(Future(104))
    steady = inputs.with_spend(np.broadcast_to(panel.spend.mean(axis=(0, 1)), inputs.spend.shape).copy())
    return (model.expected(steady) - model.expected(steady.media_off())).sum(axis=1)


def test_intervals_widen_after_history_and_their_middle_stays() -> None:
    model = fitted("varying", "plain")
    assert isinstance(model, VaryingModel)
    weeks = media_of_each_week(model)
    last, later = weeks[:, panel_of("plain").n_periods - 1], weeks[:, -1]
    assert later.std() > last.std()
    assert abs(later.mean() - last.mean()) < 0.5 * last.std()


def test_a_flighted_channel_that_wears_out_is_seen_to() -> None:
    quiet = WorldSettings(channels=(SEARCH, OFFLINE_MEDIA), noise=0.01)
    multiplier = np.stack([np.ones(104), np.linspace(1.7, 0.3, 104)], axis=1)[None]
    panel = with_multiplier(simulate(quiet, 7), multiplier).panel
    model = fit_varying(panel, FitSettings(seed=1, n_draws=40))
    end = drift_of(model).at(model.design.knots[-1:])[0]
    search, offline_media = (model.parameters.modulation @ end).mean(axis=0)
    assert offline_media < -0.3
    assert abs(search) < 0.15


@pytest.mark.parametrize("drift", [0, -0.1, 5, True, "much"])
def test_an_unusable_drift_is_refused_in_words(drift: object) -> None:
    with pytest.raises(ModelError, match="effect_drift"):
        fit_varying(panel_of("plain"), FitSettings(options={"effect_drift": drift}))


def test_a_lift_test_pulls_the_effect_of_its_weeks() -> None:
    panel = small_world(64)
    settings = FitSettings(seed=1, n_draws=60)
    blunt = LiftTest(panel.labels.channels[1], panel.periods[30], panel.periods[33] + 6, 1.0, 1e12)
    window = replace(panel, lift_tests=(blunt,)).lift_windows[0]
    asked = 2.0 * float(replayed(fit_varying(panel, settings), panel, window).mean())
    sharp = replace(panel, lift_tests=(replace(blunt, lift=asked, se=0.03 * asked),))
    found = (replayed(fit_varying(sharp, settings), sharp, window) - asked) / (0.03 * asked)
    assert abs(np.median(found)) < 0.7
    assert 0.4 < np.quantile(np.abs(found), 0.68) < 1.6
