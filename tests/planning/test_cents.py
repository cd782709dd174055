"""Money in cents adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.planning.cents import split_cents, to_cents
from mmm.planning.presets import split_to_cents

shares = st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=60).map(np.array)
totals = st.integers(0, 10**14).map(lambda cents: cents / 100)


class TestSplitToCents:
    @given(totals, shares)
    def test_parts_add_up_to_the_total_to_the_cent(self, total: float, weights: np.ndarray) -> None:
        parts = split_to_cents(total, weights)
        assert sum(round(part * 100) for part in parts) == round(total * 100)

    @given(totals, shares)
    def test_every_part_is_whole_cents_and_not_negative(self, total: float, weights: np.ndarray) -> None:
        cents = split_to_cents(total, weights) * 100
        np.testing.assert_allclose(cents, np.round(cents), rtol=1e-12, atol=1e-6)
        assert (cents >= 0).all()

    @given(st.integers(0, 10**9), shares)
    def test_no_part_is_a_cent_or_more_from_its_exact_share(self, total: int, weights: np.ndarray) -> None:
        exact = total * (weights / weights.sum()) if weights.sum() > 0 else np.full(len(weights), total / len(weights))
        assert (np.abs(split_cents(total, weights) - exact) < 1 + 1e-6 * (1 + exact)).all()

    @given(st.integers(0, 10**9), shares)
    def test_a_part_without_a_share_gets_nothing(self, total: int, weights: np.ndarray) -> None:
        if weights.any():
            assert not split_cents(total, weights)[weights == 0].any()

    def test_the_largest_remainders_get_the_cents_left_over(self) -> None:
        np.testing.assert_allclose(split_to_cents(1.00, np.array([1.0, 1.0, 1.0])), [0.34, 0.33, 0.33])

    def test_without_any_share_the_parts_are_equal(self) -> None:
        np.testing.assert_allclose(split_to_cents(10.0, np.zeros((2, 2))), np.full((2, 2), 2.5))

    @pytest.mark.parametrize("weights", [[-1.0, 2.0], [np.nan, 1.0], []])
    def test_impossible_shares_are_refused(self, weights: list[float]) -> None:
        with pytest.raises(ValueError, match="shares"):
            split_to_cents(1.0, np.array(weights))

    def test_half_a_cent_is_rounded_away_from_zero_as_written(self) -> None:
        assert (to_cents(0.285), to_cents(1.005), to_cents(-1.005)) == (29, 101, -101)
