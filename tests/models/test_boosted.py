from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import ModelError
from mmm.models.boosted import BLOB, LEAST_ROUNDS, MOST_ROUNDS, BoostedModel
from mmm.models.leftover import steps_worth
from mmm.models.state import ModelState
from tests.models.worlds import fitted, panel_of


@pytest.fixture
def model() -> BoostedModel:
    found = fitted("xgboost", "plain")
    assert isinstance(found, BoostedModel)
    return found


class TestBoosted:
    def test_is_a_structure_and_the_trees_on_top(self, model: BoostedModel) -> None:
        panel = panel_of("plain")
        inputs = panel.inputs()
        order = [panel.labels.channel(name) for name in model.base.labels.channels]
        ordered = replace(inputs, labels=model.base.labels, spend=inputs.spend[:, :, order])
        structure = model.base.expected(ordered)
        trees = model.tree_part(model.tree_features(inputs, slice(0, panel.n_periods)))
        added = np.moveaxis(trees, -1, 0) * model.base.scaling.kpi[:, None]
        np.testing.assert_allclose(model.expected(inputs), structure + added)
        assert np.abs(trees).max() > 0

    def test_trees_never_fall_with_media(self, model: BoostedModel) -> None:
        features = model.tree_features(panel_of("plain").inputs(), slice(0, 64))
        for channel in range(3):
            more = features.copy()
            more[..., channel] = np.minimum(more[..., channel] * 1.5 + 0.05, 1.0)
            assert (model.tree_part(more) - model.tree_part(features)).min() >= 0.0

    def test_trees_are_flat_outside_the_data(self, model: BoostedModel) -> None:
        features = model.tree_features(panel_of("plain").inputs(), slice(0, 64))
        most = features[..., :3].max(axis=(0, 1))
        at, beyond = features.copy(), features.copy()
        at[..., :3], beyond[..., :3] = most + 1e-6, most + 10.0
        np.testing.assert_array_equal(model.tree_part(at), model.tree_part(beyond))

    def test_no_periods_give_no_answers(self, model: BoostedModel) -> None:
        assert model.expected(panel_of("plain").inputs(), slice(5, 5)).shape == (model.n_draws, 1, 0)

    def test_is_stored_in_the_libraries_own_format(self, model: BoostedModel) -> None:
        import xgboost

        booster = xgboost.Booster()
        booster.load_model(bytearray(model.state().blobs[BLOB]))
        assert booster.num_boosted_rounds() == model.diagnostics["rounds"]
        assert LEAST_ROUNDS <= model.diagnostics["rounds"] <= MOST_ROUNDS

    def test_trees_that_cannot_be_read_are_refused(self, model: BoostedModel) -> None:
        state = model.state()
        broken = ModelState(state.family, state.version, state.meta, state.arrays, {BLOB: b"{not trees"})
        with pytest.raises(ModelError, match="train the model again"):
            BoostedModel.from_state(broken)


class TestRoundsWorth:
    def test_is_nothing_where_trees_do_not_forecast(self) -> None:
        rng = np.random.default_rng(0)
        noise = rng.normal(1.0, 0.5, (60, 20)) ** 2
        noise[0] = 0.5
        assert steps_worth(noise) == 0

    def test_is_many_where_they_clearly_do(self) -> None:
        rounds = np.arange(60)[:, None]
        squared = np.exp(-rounds / 20) + np.random.default_rng(0).uniform(0, 0.01, 24)
        assert steps_worth(squared) > 40

    def test_is_nothing_where_no_later_period_was_observed(self) -> None:
        assert steps_worth(np.zeros((60, 0))) == 0
