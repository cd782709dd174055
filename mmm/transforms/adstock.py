"""Carry-over: how much of a period's advertising still works in later periods."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def geometric_adstock(drive: FloatArray, decay: FloatArray, initial: FloatArray) -> FloatArray:
    """Normalised geometric carry-over: a[t] = decay * a[t-1] + (1 - decay) * drive[t].

    Normalised so that constant spend keeps its size: a steady drive x gives a = x.

    Args:
        drive: spend or exposure, `[market, period, channel]`, or with a leading draw axis.
        decay: share carried from one period to the next, 0 <= decay < 1, `[draw, channel]`.
        initial: carried-over level before the first period, `[market, channel]` or `[draw, market, channel]`.

    Returns:
        Carried-over drive `[draw, market, period, channel]`.

    Source:
        Broadbent (1979), "One way TV advertisements work", J. Market Research Society 21(3).
    """
    draws = max(decay.shape[0], drive.shape[0] if drive.ndim == 4 else 1)
    by_period = np.moveaxis(drive, -2, 0)  # [period, (draw,) market, channel]
    keep = decay[:, None, :]
    fresh = (1.0 - keep) * by_period[:, None] if drive.ndim == 3 else (1.0 - keep) * by_period
    state = np.broadcast_to(initial, (draws, *fresh.shape[-2:])).copy()
    out = np.empty((fresh.shape[0], *state.shape))
    for period, new in enumerate(fresh):
        np.multiply(state, keep, out=state)
        state += new
        out[period] = state
    return np.moveaxis(out, 0, 2)


def look_back(decay: FloatArray, *, tolerance: float = 1e-4) -> int:
    """Periods after which less than `tolerance` of a pulse is left, for the longest decay."""
    longest = float(np.max(decay, initial=0.0))
    if longest <= tolerance:
        return 1
    return int(np.ceil(np.log(tolerance) / np.log(min(longest, 0.999))))
