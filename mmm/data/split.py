"""Spend that was split across markets by a key, such as their size: many markets then say no more than one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

OWN = 0.01  # share of the variance within markets that is not the national figure times a fixed share
MOVED = 0.05  # share of spend that would have to change markets for an exact split; regional buying shows 0.2 and more


def split_by_size(panel: Panel) -> tuple[str, ...]:
    """Channels whose spend was handed out to all markets by a fixed share, by population or by KPI.

    Such a channel moves alike in every market, so that comparing markets shows nothing of it: only its course over
    time does. Spend shared out by each week's own KPI even follows sales.

    Returns:
        Names in the panel's order; none in data of one market.
    """
    if len(panel.labels.markets) < 2:
        return ()
    share, fixed = fixed_shares(panel)
    keys = list(_sizes(panel))
    return tuple(
        name
        for channel, name in enumerate(panel.labels.channels)
        if panel.spend[:, :, channel].any()
        and (
            (fixed[channel] and (share[:, channel] > 0).all())
            or min(_moved(panel.spend[:, :, channel], key) for key in keys) < MOVED
        )
    )


def fixed_shares(panel: Panel) -> tuple[FloatArray, BoolArray]:
    """Each market's share of a channel's spend `[market, channel]`, and where it is the same all the time `[channel]`.

    True only for channels that several markets bought and whose spend varies.
    """
    national = panel.spend.sum(axis=0)
    total = national.sum(axis=0)
    share = np.divide(panel.spend.sum(axis=1), total, out=np.zeros(panel.spend.shape[::2]), where=total > 0)
    rest = ((panel.spend - share[:, None] * national) ** 2).sum(axis=(0, 1))
    within = ((panel.spend - panel.spend.mean(axis=1, keepdims=True)) ** 2).sum(axis=(0, 1))
    several = (share > 0).sum(axis=0) > 1
    return share, several & (within > 0) & (rest < OWN * within)


def _sizes(panel: Panel) -> Iterator[FloatArray]:
    """Sizes by which a budget may have been split `[market, period]`; zero where unknown in some market."""
    seen = np.where(panel.observed, np.maximum(panel.kpi, 0.0), 0.0)
    mean = seen.sum(axis=1) / np.maximum(panel.observed.sum(axis=1), 1)
    everywhere = panel.observed.all(axis=0)
    if panel.population is not None:
        yield np.broadcast_to(panel.population[:, None], seen.shape)
    yield np.broadcast_to(mean[:, None], seen.shape)
    yield seen * everywhere


def _moved(spend: FloatArray, size: FloatArray) -> float:
    """Share of one channel's spend `[market, period]` that is not where a split by `size` would have put it."""
    known = size.sum(axis=0) > 0
    spend, size = spend[:, known], size[:, known]
    total = float(spend.sum())
    if total <= 0:
        return 1.0
    by_size = size * (spend.sum(axis=0) / size.sum(axis=0))
    return float(np.abs(spend - by_size).sum()) / (2 * total)
