"""The structural model's posterior, with everything linear integrated out.

Given decays, half-saturations, slopes and effects, the rest of the model (intercepts, trend, season, holidays,
controls, drift, pairwise terms) is linear with Gaussian priors. It is integrated out in closed form, which leaves
four parameters a channel and two more: few enough for a full posterior in seconds (Rasmussen & Williams 2006,
"Gaussian processes for machine learning", section 2.7, gives the marginal likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.models.additive import Parameters, channel_pairs, saturated_drive
from mmm.models.design import Design
from mmm.models.scaling import Scaling

FloatArray = NDArray[np.float64]

CACHED_CELLS = 64_000  # market x period x channel cells worked on at once: a few temporaries of half a megabyte


WIDEST = 8.0  # prior deviations
HIGHEST_LOG_SHARE = 1.5  # a channel, all media or the noise at 4.5 x the KPI


@dataclass(frozen=True)
class Priors:
    """Weakly informative priors, in scaled units; every pair is (location, scale).

    Attributes:
        decay: logit of the share carried over from one week to the next.
        half_saturation: log of the half-saturation, in multiples of the channel's usual level.
        slope: log of the Hill slope.
        media_share: log of the share of the KPI that all media bring together.
        effect_shape: a channel's effect is Gamma with this shape around its share of spend times the media share;
            small shapes put mass near zero, so that a channel can be dead.
        pair_share: standard deviation of a pairwise term's mean contribution, share of the smaller channel's own.
        noise: log of a period's noise, share of the KPI.
    """

    decay: tuple[float, float] = (-0.7, 0.9)
    half_saturation: tuple[float, float] = (0.5, 0.8)
    slope: tuple[float, float] = (0.15, 0.25)
    media_share: tuple[float, float] = (-1.8, 0.4)
    effect_shape: float = 2.0
    pair_share: float = 0.05
    noise: tuple[float, float] = (-3.0, 0.7)


@dataclass(frozen=True, eq=False)
class Theta:
    """Nonlinear parameters of a batch, on their natural scale; `[batch, channel]` or `[batch]`."""

    decay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    contribution: FloatArray
    media_share: FloatArray
    noise: FloatArray


class Posterior:
    """log p(theta | data) for batches of theta, and draws of what was integrated out.

    A class because the decomposition of the baseline's columns is made once and used by every evaluation.

    Theta is `[batch, 4 * channel + 2]`: logit decay, log half-saturation, log slope, log contribution (each
    `[channel]`), log media share, log noise. Decays are those of a week whatever the period, so that the prior
    means the same half-life in days.
    """

    def __init__(self, panel: Panel, priors: Priors) -> None:
        self.priors = priors
        self.scaling = Scaling.of(panel)
        self.design = Design.of(panel)
        self.n_channels = len(panel.labels.channels)
        self._weeks = panel.labels.frequency.days / 7.0  # in a period
        self.pairs = channel_pairs(self.n_channels)
        self._first, self._second = ([pair[side] for pair in self.pairs] for side in (0, 1))
        inputs = panel.inputs()
        self._drive = inputs.drive / self.scaling.drive[:, None, :]
        self._rows = np.flatnonzero(panel.observed.ravel())
        columns = self.design.matrix(inputs, slice(0, panel.n_periods))
        self._columns = columns.reshape(-1, columns.shape[-1])[self._rows]
        self._kpi = (panel.kpi / self.scaling.kpi[:, None]).ravel()[self._rows]
        left, singular, _ = np.linalg.svd(self._columns, full_matrices=False)
        self._basis, self._variance = left, singular**2
        floor = 0.02 / max(self.n_channels, 1)
        share = np.maximum(self.scaling.spend_share, floor)
        self.spend_share = share / share.sum()

    @property
    def size(self) -> int:
        """Length of theta."""
        return 4 * self.n_channels + 2

    @property
    def n_rows(self) -> int:
        """Observed market-periods."""
        return len(self._rows)

    def centre(self) -> FloatArray:
        """A sensible place to start, `[size]`: the priors' locations."""
        p, c = self.priors, self.n_channels
        contribution = p.media_share[0] + np.log(self.spend_share)
        blocks = [np.full(c, p.decay[0]), np.full(c, p.half_saturation[0]), np.full(c, p.slope[0]), contribution]
        return np.concatenate([*blocks, [p.media_share[0], p.noise[0]]])

    def spread(self) -> FloatArray:
        """Prior scale of each entry of theta, `[size]`."""
        p, c = self.priors, self.n_channels
        blocks = [np.full(c, s) for s in (p.decay[1], p.half_saturation[1], p.slope[1], p.effect_shape**-0.5)]
        return np.concatenate([*blocks, [p.media_share[1], p.noise[1]]])

    def box(self) -> tuple[FloatArray, FloatArray]:
        """Bounds of theta `[size]` outside which the density is zero: nothing there is possible, and sums overflow."""
        centre, spread = self.centre(), self.spread()
        low, high = centre - WIDEST * spread, centre + WIDEST * spread
        return low, np.minimum(high, np.where(np.arange(self.size) < 3 * self.n_channels, high, HIGHEST_LOG_SHARE))

    def natural(self, theta: FloatArray) -> Theta:
        """Theta on its natural scale."""
        c = self.n_channels
        logit, half, slope, contribution = (theta[:, i * c : (i + 1) * c] for i in range(4))
        return Theta(
            decay=(0.97 / (1.0 + np.exp(-logit))) ** self._weeks,
            half_saturation=np.exp(half),
            slope=np.exp(slope),
            contribution=np.exp(contribution),
            media_share=np.exp(theta[:, -2]),
            noise=np.exp(theta[:, -1]),
        )

    def log_density(self, theta: FloatArray) -> FloatArray:
        """Unnormalised log posterior `[batch]`; worked through in pieces that stay in the processor's cache."""
        size = max(1, CACHED_CELLS // max(1, self._drive.size))
        low, high = self.box()
        inside = ((theta >= low) & (theta <= high)).all(axis=1)
        safe = np.clip(theta, low, high)
        pieces = [self._log_density(safe[start : start + size]) for start in range(0, len(safe), size)]
        return np.where(inside, np.concatenate(pieces), -np.inf)

    def _log_density(self, theta: FloatArray) -> FloatArray:
        natural = self.natural(theta)
        saturated, mean = self._features(natural)
        residual = self._kpi - np.einsum("bnc,bc->bn", saturated, natural.contribution / mean)
        pairs = self._pair_columns(saturated, self._pair_unit(natural, mean))
        return self._log_prior(theta) + self._log_marginal(residual, pairs, natural.noise)

    def _features(self, natural: Theta) -> tuple[FloatArray, FloatArray]:
        """Saturated drive on the observed rows `[batch, row, channel]` and its mean `[batch, channel]`."""
        full = saturated_drive(self._drive, natural.decay, natural.half_saturation, natural.slope, self.scaling.opening)
        rows = full.reshape(full.shape[0], -1, self.n_channels)
        if len(self._rows) < rows.shape[1]:
            rows = rows[:, self._rows]
        return rows, np.maximum(rows.mean(axis=1), 1e-9)

    def _pair_unit(self, natural: Theta, mean: FloatArray) -> FloatArray:
        """Size of a pairwise coefficient one prior standard deviation large `[batch, pair]`."""
        i, j = self._first, self._second
        smaller = np.minimum(natural.contribution[:, i], natural.contribution[:, j])
        return self.priors.pair_share * smaller / (mean[:, i] * mean[:, j])

    def _pair_columns(self, saturated: FloatArray, unit: FloatArray) -> FloatArray:
        """Pairwise products in prior standard deviations `[batch, row, pair]`."""
        return saturated[:, :, self._first] * saturated[:, :, self._second] * unit[:, None, :]

    def _log_marginal(self, residual: FloatArray, pairs: FloatArray, noise: FloatArray) -> FloatArray:
        """Log N(residual; 0, baseline + pairs + noise^2 I), by the matrix determinant and inversion lemmas."""
        variance = noise**2
        block = np.concatenate([residual[:, :, None], pairs], axis=2)
        inner = np.matmul(np.swapaxes(block, 1, 2), block)
        projected = np.matmul(self._basis.T, block)
        explained = self._variance / (self._variance + variance[:, None])
        precision = inner - np.matmul(np.swapaxes(projected, 1, 2), projected * explained[:, :, None])
        precision /= variance[:, None, None]
        quadratic = precision[:, 0, 0]
        log_det = self.n_rows * np.log(variance) + np.log1p(self._variance / variance[:, None]).sum(axis=1)
        if self.pairs:
            core = precision[:, 1:, 1:] + np.eye(len(self.pairs))
            factor = np.linalg.cholesky(core)
            half = np.linalg.solve(factor, precision[:, 1:, :1])[..., 0]
            quadratic = quadratic - (half**2).sum(axis=1)
            log_det = log_det + 2 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        return np.asarray(-0.5 * (quadratic + log_det))

    def _log_prior(self, theta: FloatArray) -> FloatArray:
        p, c = self.priors, self.n_channels
        logit, half, slope, contribution = (theta[:, i * c : (i + 1) * c] for i in range(4))
        total, noise = theta[:, -2], theta[:, -1]
        bell = [(logit, p.decay), (half, p.half_saturation), (slope, p.slope)]
        value = sum((_normal(block, prior).sum(axis=1) for block, prior in bell), np.zeros(len(theta)))
        relative = contribution - total[:, None] - np.log(self.spend_share)
        gamma = p.effect_shape * (relative - np.exp(np.minimum(relative, 50.0)))
        return np.asarray(value + gamma.sum(axis=1) + _normal(total, p.media_share) + _normal(noise, p.noise))

    def parameters(self, theta: FloatArray, rng: np.random.Generator) -> Parameters:
        """One draw of the linear part for each theta, and everything in the form a fitted model keeps.

        A pairwise term is held above the level at which more of one channel could lower the KPI.
        """
        natural = self.natural(theta)
        saturated, mean = self._features(natural)
        effect = natural.contribution / mean
        residual = self._kpi - np.einsum("bnc,bc->bn", saturated, effect)
        unit = self._pair_unit(natural, mean)
        pair_columns = self._pair_columns(saturated, unit)
        k = self._columns.shape[1]
        gram = self._columns.T @ self._columns
        linear = np.empty((len(theta), k + len(self.pairs)))
        for i, variance in enumerate(natural.noise**2):
            linear[i] = _draw_linear(self._columns, gram, pair_columns[i], residual[i], variance, rng)
        pair = linear[:, k:] * unit
        floor = -np.minimum(effect[:, self._first], effect[:, self._second]) / max(self.n_channels - 1, 1)
        pair = np.maximum(pair, floor)
        return Parameters(
            decay=natural.decay,
            half_saturation=natural.half_saturation,
            slope=natural.slope,
            effect=effect,
            pair=pair,
            baseline=linear[:, :k],
            noise=np.repeat(natural.noise[:, None], len(self.scaling.kpi), axis=1),
        )


def _normal(value: FloatArray, prior: tuple[float, float]) -> FloatArray:
    return -0.5 * ((value - prior[0]) / prior[1]) ** 2


def _draw_linear(
    columns: FloatArray,
    gram: FloatArray,
    pair_columns: FloatArray,
    residual: FloatArray,
    variance: float,
    rng: np.random.Generator,
) -> FloatArray:
    """One draw of standardised linear coefficients given the noise variance."""
    cross = columns.T @ pair_columns
    full = np.block([[gram, cross], [cross.T, pair_columns.T @ pair_columns]]) / variance
    precision = full + np.eye(len(full))
    target = np.concatenate([columns.T @ residual, pair_columns.T @ residual]) / variance
    factor = np.linalg.cholesky(precision)
    mean = np.linalg.solve(factor.T, np.linalg.solve(factor, target))
    return np.asarray(mean + np.linalg.solve(factor.T, rng.standard_normal(len(full))))
