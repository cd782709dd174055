"""The structural model's posterior, with everything linear integrated out.

Given decays, half-saturations, slopes and effects, the rest of the model (intercepts, trend, season, holidays,
controls, drift, pairwise terms) is linear with Gaussian priors. It is integrated out in closed form, which leaves
four parameters a channel and two more: few enough for a full posterior in seconds (Rasmussen & Williams 2006,
"Gaussian processes for machine learning", section 2.7, gives the marginal likelihood). A lift test is one more
observation: of the same linear part, with the test's own standard error in place of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmm.data.lift import Window, read_out_of_the_panel
from mmm.data.panel import Panel
from mmm.models.additive import Parameters, channel_pairs, saturated_drive
from mmm.models.design import Design
from mmm.models.form import Form
from mmm.models.replay import Contrast, contrast
from mmm.models.scaling import Scaling

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

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


@dataclass(frozen=True, eq=False)
class Linear:
    """What the linear part sees of a batch of theta.

    Attributes:
        effect: contribution of each channel at full saturation `[batch, channel]`.
        unit: one prior standard deviation of each term's coefficient `[batch, term]`.
        residual: KPI less main effects on the observed rows `[batch, row]`.
        terms: columns of the terms, in prior standard deviations `[batch, row, term]`.
        tests: the lift tests replayed; None where there are none.
    """

    effect: FloatArray
    unit: FloatArray
    residual: FloatArray
    terms: FloatArray
    tests: Contrast | None

    def at(self, index: int) -> Linear:
        """The same for one point of the batch, without its axis."""
        tests = None
        if self.tests is not None:
            tests = Contrast(self.tests.residual[index], self.tests.terms[index])
        return Linear(self.effect[index], self.unit[index], self.residual[index], self.terms[index], tests)


class Posterior:
    """log p(theta | data) for batches of theta, and draws of what was integrated out.

    A class because the decomposition of the baseline's columns is made once and used by every evaluation.

    Theta is `[batch, 4 * channel + 2]`: logit decay, log half-saturation, log slope, log contribution (each
    `[channel]`), log media share, log noise. Decays are those of a week whatever the period, so that the prior
    means the same half-life in days.
    """

    def __init__(self, panel: Panel, priors: Priors, form: Form | None = None, design: Design | None = None) -> None:
        """`form` and `design` say what the media part and the baseline look like; by default as in the structural."""
        self.priors = priors
        self.form = form or Form()
        self.scaling = Scaling.of(panel)
        self.design = design or Design.of(panel)
        self.n_channels = len(panel.labels.channels)
        self._weeks = panel.labels.frequency.days / 7.0  # in a period
        self.pairs = channel_pairs(self.n_channels)
        self._first, self._second = ([pair[side] for pair in self.pairs] for side in (0, 1))
        inputs = panel.inputs()
        patterns = self.form.columns(inputs, slice(0, panel.n_periods))
        self._told: BoolArray = np.any(patterns, axis=(0, 1), keepdims=True)[
            0, 0
        ]  # columns that history says something about
        self._patterns = patterns[..., self._told]
        self._drive = inputs.drive / self.scaling.drive[:, None, :]
        self._windows = panel.lift_windows
        self._without = [self._drive_without(window.channel, window.periods) for window in self._windows]
        twice = read_out_of_the_panel(self._windows, panel.kpi.shape)
        self._rows = np.flatnonzero((panel.observed & ~twice).ravel())
        columns = self.design.matrix(inputs, slice(0, panel.n_periods))
        self._columns = columns.reshape(-1, columns.shape[-1])[self._rows]
        self._kpi = (panel.kpi / self.scaling.kpi[:, None]).ravel()[self._rows]
        left, singular, _ = np.linalg.svd(self._columns, full_matrices=False)
        self._basis, self._variance = left, singular**2
        floor = 0.02 / max(self.n_channels, 1)
        share = np.maximum(self.scaling.spend_share, floor)
        self.spend_share = share / share.sum()

    def _drive_without(self, channel: int, periods: slice) -> FloatArray:
        """Drive of one channel up to the end of `periods`, zero inside them `[market, period, 1]`."""
        drive = self._drive[:, : periods.stop, channel : channel + 1].copy()
        drive[:, periods] = 0.0
        return drive

    @property
    def size(self) -> int:
        """Length of theta."""
        return 4 * self.n_channels + 2

    @property
    def n_rows(self) -> int:
        """Observed market-periods."""
        return len(self._rows)

    @property
    def batch(self) -> int:
        """Points worked on at once."""
        return max(1, CACHED_CELLS // max(1, self._drive.size))

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

    def from_prior(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Draws of theta from the prior alone, `[n_draws, size]`, inside the box."""
        p, c = self.priors, self.n_channels
        bell = [
            location + scale * rng.standard_normal((n_draws, c))
            for location, scale in (p.decay, p.half_saturation, p.slope)
        ]
        total, noise = (place + scale * rng.standard_normal((n_draws, 1)) for place, scale in (p.media_share, p.noise))
        share = rng.gamma(p.effect_shape, 1.0 / p.effect_shape, (n_draws, c))
        contribution = np.log(np.maximum(share, 1e-12)) + total + np.log(self.spend_share)
        low, high = self.box()
        return np.asarray(np.clip(np.concatenate([*bell, contribution, total, noise], axis=1), low, high))

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
        size = self.batch
        low, high = self.box()
        inside = ((theta >= low) & (theta <= high)).all(axis=1)
        safe = np.clip(theta, low, high)
        pieces = [self._log_density(safe[start : start + size]) for start in range(0, len(safe), size)]
        return np.where(inside, np.concatenate(pieces), -np.inf)

    def _log_density(self, theta: FloatArray) -> FloatArray:
        natural = self.natural(theta)
        linear = self._linear(natural)
        return self._log_prior(theta) + self._log_marginal(linear, natural.noise)

    def _linear(self, natural: Theta) -> Linear:
        """What is left to the linear part, given everything else."""
        full = saturated_drive(self._drive, natural.decay, natural.half_saturation, natural.slope, self.scaling.opening)
        saturated = self._observed(full)
        mean = np.maximum(saturated.mean(axis=1), 1e-9)
        effect = natural.contribution / mean
        unit = self._term_unit(natural, mean)
        everywhere = slice(0, full.shape[2])
        return Linear(
            effect=effect,
            unit=unit,
            residual=self._kpi - np.einsum("bnc,bc->bn", saturated, effect),
            terms=self._observed(self._terms(full, everywhere)) * unit[:, None, :],
            tests=self._tests(full, natural, effect, unit) if self._windows else None,
        )

    def _observed(self, full: FloatArray) -> FloatArray:
        """`[batch, market, period, column]` on the observed rows `[batch, row, column]`."""
        rows = full.reshape(full.shape[0], -1, full.shape[-1])
        return rows[:, self._rows] if len(self._rows) < rows.shape[1] else rows

    def _tests(self, full: FloatArray, natural: Theta, effect: FloatArray, unit: FloatArray) -> Contrast:
        """Every lift test replayed."""
        residual, terms = [], []
        for window, drive in zip(self._windows, self._without, strict=True):
            off = self._without_drive(window, drive, natural)
            on = full[:, :, window.periods]
            main, linear = contrast(window, on, off, effect[:, window.channel], self._terms, self.scaling.kpi)
            residual.append((window.test.lift - main) / window.test.se)
            terms.append(linear * unit / window.test.se)
        return Contrast(np.stack(residual, axis=1), np.stack(terms, axis=1))

    def _without_drive(self, window: Window, drive: FloatArray, natural: Theta) -> FloatArray:
        """Saturated drive of a tested channel without its spend in the window `[batch, market, window period]`."""
        one = slice(window.channel, window.channel + 1)
        shape = (natural.decay[:, one], natural.half_saturation[:, one], natural.slope[:, one])
        return saturated_drive(drive, *shape, self.scaling.opening[:, one])[:, :, window.periods, 0]

    def _terms(self, saturated: FloatArray, periods: slice) -> FloatArray:
        """Columns with Gaussian coefficients that hang on theta `[batch, market, period, term]`.

        Pairwise products of channels, then each channel times each modulation's column.
        """
        pairs = np.asarray(saturated[..., self._first] * saturated[..., self._second])
        if self._patterns.shape[2] == 0:
            return pairs
        moved = saturated[..., :, None] * self._patterns[:, periods, None, :]
        return np.concatenate([pairs, moved.reshape(*saturated.shape[:3], -1)], axis=3)

    def _term_unit(self, natural: Theta, mean: FloatArray) -> FloatArray:
        """Size of each term's coefficient that is one prior standard deviation large `[batch, term]`."""
        i, j = self._first, self._second
        smaller = np.minimum(natural.contribution[:, i], natural.contribution[:, j])
        pairs = self.priors.pair_share * smaller / (mean[:, i] * mean[:, j])
        if self._patterns.shape[2] == 0:
            return pairs
        moved = (natural.contribution / mean)[:, :, None] * self.form.sd[self._told]
        return np.concatenate([pairs, moved.reshape(len(mean), -1)], axis=1)

    def _log_marginal(self, linear: Linear, noise: FloatArray) -> FloatArray:
        """Log N(residual; 0, baseline + terms + noise^2 I) and of the tests, by the inversion lemma."""
        variance = noise**2
        block = np.concatenate([linear.residual[:, :, None], linear.terms], axis=2)
        inner = np.matmul(np.swapaxes(block, 1, 2), block)
        projected = np.matmul(self._basis.T, block)
        explained = self._variance / (self._variance + variance[:, None])
        precision = inner - np.matmul(np.swapaxes(projected, 1, 2), projected * explained[:, :, None])
        precision /= variance[:, None, None]
        if linear.tests is not None:
            tested = np.concatenate([linear.tests.residual[:, :, None], linear.tests.terms], axis=2)
            precision += np.matmul(np.swapaxes(tested, 1, 2), tested)
        quadratic = precision[:, 0, 0]
        log_det = self.n_rows * np.log(variance) + np.log1p(self._variance / variance[:, None]).sum(axis=1)
        n_terms = linear.terms.shape[2]
        if n_terms:
            core = precision[:, 1:, 1:] + np.eye(n_terms)
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
        given = self._linear(natural)
        effect = given.effect
        k = self._columns.shape[1]
        gram = self._columns.T @ self._columns
        linear = np.empty((len(theta), k + given.terms.shape[2]))
        for i, variance in enumerate(natural.noise**2):
            linear[i] = _draw_linear(self._columns, gram, given.at(i), variance, rng)
        pair, moved = np.split(linear[:, k:] * given.unit, [len(self.pairs)], axis=1)
        return Parameters(
            decay=natural.decay,
            half_saturation=natural.half_saturation,
            slope=natural.slope,
            effect=effect,
            pair=self._held(pair, effect),
            baseline=linear[:, :k],
            noise=np.repeat(natural.noise[:, None], len(self.scaling.kpi), axis=1),
            modulation=self._modulation(moved, effect, rng),
        )

    def _held(self, pair: FloatArray, effect: FloatArray) -> FloatArray:
        """Pairwise terms above the level at which more of one channel could lower the KPI `[draw, pair]`."""
        floor = -np.minimum(effect[:, self._first], effect[:, self._second]) / max(self.n_channels - 1, 1)
        return np.maximum(pair, floor)

    def _modulation(self, moved: FloatArray, effect: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Coefficients of the modulations `[draw, channel, column]`; the prior's where history tells nothing."""
        share = moved.reshape(*effect.shape, -1) / np.maximum(effect, 1e-300)[:, :, None]
        out = np.empty((*effect.shape, len(self._told)))
        out[..., self._told] = share
        out[..., ~self._told] = rng.standard_normal((*effect.shape, int((~self._told).sum())))
        out[..., ~self._told] *= self.form.sd[~self._told]
        return out


def _normal(value: FloatArray, prior: tuple[float, float]) -> FloatArray:
    return -0.5 * ((value - prior[0]) / prior[1]) ** 2


def _draw_linear(
    columns: FloatArray, gram: FloatArray, given: Linear, variance: float, rng: np.random.Generator
) -> FloatArray:
    """One draw of standardised linear coefficients given one point of theta and the noise variance."""
    terms, residual = given.terms, given.residual
    cross = columns.T @ terms
    full = np.block([[gram, cross], [cross.T, terms.T @ terms]]) / variance
    target = np.concatenate([columns.T @ residual, terms.T @ residual]) / variance
    if given.tests is not None:
        k = columns.shape[1]
        full[k:, k:] += given.tests.terms.T @ given.tests.terms
        target[k:] += given.tests.terms.T @ given.tests.residual
    precision = full + np.eye(len(full))
    factor = np.linalg.cholesky(precision)
    mean = np.linalg.solve(factor.T, np.linalg.solve(factor, target))
    return np.asarray(mean + np.linalg.solve(factor.T, rng.standard_normal(len(full))))
