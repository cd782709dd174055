"""Columns that add up to another one: a total beside its parts is one series, not several."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MAX_COLUMNS = 12  # looked at together; more have too many sums to try
MAX_PARTS = 4
ROUNDING = 0.51  # of the last unit, for each part that was rounded

FloatArray = NDArray[np.float64]


def total_and_parts(series: MappingType[str, FloatArray]) -> tuple[str, tuple[str, ...]] | None:
    """The column that equals the sum of two to four others in every row, within rounding, and those; None if none does.

    Args:
        series: values of each column, all `[row]`; rows in which any value is missing are not compared.
    """
    names = list(series)[:MAX_COLUMNS]
    for n in range(2, min(MAX_PARTS, len(names) - 1) + 1):
        for total in names:
            for parts in combinations([name for name in names if name != total], n):
                if is_sum(series[total], [series[part] for part in parts]):
                    return total, parts
    return None


def sum_of_others(series: MappingType[str, FloatArray]) -> str | None:
    """The first column that is the sum of all the others, by `is_sum`; None if none is or there are fewer than three.

    One look at the sum of all rules nearly every column out.
    """
    if len(series) < 3:
        return None
    stacked = np.stack(list(series.values()))
    known = np.isfinite(stacked).all(axis=0)
    if not known.any():
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # numbers beyond what can be added up are no sum
        everything = stacked[:, known].sum(axis=0)
        slack = 2 * ROUNDING * len(series) + 1e-6 * np.abs(stacked[:, known]).sum(axis=0)
        near = (np.abs(everything - 2 * stacked[:, known]) <= slack).all(axis=1)
    for name in (name for name, candidate in zip(series, near, strict=True) if candidate):
        if is_sum(series[name], [values for other, values in series.items() if other != name]):
            return name
    return None


def is_sum(total: FloatArray, parts: list[FloatArray]) -> bool:
    """Whether `total` is the sum of `parts` in every row, within rounding; parts that are all zero prove nothing."""
    stacked = np.stack(parts)
    known = np.isfinite(total) & np.isfinite(stacked).all(axis=0)
    if known.sum() < max(3, 0.5 * len(total)) or any(not np.any(part[known]) for part in stacked):
        return False
    unit = 1.0 if (total[known] == np.round(total[known])).all() else 0.01
    off = np.abs(total[known] - stacked[:, known].sum(axis=0))
    return bool((off <= ROUNDING * unit * len(parts)).all())
