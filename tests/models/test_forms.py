"""What an additive model promises whatever the form of its media part; one tiny panel, one fit a form."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mmm.data.inputs import Future
from mmm.data.lift import LiftTest
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.form import Form, SeasonMedia, form_of
from mmm.models.posterior import Posterior
from mmm.models.priors import Priors
from mmm.models.replay import replayed
from mmm.models.ridge import RidgeModel, fit_ridge
from mmm.models.state import ModelState
from mmm.models.structural import StructuralModel, fit_structural
from tests.models.worlds import small_world

FORMS: dict[str, dict[str, object]] = {
    "default": {},
    "season x media": {"season_media": True},
    "delayed and exponential": {"carry_over": "delayed", "saturation": "exponential", "season_media": True},
    "weibull_cdf and logarithmic": {"carry_over": "weibull_cdf", "saturation": "logarithmic"},
    "weibull_pdf and power": {"carry_over": "weibull_pdf", "saturation": "power", "season_media": True},
}
every_form = pytest.mark.parametrize("form", sorted(FORMS))


@cache
def tiny() -> Panel:
    return small_world(44)


def fitted_anew(panel: Panel, form: str) -> StructuralModel:
    return fit_structural(panel, FitSettings(seed=2, n_draws=16, options=FORMS[form]))


@cache
def fitted(form: str) -> StructuralModel:
    return fitted_anew(tiny(), form)


@every_form
class TestEveryForm:
    def test_more_spend_never_lowers_the_kpi(self, form: str) -> None:
        model, inputs = adversarial(fitted(form)), tiny().inputs(Future(30))
        base = model.expected(inputs)
        for channel in range(3):
            for factor in (1.1, 5.0):
                assert (model.expected(inputs.scaled(channel, factor)) - base).min() >= -1e-9 * base.max()

    def test_answers_of_some_periods_are_those_of_the_whole(self, form: str) -> None:
        inputs = tiny().inputs(Future(8))
        whole = fitted(form).expected(inputs)
        for part in (slice(0, 5), slice(30, 41), inputs.horizon):
            np.testing.assert_allclose(fitted(form).expected(inputs, part), whole[:, :, part], rtol=1e-4)

    def test_terms_are_the_media_effect(self, form: str) -> None:
        model, inputs = fitted(form), tiny().inputs()
        on, off = model.media_terms(inputs), model.media_terms(inputs.media_off())
        assert on is not None
        assert off is not None
        all_on, all_off = (terms.main.sum(axis=-1) + sum(terms.pairs.values(), 0.0) for terms in (on, off))
        truth = model.expected(inputs) - model.expected(inputs.media_off())
        np.testing.assert_allclose(all_on - all_off, truth, rtol=1e-6, atol=1e-6 * truth.max())

    def test_a_stored_model_answers_identically(self, form: str) -> None:
        model, inputs = fitted(form), tiny().inputs(Future(8))
        again = StructuralModel.from_state(ModelState.from_bytes(model.state().to_bytes()))
        np.testing.assert_array_equal(again.expected(inputs), model.expected(inputs))

    def test_a_thinned_model_keeps_its_form(self, form: str) -> None:
        thin, inputs = fitted(form).thinned(5), tiny().inputs()
        whole = fitted(form).expected(inputs)
        kept = np.linspace(0, len(whole) - 1, 5).round().astype(int)
        np.testing.assert_allclose(thin.expected(inputs), whole[kept], rtol=1e-12)


def adversarial(model: StructuralModel) -> StructuralModel:
    """The model with coefficients of its pairs and modulations far larger than any fit would give."""
    theta = model.parameters
    rng = np.random.default_rng(0)
    floor = -theta.effect.min(axis=1, keepdims=True) / (theta.effect.shape[1] - 1)
    wild = replace(
        theta,
        pair=np.broadcast_to(floor, theta.pair.shape).copy(),
        modulation=rng.normal(0.0, 2.0, theta.modulation.shape),
    )
    return StructuralModel(model.labels, model.scaling, model.design, wild, model.diagnostics, model.form)


@every_form
def test_a_lift_test_is_replayed_as_expected_would_answer(form: str) -> None:
    """What the posterior takes a test's lift for is what the model it makes of the same point answers."""
    panel = tiny()
    test = LiftTest(panel.labels.channels[1], panel.periods[20], panel.periods[34] + 6, lift=0.0, se=1.0)
    panel = replace(panel, lift_tests=(test,))
    shape = form_of(FORMS[form], panel.labels.frequency)
    posterior = Posterior(panel, Priors.of(shape), shape)
    theta = posterior.from_prior(3, np.random.default_rng(1))
    main = -posterior._linear(posterior.natural(theta)).tests[:, 0, 0]
    found = posterior.parameters(theta, np.random.default_rng(1))
    plain = replace(found, pair=np.zeros_like(found.pair), modulation=np.zeros_like(found.modulation))
    model = StructuralModel(panel.labels, posterior.scaling, posterior.design, plain, {}, shape)
    np.testing.assert_allclose(replayed(model, panel, panel.lift_windows[0]), main, rtol=1e-5)


@every_form
def test_the_order_of_columns_changes_nothing(form: str) -> None:
    panel, order = tiny(), [2, 0, 1]
    labels = replace(panel.labels, channels=tuple(panel.labels.channels[i] for i in order))
    moved = replace(panel, labels=labels, spend=panel.spend[:, :, order].copy())
    here, there = fitted(form), fitted_anew(moved, form)
    np.testing.assert_allclose(there.expected(moved.inputs()), here.expected(panel.inputs()), rtol=1e-6)


def test_ridge_takes_other_shapes_too() -> None:
    options = {"carry_over": "delayed", "saturation": "power"}
    model, inputs = fit_ridge(tiny(), FitSettings(n_draws=8, options=options)), tiny().inputs(Future(8))
    again = RidgeModel.from_state(ModelState.from_bytes(model.state().to_bytes()))
    assert (again.form.carry_over.name, again.form.saturation.name) == ("delayed", "power")
    np.testing.assert_array_equal(again.expected(inputs), model.expected(inputs))


def test_a_form_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ModelError, match=r"geometric.*hill"):
        fit_structural(tiny(), FitSettings(options={"carry_over": "late", "saturation": "s-curve"}))


class TestSeasonTimesMedia:
    def test_recovers_the_size_of_a_wave(self) -> None:
        """A channel that works 60 % better at one time of the year than on average is seen to."""
        panel = small_world(156)
        inputs = panel.inputs()
        plain = fit_structural(panel, FitSettings(seed=2, n_draws=16))
        theta = plain.parameters
        wave = np.zeros((*theta.effect.shape, 2))
        wave[:, :, 0] = 0.6
        waving = StructuralModel(
            plain.labels,
            plain.scaling,
            plain.design,
            replace(theta, modulation=wave),
            {},
            Form(modulations=(SeasonMedia(),)),
        ).expected(inputs)[0]
        rng = np.random.default_rng(0)
        seen = replace(panel, kpi=waving + rng.normal(0.0, 0.01 * waving.mean(), waving.shape))
        found = fit_structural(seen, FitSettings(seed=2, n_draws=60, options={"season_media": True}))
        largest = int(theta.effect.mean(axis=0).argmax())
        share = found.parameters.modulation[:, largest]
        assert 0.2 < share[:, 0].mean() < 0.8
        assert abs(share[:, 1].mean()) < 0.2

    def test_must_be_true_or_false(self) -> None:
        with pytest.raises(ModelError, match="season_media"):
            fit_structural(tiny(), FitSettings(options={"season_media": "yes"}))


def test_a_model_stored_before_forms_were_known_is_read() -> None:
    model = fit_structural(tiny(), FitSettings(seed=2, n_draws=4))
    state = model.state()
    arrays = {name: value for name, value in state.arrays.items() if name != "parameters.modulation"}
    meta = {name: value for name, value in state.meta.items() if name != "form"}
    again = StructuralModel.from_state(replace(state, version=1, arrays=arrays, meta=meta))
    np.testing.assert_array_equal(again.expected(tiny().inputs()), model.expected(tiny().inputs()))
