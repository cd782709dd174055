"""Lift tests replayed by a model: the same contrast that the experiment measured, as a term of the likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mmm.data.lift import Window
from mmm.data.panel import Panel
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]

Terms = Callable[[FloatArray, slice], FloatArray]
"""Saturated drive `[batch, market, period, channel]` of some periods to linear columns `[..., term]`."""


def contrast(
    window: Window, on: FloatArray, off: FloatArray, effect: FloatArray, terms: Terms, kpi: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The lift of a window by main effects `[batch]` and by each linear term `[batch, term]`, KPI units.

    Args:
        window: where the test is replayed.
        on: saturated drive of all channels as it was `[batch, market, window period, channel]`.
        off: saturated drive of the tested channel without its spend in the window `[batch, market, window period]`.
        effect: KPI at full saturation in scaled units, of the tested channel `[batch]` or `[batch, market]`.
        terms: linear columns of saturated drive.
        kpi: KPI units per scaled unit `[market]`.
    """
    markets = list(window.markets)
    weight = np.zeros(len(kpi))
    weight[markets] = kpi[markets]
    gone = on.copy()
    gone[..., window.channel] = off
    fewer = on[..., window.channel] - off
    each = effect[:, None] if effect.ndim == 1 else effect
    main = ((fewer * each[:, :, None]).sum(axis=2) * weight).sum(axis=1)
    linear = terms(on, window.periods) - terms(gone, window.periods)
    return main, np.einsum("bgpm,g->bm", linear, weight)


def replayed(model: FittedModel, panel: Panel, window: Window) -> FloatArray:
    """The lift that a fitted model expects of a test, through its own `expected`: KPI units `[draw]`."""
    inputs = panel.inputs()
    without = model.expected(inputs.scaled(window.channel, 0.0, window.periods), window.periods)
    gained = model.expected(inputs, window.periods) - without
    return np.asarray(gained[:, list(window.markets)].sum(axis=(1, 2)))
