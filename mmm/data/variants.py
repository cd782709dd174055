"""Simulated worlds whose effects are not the same everywhere and always."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.simulate import FIVE_CHANNELS, World, five_channel_world, market_world

FloatArray = NDArray[np.float64]

WEEKS_PER_YEAR = 52.18


def uneven_market_world(seed: int, n_markets: int = 20, n_periods: int = 104, spread: float = 0.3) -> World:
    """`market_world` whose effects differ by market: log-normal, `spread` is the deviation of their logs."""
    world = market_world(seed, n_markets, n_periods)
    rng = np.random.default_rng([seed, 1])
    log = rng.normal(0.0, spread, (n_markets, 1, len(FIVE_CHANNELS))) - spread**2 / 2
    return with_multiplier(world, np.exp(log))


def drifting_world(seed: int, n_periods: int = 104, sd_per_year: float = 0.3) -> World:
    """`five_channel_world` whose effects drift: the log of each is a random walk around its average."""
    world = five_channel_world(seed, n_periods)
    rng = np.random.default_rng([seed, 2])
    log = np.cumsum(rng.normal(0.0, sd_per_year / np.sqrt(WEEKS_PER_YEAR), (1, n_periods, len(FIVE_CHANNELS))), axis=1)
    return with_multiplier(world, np.exp(log - log.mean(axis=1, keepdims=True)))


def with_multiplier(world: World, multiplier: FloatArray) -> World:
    """The same world with every effect multiplied by `multiplier [market or 1, period or 1, channel]`."""
    truth = replace(world.truth, multiplier=multiplier)
    spend = world.panel.spend
    kpi = np.round(world.panel.kpi + truth.media(spend) - world.truth.media(spend), 2)
    return replace(world, truth=truth, panel=replace(world.panel, kpi=kpi))
