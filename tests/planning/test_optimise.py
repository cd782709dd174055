"""The optimiser against optima that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from mmm.data.inputs import Inputs
from mmm.data.panel import KpiKind, Panel
from mmm.errors import InfeasiblePlanError, SpecError
from mmm.planning.baseline import business_as_usual
from mmm.planning.bounds import Limits, cents_inside, inside, limits
from mmm.planning.optimise import feasible_range, optimise
from mmm.planning.scenario import Planner
from tests.fakes import FakeModel, a_model, a_panel

WIDE = {"default": (0.0, 4.0)}


def best_by_brute_force(model: FakeModel, panel: Panel, horizon: int, lo: float, hi: float) -> float:
    """Uplift of the best constant split, by SLSQP on the model itself from several starts."""
    planner = Planner(model, panel, horizon)
    usual = planner.baseline.sum(axis=(0, 1))
    total = usual.sum()

    def loss(multiples: np.ndarray) -> float:
        return -float(planner.uplift_draws(planner.baseline * multiples).mean()) / 1000

    rng = np.random.default_rng(0)
    found = []
    for start in [np.ones(len(usual)), *rng.uniform(lo, hi, (4, len(usual)))]:
        result = minimize(
            loss,
            start,
            method="SLSQP",
            bounds=[(lo, hi)] * len(usual),
            constraints={"type": "eq", "fun": lambda m: (m * usual).sum() / total - 1},
            options={"ftol": 1e-12, "maxiter": 300},
        )
        if abs((result.x * usual).sum() / total - 1) < 1e-6:
            found.append(-result.fun * 1000)
    return max(found)


class TestOptimum:
    @pytest.mark.parametrize("pair", [False, True])
    @pytest.mark.parametrize("with_terms", [True, False])
    def test_finds_the_optimum_of_the_model(self, pair: bool, with_terms: bool) -> None:
        panel = a_panel()
        model = a_model(panel, pair=pair, with_terms=with_terms)
        result = optimise(model, panel, horizon=12)
        best = best_by_brute_force(model, panel, 12, 0.3, 2.0)
        assert best > 0
        assert float(result.uplift.mean) >= 0.995 * best

    def test_finds_the_optimum_of_several_markets_with_wide_bounds(self) -> None:
        panel = a_panel(markets=3)
        model = a_model(panel)
        result = optimise(model, panel, horizon=8, bounds=WIDE)
        assert float(result.uplift.mean) >= 0.995 * best_by_brute_force(model, panel, 8, 0.0, 4.0)

    def test_equal_channels_share_equally(self) -> None:
        panel = a_panel()
        spend = np.ones_like(panel.spend) * np.array([10.0, 20.0, 30.0, 40.0])
        panel = replace(panel, spend=spend)
        model = a_model(
            panel,
            draws=1,
            pair=False,
            beta=np.full((1, 4), 300.0),
            decay=np.full((1, 4), 0.001),
            half=np.full((1, 4), 100.0),
        )
        result = optimise(model, panel, horizon=12, bounds=WIDE)
        np.testing.assert_allclose(list(result.allocation.values()), 300.0, rtol=0.01)

    def test_a_strong_pair_is_funded_together(self) -> None:
        panel = a_panel(channels=4)
        model = a_model(panel, beta=np.full((40, 4), 30.0), gamma=np.full(40, 2000.0))
        result = optimise(model, panel, horizon=12)
        usual = result.baseline.sum(axis=(0, 1))
        assert result.allocation["search"] > usual[0]
        assert result.allocation["social"] > usual[1]

    def test_steps_such_as_those_of_trees_do_not_stop_it(self) -> None:
        class Steps(FakeModel):
            def _expected(self, inputs: Inputs, periods: slice) -> np.ndarray:
                return super()._expected(replace(inputs, spend=np.round(inputs.spend / 10) * 10), periods)

        panel = a_panel()
        smooth = optimise(a_model(panel), panel, horizon=12)
        model = a_model(panel, with_terms=False)
        model.__class__ = Steps
        stepped = optimise(model, panel, horizon=12)
        played = Planner(a_model(panel), panel, 12).uplift_draws(stepped.spend).mean()
        assert played >= 0.9 * float(smooth.uplift.mean)

    def test_the_seed_decides_to_the_last_digit(self) -> None:
        panel = a_panel()
        one, two = (optimise(a_model(panel), panel, horizon=12, seed=3) for _ in range(2))
        assert one.allocation == two.allocation
        np.testing.assert_array_equal(one.outcome.predictive.kpi.lo, two.outcome.predictive.kpi.lo)

    def test_a_kpi_without_value_is_planned_in_its_own_units_and_says_so(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS)
        result = optimise(a_model(panel), panel, horizon=12)
        assert result.units.shown == "orders"
        assert any("unknown" in note for note in result.notes)
        assert float(result.uplift.mean) > 0


class TestHowFarToGo:
    def test_the_frontier_runs_from_today_to_the_optimum(self) -> None:
        panel = a_panel()
        result = optimise(a_model(panel), panel, horizon=12)
        first, last = result.frontier[0], result.frontier[-1]
        assert first.gain.floats() == (0.0, 0.0, 0.0)
        assert (first.p_better, first.possible_loss) == (0.5, 0.0)
        assert last.gain.mean == max(step.gain.mean for step in result.frontier)
        assert list(result.allocation.values()) == last.allocation.tolist()

    def test_seventy_percent_of_the_way_is_advised(self) -> None:
        panel = a_panel()
        result = optimise(a_model(panel), panel, horizon=12)
        assert (result.advised_step, result.advised.share) == (0.7, 0.7)
        way = result.frontier[0].allocation + 0.7 * (result.frontier[-1].allocation - result.frontier[0].allocation)
        np.testing.assert_allclose(result.advised.allocation, way, atol=0.02)

    def test_a_step_goes_part_of_the_way(self) -> None:
        panel = a_panel()
        whole = optimise(a_model(panel), panel, horizon=12)
        half = optimise(a_model(panel), panel, horizon=12, step=0.5)
        middle = (whole.frontier[0].allocation + whole.frontier[-1].allocation) / 2
        np.testing.assert_allclose(list(half.allocation.values()), middle, atol=0.02)
        assert 0 < float(half.uplift.mean) < float(whole.uplift.mean)

    def test_today_is_kept_where_nothing_is_better_and_says_so(self) -> None:
        panel = a_panel()
        dead = a_model(panel, pair=False, beta=np.zeros((40, 4)))
        result = optimise(dead, panel, horizon=12)
        assert result.kept_today
        assert result.uplift.floats() == (0.0, 0.0, 0.0)
        assert result.p_better == 0.5
        assert any("today's split is kept" in note for note in result.notes)

    def test_a_smaller_total_is_still_split_no_worse_than_today(self) -> None:
        panel = a_panel()
        usual = float(business_as_usual(panel, 12).sum())
        result = optimise(a_model(panel), panel, horizon=12, total=0.8 * usual)
        assert float(result.frontier[0].uplift.mean) < 0
        assert float(result.frontier[-1].gain.mean) > 0


class TestBoundsAndTotals:
    @settings(max_examples=25, deadline=None)
    @given(st.data())
    def test_total_and_bounds_hold_to_the_cent(self, data: st.DataObject) -> None:
        panel = a_panel(n=30, markets=data.draw(st.integers(1, 2)), channels=3, seed=data.draw(st.integers(0, 50)))
        pairs = [sorted(data.draw(st.tuples(st.floats(0, 3), st.floats(0, 3)))) for _ in range(3)]
        bounds = dict(zip(panel.labels.channels, [(a, b) for a, b in pairs], strict=True))
        low, high = feasible_range(panel, 6, bounds)
        total = round(low + data.draw(st.floats(0, 1)) * (high - low), 2)
        model = a_model(panel, draws=3, with_terms=data.draw(st.booleans()))
        result = optimise(model, panel, horizon=6, total=total, bounds=bounds, step=data.draw(st.floats(0, 1)))
        usual = business_as_usual(panel, 6).sum(axis=(0, 1))
        amounts = np.array(list(result.allocation.values()))
        assert round(sum(round(a * 100) for a in amounts)) == round(total * 100)
        assert round(np.round(result.spend * 100).sum()) == round(total * 100)
        np.testing.assert_array_equal(np.round(result.spend * 100).sum(axis=(0, 1)), np.round(amounts * 100))
        for index, (a, b) in enumerate(pairs):
            assert a * usual[index] - 0.01 <= amounts[index] <= b * usual[index] + 0.01
        assert float(result.frontier[-1].gain.mean) >= -1e-2

    @given(
        st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(-1e6, 2e6)), min_size=1, max_size=12),
        st.floats(0, 1),
    )
    def test_moving_inside_respects_box_and_total(self, rows: list[tuple[float, float, float]], share: float) -> None:
        a, b, point = (np.array(column) for column in zip(*rows, strict=True))
        lower, upper = np.minimum(a, b), np.maximum(a, b)
        total = lower.sum() + share * (upper - lower).sum()
        found = inside(point, total, lower, upper)
        assert (found >= lower).all()
        assert (found <= upper).all()
        assert found.sum() == pytest.approx(total, rel=1e-9, abs=1e-6)
        limit = Limits(tuple(str(k) for k in range(len(rows))), lower, upper)
        cents = min(max(round(total * 100), int(limit.lower_cents.sum())), int(limit.upper_cents.sum()))
        rounded = cents_inside(found, cents, limit)
        assert rounded.sum() == cents
        assert (rounded >= limit.lower_cents).all()
        assert (rounded <= limit.upper_cents).all()

    def test_a_total_below_the_floors_says_what_clashes_and_what_would_fit(self) -> None:
        panel = a_panel()
        low, _ = feasible_range(panel, 12)
        with pytest.raises(InfeasiblePlanError, match="floors") as caught:
            optimise(a_model(panel), panel, horizon=12, total=low - 100)
        assert f"{low:,.2f}" in str(caught.value)
        assert any(name in str(caught.value) for name in panel.labels.channels)

    def test_a_total_above_the_ceilings_says_what_clashes_and_what_would_fit(self) -> None:
        panel = a_panel()
        _, high = feasible_range(panel, 12)
        with pytest.raises(InfeasiblePlanError, match="ceilings") as caught:
            optimise(a_model(panel), panel, horizon=12, total=high + 0.01)
        assert f"{high:,.2f}" in str(caught.value)

    @pytest.mark.parametrize("edge", [0, 1])
    def test_the_edges_of_the_feasible_range_fit(self, edge: int) -> None:
        panel = a_panel()
        total = feasible_range(panel, 12)[edge]
        assert optimise(a_model(panel, draws=5), panel, horizon=12, total=total).total == pytest.approx(total)

    def test_a_dark_channel_stays_dark_under_multiples_and_opens_with_a_ceiling(self) -> None:
        panel = a_panel()
        spend = panel.spend.copy()
        spend[:, -12:, 0] = 0.0
        panel = replace(panel, spend=spend)
        model = a_model(panel)
        closed = optimise(model, panel, horizon=12)
        assert closed.allocation["search"] == 0.0
        assert any("search" in note and "ceiling" in note for note in closed.notes)
        opened = optimise(model, panel, horizon=12, ceilings={"search": 1500.0})
        assert 0 < opened.allocation["search"] <= 1500.0
        assert float(opened.uplift.mean) > float(closed.uplift.mean)

    def test_absolute_floors_and_ceilings_hold(self) -> None:
        panel = a_panel()
        result = optimise(a_model(panel), panel, horizon=12, floors={"print": 900.0}, ceilings={"search": 1000.0})
        assert result.allocation["print"] >= 900.0
        assert result.allocation["search"] <= 1000.0

    def test_every_problem_of_the_bounds_is_told_at_once(self) -> None:
        panel = a_panel()
        bounds = {"default": (0.3, 2.0), "radio": (0.0, 1.0), "tv": (2.0, 1.0)}
        with pytest.raises(SpecError, match=r"radio.*tv.*print"):
            limits(panel.labels, np.ones(4), bounds, floors={"print": -1.0})

    @pytest.mark.parametrize("wrong", [{"step": 1.5}, {"total": -1.0}, {"advised_step": -0.1}])
    def test_an_impossible_request_is_refused_before_any_work(self, wrong: dict[str, float]) -> None:
        panel = a_panel()
        model = a_model(panel)
        with pytest.raises(SpecError):
            optimise(model, panel, horizon=12, **wrong)
        assert model.calls == 0

    def test_a_plan_keeps_the_timing_of_its_baseline(self) -> None:
        panel = a_panel()
        usual = business_as_usual(panel, 12, "last_year")
        result = optimise(a_model(panel), panel, horizon=12, baseline=usual)
        ratio = result.spend / usual
        np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=2e-3)
