"""Shapes of carry-over."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.transforms.adstock import geometric_adstock
from mmm.transforms.carryover import (
    CARRY_OVERS,
    DELAYED,
    WEIBULL_CDF,
    WEIBULL_PDF,
    CarryOver,
    convolved,
    geometric_weights,
)

LAGS = 13
DECAY, DELAY = np.array([[0.4, 0.7]]), np.array([[2.0, 1.5]])
every_shape = pytest.mark.parametrize("shape", CARRY_OVERS.values(), ids=lambda shape: shape.name)


@every_shape
class TestEveryShape:
    def test_keeps_the_size_of_constant_spend(self, shape: CarryOver) -> None:
        steady = np.full((2, 30, 2), 3.0)
        level = shape.level(steady, DECAY, DELAY, np.full((2, 2), 3.0), LAGS)
        np.testing.assert_allclose(level, 3.0)

    def test_does_not_look_into_the_future(self, shape: CarryOver) -> None:
        drive = np.zeros((1, 30, 2))
        drive[:, 12] = 1.0
        level = shape.level(drive, DECAY, DELAY, np.zeros((1, 2)), LAGS)
        assert (level[:, :, :12] == 0).all()
        assert (level[:, :, 12] > 0).all()

    def test_forgets_what_lies_further_back_than_its_look_back(self, shape: CarryOver) -> None:
        drive = np.zeros((1, 60, 2))
        drive[:, 0] = 1.0
        back = shape.look_back(DECAY, LAGS)
        level = shape.level(drive, DECAY, DELAY, np.zeros((1, 2)), LAGS)
        assert level[:, :, back + 1 :].max() < 1e-4

    def test_has_come_by_half_at_its_half_life(self, shape: CarryOver) -> None:
        weights = shape.weights(DECAY, DELAY, 60)
        come = np.cumsum(weights, axis=-1)
        at = shape.half_life(DECAY, DELAY, 60)
        before = np.floor(at).astype(int)[..., None] - 1
        earlier = np.where(before >= 0, np.take_along_axis(come, np.maximum(before, 0), axis=-1), 0.0)[..., 0]
        if shape is not WEIBULL_CDF:  # whose half-life is that of what each period still does
            assert (earlier <= 0.5 + 1e-9).all()
            assert (np.take_along_axis(come, before + 1, axis=-1)[..., 0] >= 0.5 - 1e-9).all()

    def test_in_days_lasts_as_long_as_in_weeks(self, shape: CarryOver) -> None:
        daily = shape.per_period(DECAY, 1 / 7)
        delay = DELAY * 7 if shape.delay_is_time else DELAY
        in_days = shape.half_life(daily, delay, 7 * LAGS) / 7
        np.testing.assert_allclose(in_days, shape.half_life(DECAY, DELAY, LAGS), atol=0.6)
        np.testing.assert_allclose(shape.per_week(daily, 1 / 7), DECAY)


def test_a_kernel_of_geometric_weights_is_geometric_carry_over() -> None:
    drive = np.random.default_rng(0).uniform(0, 2, (2, 40, 2))
    decay = np.array([[0.3, 0.5], [0.1, 0.6]])
    kernel = convolved(drive, geometric_weights(decay, decay, 60), np.zeros((2, 2)))
    np.testing.assert_allclose(kernel, geometric_adstock(drive, decay, np.zeros((2, 2))), rtol=1e-9)


@pytest.mark.parametrize("shape", [WEIBULL_CDF, WEIBULL_PDF], ids=lambda shape: shape.name)
def test_weibull_with_a_shape_of_one_is_geometric(shape: CarryOver) -> None:
    weights = shape.weights(DECAY, np.ones((1, 2)), 80)
    np.testing.assert_allclose(weights, geometric_weights(DECAY, DECAY, 80), rtol=1e-6, atol=1e-12)


def test_a_delayed_effect_peaks_at_its_delay() -> None:
    weights = DELAYED.weights(DECAY, np.array([[0.0, 3.0]]), LAGS)
    assert weights.argmax(axis=-1).tolist() == [[0, 3]]


def test_weibull_of_late_peak_may_peak_late_and_what_is_left_never_does() -> None:
    steep = np.full((1, 2), 3.0)
    assert (WEIBULL_PDF.weights(DECAY**0.2, steep, LAGS).argmax(axis=-1) > 0).all()
    assert (WEIBULL_CDF.weights(DECAY**0.2, steep, LAGS).argmax(axis=-1) == 0).all()
