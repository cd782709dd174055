"""Channels that follow demand: two stages in place of one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mmm.data.demand import demand_index
from mmm.data.inputs import Future
from mmm.data.panel import Panel
from mmm.data.parquet import panel_from_parquet, panel_to_parquet
from mmm.data.simulate import four_channel_world
from mmm.effects.contributions import drop_one
from mmm.errors import DataError, ModelError
from mmm.models.base import FitSettings
from mmm.models.registry import family, load
from mmm.models.state import ModelState

BRAND = 0
SETTINGS = FitSettings(seed=2, n_draws=100)


@cache
def brand_world() -> tuple[Panel, np.ndarray]:
    """Demand moves sales by 6 % and the first channel's spend by 40 %; the contributions that are true."""
    world = four_channel_world(4, 80)
    rng = np.random.default_rng(5)
    demand = np.convolve(rng.normal(size=80 + 4), np.ones(5) / np.sqrt(5), "valid")
    spend = world.panel.spend.copy()
    spend[0, :, BRAND] = spend[0, :, BRAND].mean() * np.exp(0.4 * demand + 0.1 * rng.normal(size=80))
    truth = world.truth
    kpi = truth.baseline + world.panel.controls @ truth.control_effect + truth.media(spend) + truth.noise
    panel = replace(world.panel, spend=spend, kpi=kpi + 60_000.0 * demand)
    return panel, truth.contributions(spend).sum(axis=(0, 1))


@cache
def told() -> Panel:
    panel = brand_world()[0]
    return replace(panel, captures_demand=(panel.labels.channels[BRAND],))


def brand_contribution(panel: Panel) -> tuple[float, float, float]:
    return drop_one(family("structural").fit(panel, SETTINGS), panel.inputs()).total.kpi.at(BRAND).floats()


class TestBeingTold:
    def test_gives_demand_its_due(self) -> None:
        panel, truth = brand_world()
        naive, knowing = brand_contribution(panel), brand_contribution(told())
        assert not naive[1] <= truth[BRAND] <= naive[2]
        assert knowing[1] <= truth[BRAND] <= knowing[2]
        assert abs(knowing[0] - truth[BRAND]) < 0.5 * abs(naive[0] - truth[BRAND])

    def test_of_a_channel_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(DataError, match="follow demand"):
            replace(brand_world()[0], captures_demand=("radio",))

    def test_is_kept_with_the_panel(self) -> None:
        assert panel_from_parquet(panel_to_parquet(told())).captures_demand == told().captures_demand


class TestTheIndex:
    def test_stays_what_it_was_under_another_spend(self) -> None:
        inputs = told().inputs()
        assert inputs.demand is not None
        np.testing.assert_array_equal(inputs.scaled(BRAND, 0.0).demand, inputs.demand)
        np.testing.assert_array_equal(inputs.with_spend(2 * inputs.spend).demand, inputs.demand)

    def test_of_coming_periods_is_that_of_late(self) -> None:
        inputs = told().inputs(Future(4))
        assert inputs.demand is not None
        late = inputs.demand[0, -16:-4, 0].mean()
        np.testing.assert_allclose(inputs.demand[0, -4:, 0], late)

    def test_does_not_depend_on_the_currency(self) -> None:
        drive = np.random.default_rng(0).gamma(2.0, 3.0, (2, 30, 1))
        np.testing.assert_allclose(demand_index(100 * drive), demand_index(drive))

    def test_of_a_channel_that_never_spent_is_zero(self) -> None:
        assert not demand_index(np.zeros((1, 5, 1))).any()


class TestAModelThatKnows:
    def test_answers_the_same_after_storing(self) -> None:
        model = family("structural").fit(told(), SETTINGS)
        again = load(ModelState.from_bytes(model.state().to_bytes()))
        np.testing.assert_array_equal(again.expected(told().inputs()), model.expected(told().inputs()))

    def test_refuses_inputs_that_do_not_know(self) -> None:
        model = family("structural").fit(told(), SETTINGS)
        with pytest.raises(ModelError, match="follow demand"):
            model.expected(brand_world()[0].inputs())

    @pytest.mark.parametrize("name", ["ridge", "xgboost"])
    def test_of_any_family_can_be_asked(self, name: str) -> None:
        model = family(name).fit(told(), SETTINGS)
        assert np.isfinite(model.expected(told().inputs(Future(4)))).all()
