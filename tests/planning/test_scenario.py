"""Scenarios against the closed form of the fake model."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.data.inputs import Future, Inputs, exposure_per_spend
from mmm.data.panel import KpiKind
from mmm.effects.support import SupportStatus
from mmm.errors import DataError, ModelError
from mmm.planning.baseline import business_as_usual
from mmm.planning.scenario import Planner, evaluate
from tests.fakes import FakeModel, a_model, a_panel


class TestScenario:
    def test_business_as_usual_has_an_uplift_of_exactly_nothing(self) -> None:
        panel = a_panel(margin=0.5)
        outcome = evaluate(a_model(panel), panel, business_as_usual(panel, 12))
        assert outcome.uplift.kpi.floats() == (0.0, 0.0, 0.0)
        assert outcome.p_better == 0.5
        assert outcome.p_profit == 0.5

    def test_uplift_counts_the_horizon_and_eight_weeks_of_carry_over(self) -> None:
        panel = a_panel(markets=2)
        model = a_model(panel)
        usual = business_as_usual(panel, 12)
        plan = usual * np.array([1.5, 1.0, 0.5, 1.0])
        after = business_as_usual(panel, 8)
        long = panel.inputs(Future(20, spend=np.concatenate([plan, after], axis=1)))
        same = panel.inputs(Future(20, spend=np.concatenate([usual, after], axis=1)))
        truth = (model.expected(long) - model.expected(same)).sum(axis=(1, 2))
        outcome = evaluate(model, panel, plan)
        np.testing.assert_allclose(outcome.uplift_draws, truth, rtol=1e-9)
        assert outcome.p_better == (truth > 0).mean()
        assert outcome.tail == 8

    def test_predictions_are_the_models_own_over_the_horizon(self) -> None:
        panel = a_panel(markets=2)
        model = a_model(panel)
        plan = 1.2 * business_as_usual(panel, 6)
        outcome = evaluate(model, panel, plan)
        truth = model.expected(panel.inputs(Future(6, spend=plan)), slice(104, 110)).sum(axis=1)
        np.testing.assert_allclose(outcome.predicted.kpi.mean, truth.mean(axis=0))
        assert outcome.total.kpi.mean == pytest.approx(truth.sum(axis=1).mean())
        assert len(outcome.periods) == 6

    def test_noise_widens_what_the_actual_figure_may_be(self) -> None:
        panel = a_panel()
        outcome = evaluate(a_model(panel, draws=500), panel, business_as_usual(panel, 12))
        expected, predictive = outcome.predicted.kpi, outcome.predictive.kpi
        assert (predictive.hi - predictive.lo > expected.hi - expected.lo).all()
        assert (predictive.hi - predictive.lo).mean() == pytest.approx(
            np.hypot(2 * 1.645 * 20, (expected.hi - expected.lo).mean()), rel=0.1
        )

    def test_a_channel_adds_what_is_lost_when_it_goes_dark(self) -> None:
        panel = a_panel()
        model = a_model(panel)
        planner = Planner(model, panel, 12)
        plan = 1.3 * planner.baseline
        dark = plan.copy()
        dark[..., 2] = 0.0
        truth = (planner.expected(plan) - planner.expected(dark)).sum(axis=(1, 2)).mean()
        channels = planner.outcome(plan).channels
        assert channels.incremental is not None
        assert channels.roi is not None
        assert channels.incremental.kpi.mean[2] == pytest.approx(truth)
        assert channels.roi.mean[2] == pytest.approx(truth / plan[..., 2].sum())

    def test_profit_is_margin_times_uplift_minus_extra_spend(self) -> None:
        panel = a_panel(margin=0.4)
        usual = business_as_usual(panel, 12)
        outcome = evaluate(a_model(panel), panel, 1.1 * usual)
        assert outcome.profit is not None
        assert outcome.profit.mean == pytest.approx(0.4 * outcome.uplift.kpi.mean - 0.1 * usual.sum())

    def test_money_is_the_kpi_times_the_recent_value(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS, value=3.0)
        outcome = evaluate(a_model(panel), panel, 1.1 * business_as_usual(panel, 12))
        assert outcome.uplift.money is not None
        assert outcome.uplift.money.mean == pytest.approx(3.0 * outcome.uplift.kpi.mean)
        assert outcome.uplift.shown is outcome.uplift.money

    def test_without_a_value_there_is_neither_money_nor_profit(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS, margin=0.4)
        outcome = evaluate(a_model(panel), panel, 1.1 * business_as_usual(panel, 12))
        assert (outcome.uplift.money, outcome.profit, outcome.channels.roi) == (None, None, None)

    def test_spending_far_more_than_ever_is_beyond_support(self) -> None:
        panel = a_panel()
        usual = business_as_usual(panel, 12)
        statuses = evaluate(a_model(panel), panel, usual * np.array([5.0, 0.5, 0.0, 0.5])).channels.support
        assert statuses[0] is SupportStatus.BEYOND
        assert set(statuses[1:]) == {SupportStatus.INSIDE}

    def test_planned_exposure_is_bought_at_the_recent_price(self) -> None:
        panel = a_panel(exposure=True)
        planner = Planner(a_model(panel), panel, 4)
        plan = 2.0 * planner.baseline
        assert panel.exposure is not None
        rate = exposure_per_spend(panel.spend, panel.exposure)
        ahead = planner.inputs(plan)
        assert ahead.exposure is not None
        np.testing.assert_allclose(ahead.exposure[:, planner.horizon, 0], plan[..., 0] * rate[:, 0])

    def test_future_controls_enter_plan_and_baseline_alike(self) -> None:
        panel = a_panel()
        model, usual = a_model(panel), business_as_usual(panel, 4)
        promoted = evaluate(model, panel, usual, controls=np.ones((1, 4, 1)))
        plain = evaluate(model, panel, usual)
        np.testing.assert_allclose(promoted.predicted.kpi.mean - plain.predicted.kpi.mean, 50.0)
        assert promoted.uplift.kpi.mean == 0.0

    def test_a_slider_asks_the_model_once_and_only_for_horizon_and_tail(self) -> None:
        asked: list[slice] = []

        class Watched(FakeModel):
            def _expected(self, inputs: Inputs, periods: slice) -> np.ndarray:
                asked.append(periods)
                return super()._expected(inputs, periods)

        panel = a_panel()
        model = a_model(panel)
        model.__class__ = Watched
        planner = Planner(model, panel, 12)
        asked.clear()
        planner.outcome(1.1 * planner.baseline, per_channel=False)
        assert asked == [slice(104, 124)]
        planner.outcome(1.1 * planner.baseline)
        assert asked == [slice(104, 124)] * (1 + 1 + 4)

    def test_the_same_question_gives_the_same_answer_to_the_last_digit(self) -> None:
        panel = a_panel()
        planner = Planner(a_model(panel), panel, 12)
        one, two = planner.outcome(1.1 * planner.baseline), planner.outcome(1.1 * planner.baseline)
        np.testing.assert_array_equal(one.predictive.kpi.hi, two.predictive.kpi.hi)

    @pytest.mark.parametrize("plan", [np.ones((1, 11, 4)), -np.ones((1, 12, 4)), np.full((1, 12, 4), np.nan)])
    def test_an_impossible_plan_is_refused(self, plan: np.ndarray) -> None:
        panel = a_panel()
        with pytest.raises(DataError, match="plan"):
            Planner(a_model(panel), panel, 12).outcome(plan)

    def test_a_family_that_cannot_plan_is_not_planned_with(self) -> None:
        class Descriptive(FakeModel):
            supports_planning = False

        panel = a_panel()
        model = a_model(panel)
        model.__class__ = Descriptive
        with pytest.raises(ModelError, match="not good enough"):
            Planner(model, panel, 12)
