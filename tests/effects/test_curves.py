"""Curves, carry-over and interactions against the closed form of the fake model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.inputs import Frequency
from mmm.data.panel import KpiKind, Panel
from mmm.effects.carryover import half_life
from mmm.effects.curves import all_curves, carry_over, interaction_grid, response_curve
from mmm.effects.support import SupportStatus, support, sustained_plan
from mmm.errors import DataError
from tests.fakes import FakeModel, a_model, a_panel

MULTIPLIERS = tuple(np.linspace(0.0, 1.5, 16))


def settled(model: FakeModel, panel: Panel, channel: int, multiplier: float) -> np.ndarray:
    """Saturated steady state `[draw, market]` at constant spend."""
    spend = panel.spend.mean(axis=1)[:, channel] * multiplier
    carried = spend / (1 - model.decay[:, channel, None])
    return carried / (carried + model.half[:, channel, None])


class TestResponseCurve:
    @pytest.mark.parametrize("markets", [1, 3])
    def test_equals_the_closed_form_of_the_steady_state(self, markets: int) -> None:
        panel = a_panel(markets=markets)
        model = a_model(panel)
        curve = response_curve(model, panel, "search", MULTIPLIERS)
        partner = settled(model, panel, 1, 1.0)
        for k, multiplier in enumerate(MULTIPLIERS):
            own = settled(model, panel, 0, multiplier)
            truth = (model.size * own * (model.beta[:, :1] + model.gamma[:, None] * partner)).sum(axis=1)
            assert curve.response.kpi.mean[k] == pytest.approx(truth.mean(), rel=1e-6, abs=1e-9)

    def test_no_spend_brings_exactly_nothing(self) -> None:
        panel = a_panel()
        for curve in all_curves(a_model(panel), panel, MULTIPLIERS).values():
            assert curve.response.kpi.mean[0] == curve.response.kpi.lo[0] == curve.response.kpi.hi[0] == 0.0

    def test_a_short_history_settles_as_a_long_one_does(self) -> None:
        long = a_panel(n=104)
        short = replace(
            long.take(slice(0, 20)), spend=np.broadcast_to(long.spend.mean(axis=1)[:, None], (1, 20, 4)).copy()
        )
        model = a_model(long)
        np.testing.assert_allclose(
            response_curve(model, short, "tv", MULTIPLIERS).response.kpi.mean,
            response_curve(model, long, "tv", MULTIPLIERS).response.kpi.mean,
            rtol=1e-3,
        )

    def test_half_saturation_is_the_spend_at_which_carried_over_spend_reaches_it(self) -> None:
        panel = a_panel()
        model = a_model(panel, draws=1, pair=False)
        for index, name in enumerate(panel.labels.channels):
            point = response_curve(model, panel, name, MULTIPLIERS).half_saturation
            assert point is not None
            assert point.spend == pytest.approx(model.half[0, index] * (1 - model.decay[0, index]), rel=0.02)

    @pytest.mark.parametrize("margin", [None, 0.4])
    def test_break_even_is_where_the_next_euro_returns_one_over_the_margin(self, margin: float | None) -> None:
        panel = a_panel(margin=margin)
        model = a_model(panel, draws=1, pair=False, beta=np.array([[900.0, 800.0, 700.0, 600.0]]))
        for index, name in enumerate(panel.labels.channels):
            found = response_curve(model, panel, name, MULTIPLIERS).break_even
            scale = model.half[0, index] * (1 - model.decay[0, index])
            truth = np.sqrt(model.beta[0, index] * scale / found.threshold) - scale
            assert found.margin_known == (margin is not None)
            if truth <= 0:
                assert found.verdict == "never"
            else:
                assert found.point is not None
                assert found.point.spend == pytest.approx(truth, rel=0.01)

    def test_a_channel_that_never_pays_says_so(self) -> None:
        panel = a_panel()
        weak = a_model(panel, draws=1, pair=False, beta=np.full((1, 4), 0.5))
        assert response_curve(weak, panel, "tv", MULTIPLIERS).break_even.verdict == "never"

    def test_without_a_value_break_even_is_unknown(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS)
        curve = response_curve(a_model(panel), panel, "tv", MULTIPLIERS)
        assert (curve.break_even.verdict, curve.response.money) == ("unknown", None)

    def test_a_channel_that_never_spent_has_a_flat_curve(self) -> None:
        panel = a_panel()
        spend = panel.spend.copy()
        spend[..., 2] = 0.0
        curve = response_curve(a_model(panel), replace(panel, spend=spend), "tv", MULTIPLIERS)
        assert not curve.response.kpi.mean.any()
        assert curve.half_saturation is None

    def test_exposure_scales_with_spend(self) -> None:
        panel = a_panel(exposure=True)
        model = a_model(panel, pair=False)
        curve = response_curve(model, panel, "search", (0.0, 1.0))
        carried = 40.0 * panel.spend[..., 0].mean() / (1 - model.decay[:, 0])
        truth = (model.beta[:, 0] * carried / (carried + model.half[:, 0])).mean()
        assert curve.response.kpi.mean[1] == pytest.approx(truth, rel=1e-6)

    def test_an_unknown_channel_is_refused_by_name(self) -> None:
        panel = a_panel()
        with pytest.raises(DataError, match="radio"):
            response_curve(a_model(panel), panel, "radio")


class TestSupport:
    def test_one_big_week_is_no_support_for_a_sustained_level(self) -> None:
        spend = np.full((1, 52, 1), 100.0)
        spend[0, 20, 0] = 2000.0
        held = support(spend, Frequency.WEEK)[0]
        assert held.status(100.0) is SupportStatus.INSIDE
        assert held.status(1000.0) is SupportStatus.BEYOND

    def test_a_level_held_for_a_month_is_at_the_edge(self) -> None:
        spend = np.full((1, 52, 1), 100.0)
        spend[0, 20:24, 0] = 200.0
        held = support(spend, Frequency.WEEK)[0]
        assert held.status(150.0) is SupportStatus.INSIDE
        assert held.status(200.0) is SupportStatus.EDGE
        assert held.status(201.0) is SupportStatus.BEYOND

    def test_a_steady_channel_is_inside_at_its_own_level(self) -> None:
        spend = np.full((2, 30, 1), 33.333333)
        assert support(spend, Frequency.WEEK)[0].status(float(spend[:, 0].sum())) is SupportStatus.INSIDE

    def test_a_short_plan_is_judged_with_the_weeks_before_it(self) -> None:
        history, plan = np.full((1, 52, 1), 100.0), np.full((1, 4, 1), 300.0)
        assert sustained_plan(history, plan, Frequency.WEEK)[0] == pytest.approx(200.0)


class TestCarryOver:
    def test_shares_and_half_life_are_those_of_geometric_decay(self) -> None:
        panel = a_panel()
        model = a_model(panel, draws=5, pair=False, half=np.full((5, 4), 1e9))
        for index, name in enumerate(panel.labels.channels):
            found = carry_over(model, panel, name)
            decay = model.decay[:, index]
            assert found.half_life_days.mean == pytest.approx((7 * np.log(0.5) / np.log(decay)).mean(), rel=1e-6)
            np.testing.assert_allclose(
                found.share.mean[:3], [((1 - decay) * decay**k).mean() for k in range(3)], rtol=0.01
            )
            assert found.share.mean.sum() == pytest.approx(1.0)

    def test_a_draw_without_effect_says_nothing_about_timing(self) -> None:
        panel = a_panel()
        beta = np.array([[0.0] * 4, [100.0] * 4])
        decay = np.array([[0.9] * 4, [0.5] * 4])
        model = a_model(panel, draws=2, pair=False, beta=beta, decay=decay, half=np.full((2, 4), 1e9))
        assert carry_over(model, panel, "tv").half_life_days.mean == pytest.approx(7.0, rel=1e-6)

    def test_a_dead_channel_has_no_half_life(self) -> None:
        panel = a_panel()
        dead = a_model(panel, pair=False, beta=np.zeros((40, 4)))
        assert np.isnan(carry_over(dead, panel, "tv").half_life_days.mean)

    @pytest.mark.parametrize("frequency", [Frequency.DAY, Frequency.MONTH])
    def test_half_life_is_in_days_at_any_frequency(self, frequency: Frequency) -> None:
        panel = a_panel(frequency=frequency, n=60)
        decay = np.full((2, 4), 0.5)
        model = a_model(panel, draws=2, pair=False, decay=decay, half=np.full((2, 4), 1e9))
        assert carry_over(model, panel, "tv").half_life_days.mean == pytest.approx(frequency.days, rel=1e-6)

    def test_an_effect_of_one_period_has_a_half_life_of_nothing(self) -> None:
        assert half_life(np.array([1.0, 0.0, 0.0])) == 0.0

    def test_half_life_counts_from_a_delayed_peak(self) -> None:
        assert half_life(np.array([0.2, 0.8, 0.4, 0.2])) == pytest.approx(1.0)


class TestInteractionGrid:
    def test_synergy_is_the_pairwise_term_and_nothing_else(self) -> None:
        panel = a_panel()
        model = a_model(panel)
        grid = interaction_grid(model, panel, "search", "social", (0.5, 1.0))
        a, b = settled(model, panel, 0, 0.5), settled(model, panel, 1, 1.0)
        assert grid.synergy.kpi.mean[0, 1] == pytest.approx((model.gamma[:, None] * a * b).mean(), rel=1e-6)
        assert grid.response.kpi.mean.shape == (2, 2)

    def test_channels_without_a_pairwise_term_have_no_synergy(self) -> None:
        panel = a_panel()
        grid = interaction_grid(a_model(panel), panel, "tv", "print")
        np.testing.assert_allclose(grid.synergy.kpi.mean, 0.0, atol=1e-9)

    def test_a_channel_with_itself_is_refused(self) -> None:
        panel = a_panel()
        with pytest.raises(DataError, match="two channels"):
            interaction_grid(a_model(panel), panel, "tv", "tv")
