"""Saturation: each further unit of advertising brings less."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def hill(level: FloatArray, half_saturation: FloatArray, slope: FloatArray) -> FloatArray:
    """Hill curve: level^slope / (half_saturation^slope + level^slope), from 0 to 1.

    Args:
        level: carried-over drive, not negative, any shape that broadcasts against the parameters.
        half_saturation: level at which half of the largest effect is reached, > 0.
        slope: 1 is concave everywhere; above 1 the curve is S-shaped.

    Source:
        Jin et al. (2017), "Bayesian methods for media mix modeling with carryover and shape effects", eq. 5.
    """
    with np.errstate(divide="ignore"):
        odds = slope * (np.log(level) - np.log(half_saturation))
    return np.asarray(1.0 / (1.0 + np.exp(-np.maximum(odds, -700.0))))
