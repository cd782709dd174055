"""Lift tests in the fit: the contrast the experiment measured, seen by the model."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from mmm.data.lift import LiftTest
from mmm.data.panel import Panel
from mmm.data.simulate import World, simulate
from mmm.models.base import FitSettings
from mmm.models.replay import replayed
from mmm.models.structural import StructuralModel, fit_structural
from tests.models.worlds import small_world

SETTINGS = FitSettings(seed=1, n_draws=120)
TESTED = 1


@cache
def plain() -> Panel:
    return small_world(80)


def with_test(panel: Panel, lift: float, se: float, first: int = 40, market: str | None = None) -> Panel:
    name = panel.labels.channels[TESTED]
    test = LiftTest(name, panel.periods[first], panel.periods[first + 3] + 6, lift, se, market)
    return replace(panel, lift_tests=(test,))


@cache
def untested() -> StructuralModel:
    return fit_structural(plain(), SETTINGS)


def lift(model: StructuralModel, panel: Panel) -> np.ndarray:
    return replayed(model, panel, panel.lift_windows[0])


class TestATest:
    def test_pulls_the_lift_to_what_was_measured(self) -> None:
        before = lift(untested(), with_test(plain(), 1.0, 1.0)).mean()
        asked = 2.5 * before
        panel = with_test(plain(), asked, 0.02 * asked)
        after = lift(fit_structural(panel, SETTINGS), panel)
        assert abs(after.mean() - asked) < 3 * 0.02 * asked
        assert after.std() < 0.06 * asked

    def test_that_knows_nothing_changes_next_to_nothing(self) -> None:
        panel = with_test(plain(), 0.0, 1e12)
        before, after = lift(untested(), panel), lift(fit_structural(panel, SETTINGS), panel)
        assert abs(after.mean() - before.mean()) < 0.35 * before.std()

    def test_outside_history_is_not_replayed(self) -> None:
        panel = plain()
        early = LiftTest(panel.labels.channels[0], panel.periods[0] - 60, panel.periods[0] - 30, 1.0, 1.0)
        assert replace(panel, lift_tests=(early,)).lift_windows == ()


class TestAMarketsTest:
    def markets(self) -> Panel:
        return small_world(48, ("north", "south", "west"))

    def test_is_counted_once(self) -> None:
        """The KPI of the market's own test weeks has been read already, so it stays out of the likelihood."""
        panel = with_test(self.markets(), 5_000.0, 1_000.0, first=20, market="south")
        settings = FitSettings(seed=1, n_draws=20)
        here, there = (fit_structural(p, settings).diagnostics for p in (panel, self.markets()))
        assert here["observed_periods"] == there["observed_periods"] - 4

    def test_of_all_markets_leaves_the_weeks_in(self) -> None:
        settings = FitSettings(seed=1, n_draws=20)
        panel = with_test(self.markets(), 5_000.0, 1_000.0, first=20)
        assert fit_structural(panel, settings).diagnostics["observed_periods"] == 3 * 48


def test_the_replay_through_the_posterior_is_the_replay_through_expected() -> None:
    """Under a narrow test, what `expected` replays lies about the test as widely as the test is sure."""
    world: World = simulate(seed=4)
    panel = world.panel
    before = lift_of(world)
    panel = replace(panel, lift_tests=(before,))
    found = (replayed(fit_structural(panel, SETTINGS), panel, panel.lift_windows[0]) - before.lift) / before.se
    assert abs(np.median(found)) < 0.5
    assert 0.5 < np.quantile(np.abs(found), 0.68) < 1.5


def lift_of(world: World) -> LiftTest:
    panel = world.panel
    without = panel.spend.copy()
    without[:, 30:34, 0] = 0.0
    gained = world.truth.media(panel.spend) - world.truth.media(without)
    true = float(gained[:, 30:34].sum())
    return LiftTest(panel.labels.channels[0], panel.periods[30], panel.periods[33] + 6, true, 0.03 * true)
