"""What every model family promises, whatever it is inside."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mmm.data.inputs import Future, Inputs
from mmm.effects.contributions import drop_one, shapley
from mmm.errors import ModelError
from mmm.models.base import FittedModel
from mmm.models.registry import FAMILIES, load
from mmm.models.state import ModelState
from tests.models.worlds import BY_EXPOSURE, DARK, ORDER, SETTINGS, fitted, panel_of

# Largest difference of a channel's mean contribution after reordering columns, share of all media: every family
# works on channels sorted by name, so that only rounding is left.
REORDERED = 1e-6

every_family = pytest.mark.parametrize("name", sorted(FAMILIES))


def plain_inputs() -> Inputs:
    return panel_of("plain").inputs(Future(8))


def width(draws: np.ndarray) -> float:
    lo, hi = np.quantile(draws, (0.05, 0.95))
    return float(hi - lo)


@every_family
class TestAnswers:
    def test_have_a_draw_a_market_and_a_period_in_double_precision(self, name: str) -> None:
        model, inputs = fitted(name, "plain"), plain_inputs()
        answer = model.expected(inputs)
        assert answer.shape == (model.n_draws, 1, inputs.n_periods)
        assert answer.dtype == np.float64
        assert np.isfinite(answer).all()
        assert 2 <= model.n_draws <= SETTINGS.n_draws
        assert model.noise_sd.shape == (model.n_draws, 1)
        assert (model.noise_sd > 0).all()

    def test_are_the_same_to_the_last_digit_for_the_same_seed(self, name: str) -> None:
        once, twice = (fitted(name, which) for which in ("plain", "again"))
        assert once is not twice
        np.testing.assert_array_equal(once.expected(plain_inputs()), twice.expected(plain_inputs()))
        np.testing.assert_array_equal(once.noise_sd, twice.noise_sd)

    def test_of_some_periods_are_those_of_the_whole(self, name: str) -> None:
        model, inputs = fitted(name, "plain"), plain_inputs()
        whole = model.expected(inputs)
        for part in (slice(0, 5), slice(30, 41), inputs.horizon):
            np.testing.assert_allclose(model.expected(inputs, part), whole[:, :, part], rtol=1e-4)

    def test_leave_the_inputs_and_the_model_as_they_were(self, name: str) -> None:
        model, inputs = fitted(name, "plain"), plain_inputs()
        before = {key: value.copy() for key, value in vars(inputs).items() if isinstance(value, np.ndarray)}
        first = model.expected(inputs)
        kept = first.copy()
        first[:] = 0.0
        np.testing.assert_array_equal(model.expected(inputs), kept)
        for key, value in before.items():
            np.testing.assert_array_equal(getattr(inputs, key), value)

    def test_follow_what_was_observed(self, name: str) -> None:
        panel, model = panel_of("plain"), fitted(name, "plain")
        error = model.expected(panel.inputs()).mean(axis=0) - panel.kpi
        assert np.sqrt(np.mean(error[panel.observed] ** 2)) < 0.8 * panel.kpi[panel.observed].std()

    def test_are_refused_for_other_channels(self, name: str) -> None:
        inputs = panel_of("plain").inputs()
        other = replace(inputs, labels=replace(inputs.labels, channels=("search", "social", "radio")))
        with pytest.raises(ModelError, match="radio"):
            fitted(name, "plain").expected(other)

    def test_are_refused_for_channels_in_another_order(self, name: str) -> None:
        with pytest.raises(ModelError, match="channels"):
            fitted(name, "plain").expected(panel_of("permuted").inputs())


@every_family
class TestMedia:
    @pytest.mark.parametrize("factor", [1.1, 2.0, 5.0])
    def test_more_spend_never_lowers_the_kpi(self, name: str, factor: float) -> None:
        model, inputs = fitted(name, "plain"), plain_inputs()
        if not model.monotone_in_media:
            pytest.skip(f"{name} does not promise it")
        base = model.expected(inputs)
        for channel in range(3):
            for where in (None, slice(40, 41)):
                gain = model.expected(inputs.scaled(channel, factor, where)) - base
                assert gain.min() >= -1e-9 * base.max()

    def test_contributions_and_baseline_add_up_to_the_fitted_kpi(self, name: str) -> None:
        model, inputs = fitted(name, "plain"), panel_of("plain").inputs()
        split = shapley(model, inputs, max_draws=model.n_draws)
        total = split.baseline + split.channels.sum(axis=-1)
        np.testing.assert_allclose(total, model.expected(inputs).mean(axis=0), rtol=1e-9)

    def test_terms_where_a_family_has_them_are_the_media_effect(self, name: str) -> None:
        model, inputs = fitted(name, "plain"), panel_of("plain").inputs()
        on, off = model.media_terms(inputs), model.media_terms(inputs.media_off())
        if on is None or off is None:
            pytest.skip(f"{name} is a black box")
        all_on, all_off = (terms.main.sum(axis=-1) + sum(terms.pairs.values(), 0.0) for terms in (on, off))
        truth = model.expected(inputs) - model.expected(inputs.media_off())
        np.testing.assert_allclose(all_on - all_off, truth, rtol=1e-6, atol=1e-6 * truth.max())

    def test_intervals_widen_beyond_observed_spend(self, name: str) -> None:
        model, inputs = fitted(name, "plain"), panel_of("plain").inputs()

        def media(factor: float) -> float:
            gain = model.expected(inputs.with_spend(inputs.spend * factor)) - model.expected(inputs.media_off())
            return width(gain.sum(axis=(1, 2)))

        assert media(0.5) < media(1.0) < media(3.0) < media(6.0)

    def test_the_order_of_columns_changes_nothing(self, name: str) -> None:
        here, there = (drop_one(fitted(name, which), panel_of(which).inputs()) for which in ("plain", "permuted"))
        moved = here.total.kpi.mean[list(ORDER)]
        media = here.total.kpi.mean.sum()
        assert np.abs(there.total.kpi.mean - moved).max() <= REORDERED * media

    def test_a_channel_that_never_spent_brings_exactly_nothing(self, name: str) -> None:
        inputs = panel_of("dark").inputs()
        model = fitted(name, "dark")
        on = model.expected(inputs)
        np.testing.assert_array_equal(on, model.expected(inputs.scaled(DARK, 0.0)))
        assert np.isfinite(on).all()

    def test_a_dark_channel_may_be_switched_on(self, name: str) -> None:
        inputs = panel_of("dark").inputs()
        spend = inputs.spend.copy()
        spend[:, :, DARK] = 1000.0
        gain = fitted(name, "dark").expected(inputs.with_spend(spend)) - fitted(name, "dark").expected(inputs)
        assert np.isfinite(gain).all()
        assert gain.min() >= -1e-9 * 1e6

    def test_what_drives_a_channel_with_exposure_is_the_exposure(self, name: str) -> None:
        model, inputs = fitted(name, "dark"), panel_of("dark").inputs()
        assert inputs.exposure is not None
        dearer, unseen = inputs.spend.copy(), inputs.exposure.copy()
        dearer[:, :, BY_EXPOSURE] *= 2
        unseen[:, :, BY_EXPOSURE] *= 0.5
        base = model.expected(inputs)
        np.testing.assert_array_equal(model.expected(replace(inputs, spend=dearer)), base)
        assert (model.expected(replace(inputs, exposure=unseen)).sum(axis=(1, 2)) < base.sum(axis=(1, 2))).any()


@every_family
class TestFits:
    def test_do_not_look_at_unobserved_periods(self, name: str) -> None:
        inputs = panel_of("plain").inputs()
        here, there = (fitted(name, which).expected(inputs) for which in ("plain", "other gap"))
        np.testing.assert_array_equal(here, there)

    def test_of_several_markets_know_each_market(self, name: str) -> None:
        panel, model = panel_of("markets"), fitted(name, "markets")
        expected = model.expected(panel.inputs())
        assert expected.shape == (model.n_draws, 3, panel.n_periods)
        np.testing.assert_allclose(expected.mean(axis=(0, 2)), panel.kpi.mean(axis=1), rtol=0.03)

    @pytest.mark.parametrize("frequency", ["daily", "monthly"])
    def test_work_at_other_frequencies(self, name: str, frequency: str) -> None:
        panel, model = panel_of(frequency), fitted(name, frequency)
        expected = model.expected(panel.inputs(Future(6)))
        assert np.isfinite(expected).all()
        level = expected[:, :, : panel.n_periods].mean(axis=(0, 2))
        np.testing.assert_allclose(level, panel.kpi.mean(axis=1), rtol=0.03)


@every_family
def test_a_family_learns_from_lift_tests_where_it_says_so(name: str) -> None:
    inputs = panel_of("plain").inputs()
    without, tested = (fitted(name, which).expected(inputs) for which in ("plain", "tested"))
    assert np.array_equal(without, tested) is not fitted(name, "plain").learns_from_lift_tests


@every_family
class TestStored:
    def rebuilt(self, name: str) -> tuple[FittedModel, FittedModel]:
        model = fitted(name, "plain")
        return model, load(ModelState.from_bytes(model.state().to_bytes()))

    def test_models_answer_identically(self, name: str) -> None:
        model, again = self.rebuilt(name)
        inputs = plain_inputs()
        assert type(again) is type(model)
        assert again.labels == model.labels
        np.testing.assert_array_equal(again.expected(inputs), model.expected(inputs))
        np.testing.assert_array_equal(again.noise_sd, model.noise_sd)

    def test_models_give_the_same_bytes_again(self, name: str) -> None:
        model, again = self.rebuilt(name)
        assert again.state().to_bytes() == model.state().to_bytes()

    def test_diagnostics_are_json(self, name: str) -> None:
        model, again = self.rebuilt(name)
        assert json.loads(json.dumps(model.diagnostics, allow_nan=False)) == again.diagnostics

    def test_models_of_another_version_are_refused(self, name: str) -> None:
        state = replace(fitted(name, "plain").state(), version=99)
        with pytest.raises(ModelError, match="version 99"):
            load(state)
