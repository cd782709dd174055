"""Panels to be checked, and what the checks say of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from mmm.data.checks import Check, check_panel
from mmm.data.inputs import ControlRole, Frequency, Labels
from mmm.data.panel import Panel
from mmm.data.simulate import five_channel_world, four_channel_world, market_world

WORLDS = 30  # clean ones, on which a check that claims a fault may be wrong once


@cache
def clean_worlds() -> tuple[Panel, ...]:
    """Simulated panels without a fault: two years, some of four and some of five channels."""
    half = WORLDS // 2
    return tuple(
        [five_channel_world(s).panel for s in range(half)] + [four_channel_world(s).panel for s in range(half)]
    )


def clean(seed: int = 0, n: int = 104) -> Panel:
    return five_channel_world(seed, n_periods=n).panel


def markets(seed: int = 0, n: int = 4) -> Panel:
    return market_world(seed, n_markets=n).panel


def check(code: str, panel: Panel) -> Check:
    return {found.code: found for found in check_panel(panel)}[code]


def with_spend(panel: Panel, channel: int, spend: np.ndarray) -> Panel:
    every = panel.spend.copy()
    every[:, :, channel] = spend
    return replace(panel, spend=every)


def with_kpi(panel: Panel, kpi: np.ndarray) -> Panel:
    return replace(panel, kpi=np.broadcast_to(kpi, panel.kpi.shape).copy())


def with_control(panel: Panel, name: str, values: np.ndarray, role: ControlRole = ControlRole.CONFOUNDER) -> Panel:
    g, t = panel.kpi.shape
    labels = replace(
        panel.labels, controls=(*panel.labels.controls, name), control_roles=(*panel.labels.control_roles, role)
    )
    column = np.broadcast_to(values, (g, t))[:, :, None]
    return replace(panel, labels=labels, controls=np.concatenate([panel.controls, column], axis=2))


def with_exposure(panel: Panel, per_spend: float = 200.0, seed: int = 1, noise: float = 0.1) -> Panel:
    factor = np.random.default_rng(seed).lognormal(0.0, noise, panel.spend.shape)
    return replace(panel, exposure=np.round(panel.spend * per_spend * factor))


def tiny(frequency: Frequency = Frequency.WEEK, n: int = 20, channels: int = 2, markets: int = 1) -> Panel:
    rng = np.random.default_rng(4)
    start = np.datetime64("2021-01-04")
    months = (np.datetime64("2020-01") + np.arange(n)).astype("datetime64[D]")
    step = {"day": 1, "week": 7}.get(frequency.value)
    return Panel(
        labels=Labels(
            tuple(f"m{g}" for g in range(markets)), tuple(f"ch{c}" for c in range(channels)), frequency=frequency
        ),
        periods=months if step is None else start + step * np.arange(n),
        kpi=1000 + 30 * rng.standard_normal((markets, n)),
        spend=rng.gamma(4.0, 25.0, (markets, n, channels)),
        controls=np.zeros((markets, n, 0)),
        observed=np.ones((markets, n), dtype=bool),
        filled=np.zeros((markets, n), dtype=bool),
    )
