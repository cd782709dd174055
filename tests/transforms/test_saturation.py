from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.transforms.saturation import SATURATIONS, Saturation, exponential, hill, logarithmic

levels = st.floats(0.0, 1e9)
halves = st.floats(1e-3, 1e6)
slopes = st.floats(0.3, 5.0)


def at(level: float, half: float, slope: float) -> float:
    return float(hill(np.array([level]), np.array([half]), np.array([slope]))[0])


class TestHill:
    @given(levels, halves, slopes)
    def test_lies_between_nothing_and_everything(self, level: float, half: float, slope: float) -> None:
        assert 0.0 <= at(level, half, slope) <= 1.0

    @given(levels, levels, halves, slopes)
    def test_never_falls(self, one: float, other: float, half: float, slope: float) -> None:
        less, more = sorted((one, other))
        assert at(less, half, slope) <= at(more, half, slope)

    @given(halves, slopes)
    def test_is_half_at_half_saturation(self, half: float, slope: float) -> None:
        np.testing.assert_allclose(at(half, half, slope), 0.5)

    @given(halves, slopes)
    def test_of_nothing_is_nothing(self, half: float, slope: float) -> None:
        assert at(0.0, half, slope) < 1e-300

    @given(st.floats(0.01, 100.0), halves, slopes, st.floats(0.01, 100.0))
    def test_does_not_depend_on_the_unit(self, level: float, half: float, slope: float, unit: float) -> None:
        np.testing.assert_allclose(at(level, half, slope), at(level * unit, half * unit, slope), rtol=1e-9)

    @given(st.floats(0.1, 50.0), slopes)
    def test_is_the_formula(self, level: float, slope: float) -> None:
        np.testing.assert_allclose(at(level, 2.0, slope), level**slope / (2.0**slope + level**slope), rtol=1e-9)

    @given(st.floats(0.01, 10.0))
    def test_with_slope_one_each_further_unit_brings_less(self, level: float) -> None:
        first, second, third = (at(level * k, 1.0, 1.0) for k in (1, 2, 3))
        assert second - first > third - second


@pytest.mark.parametrize("shape", SATURATIONS.values(), ids=lambda shape: shape.name)
class TestEveryShape:
    def curve(self, shape: Saturation) -> np.ndarray:
        slope = np.array([min(1.3, 0.6 * shape.highest_slope)])
        return shape.curve(np.linspace(0.0, 8.0, 81), np.array([1.5]), slope)

    def test_begins_at_nothing_and_only_rises(self, shape: Saturation) -> None:
        curve = self.curve(shape)
        assert curve[0] == pytest.approx(0.0, abs=1e-12)
        assert (np.diff(curve) > 0).all()

    def test_brings_less_and_less_in_the_end(self, shape: Saturation) -> None:
        gains = np.diff(self.curve(shape))[40:]
        assert (np.diff(gains) < 0).all()

    def test_stays_below_one_where_it_says_so(self, shape: Saturation) -> None:
        assert (self.curve(shape).max() <= 1.0) == shape.bounded


def test_half_of_the_exponential_is_reached_at_its_half_saturation() -> None:
    assert exponential(np.array([2.0]), np.array([2.0]), np.ones(1))[0] == pytest.approx(0.5)


def test_a_logarithmic_channel_brings_half_as_much_more_at_its_half_saturation() -> None:
    step = 1e-6
    ends = logarithmic(np.array([0.0, step, 2.0, 2.0 + step]), np.array([2.0]), np.ones(1))
    assert (ends[3] - ends[2]) / (ends[1] - ends[0]) == pytest.approx(0.5, rel=1e-4)
