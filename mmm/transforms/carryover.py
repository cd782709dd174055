"""Shapes of carry-over: a name, a function and default priors each.

All are normalised: constant spend keeps its size. A shape has a decay, with the same meaning in each as far as it goes
(how long the effect lasts), and some have a delay as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.transforms.adstock import geometric_adstock, look_back

FloatArray = NDArray[np.float64]
Prior = tuple[float, float]
"""Location and scale of a bell curve."""

Weights = Callable[[FloatArray, FloatArray, int], FloatArray]
"""`(decay [draw, channel], delay [draw, channel], lags)` to the share that works at each lag `[draw, channel, lag]`."""

KERNEL_DAYS = 91  # 13 weeks: after that delayed and Weibull carry-over are taken to be over


@dataclass(frozen=True)
class CarryOver:
    """One shape.

    Attributes:
        name: as options and stored models say it.
        title: for people.
        weights: how much of a unit works at each lag.
        decay: prior of the logit of a week's decay (see `MOST_KEPT`).
        delay: prior of the log of the delay; None for shapes without one.
        delay_is_time: the delay is the time of the peak (prior in weeks); otherwise it is a shape without unit.
        squared: decay is raised to the square of time, so that its unit is one over weeks squared.
        limited: a kernel of limited length; otherwise the recursion of geometric carry-over.
    """

    name: str
    title: str
    weights: Weights
    decay: Prior
    delay: Prior | None = None
    delay_is_time: bool = False
    squared: bool = False
    limited: bool = True

    def per_period(self, weekly: FloatArray, weeks: float) -> FloatArray:
        """Decay of a period that lasts so many weeks, from that of a week."""
        return np.asarray(weekly ** (weeks**2 if self.squared else weeks))

    def per_week(self, decay: FloatArray, weeks: float) -> FloatArray:
        """The inverse of `per_period`."""
        return np.asarray(decay ** (1.0 / (weeks**2 if self.squared else weeks)))

    def usual_delay(self, weeks: float) -> float:
        """The middle of the delay's prior, for periods of so many weeks; 0 for shapes without one."""
        if self.delay is None:
            return 0.0
        return float(np.exp(self.delay[0]) / (weeks if self.delay_is_time else 1.0))

    def level(
        self, drive: FloatArray, decay: FloatArray, delay: FloatArray, opening: FloatArray, lags: int
    ) -> FloatArray:
        """Carried-over drive `[draw, market, period, channel]` of `drive [market, period, channel]`.

        Args:
            decay, delay: `[draw, channel]`, of a period.
            opening: what drive was before the first period `[market, channel]`.
            lags: length of a limited kernel, periods.
        """
        if not self.limited:
            return geometric_adstock(drive, decay, opening)
        return convolved(drive, self.weights(decay, delay, lags), opening)

    def look_back(self, decay: FloatArray, lags: int) -> int:
        """Periods before a period that still work in it."""
        return lags - 1 if self.limited else look_back(decay)

    def half_life(self, decay: FloatArray, delay: FloatArray, lags: int) -> FloatArray:
        """Periods until half of the effect has come `[draw, channel]`, in continuous time."""
        if not self.squared:
            return np.asarray(np.log(0.5) / np.log(np.clip(decay, 1e-12, 1 - 1e-12)))
        come = np.cumsum(self.weights(decay, delay, lags), axis=-1)
        at = np.argmax(come >= 0.5, axis=-1)[..., None]
        before = np.where(at > 0, np.take_along_axis(come, np.maximum(at - 1, 0), axis=-1), 0.0)
        within = (0.5 - before) / np.maximum(np.take_along_axis(come, at, axis=-1) - before, 1e-12)
        return np.asarray((at + within)[..., 0])


def convolved(drive: FloatArray, weights: FloatArray, opening: FloatArray) -> FloatArray:
    """Drive `[market, period, channel]` under a kernel `[draw, channel, lag]`: `[draw, market, period, channel]`."""
    (n_markets, n_periods, n_channels), lags = drive.shape, weights.shape[2]
    before = np.broadcast_to(opening[:, None, :], (n_markets, lags - 1, n_channels))
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([before, drive], axis=1), lags, axis=1)
    lagged = windows[..., ::-1].transpose(2, 0, 1, 3).reshape(n_channels, -1, lags)
    level = np.matmul(lagged, weights.transpose(1, 2, 0))
    return np.asarray(level.reshape(n_channels, n_markets, n_periods, -1).transpose(3, 1, 2, 0))


def geometric_weights(decay: FloatArray, _delay: FloatArray, lags: int) -> FloatArray:
    """(1 - decay) * decay^lag; they do not quite sum to 1 where the kernel is cut."""
    return np.asarray((1.0 - decay)[..., None] * decay[..., None] ** np.arange(lags))


def delayed_weights(decay: FloatArray, delay: FloatArray, lags: int) -> FloatArray:
    """Decay^((lag - delay)^2), normalised: the effect peaks `delay` periods after the spend.

    Source:
        Jin et al. (2017), "Bayesian methods for media mix modeling with carryover and shape effects", eq. 3.
    """
    far = (np.arange(lags) - delay[..., None]) ** 2
    logs = far * np.log(np.maximum(decay, 1e-12))[..., None]
    weights = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def weibull_left(decay: FloatArray, shape: FloatArray, lags: int) -> FloatArray:
    """What is still left at each lag: 0.5^((lag / half-life)^shape), with the half-life of `decay`; 1 is geometric."""
    periods = np.arange(lags) / (np.log(0.5) / np.log(np.clip(decay, 1e-12, 1 - 1e-12)))[..., None]
    return np.asarray(0.5 ** np.minimum(periods ** shape[..., None], 1e3))


def weibull_cdf_weights(decay: FloatArray, shape: FloatArray, lags: int) -> FloatArray:
    """Weights in proportion to what is left: never a late peak; a shape below 1 has a long tail.

    Source:
        Robyn (Meta, 2021), "adstock_weibull", type "cdf", with the weights normalised to sum to 1.
    """
    left = weibull_left(decay, shape, lags)
    return np.asarray(left / left.sum(axis=-1, keepdims=True))


def weibull_pdf_weights(decay: FloatArray, shape: FloatArray, lags: int) -> FloatArray:
    """Weights in proportion to what goes during each period: a shape above 1 peaks late.

    Source:
        Robyn (Meta, 2021), "adstock_weibull", type "pdf"; here the density's mass inside each period, normalised.
    """
    gone = -np.diff(weibull_left(decay, shape, lags + 1), axis=-1)
    return np.asarray(gone / np.maximum(gone.sum(axis=-1, keepdims=True), 1e-300))


GEOMETRIC = CarryOver("geometric", "Geometric", geometric_weights, decay=(-0.7, 0.9), limited=False)
DELAYED = CarryOver(
    "delayed",
    "Delayed peak",
    delayed_weights,
    decay=(0.4, 0.9),
    delay=(0.0, 0.7),  # 90 %: two days to three weeks
    delay_is_time=True,
    squared=True,
)
WEIBULL_CDF = CarryOver("weibull_cdf", "Weibull (what is left)", weibull_cdf_weights, (-0.7, 0.9), delay=(0.0, 0.4))
WEIBULL_PDF = CarryOver("weibull_pdf", "Weibull (late peak)", weibull_pdf_weights, (-0.3, 0.9), delay=(0.3, 0.4))

CARRY_OVERS: Mapping[str, CarryOver] = {shape.name: shape for shape in (GEOMETRIC, DELAYED, WEIBULL_CDF, WEIBULL_PDF)}
