"""Returns against the closed form of the fake model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.inputs import Future
from mmm.data.panel import KpiKind
from mmm.effects.roi import roi
from tests.fakes import a_model, a_panel


class TestRoi:
    def test_the_return_counts_the_carry_over_after_the_last_week(self) -> None:
        panel = a_panel()
        model = a_model(panel)
        ahead = panel.inputs(Future(8))
        for channel in range(4):
            gain = model.expected(ahead) - model.expected(ahead.scaled(channel, 0.0, slice(0, 104)))
            truth = gain.sum(axis=(1, 2)).mean() / panel.spend[..., channel].sum()
            found = roi(model, panel).roi
            assert found is not None
            assert found.mean[channel] == pytest.approx(truth, rel=1e-9)

    def test_the_next_euro_returns_the_slope_of_the_response(self) -> None:
        panel = a_panel()
        model = a_model(panel, pair=False)
        found = roi(model, panel)
        assert found.next_roi is not None
        inputs = panel.inputs(Future(8))
        recent = slice(92, 104)
        tiny = 1e-5
        for channel in range(4):
            gain = model.expected(inputs.scaled(channel, 1 + tiny, recent)) - model.expected(inputs)
            slope = gain.sum(axis=(1, 2)).mean() / (tiny * panel.spend[:, recent, channel].sum())
            assert found.next_roi.mean[channel] == pytest.approx(slope, rel=0.01)

    def test_a_saturated_channel_earns_less_on_the_next_euro_than_on_the_mean_one(self) -> None:
        panel = a_panel()
        found = roi(a_model(panel, pair=False), panel)
        assert found.roi is not None
        assert found.next_roi is not None
        assert (found.next_roi.mean < found.roi.mean).all()

    def test_the_last_eight_weeks_are_not_yet_matured(self) -> None:
        panel = a_panel()
        matured = roi(a_model(panel), panel).matured
        assert matured[:96].all()
        assert not matured[96:].any()

    def test_break_even_is_one_over_the_margin(self) -> None:
        panel = a_panel(margin=0.25)
        found = roi(a_model(panel), panel)
        assert (found.break_even, found.margin_known) == (4.0, True)
        assert found.p_pays_back is not None
        assert found.p_pays_back[-1] == 0.0

    def test_without_a_margin_break_even_is_one_and_says_it_is_assumed(self) -> None:
        panel = a_panel()
        found = roi(a_model(panel), panel)
        assert (found.break_even, found.margin_known) == (1.0, False)
        assert found.p_pays_back is not None
        assert found.p_pays_back[0] == 1.0

    def test_without_a_value_there_is_cost_per_kpi_and_no_roi(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS)
        found = roi(a_model(panel), panel)
        assert (found.roi, found.next_roi, found.p_pays_back) == (None, None, None)
        np.testing.assert_allclose(found.cost_per_kpi.mean, found.spend / found.contribution.kpi.mean)
        assert (found.cost_per_kpi.lo <= found.cost_per_kpi.hi).all()

    def test_a_channel_without_spend_has_no_return(self) -> None:
        panel = a_panel()
        spend = panel.spend.copy()
        spend[..., 3] = 0.0
        found = roi(a_model(panel), replace(panel, spend=spend))
        assert found.roi is not None
        assert np.isnan(found.roi.mean[3])
        assert np.isnan(found.cost_per_kpi.mean[3])
        assert found.spend_share[3] == found.effect_share[3] == 0.0

    def test_a_channel_that_is_dark_now_still_has_a_next_euro(self) -> None:
        panel = a_panel()
        spend = panel.spend.copy()
        spend[:, -30:, 0] = 0.0
        model = a_model(panel, pair=False)
        found = roi(model, replace(panel, spend=spend))
        assert found.next_roi is not None
        first_euro = (model.beta[:, 0] / model.half[:, 0] / (1 - model.decay[:, 0])).mean()
        assert found.next_roi.mean[0] == pytest.approx(first_euro, rel=0.02)

    def test_a_window_counts_only_its_own_spend(self) -> None:
        panel = a_panel()
        model = a_model(panel)
        window = slice(40, 60)
        found = roi(model, panel, window)
        gain = model.expected(panel.inputs()) - model.expected(panel.inputs().scaled(1, 0.0, window))
        truth = gain[:, :, 40:68].sum(axis=(1, 2)).mean()
        assert found.contribution.kpi.mean[1] == pytest.approx(truth, rel=1e-9)
        assert found.matured.all()

    def test_shares_add_up_to_one(self) -> None:
        panel = a_panel(markets=3)
        found = roi(a_model(panel), panel)
        assert found.spend_share.sum() == pytest.approx(1.0)
        assert found.effect_share.sum() == pytest.approx(1.0)
