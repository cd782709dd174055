"""Lift tests beside the model: what is compared, and when a second fit is made for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.codec import dump, load
from mmm.data.lift import LiftTest
from mmm.data.panel import Panel
from mmm.effects.contributions import drop_one
from mmm.effects.estimate import Estimate
from mmm.effects.lift import LiftComparison, ReplayedLift, compare_lift
from mmm.models.base import FitSettings, Progress, silent
from tests.fakes import FakeModel, a_model, a_panel


class Learner(FakeModel):
    learns_from_lift_tests = True


class Fits:
    """A fit that remembers what it was given; a model without tests is half as sure of the first channel."""

    def __init__(self) -> None:
        self.panels: list[Panel] = []

    def __call__(self, panel: Panel, settings: FitSettings, progress: Progress = silent) -> FakeModel:
        self.panels.append(panel)
        return a_model(panel, seed=2)


def a_tested_panel(markets: int = 1) -> Panel:
    panel = a_panel(n=60, markets=markets)
    test = LiftTest("search", panel.periods[20], panel.periods[23] + 6, 800.0, 100.0)
    return replace(panel, lift_tests=(test,))


def learner(panel: Panel) -> FakeModel:
    model = a_model(panel)
    model.__class__ = Learner
    return model


def test_what_is_expected_is_all_on_less_the_tested_spend_off() -> None:
    panel = a_tested_panel()
    model = a_model(panel)
    found = compare_lift(model, panel, Fits(), FitSettings())
    inputs = panel.inputs()
    gone = model.expected(inputs) - model.expected(inputs.scaled(0, 0.0, slice(20, 24)))
    assert found is not None
    assert float(found.tests[0].expected.mean) == pytest.approx(gone[:, :, 20:24].sum(axis=(1, 2)).mean())


def test_a_family_that_learns_is_fitted_once_more_without_tests() -> None:
    panel, fits = a_tested_panel(), Fits()
    found = compare_lift(learner(panel), panel, fits, FitSettings())
    assert found is not None
    (plain,) = fits.panels
    assert plain.lift_tests == ()
    again = drop_one(a_model(panel, seed=2), panel.inputs()).total.kpi
    assert found.contributions_without is not None
    assert np.allclose(found.contributions_without.total.kpi.mean, again.mean)
    assert found.without is not None


@pytest.mark.parametrize(("effort", "times"), [("quick", 0), ("full", 1)])
def test_large_data_are_fitted_again_only_with_full_effort(effort: str, times: int) -> None:
    panel, fits = a_tested_panel(markets=20), Fits()
    compare_lift(learner(panel), panel, fits, FitSettings(effort=effort))
    assert len(fits.panels) == times


def test_a_family_that_learns_nothing_is_not_fitted_again() -> None:
    panel, fits = a_tested_panel(), Fits()
    found = compare_lift(a_model(panel), panel, fits, FitSettings(effort="full"))
    assert fits.panels == []
    assert found is not None
    assert (found.learnt, found.without, found.contributions_without) == (False, None, None)


def test_data_without_tests_have_nothing_to_compare() -> None:
    panel = a_panel(n=60)
    assert compare_lift(a_model(panel), panel, Fits(), FitSettings()) is None


@pytest.mark.parametrize(("mean", "agrees"), [(1000.0, True), (1200.0, True), (1400.0, False)])
def test_they_agree_where_their_difference_is_inside_what_both_are_unsure(mean: float, agrees: bool) -> None:
    panel = a_tested_panel()
    expected = Estimate(*(np.asarray(value) for value in (mean, mean - 200, mean + 200)))
    test = replace(panel.lift_tests[0], lift=1000.0)
    assert ReplayedLift(test, expected, None).agrees is agrees


def test_a_comparison_is_stored_and_read_back() -> None:
    panel = a_tested_panel()
    found = compare_lift(learner(panel), panel, Fits(), FitSettings())
    assert found is not None
    again = load(dump(found), LiftComparison)
    assert again.tests[0].test == panel.lift_tests[0]
    assert np.array_equal(again.expected.mean, found.expected.mean)
