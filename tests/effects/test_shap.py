"""Explanations against the closed form of the fake model, and of fitted families."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.data import codec
from mmm.data.inputs import Frequency
from mmm.data.panel import KpiKind, Panel
from mmm.effects.contributions import shapley
from mmm.effects.shap import Explanation, PartialDependence, explain, partial_dependence, tree_values
from mmm.errors import DataError, ModelError
from mmm.models.boosted import BoostedModel
from mmm.models.registry import FAMILIES
from tests.fakes import a_model, a_panel
from tests.models.worlds import fitted, panel_of


@pytest.fixture
def panel() -> Panel:
    return a_panel(markets=2, n=60, channels=3)


class TestExplain:
    @pytest.mark.parametrize("with_terms", [True, False])
    def test_three_parts_are_the_shapley_value(self, panel: Panel, with_terms: bool) -> None:
        model = a_model(panel, with_terms=with_terms)
        found = explain(model, panel, slice(0, None))
        split = shapley(model, panel.inputs())
        np.testing.assert_allclose(found.value, split.channels, rtol=1e-9, atol=1e-6)

    def test_without_carry_over_everything_is_immediate(self, panel: Panel) -> None:
        model = a_model(panel, decay=np.zeros((40, 3)), pair=False)
        found = explain(model, panel)
        np.testing.assert_allclose(found.carry_over, 0.0, atol=1e-9)
        assert found.immediate.min() > 0

    def test_without_pairs_nothing_is_interaction(self, panel: Panel) -> None:
        found = explain(a_model(panel, pair=False), panel)
        np.testing.assert_allclose(found.interaction, 0.0, atol=1e-9)

    def test_interaction_is_half_the_pair_for_each(self, panel: Panel) -> None:
        model = a_model(panel)
        found = explain(model, panel, slice(0, None))
        terms = model.media_terms(panel.inputs())
        assert terms is not None
        half = terms.pairs[model.pair].mean(axis=0) / 2
        for channel, truth in ((0, half), (1, half), (2, 0 * half)):
            np.testing.assert_allclose(found.interaction[..., channel], truth, atol=1e-9)

    def test_timing_is_shared_as_between_two_players(self, panel: Panel) -> None:
        model = a_model(panel, pair=False)
        found = explain(model, panel, slice(30, 31))
        before = panel.inputs().spend.copy()
        before[:, 30] = 0.0
        only_now = np.zeros_like(before)
        only_now[:, 30] = panel.spend[:, 30]
        both, earlier, now, none = (
            model.saturated(panel.inputs().with_spend(spend), slice(30, 31))
            for spend in (panel.spend, before, only_now, 0 * before)
        )
        share = ((both - earlier) + (now - none)) / 2
        truth = (model.beta[:, None, None, :] * share * model.size[None, :, None, None]).mean(axis=0)
        np.testing.assert_allclose(found.immediate, truth, rtol=1e-9)

    def test_first_period_has_no_carry_over_to_explain(self, panel: Panel) -> None:
        found = explain(a_model(panel), panel, slice(0, 5))
        np.testing.assert_allclose(found.carry_over[:, 0], 0.0, atol=1e-9)
        assert found.carry_over[:, 1:].min() > 0

    @pytest.mark.parametrize(("frequency", "periods"), [(Frequency.WEEK, 52), (Frequency.MONTH, 12)])
    def test_explains_the_latest_year_unless_told(self, frequency: Frequency, periods: int) -> None:
        panel = a_panel(n=70, channels=2, frequency=frequency)
        found = explain(a_model(panel, draws=5), panel)
        np.testing.assert_array_equal(found.periods, panel.periods[-periods:])

    def test_importance_is_the_mean_size_of_a_value(self, panel: Panel) -> None:
        found = explain(a_model(panel), panel)
        np.testing.assert_allclose(found.importance.mean, np.abs(found.value).mean(axis=(0, 1)))
        assert (found.importance.lo < found.importance.mean).all()
        parts = found.mean_abs
        assert list(parts) == ["immediate", "carry-over", "interaction"]
        np.testing.assert_allclose(sum(parts.values()), found.importance.mean, rtol=1e-9)

    def test_is_refused_for_another_panel(self, panel: Panel) -> None:
        with pytest.raises(ModelError):
            explain(a_model(panel), a_panel(markets=2, n=60, channels=2))

    @pytest.mark.parametrize("name", sorted(FAMILIES))
    def test_adds_up_for_every_family(self, name: str) -> None:
        panel, model = panel_of("dark"), fitted(name, "dark")
        found = explain(model, panel, slice(40, 52))
        split = shapley(model, panel.inputs(), slice(40, 52), max_draws=model.n_draws)
        np.testing.assert_allclose(found.value, split.channels, rtol=1e-6, atol=1e-6 * split.channels.max())
        assert np.abs(found.value[..., 0]).max() < 1e-100  # the channel that never spent
        assert found.immediate.min() >= -1e-6 * split.channels.max()
        again = codec.load(codec.dump(found), Explanation)
        np.testing.assert_array_equal(again.value, found.value)


class TestTrees:
    @pytest.fixture
    def model(self) -> BoostedModel:
        found = fitted("xgboost", "plain")
        assert isinstance(found, BoostedModel)
        return found

    def test_values_add_up_to_what_the_trees_add(self, model: BoostedModel) -> None:
        inputs, periods = panel_of("plain").inputs(), slice(10, 50)
        found = tree_values(model, inputs, periods)
        part = model.tree_part(model.tree_features(inputs, periods)).mean(axis=-1) * model.base.scaling.kpi[:, None]
        total = found.values.sum(axis=-1) + found.bias[:, None]
        np.testing.assert_allclose(total, part, atol=1e-4 * model.base.scaling.kpi.max())
        assert found.values.shape == (1, 40, len(found.features))

    def test_values_are_the_librarys_own(self, model: BoostedModel) -> None:
        import xgboost

        inputs, periods = panel_of("plain").inputs(), slice(0, 64)
        flat = model.tree_features(inputs, periods).reshape(64, -1)
        truth = model.booster.predict(
            xgboost.DMatrix(flat, feature_names=list(model.feature_names)), pred_contribs=True
        )
        found = tree_values(model, inputs, periods)
        scaled = found.values[0] / model.base.scaling.kpi[0]
        np.testing.assert_allclose(scaled, truth[:, :, :-1].mean(axis=1), atol=1e-5)

    def test_features_are_named(self, model: BoostedModel) -> None:
        found = tree_values(model, panel_of("plain").inputs(), slice(0, 64))
        assert set(panel_of("plain").labels.channels) <= set(found.features)
        assert "price_index" in found.features
        np.testing.assert_allclose(found.mean_abs, np.abs(found.values).mean(axis=(0, 1)))
        media = found.feature_values[..., :3]
        assert media.min() >= 0.0
        assert media.max() <= 1.0

    def test_come_with_the_boosted_family_alone(self, model: BoostedModel) -> None:
        panel = panel_of("plain")
        assert explain(model, panel, slice(40, 44)).trees is not None
        assert explain(fitted("ridge", "plain"), panel, slice(40, 44)).trees is None


class TestPartialDependence:
    def test_is_the_mean_kpi_under_scaled_spend(self, panel: Panel) -> None:
        model = a_model(panel)
        found = partial_dependence(model, panel, "social", (0.0, 1.0, 2.0))
        for point, factor in enumerate((0.0, 1.0, 2.0)):
            truth = model.expected(panel.inputs().scaled(1, factor)).sum(axis=1).mean(axis=1)
            np.testing.assert_allclose(found.kpi.kpi.mean[point], truth.mean())
            np.testing.assert_allclose(found.kpi.kpi.lo[point], np.quantile(truth, 0.05))
        np.testing.assert_allclose(found.spend, np.array([0, 1, 2]) * panel.spend[:, :, 1].sum(axis=0).mean())

    def test_in_money_where_a_unit_has_a_value(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS, value=7.0)
        found = partial_dependence(a_model(panel), panel, "tv")
        assert found.kpi.money is not None
        np.testing.assert_allclose(found.kpi.money.mean, 7.0 * found.kpi.kpi.mean)
        without = a_panel(kpi_kind=KpiKind.UNITS)
        assert partial_dependence(a_model(without), without, "tv").kpi.money is None

    def test_of_an_unknown_channel_is_refused(self, panel: Panel) -> None:
        with pytest.raises(DataError, match="radio"):
            partial_dependence(a_model(panel), panel, "radio")

    @pytest.mark.parametrize("name", sorted(FAMILIES))
    def test_never_falls_for_monotone_families_and_can_be_stored(self, name: str) -> None:
        found = partial_dependence(fitted(name, "plain"), panel_of("plain"), "search")
        assert (np.diff(found.kpi.kpi.mean) >= 0).all()
        again = codec.load(codec.dump(found), PartialDependence)
        np.testing.assert_array_equal(again.kpi.kpi.hi, found.kpi.kpi.hi)
