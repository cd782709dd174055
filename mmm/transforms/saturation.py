"""Saturation: each further unit of advertising brings less. A name, a function and default priors a shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
        odds = np.asarray(slope * (np.log(level) - np.log(half_saturation)))
    np.maximum(odds, -700.0, out=odds)
    np.exp(np.negative(odds, out=odds), out=odds)
    odds += 1.0
    return np.asarray(np.divide(1.0, odds, out=odds))


def exponential(level: FloatArray, half_saturation: FloatArray, _slope: FloatArray) -> FloatArray:
    """1 - 2^(-level / half_saturation), from 0 to 1; concave everywhere.

    Source:
        Mitscherlich's law of diminishing returns, e.g. Bhattacharya (2008), "The Mitscherlich-Bray equation".
    """
    return np.asarray(-np.expm1(-np.log(2.0) * (level / half_saturation)))


def logarithmic(level: FloatArray, half_saturation: FloatArray, _slope: FloatArray) -> FloatArray:
    """log(1 + level / half_saturation): at the half-saturation the next unit brings half of what the first did."""
    return np.asarray(np.log1p(level / half_saturation))


def power(level: FloatArray, _half_saturation: FloatArray, slope: FloatArray) -> FloatArray:
    """level^slope with a slope below 1: a constant elasticity."""
    return np.asarray(level**slope)


@dataclass(frozen=True)
class Saturation:
    """One shape.

    Attributes:
        name: as options and stored models say it.
        title: for people.
        curve: `(level, half_saturation, slope)` to the share of the effect.
        half_saturation: prior of the log of the half-saturation, multiples of the usual level; None where it has none.
        slope: prior of the log of the slope; None where it has none.
        highest_slope: largest slope for which more spend brings less and less in the end.
        bounded: never above 1. Pairwise terms are only held monotone below a bound, so unbounded shapes have none.
    """

    name: str
    title: str
    curve: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    half_saturation: tuple[float, float] | None = (0.5, 0.8)
    slope: tuple[float, float] | None = None
    highest_slope: float = np.inf
    bounded: bool = True


HILL = Saturation("hill", "Hill", hill, slope=(0.15, 0.25))
EXPONENTIAL = Saturation("exponential", "Exponential", exponential)
LOGARITHMIC = Saturation("logarithmic", "Logarithmic", logarithmic, bounded=False)
POWER = Saturation("power", "Power", power, half_saturation=None, slope=(-0.6, 0.3), highest_slope=1.0, bounded=False)

SATURATIONS: Mapping[str, Saturation] = {shape.name: shape for shape in (HILL, EXPONENTIAL, LOGARITHMIC, POWER)}
