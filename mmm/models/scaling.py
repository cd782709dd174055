"""Units a fit works in: KPI and drive as multiples of what is normal for their market and channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel

FloatArray = NDArray[np.float64]

OPENING_PERIODS = 8  # spend before the first period is taken to have been as in these first ones


@dataclass(frozen=True, eq=False)
class Scaling:
    """Scales of one panel; the same for history and future.

    Attributes:
        kpi: KPI units per scaled unit, `[market]`: the market's mean KPI.
        drive: drive units per scaled unit, `[market, channel]`: market size x the channel's usual level.
        opening: carried-over scaled drive before the first period, `[market, channel]`.
        spend_share: each channel's share of all spend, `[channel]`.
    """

    kpi: FloatArray
    drive: FloatArray
    opening: FloatArray
    spend_share: FloatArray

    @classmethod
    def of(cls, panel: Panel) -> Scaling:
        """Scales measured on the observed periods of `panel`.

        A channel's usual level is the geometric mean of its average drive and of the drive at which the average
        euro is spent, so that it means much the same for steady and for flighted channels.
        """
        weight = panel.observed.astype(np.float64)
        seen = np.where(panel.observed, panel.kpi, 0.0)
        kpi = np.abs(seen.sum(axis=1)) / np.maximum(weight.sum(axis=1), 1.0)
        kpi = np.where(kpi > 0, kpi, max(float(kpi.mean()), 1e-12))
        size = kpi / kpi.mean()
        drive_seen = panel.inputs().drive
        per_size = drive_seen / size[:, None, None]
        mean = per_size.mean(axis=(0, 1))
        typical = (per_size**2).mean(axis=(0, 1)) / np.where(mean > 0, mean, 1.0)
        level = np.where(mean > 0, np.sqrt(mean * typical), 1.0)
        drive = size[:, None] * level[None, :]
        opening = drive_seen[:, :OPENING_PERIODS].mean(axis=1) / drive
        spend = panel.spend.sum(axis=(0, 1))
        share = spend / spend.sum() if spend.sum() > 0 else np.full(len(spend), 1.0 / max(len(spend), 1))
        return cls(kpi=kpi, drive=drive, opening=opening, spend_share=share)
