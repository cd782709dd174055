"""Small simulated panels, and every family fitted on them once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from mmm.data.inputs import Frequency
from mmm.data.lift import LiftTest
from mmm.data.panel import Panel
from mmm.data.simulate import OFFLINE_MEDIA, SEARCH, SOCIAL, WorldSettings, simulate
from mmm.models.base import FitSettings, FittedModel
from mmm.models.registry import family

SETTINGS = FitSettings(seed=3, effort="quick", n_draws=40)
ORDER = (2, 0, 1)  # channels of the permuted panel
GAP = slice(20, 24)  # weeks whose KPI is not observed
DARK, BY_EXPOSURE = 0, 2  # channels of the "dark" panel


def small_world(n_periods: int = 64, markets: tuple[str, ...] = ("national",), seed: int = 11) -> Panel:
    settings = WorldSettings(channels=(SEARCH, SOCIAL, OFFLINE_MEDIA), n_periods=n_periods, markets=markets)
    return simulate(settings, seed).panel


def plain() -> Panel:
    panel = small_world()
    observed = panel.observed.copy()
    observed[:, GAP] = False
    return replace(panel, observed=observed)


def permuted() -> Panel:
    panel = plain()
    labels = replace(panel.labels, channels=tuple(panel.labels.channels[i] for i in ORDER))
    return replace(panel, labels=labels, spend=panel.spend[:, :, list(ORDER)].copy())


def other_gap() -> Panel:
    """The plain panel with something else where nothing was observed."""
    panel = plain()
    kpi = panel.kpi.copy()
    kpi[~panel.observed] = 1e9
    return replace(panel, kpi=kpi)


def dark() -> Panel:
    """One channel never spends, another is measured in impressions."""
    panel = small_world()
    spend = panel.spend.copy()
    spend[:, :, DARK] = 0.0
    exposure = np.full(spend.shape, np.nan)
    cost = np.random.default_rng(0).uniform(0.01, 0.012, spend.shape[:2])
    exposure[:, :, BY_EXPOSURE] = spend[:, :, BY_EXPOSURE] / cost
    return replace(panel, spend=spend, exposure=exposure)


def daily() -> Panel:
    panel = small_world(120)
    periods = panel.periods[0] + np.arange(120)
    return replace(panel, labels=replace(panel.labels, frequency=Frequency.DAY), periods=periods)


def monthly() -> Panel:
    panel = small_world(40)
    periods = (np.datetime64("2021-01") + np.arange(40)).astype("datetime64[D]")
    return replace(panel, labels=replace(panel.labels, frequency=Frequency.MONTH), periods=periods)


def tested() -> Panel:
    """The plain panel with a lift test that is sure of a lift larger than any other evidence says."""
    panel = plain()
    lift = 0.5 * float(panel.kpi[0, 40:44].sum())
    test = LiftTest(panel.labels.channels[0], panel.periods[40], panel.periods[43] + 6, lift, 0.01 * lift)
    return replace(panel, lift_tests=(test,))


PANELS = {
    "plain": plain,
    "again": plain,
    "permuted": permuted,
    "other gap": other_gap,
    "dark": dark,
    "tested": tested,
    "markets": lambda: small_world(48, ("north", "south", "west")),
    "daily": daily,
    "monthly": monthly,
}


@cache
def panel_of(name: str) -> Panel:
    return PANELS[name]()


@cache
def fitted(family_name: str, panel_name: str) -> FittedModel:
    """One fit for all tests that only ask; "again" is fitted a second time."""
    return family(family_name).fit(panel_of(panel_name), SETTINGS)
