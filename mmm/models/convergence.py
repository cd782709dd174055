"""Whether a population of short chains has settled, and how many independent draws it is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def split_r_hat(history: FloatArray) -> float:
    """The largest R-hat of any parameter; 1 where parts of the history agree.

    The chains are split in two halves and their history in two more, for chains that drift together show only over
    time. R-hat is then the root of (spread over all parts) / (spread within parts).

    Args:
        history: parameters over the last part of sampling `[time, chain, parameter]`, at least two times.

    Source:
        Gelman & Rubin (1992), Statistical Science 7, 457-472; halves as in Vehtari et al. (2021), Bayesian Analysis 16.
    """
    half_time, half_chain = history.shape[0] // 2, history.shape[1] // 2
    parts = [
        part.reshape(-1, history.shape[2])
        for times in (history[:half_time], history[-half_time:])
        for part in (times[:, :half_chain], times[:, -half_chain:])
    ]
    within = np.mean([part.var(axis=0) for part in parts], axis=0)
    between = np.var([part.mean(axis=0) for part in parts], axis=0, ddof=1)
    moved = within > 0
    return float(np.sqrt(1.0 + (between[moved] / within[moved]).max(initial=0.0)))


def effective_draws(history: FloatArray) -> float:
    """How many independent draws the last state of all chains is worth, for the worst parameter.

    Chains are independent of each other, so what may be missing is that they forget where they came from. A chain
    counts with the share of its variance that is new since the history began, 1 - correlation^2: nothing where chains
    stand still, in full where they have forgotten.

    Args:
        history: as in `split_r_hat`.
    """
    first, last = (state - state.mean(axis=0) for state in (history[0], history[-1]))
    size = np.sqrt((first**2).mean(axis=0) * (last**2).mean(axis=0))
    kept = (first * last).mean(axis=0)[size > 0] / size[size > 0]
    return float(history.shape[1] * (1.0 - (kept**2).max(initial=0.0 if len(kept) else 1.0)))
