"""Business as usual and one-click plans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.data.inputs import Frequency
from mmm.errors import DataError
from mmm.planning.baseline import business_as_usual
from mmm.planning.presets import as_last_year, channel_shapes, scale_all, shift_from, spread
from tests.fakes import a_panel


class TestBusinessAsUsual:
    def test_recent_repeats_the_mean_rate_of_the_last_twelve_weeks(self) -> None:
        panel = a_panel(markets=2)
        usual = business_as_usual(panel, 5)
        np.testing.assert_allclose(usual, np.repeat(panel.spend[:, -12:].mean(axis=1)[:, None], 5, axis=1))

    def test_last_year_repeats_the_same_weeks_at_todays_level(self) -> None:
        panel = a_panel()
        spend = panel.spend.copy()
        spend[:, 52:] = 1.5 * spend[:, :52]
        usual = business_as_usual(replace(panel, spend=spend), 10, "last_year")
        np.testing.assert_allclose(usual, 1.5 * spend[:, 52:62])

    def test_a_channel_switched_off_since_last_year_stays_off(self) -> None:
        panel = a_panel()
        spend = panel.spend.copy()
        spend[:, -12:, 0] = 0.0
        assert not business_as_usual(replace(panel, spend=spend), 10, "last_year")[..., 0].any()

    def test_a_channel_new_since_last_year_keeps_its_recent_rate(self) -> None:
        panel = a_panel()
        spend = panel.spend.copy()
        spend[:, :60, 0] = 0.0
        changed = replace(panel, spend=spend)
        np.testing.assert_allclose(
            business_as_usual(changed, 10, "last_year")[..., 0], business_as_usual(changed, 10)[..., 0]
        )

    def test_last_year_needs_a_year(self) -> None:
        with pytest.raises(DataError, match="52 periods"):
            business_as_usual(a_panel(n=40), 10, "last_year")

    def test_exactly_a_year_is_repeated_as_it_was(self) -> None:
        panel = a_panel(n=52)
        np.testing.assert_allclose(business_as_usual(panel, 6, "last_year"), panel.spend[:, :6])

    def test_months_repeat_after_twelve(self) -> None:
        panel = a_panel(n=24, frequency=Frequency.MONTH)
        spend = np.tile(panel.spend[:, :12], (1, 2, 1))
        np.testing.assert_allclose(
            business_as_usual(replace(panel, spend=spend), 14, "last_year"), spend[:, np.arange(14) % 12]
        )


class TestPresets:
    def test_ten_percent_more_is_ten_percent_more_of_every_channel(self) -> None:
        usual = business_as_usual(a_panel(markets=2), 12)
        plan = scale_all(usual, 1.1)
        np.testing.assert_allclose(plan.sum(axis=(0, 1)), 1.1 * usual.sum(axis=(0, 1)), atol=0.006)
        np.testing.assert_allclose(plan, 1.1 * usual, atol=0.011)

    @given(st.integers(0, 3), st.floats(0, 1))
    def test_moving_spend_keeps_the_total(self, channel: int, share: float) -> None:
        usual = business_as_usual(a_panel(markets=2), 12)
        plan = shift_from(usual, channel, share)
        assert plan.sum() == pytest.approx(usual.sum(), rel=1e-12)
        assert (plan >= 0).all()

    def test_moving_spend_reaches_the_others_in_proportion(self) -> None:
        usual = business_as_usual(a_panel(), 12)
        change = (shift_from(usual, 0, 0.5) - usual).sum(axis=(0, 1))
        totals = usual.sum(axis=(0, 1))
        np.testing.assert_allclose(change[1:], 0.5 * totals[0] * totals[1:] / totals[1:].sum(), atol=0.01)

    def test_last_year_is_business_as_usual_of_last_year(self) -> None:
        panel = a_panel()
        np.testing.assert_array_equal(as_last_year(panel, 8), business_as_usual(panel, 8, "last_year"))

    def test_a_negative_factor_is_refused(self) -> None:
        with pytest.raises(DataError, match="factor"):
            scale_all(np.ones((1, 2, 2)), -0.1)

    def test_a_share_above_one_is_refused(self) -> None:
        with pytest.raises(DataError, match="between 0 and 1"):
            shift_from(np.ones((1, 2, 2)), 0, 1.1)


class TestSpread:
    def test_a_plan_adds_up_to_its_totals_to_the_cent(self) -> None:
        panel = a_panel(markets=3)
        totals = np.array([1000.01, 0.0, 333.33, 0.05])
        plan = spread(channel_shapes(panel, business_as_usual(panel, 7)), totals)
        np.testing.assert_array_equal(np.round(plan * 100).sum(axis=(0, 1)), np.round(totals * 100))

    def test_a_dark_channel_is_spread_evenly_over_weeks(self) -> None:
        panel = a_panel(markets=2)
        spend = panel.spend.copy()
        spend[..., 1] = 0.0
        dark = replace(panel, spend=spend)
        shapes = channel_shapes(dark, business_as_usual(dark, 10))
        np.testing.assert_allclose(shapes[..., 1], np.repeat(shapes[:, :1, 1], 10, axis=1))
        assert shapes[..., 1].sum() == pytest.approx(1.0)
