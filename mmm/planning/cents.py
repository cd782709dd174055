"""Money in cents: parts that add up to the whole, to the last cent."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CENTS = 100  # of one unit of currency


def to_cents(amount: float) -> int:
    """An amount in whole cents, rounded half away from zero as an invoice is."""
    exact = Fraction(repr(float(amount))) * CENTS  # repr: 0.285 means 0.285, not the nearest binary number below it
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(-exact + Fraction(1, 2))


def split_cents(total: int, shares: FloatArray) -> IntArray:
    """Whole cents `[part]` that add up to `total` and follow `shares`, by largest remainder (Hamilton's method).

    Where all shares are zero the parts are equal. Ties go to the earlier part.

    Raises:
        ValueError: a share is negative or not finite, the total is negative, or there is nothing to split over.
    """
    weights = np.asarray(shares, dtype=np.float64).ravel()
    if total < 0 or not len(weights) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("A total of at least zero is split over shares that are finite and not negative.")
    weights = weights / weights.max() if weights.max() > 0 else np.ones_like(weights)
    exact = total * (weights / weights.sum())
    parts: IntArray = np.floor(exact).astype(np.int64)
    missing = int(total - parts.sum())
    order = np.argsort(-(exact - parts), kind="stable")
    order = order[weights[order] > 0]
    step = 1 if missing > 0 else -1
    while missing:  # once, except where rounding of very large totals leaves more than one cent a part
        for part in order[: abs(missing)] if step > 0 else order[::-1][: abs(missing)]:
            parts[part] += step
        missing = int(total - parts.sum())
        step = 1 if missing > 0 else -1
    return parts


def split_to_cents(total: float, shares: FloatArray) -> FloatArray:
    """Amounts of currency, of the shape of `shares`, that add up to `total` (rounded to the cent) to the cent.

    Raises:
        ValueError: as `split_cents`.
    """
    parts = split_cents(to_cents(total), shares)
    return np.asarray(parts / CENTS).reshape(np.shape(shares))
