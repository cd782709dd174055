"""Plans made with one click: more or less of everything, last year again, one channel moved to the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.errors import DataError
from mmm.planning.baseline import business_as_usual
from mmm.planning.cents import split_to_cents

__all__ = ["as_last_year", "channel_shapes", "scale_all", "shift_from", "split_to_cents", "spread"]

FloatArray = NDArray[np.float64]


def scale_all(spend: FloatArray, factor: float) -> FloatArray:
    """Every channel times `factor` (1.1 is +10 %), cents that add up; spend `[market, period, channel]`.

    Raises:
        DataError: the factor is negative or not finite.
    """
    if not np.isfinite(factor) or factor < 0:
        raise DataError(f"A plan cannot be scaled by {factor:g}; give a factor of at least 0.")
    return np.stack(
        [split_to_cents(float(spend[..., c].sum()) * factor, spend[..., c]) for c in range(spend.shape[-1])], axis=-1
    )


def as_last_year(panel: Panel, horizon: int) -> FloatArray:
    """The same weeks of last year at today's level, `[market, period, channel]`.

    Raises:
        DataError: history is shorter than a year.
    """
    return business_as_usual(panel, horizon, "last_year")


def shift_from(spend: FloatArray, channel: int, share: float) -> FloatArray:
    """Move `share` (0..1) of one channel's spend to the others, in proportion to theirs; the total stays.

    Where the others spend nothing they get equal parts. Timing and markets follow each receiving channel, and the
    giving channel where the receiver spends nothing.

    Raises:
        DataError: there is no other channel, or the share lies outside 0..1.
    """
    if not 0 <= share <= 1 or spend.shape[-1] < 2:
        raise DataError("Moving spend needs a second channel and a share between 0 and 1.")
    totals = spend.sum(axis=(0, 1))
    others = np.arange(len(totals)) != channel
    weights = np.where(others, totals if totals[others].any() else 1.0, 0.0)
    moved = totals[channel] * share * weights / weights.sum()
    plan = spend.copy()
    plan[..., channel] *= 1 - share
    for index in np.flatnonzero(moved):
        shape = spend[..., index] if totals[index] > 0 else spend[..., channel]
        plan[..., index] += moved[index] * shape / shape.sum()
    return plan


def channel_shapes(panel: Panel, base: FloatArray) -> FloatArray:
    """How one unit of each channel's spend is spread, `[market, period, channel]`, each channel adding up to 1.

    A channel keeps its shape in `base`, such as business as usual. One that spends nothing there gets a constant rate,
    split over markets as the channel ever was, or as all spend is, or equally.
    """
    ever = panel.spend.sum(axis=1)
    shapes = np.array(base, dtype=np.float64)
    for channel in np.flatnonzero(~base.any(axis=(0, 1))):
        markets = ever[:, channel] if ever[:, channel].any() else ever.sum(axis=1)
        shapes[..., channel] = (markets if markets.any() else np.ones_like(markets))[:, None]
    return np.asarray(shapes / shapes.sum(axis=(0, 1)))


def spread(shapes: FloatArray, totals: FloatArray) -> FloatArray:
    """Totals over the horizon `[channel]` as a plan `[market, period, channel]`, cents that add up to each total.

    `shapes` are those of `channel_shapes`.
    """
    parts = [split_to_cents(float(total), shapes[..., c]) for c, total in enumerate(totals)]
    return np.stack(parts, axis=-1)
