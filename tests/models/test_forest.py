from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.inputs import Inputs
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.forest import SHARES, TREES, ForestModel, fit_forest, forest_features
from mmm.models.trees import Trees
from tests.models.worlds import fitted, panel_of, small_world


@pytest.fixture
def model() -> ForestModel:
    found = fitted("forest", "plain")
    assert isinstance(found, ForestModel)
    return found


def seen_by(model: ForestModel, inputs: Inputs) -> np.ndarray:
    """Features `[period, feature]` of the only market; the panel's channels are sorted by name already or not."""
    order = [inputs.labels.channel(name) for name in model.base.labels.channels]
    ordered = replace(inputs, labels=model.base.labels, spend=inputs.spend[:, :, order])
    return forest_features(model.base, ordered, slice(0, inputs.n_periods))[0]


class TestTrees:
    @pytest.mark.parametrize("depth", [1, 4, None])
    def test_say_what_scikit_learn_says(self, depth: int | None) -> None:
        from sklearn.tree import DecisionTreeRegressor

        rng = np.random.default_rng(0)
        rows, target = rng.normal(size=(80, 5)), rng.normal(size=80)
        grown = [
            DecisionTreeRegressor(max_depth=depth, max_features=2, random_state=k).fit(rows, target) for k in range(6)
        ]
        asked = np.concatenate([rows, rng.normal(size=(200, 5)) * 3])
        truth = np.stack([tree.predict(asked) for tree in grown], axis=1)
        np.testing.assert_array_equal(Trees.of(grown).at(asked), truth)

    def test_that_are_a_single_leaf_say_their_mean(self) -> None:
        from sklearn.tree import DecisionTreeRegressor

        stump = DecisionTreeRegressor().fit(np.zeros((4, 2)), np.array([1.0, 2.0, 3.0, 6.0]))
        np.testing.assert_array_equal(Trees.of([stump]).at(np.ones((3, 2))), np.full((3, 1), 3.0))

    def test_no_rows_give_no_answers(self, model: ForestModel) -> None:
        assert model.trees.at(np.zeros((0, 9))).shape == (0, TREES * model.n_draws)


class TestForest:
    def test_every_draw_has_its_own_trees(self, model: ForestModel) -> None:
        assert len(model.trees.value) == TREES * model.n_draws
        assert model.diagnostics["share_of_trees"] in SHARES

    def test_is_a_structure_and_the_trees_on_top(self, model: ForestModel) -> None:
        inputs = panel_of("plain").inputs()
        order = [inputs.labels.channel(name) for name in model.base.labels.channels]
        ordered = replace(inputs, labels=model.base.labels, spend=inputs.spend[:, :, order])
        said = model.trees.at(seen_by(model, inputs)).reshape(inputs.n_periods, model.n_draws, TREES).mean(axis=2)
        added = said.T[:, None] * model.base.scaling.kpi[:, None]
        np.testing.assert_allclose(model.expected(inputs), model.base.expected(ordered) + added)
        assert np.abs(said).max() > 0

    def test_trees_never_fall_with_media(self, model: ForestModel) -> None:
        seen = seen_by(model, panel_of("plain").inputs())
        for channel in range(3):
            more = seen.copy()
            more[:, channel] = np.minimum(more[:, channel] * 1.5 + 0.05, 1.0)
            assert (model.trees.at(more) - model.trees.at(seen)).min() >= 0.0

    def test_is_stored_as_arrays_alone(self, model: ForestModel) -> None:
        state = model.state()
        assert not state.blobs
        assert {array.dtype.kind for array in state.arrays.values()} <= {"f", "i"}

    def test_noise_is_that_of_rows_outside_the_bags(self, model: ForestModel) -> None:
        ratio = model.noise_sd / model.base.noise_sd
        assert 0.7 < ratio.min() <= ratio.max() < 1.1

    def test_refuses_a_depth_it_cannot_grow(self) -> None:
        with pytest.raises(ModelError, match="“depth” must be a number from 1 to 8, not 40"):
            fit_forest(small_world(40), FitSettings(options={"depth": 40}))

    def test_structure_underneath_has_the_shape_that_was_asked_for(self) -> None:
        panel = small_world(30)
        model = fit_forest(panel, FitSettings(n_draws=2, options={"saturation": "exponential"}))
        assert model.base.form.saturation.name == "exponential"
