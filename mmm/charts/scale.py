"""Axes whose numbers read without zeros, and labels that do not lie on each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmm.charts.numbers import SYMBOLS
from mmm.charts.template import safe

FloatArray = NDArray[np.float64]

_SCALES = ((1e9, "billion"), (1e6, "million"), (1e3, "thousand"))


@dataclass(frozen=True)
class Scale:
    """What the amounts of an axis are divided by, and its title: "€ thousand a week"."""

    factor: float
    title: str

    def __call__(self, values: ArrayLike) -> FloatArray:
        """`values` in the unit of the axis."""
        return np.asarray(values, np.float64) / self.factor


def scale_of(values: ArrayLike, unit: str, per: str = "") -> Scale:
    """The scale that lets the largest of `values` be written without zeros.

    Args:
        values: everything the axis shows, in `unit`.
        unit: an ISO 4217 code, or what a KPI counts.
        per: "week" and the like, where the amounts are rates.
    """
    found = np.abs(np.asarray(values, np.float64))
    largest = float(np.max(found, where=np.isfinite(found), initial=0.0))
    factor, word = next(((f, w) for f, w in _SCALES if largest >= 2 * f), (1.0, ""))
    name = SYMBOLS.get(unit.upper(), unit)
    parts = (name, word) if unit.upper() in SYMBOLS else (word, name)
    title = " ".join(part for part in (*parts, f"a {per}" if per else "") if part)
    return Scale(factor, safe(title))


def apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """`places` moved as little as it takes to be `gap` apart and inside `low` to `high`; their order is kept."""
    order = np.argsort(np.asarray(places), kind="stable")
    gap = min(gap, (high - low) / max(1, len(order) - 1))
    found = np.clip(np.asarray(places, np.float64)[order], low, high)
    for i in range(1, len(found)):
        found[i] = max(found[i], found[i - 1] + gap)
    if len(found):
        found[-1] = min(found[-1], high)
    for i in range(len(found) - 2, -1, -1):
        found[i] = min(found[i], found[i + 1] - gap)
    moved = np.empty_like(found)
    moved[order] = found
    return [float(place) for place in moved]
