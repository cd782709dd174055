"""How far a spend level lies from what was ever observed, judged on sustained spend."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Frequency
from mmm.effects.spans import periods_in

FloatArray = NDArray[np.float64]

SUSTAINED_DAYS = 56  # a level held for 8 weeks has been learnt with its carry-over
BRIEF_DAYS = 28  # held for 4 weeks only: at the edge
EDGE = 1.10  # up to 10 % above a sustained level is still at the edge
_TOLERANCE = 1e-9


class SupportStatus(StrEnum):
    """Where a spend level lies relative to what the data have seen."""

    INSIDE = "inside"
    EDGE = "edge"
    BEYOND = "beyond"


@dataclass(frozen=True)
class Support:
    """Highest spend per period (all markets together) that one channel was seen to sustain.

    Attributes:
        sustained: highest 8-week mean, currency per period; `inside` up to here.
        edge: highest 4-week mean, or 10 % above `sustained` where that is more; `beyond` above it.
    """

    sustained: float
    edge: float

    def status(self, spend: float) -> SupportStatus:
        """Status of a spend per period held for weeks."""
        if spend <= self.sustained * (1 + _TOLERANCE):
            return SupportStatus.INSIDE
        return SupportStatus.EDGE if spend <= self.edge * (1 + _TOLERANCE) else SupportStatus.BEYOND


def support(spend: FloatArray, frequency: Frequency) -> tuple[Support, ...]:
    """Support of every channel, from observed spend `[market, period, channel]`."""
    national = spend.sum(axis=0)
    long = _moving_mean(national, periods_in(SUSTAINED_DAYS, frequency)).max(axis=0)
    brief = _moving_mean(national, periods_in(BRIEF_DAYS, frequency)).max(axis=0)
    edge = np.maximum(brief, EDGE * long)
    return tuple(Support(float(a), float(b)) for a, b in zip(long, edge, strict=True))


def sustained_plan(history: FloatArray, plan: FloatArray, frequency: Frequency) -> FloatArray:
    """Highest 8-week mean that ends inside the plan, weeks before it included: currency per period `[channel]`.

    Args:
        history: observed spend `[market, period, channel]`.
        plan: planned spend `[market, period, channel]`.
        frequency: length of a period.
    """
    width = periods_in(SUSTAINED_DAYS, frequency)
    before = history[:, max(0, history.shape[1] - width + 1) :].sum(axis=0)
    means = _moving_mean(np.concatenate([before, plan.sum(axis=0)]), width)
    return np.asarray(means[-plan.shape[1] :].max(axis=0))


def _moving_mean(values: FloatArray, width: int) -> FloatArray:
    """Means of `width` consecutive rows `[row, channel]`; the mean of all rows where there are fewer."""
    width = min(width, len(values))
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return np.asarray((sums[width:] - sums[:-width]) / width)
