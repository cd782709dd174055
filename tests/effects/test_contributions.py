"""Contributions against the closed form of the fake model."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.data.inputs import Inputs
from mmm.data.panel import KpiKind, Panel
from mmm.effects.contributions import drop_one, shapley
from mmm.effects.estimate import Units
from mmm.errors import ModelError
from tests.fakes import FakeModel, a_model, a_panel


def terms_of(model: FakeModel, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    terms = model.media_terms(inputs, slice(0, inputs.n_history)) or pytest.fail("the fake has terms")
    return terms.main, terms.pairs[model.pair]


@pytest.fixture
def panel() -> Panel:
    return a_panel(markets=2, n=60)


class TestDropOne:
    def test_equals_the_closed_form_of_additive_and_pairwise_effects(self, panel: Panel) -> None:
        model = a_model(panel)
        found = drop_one(model, panel.inputs())
        main, pair = terms_of(model, panel.inputs())
        truth = main.copy()
        truth[..., 0] += pair
        truth[..., 1] += pair
        np.testing.assert_allclose(found.draws, truth.sum(axis=(1, 2)), rtol=1e-9)
        np.testing.assert_allclose(found.mean, truth.mean(axis=0), rtol=1e-9)
        np.testing.assert_allclose(found.total.kpi.mean, truth.sum(axis=(1, 2)).mean(axis=0), rtol=1e-9)

    def test_the_interval_holds_nine_draws_in_ten(self, panel: Panel) -> None:
        found = drop_one(a_model(panel, draws=400), panel.inputs())
        inside = (found.draws >= found.total.kpi.lo) & (found.draws <= found.total.kpi.hi)
        np.testing.assert_allclose(inside.mean(axis=0), 0.9, atol=0.006)

    def test_a_channel_that_never_spent_contributes_exactly_nothing(self, panel: Panel) -> None:
        silent = panel.inputs().scaled(2, 0.0)
        found = drop_one(a_model(panel), silent)
        assert (found.draws[:, 2] == 0).all()

    def test_only_the_periods_asked_for_are_counted(self, panel: Panel) -> None:
        model, inputs = a_model(panel), panel.inputs()
        part = drop_one(model, inputs, slice(20, 30))
        whole = drop_one(model, inputs)
        np.testing.assert_allclose(part.mean, whole.mean[:, 20:30])
        assert len(part.periods) == 10

    def test_money_is_the_kpi_times_its_value(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS, value=7.0)
        found = drop_one(a_model(panel), panel.inputs(), units=Units.of(panel))
        assert found.total.money is not None
        np.testing.assert_allclose(found.total.money.mean, 7.0 * found.total.kpi.mean)
        assert (found.units.kpi, found.units.shown) == ("orders", "EUR")

    def test_without_a_value_there_is_no_money(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS)
        found = drop_one(a_model(panel), panel.inputs(), units=Units.of(panel))
        assert found.total.money is None
        assert found.total.shown is found.total.kpi
        assert found.units.shown == "orders"

    def test_other_channels_than_the_model_knows_are_refused(self, panel: Panel) -> None:
        with pytest.raises(ModelError, match="channels"):
            drop_one(a_model(a_panel(channels=3, markets=2)), panel.inputs())


class TestShapley:
    @pytest.mark.parametrize("with_terms", [True, False])
    def test_baseline_and_channels_add_up_to_the_fitted_kpi(self, panel: Panel, with_terms: bool) -> None:
        model = a_model(panel, with_terms=with_terms)
        split = shapley(model, panel.inputs(), actual=panel.kpi)
        fitted = model.expected(panel.inputs()).mean(axis=0)
        np.testing.assert_allclose(split.baseline + split.channels.sum(axis=-1), fitted, rtol=1e-9)
        assert split.unexplained is not None
        np.testing.assert_allclose(split.fitted + split.unexplained, panel.kpi, rtol=1e-9)

    def test_all_subsets_give_what_the_closed_form_gives(self, panel: Panel) -> None:
        closed = shapley(a_model(panel), panel.inputs())
        subsets = shapley(a_model(panel, with_terms=False), panel.inputs())
        assert (closed.how, subsets.how) == ("closed form", "all subsets")
        np.testing.assert_allclose(subsets.channels, closed.channels, rtol=1e-8)
        np.testing.assert_allclose(subsets.baseline, closed.baseline, rtol=1e-12)

    def test_sampled_orders_are_exact_for_pairwise_effects(self) -> None:
        panel = a_panel(n=20, channels=11)
        closed = shapley(a_model(panel, draws=4), panel.inputs())
        sampled = shapley(a_model(panel, draws=4, with_terms=False), panel.inputs())
        assert sampled.how == "sampled orders"
        np.testing.assert_allclose(sampled.channels, closed.channels, rtol=1e-8)

    def test_a_black_box_is_split_on_at_most_the_draws_asked_for(self, panel: Panel) -> None:
        split = shapley(a_model(panel, draws=200, with_terms=False), panel.inputs(), max_draws=50)
        assert split.n_draws == 50

    @pytest.mark.parametrize("with_terms", [True, False])
    def test_splitting_the_window_to_save_memory_changes_nothing(
        self, panel: Panel, with_terms: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = a_model(panel, draws=6, with_terms=with_terms)
        whole = shapley(model, panel.inputs())
        monkeypatch.setattr("mmm.effects.contributions.SPLIT_BYTES", 20_000)
        parts = shapley(model, panel.inputs())
        np.testing.assert_allclose(parts.channels, whole.channels, rtol=1e-12)
        np.testing.assert_allclose(parts.total.kpi.lo, whole.total.kpi.lo, rtol=1e-12)
        np.testing.assert_allclose(parts.baseline_total.kpi.mean, whole.baseline_total.kpi.mean, rtol=1e-12)

    def test_a_pair_is_shared_equally(self, panel: Panel) -> None:
        model = a_model(panel)
        main, pair = terms_of(model, panel.inputs())
        split = shapley(model, panel.inputs())
        np.testing.assert_allclose(split.channels[..., 0], (main[..., 0] + pair / 2).mean(axis=0), rtol=1e-9)

    def test_an_unobserved_period_has_no_unexplained_part(self, panel: Panel) -> None:
        actual = panel.kpi.copy()
        actual[0, 5] = np.nan
        split = shapley(a_model(panel), panel.inputs(), actual=actual)
        assert split.unexplained is not None
        assert np.isnan(split.unexplained[0, 5])
        assert np.isfinite(np.delete(split.unexplained[0], 5)).all()
