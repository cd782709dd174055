from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmm.transforms.adstock import geometric_adstock, look_back

decays = st.floats(0.0, 0.97)
amounts = st.floats(0.0, 1e6, allow_subnormal=False)
series = arrays(np.float64, (2, 12, 3), elements=amounts)


def carried(drive: np.ndarray, decay: float, opening: np.ndarray | None = None) -> np.ndarray:
    """One draw of `[market, period, channel]`."""
    g, _, c = drive.shape
    opening = np.zeros((g, c)) if opening is None else opening
    return geometric_adstock(drive, np.full((1, c), decay), opening)[0]


class TestCarryOver:
    @given(decays, amounts)
    def test_of_constant_spend_is_that_spend(self, decay: float, amount: float) -> None:
        steady = np.full((1, 20, 1), amount)
        np.testing.assert_allclose(carried(steady, decay, steady[:, 0]), steady, rtol=1e-9)

    @given(series, series, decays, st.floats(0.0, 100.0))
    def test_is_linear(self, one: np.ndarray, other: np.ndarray, decay: float, factor: float) -> None:
        together = carried(one + factor * other, decay)
        apart = carried(one, decay) + factor * carried(other, decay)
        np.testing.assert_allclose(together, apart, rtol=1e-9, atol=1e-6)

    @given(decays, amounts, st.integers(0, 5))
    def test_loses_and_adds_nothing(self, decay: float, amount: float, when: int) -> None:
        pulse = np.zeros((1, when + 1 + look_back(np.array([[decay]]), tolerance=1e-6), 1))
        pulse[0, when] = amount
        np.testing.assert_allclose(carried(pulse, decay).sum(), amount, rtol=2e-6)

    @given(series, decays)
    def test_never_answers_before_it_was_asked(self, drive: np.ndarray, decay: float) -> None:
        later = drive.copy()
        later[:, 7:] += 1.0
        np.testing.assert_array_equal(carried(drive, decay)[:, :7], carried(later, decay)[:, :7])

    @given(series, decays)
    def test_stays_between_the_least_and_the_most_spent(self, drive: np.ndarray, decay: float) -> None:
        found = carried(drive, decay, drive[:, 0])
        slack = 1e-9 * drive.max()
        assert (found <= drive.max(axis=1, keepdims=True) + slack).all()
        assert (found >= drive.min(axis=1, keepdims=True) - slack).all()

    @given(series, decays)
    def test_of_each_draw_is_its_own(self, drive: np.ndarray, decay: float) -> None:
        both = geometric_adstock(drive, np.array([[decay] * 3, [0.3] * 3]), np.zeros((2, 3)))
        np.testing.assert_array_equal(both[0], carried(drive, decay))
        np.testing.assert_array_equal(both[1], carried(drive, 0.3))

    def test_takes_drive_that_differs_by_draw(self) -> None:
        drive = np.random.default_rng(0).uniform(size=(4, 2, 10, 3))
        decay = np.random.default_rng(1).uniform(0, 0.9, (4, 3))
        together = geometric_adstock(drive, decay, np.zeros((2, 3)))
        for draw in range(4):
            alone = geometric_adstock(drive[draw], decay[draw : draw + 1], np.zeros((2, 3)))[0]
            np.testing.assert_array_equal(together[draw], alone)

    def test_without_decay_is_spend_itself(self) -> None:
        drive = np.random.default_rng(0).uniform(size=(1, 10, 2))
        np.testing.assert_array_equal(carried(drive, 0.0, np.full((1, 2), 9.0)), drive)


class TestLookBack:
    @given(st.floats(0.01, 0.97), st.floats(1e-6, 1e-2))
    def test_is_the_first_period_with_less_than_the_tolerance_left(self, decay: float, tolerance: float) -> None:
        periods = look_back(np.array([[decay, decay / 2]]), tolerance=tolerance)
        assert decay**periods <= tolerance * (1 + 1e-9)
        assert periods == 1 or decay ** (periods - 1) > tolerance * (1 - 1e-9)

    def test_of_no_channels_is_one_period(self) -> None:
        assert look_back(np.zeros((5, 0))) == 1
