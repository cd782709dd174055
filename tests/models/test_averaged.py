"""The average of several fitted models: a mixture of their draws, as far as it goes a model like any other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.simulate import five_channel_world
from mmm.errors import ModelError
from mmm.models.averaged import average, draws_by_weight
from mmm.models.base import Family, FitSettings
from mmm.models.linear import LinearModel, fit_linear
from mmm.models.registry import FAMILIES, load
from mmm.models.state import ModelState
from mmm.planning.optimise import optimise
from tests.fakes import a_model, a_panel


class Planning(LinearModel):
    """A regression that is allowed to plan, because it takes no time."""

    family = "planning"
    supports_planning = True


@pytest.fixture(scope="module")
def panel():
    return five_channel_world(5, n_periods=60).panel


@pytest.fixture(scope="module")
def members(panel):
    found = {}
    for number, name in enumerate(("a", "b")):
        model = fit_linear(panel, FitSettings(seed=number, n_draws=40))
        model.__class__ = Planning
        found[name] = model
    return found


class TestAverage:
    def test_has_draws_of_its_members_by_weight(self, members, panel):
        model = average(members, {"a": 0.75, "b": 0.25}, n_draws=40)
        found = model.expected(panel.inputs())
        np.testing.assert_array_equal(found[30:], members["b"].expected(panel.inputs())[::4])
        assert model.noise_sd.shape == (40, 1)

    def test_draw_by_draw_it_is_the_same_model_in_every_call(self, members, panel):
        model, inputs = average(members, {"a": 0.5, "b": 0.5}), panel.inputs()
        part = slice(20, 30)
        np.testing.assert_allclose(model.expected(inputs, part), model.expected(inputs)[:, :, part])

    def test_counts_on_members_that_plan_alone(self, members):
        blind = fit_linear(five_channel_world(5, n_periods=60).panel, FitSettings(n_draws=10))
        assert average({**members, "c": blind}, {"a": 0.2, "b": 0.2, "c": 0.6}).weights == {"a": 0.5, "b": 0.5}
        with pytest.raises(ModelError, match="planning"):
            average({"c": blind}, {"c": 1.0})

    def test_leaves_out_what_weighs_next_to_nothing(self, members):
        assert list(average(members, {"a": 0.995, "b": 0.005}).weights) == ["a"]

    def test_models_of_other_data_are_not_mixed(self, members):
        other = fit_linear(a_panel(n=60), FitSettings(n_draws=10))
        other.__class__ = Planning
        with pytest.raises(ModelError, match="different data"):
            average({**members, "c": other}, {"a": 0.5, "c": 0.5})

    def test_comes_back_from_its_bytes_to_the_last_digit(self, members, panel, monkeypatch):
        monkeypatch.setitem(FAMILIES, "planning", Family("planning", "Planning", fit_linear, Planning.from_state))
        model = average(members, {"a": 0.6, "b": 0.4})
        back = load(ModelState.from_bytes(model.state().to_bytes()))
        assert back.family == "averaged"
        np.testing.assert_array_equal(back.expected(panel.inputs()), model.expected(panel.inputs()))

    def test_splits_media_where_all_members_do(self):
        shop = a_panel(n=40)
        pair, plain = a_model(shop), a_model(shop, pair=False)
        terms = average({"a": pair, "b": plain}, {"a": 0.5, "b": 0.5}, n_draws=20).media_terms(shop.inputs())
        assert terms is not None
        assert terms.main.shape == (20, 1, 40, 4)
        assert (terms.pairs[0, 1][10:] == 0).all()
        assert (terms.pairs[0, 1][:10] > 0).any()

    def test_plans_what_it_can_split(self):
        shop = a_panel(n=40)
        models = {"a": a_model(shop), "b": a_model(shop, seed=2)}
        plan = optimise(average(models, {"a": 0.5, "b": 0.5}, n_draws=20), shop, horizon=4)
        assert float(plan.uplift.mean) > 0


def test_draws_are_spread_over_all_of_a_member_and_add_up():
    picks = draws_by_weight([100, 7], [0.9, 0.1], 20)
    assert [len(pick) for pick in picks] == [18, 2]
    assert picks[0].max() >= 90
    assert [len(pick) for pick in draws_by_weight([5, 5], [1.0, 1e-9], 10)] == [10, 1]


def test_a_planning_member_is_not_changed_by_an_average(members, panel):
    before = members["a"].expected(panel.inputs())
    average(members, {"a": 1.0}).expected(replace(panel.inputs()))
    np.testing.assert_array_equal(members["a"].expected(panel.inputs()), before)
