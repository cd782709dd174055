"""Priors as a person says them, and what the data made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mmm.data.panel import Panel
from mmm.effects.priors import Learnt, prior_against_posterior
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.form import Form, form_of
from mmm.models.prior_options import asked_priors
from mmm.models.priors import Priors
from mmm.models.structural import fit_structural
from tests.models.worlds import small_world

PANEL = small_world(52)
NAMES = PANEL.labels.channels


def asked(options: dict[str, Any], panel: Panel = PANEL) -> Priors:
    return asked_priors(panel, FitSettings(options=options), form_of(options, panel.labels.frequency))


def learnt(options: dict[str, Any], quantity: str) -> Learnt:
    found = prior_against_posterior(fit_structural(PANEL, FitSettings(n_draws=60, options=options)), PANEL)
    assert found is not None
    return next(part for part in found.learnt if part.quantity == quantity)


class TestWhatIsAsked:
    def test_is_the_default_where_nothing_is_said(self) -> None:
        assert asked({}) == Priors.of(Form())

    def test_goes_with_the_model_and_back(self) -> None:
        priors = asked({"priors": {"all": {"slope": [0.8, 1.5]}}, "roi": {NAMES[0]: [0.5, 2.0]}})
        assert Priors.from_dict(priors.as_dict()) == priors

    def test_of_one_channel_leaves_the_others(self) -> None:
        priors = asked({"priors": {"channels": {NAMES[1]: {"half_life_days": [7, 21]}}}})
        location, _ = priors.block("decay", NAMES)
        assert location[0] == location[2] == Priors().decay[0]
        assert location[1] > location[0]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"roi": {"radio": [1, 2]}}, "radio"),
            ({"roi": {NAMES[0]: [2, 1]}}, "larger"),
            ({"roi": {NAMES[0]: 3}}, "two numbers"),
            ({"roi": [1, 2]}, "ranges by name"),
            ({"priors": {"all": {"roi": [1, 2]}}}, "single channel"),
            ({"priors": {"all": {"lift": [1, 2]}}}, "not known"),
            ({"priors": {"all": {"peak_days": [1, 9]}}}, "not known"),
            ({"priors": {"all": {"half_life_days": [7, 900]}}}, "at most 150"),
            ({"priors": {"channels": {NAMES[0]: {"roi": [1, 2], "share": [0.1, 0.2]}}}}, "again"),
            ({"priors": {"channels": [1]}}, "channels"),
        ],
    )
    def test_nonsense_is_refused_in_words(self, options: dict[str, Any], said: str) -> None:
        with pytest.raises(ModelError, match=said):
            asked(options)

    def test_a_return_cannot_be_expected_where_nothing_was_spent(self) -> None:
        spend = PANEL.spend.copy()
        spend[:, :, 0] = 0.0
        with pytest.raises(ModelError, match="nothing was spent"):
            asked({"roi": {NAMES[0]: [1, 2]}}, replace(PANEL, spend=spend))


class TestWhatWasLearnt:
    def test_the_prior_is_the_range_that_was_said(self) -> None:
        said = {
            "priors": {"all": {"half_saturation": [0.3, 4.0]}, "channels": {NAMES[2]: {"half_life_days": [5, 20]}}},
            "roi": {NAMES[0]: [0.8, 2.4]},
        }
        model = fit_structural(PANEL, FitSettings(n_draws=10, options=said))
        found = prior_against_posterior(model, PANEL)
        assert found is not None
        by_name = {part.quantity: part.prior for part in found.learnt}
        half_life, half, roi = (by_name[name] for name in ("half_life_days", "half_saturation", "roi"))
        np.testing.assert_allclose([half_life.lo[2], half_life.hi[2]], [5, 20], rtol=0.1)
        np.testing.assert_allclose([half.lo[0], half.hi[0]], [0.3, 4.0], rtol=0.1)
        np.testing.assert_allclose([roi.lo[0], roi.hi[0]], [0.8, 2.4], rtol=0.1)

    def test_a_narrow_expectation_holds_against_little_data(self) -> None:
        name = NAMES[0]
        roi = learnt({"roi": {name: [4.0, 4.2]}}, "roi")
        assert 3.8 < roi.posterior.mean[0] < 4.4

    def test_the_data_narrow_returns(self) -> None:
        assert (learnt({}, "roi").narrowing < 0.95).any()

    def test_only_what_a_form_has_is_told(self) -> None:
        options = {"carry_over": "delayed", "saturation": "exponential"}
        model = fit_structural(PANEL, FitSettings(n_draws=10, options=options))
        found = prior_against_posterior(model, PANEL)
        assert found is not None
        assert [part.quantity for part in found.learnt] == ["half_life_days", "half_saturation", "roi"]
