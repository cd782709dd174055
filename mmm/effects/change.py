"""What changed lately, and what it is put down to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import DateArray, Labels
from mmm.effects.contributions import Decomposition
from mmm.effects.estimate import Units
from mmm.effects.spans import periods_in

FloatArray = NDArray[np.float64]

RECENT_DAYS = 28  # four weeks against the four before: long enough to stand out of the noise, short enough to be news


@dataclass(frozen=True, eq=False)
class Change:
    """The latest periods beside as many before them, all markets together.

    `after − before = baseline + channels.sum() + unexplained`; every amount is in `units.shown`.

    Attributes:
        labels: names of the channels.
        units: what the numbers count.
        earlier: first day of each period before, `[period]`.
        recent: first day of each of the latest periods, `[period]`.
        before: KPI over `earlier`.
        after: KPI over `recent`.
        baseline: change of what would have been sold without media.
        channels: change of each channel's Shapley contribution, `[channel]`.
        unexplained: what the model does not account for.
        filled: some of these periods were not observed, and stand at what the model expected.
    """

    labels: Labels
    units: Units
    earlier: DateArray
    recent: DateArray
    before: float
    after: float
    baseline: float
    channels: FloatArray
    unexplained: float
    filled: bool

    @property
    def total(self) -> float:
        """After minus before."""
        return self.after - self.before


def latest_change(decomposition: Decomposition, days: float = RECENT_DAYS) -> Change | None:
    """The last `days` against as many before them; None where history holds fewer than two such spans."""
    span = periods_in(days, decomposition.labels.frequency)
    n = len(decomposition.periods)
    if n < 2 * span:
        return None
    earlier, recent = slice(n - 2 * span, n - span), slice(n - span, n)
    fitted, actual = decomposition.fitted, decomposition.actual
    known = fitted if actual is None else np.where(np.isnan(actual), fitted, actual)

    def moved(values: FloatArray) -> FloatArray:
        shown = decomposition.shown(values)
        return np.asarray(shown[:, recent].sum(axis=(0, 1)) - shown[:, earlier].sum(axis=(0, 1)))

    shown = decomposition.shown(known)
    return Change(
        labels=decomposition.labels,
        units=decomposition.units,
        earlier=decomposition.periods[earlier],
        recent=decomposition.periods[recent],
        before=float(shown[:, earlier].sum()),
        after=float(shown[:, recent].sum()),
        baseline=float(moved(decomposition.baseline)),
        channels=moved(decomposition.channels),
        unexplained=float(moved(known - fitted)),
        filled=actual is None or bool(np.isnan(actual[:, n - 2 * span :]).any()),
    )
