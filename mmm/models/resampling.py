"""Block bootstrap: periods drawn in runs, so that what a period shares with the next is kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BLOCK_SHARE = 0.08  # of history in one block: about two months of two years


def blocks(n_periods: int, rng: np.random.Generator, share: float = BLOCK_SHARE) -> IntArray:
    """Indices of periods drawn in blocks, the last period followed by the first, `[period]`.

    Source:
        Politis & Romano (1992), "A circular block-resampling procedure for stationary data".
    """
    length = max(2, round(share * n_periods))
    starts = rng.integers(0, n_periods, -(-n_periods // length))
    index = (starts[:, None] + np.arange(length)) % n_periods
    return np.asarray(index.ravel()[:n_periods])


def bootstrap_counts(n_periods: int, n_draws: int, rng: np.random.Generator) -> FloatArray:
    """How often each period is in each draw's own block bootstrap `[draw, period]`."""
    counts = [np.bincount(blocks(n_periods, rng), minlength=n_periods) for _ in range(n_draws)]
    return np.stack(counts).astype(np.float64)
