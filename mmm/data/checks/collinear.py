"""Can the channels be told apart: pairs that move together, and channels that are a mix of others."""

from __future__ import annotations

import numpy as np

from mmm.data.checks.check import Check, FloatArray, Status, listed, passed, unit
from mmm.data.panel import Panel

CORRELATED, INSEPARABLE = 0.9, 0.98  # |r| of two channels' spend within markets
HIGH_VIF, EXTREME_VIF = 10.0, 50.0  # usual reading of a variance inflation factor
EXACT = 1e-12  # shares below are rounding


def variance_inflation(panel: Panel) -> FloatArray:
    """Variance inflation factor of each channel's spend given the others, `[channel]`.

    VIF_c = 1 / (1 - R2_c), R2_c from regressing spend c on all other channels within markets (Belsley, Kuh and
    Welsch 1980). NaN for a channel that never varies, infinite where the others tell it exactly.
    """
    spend = within(panel)
    moving = np.flatnonzero(spread(spend) > 0)
    factors = np.full(spend.shape[1], np.nan)
    if len(moving) == 0:
        return factors
    scaled = spend[:, moving] / spread(spend)[moving]
    _, sizes, axes = np.linalg.svd(scaled, full_matrices=False)
    rank = int((sizes > sizes[0] * max(scaled.shape) * np.finfo(np.float64).eps).sum())
    tied = (
        1.0 - (axes[:rank] ** 2).sum(axis=0) > EXACT
    )  # part of a sum that is zero in every period: told by the others
    left = 1.0 / ((axes[:rank] / sizes[:rank, None]) ** 2).sum(axis=0)  # what the others do not explain, squared
    share = left / (scaled**2).sum(axis=0)
    factors[moving] = np.where(tied | (share <= EXACT), np.inf, 1.0 / np.maximum(share, EXACT))
    return factors


def within(panel: Panel) -> FloatArray:
    """Observed spend less each market's mean, `[observation, channel]`."""
    parts = []
    for market in range(len(panel.labels.markets)):
        spend = panel.spend[market][panel.observed[market]]
        parts.append(spend - spend.mean(axis=0) if len(spend) else spend)
    return np.concatenate(parts)


def spread(spend: FloatArray) -> FloatArray:
    """Standard deviation of each channel, zero where nothing was observed."""
    return np.asarray(spend.std(axis=0)) if len(spend) else np.zeros(spend.shape[1])


def pairs(panel: Panel) -> Check:
    """Two channels whose spend rises and falls together."""
    title = "Channels move apart"
    spend = within(panel)
    names = panel.labels.channels
    moving = np.flatnonzero(spread(spend) > 0)
    correlation = np.atleast_2d(np.corrcoef(spend[:, moving], rowvar=False)) if len(moving) > 1 else np.eye(len(moving))
    first, second = np.triu_indices(len(moving), k=1)
    r = correlation[first, second]
    close = np.flatnonzero(np.abs(r) > CORRELATED)
    if not len(close):
        finding = f"No two channels' spend moves together closely (|r| at most {CORRELATED:g})."
        return passed("collinear_pair", title, finding)
    close = close[np.argsort(-np.abs(r[close]), kind="stable")]
    said = [f"{names[moving[first[k]]]} and {names[moving[second[k]]]} (r = {r[k]:.2f})" for k in close]
    return Check(
        "collinear_pair",
        title,
        "fail" if abs(float(r[close[0]])) > INSEPARABLE else "warn",
        f"Spend moves together: {listed(said, '; ')}.",
        "Move one of them alone for some weeks, test one with a lift test, or merge the two into one channel.",
    )


def inflation(panel: Panel) -> Check:
    """Channels whose spend the others' spend nearly tells."""
    title = "No channel is a mix of others"
    factors = variance_inflation(panel)
    known = np.nan_to_num(factors, nan=0.0)
    high = [int(c) for c in np.argsort(-known, kind="stable") if known[c] > HIGH_VIF]
    if not high:
        top = float(known.max()) if (known > 0).any() else 1.0
        return passed("vif", title, f"Highest variance inflation factor {top:.1f}.")
    periods = int(panel.observed.sum())
    if len(factors) >= periods:
        finding = (
            f"There are {len(factors)} channels for {periods} observed {unit(panel, periods)}: each is a mix of others."
        )
    else:
        said = [
            f"{panel.labels.channels[c]} ({'infinite' if np.isinf(factors[c]) else f'{factors[c]:.0f}'})" for c in high
        ]
        finding = (
            f"Other channels' spend nearly tells this channel's: {listed(said, '; ')} (variance inflation, high above "
            f"{HIGH_VIF:g})."
        )
    status: Status = "fail" if factors[high[0]] > EXTREME_VIF else "warn"
    remedy = "Merge channels that are always planned together, or vary one of them on its own."
    return Check("vif", title, status, finding, remedy)
