"""Sums of amounts that come out to the cent, and the texts they are written as."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mmm.data.rows import exact_sum

FloatArray = NDArray[np.float64]

DECIMALS = 6  # of an amount that are kept: platforms count in millionths; rounding a thousand stays far below a cent
WHOLE_LIMIT = 1e15  # whole numbers below it are written without an exponent
_HELD = 18  # decimal digits that a whole number of 64 bits holds


def group_sums(values: FloatArray, group: NDArray[np.int64], n: int) -> FloatArray:
    """Sum of `values [row]` in each of `n` groups, `[group]`; NaN counts nothing, a group without a number is NaN.

    Amounts are added up as whole millionths (or as small a part as 64 bits hold), so no cent is lost however many rows
    there are; what lies below that is added up beside them.
    """
    known = ~np.isnan(values)
    amounts, group = values[known], group[known]
    sums = np.full(n, np.nan)
    if len(amounts) == 0:
        return sums
    scale = 10.0 ** min(DECIMALS, max(0, _HELD - 1 - _digits(amounts)))
    order = np.argsort(group, kind="stable")
    amounts, group = amounts[order], group[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    whole = np.rint(amounts * scale)
    rest = np.add.reduceat(amounts - whole / scale, starts)
    sums[group[starts]] = np.add.reduceat(whole.astype(np.int64), starts) / scale + rest
    return sums


def total(values: FloatArray) -> float:
    """Sum of the numbers among `values` to six decimals, so that cents come out as written."""
    return round(exact_sum(values), DECIMALS)


def amount_texts(values: FloatArray) -> list[str]:
    """Numbers as cells: a point, no grouping, at most six decimals, none where there are none, "" for NaN."""
    return ["" if math.isnan(value) else _text(value) for value in np.round(values, DECIMALS).tolist()]


def same_within(values: FloatArray, group: NDArray[np.int64], n: int) -> FloatArray | None:
    """The one number that the rows of each group have, `[group]`, NaN where they have none; None where they differ."""
    known = ~np.isnan(values)
    once = np.full(n, np.nan)
    once[group[known]] = values[known]
    return once if (once[group[known]] == values[known]).all() else None


def is_repeated(once: FloatArray, values: FloatArray, group: NDArray[np.int64]) -> bool:
    """Whether rows repeat their group's number, and do not each have a part of it that happens to be equal.

    At least three groups, and half of all, have to repeat a number other than zero, and not all the same one: a column
    of ones, say, is added up.
    """
    rows = np.bincount(group[~np.isnan(values)], minlength=len(once))
    known = ~np.isnan(once)
    repeats = int(((rows > 1) & (np.nan_to_num(once) != 0)).sum())
    return repeats >= 3 and 2 * repeats >= int(known.sum()) and float(np.ptp(once[known])) > 0


def _digits(amounts: FloatArray) -> int:
    """Digits before the decimal mark of the largest sum that can arise."""
    return math.ceil(math.log10(max(1.0, float(np.abs(amounts).sum()))))


def _text(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < WHOLE_LIMIT else repr(value)
