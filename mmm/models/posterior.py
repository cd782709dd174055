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
from scipy import linalg

from mmm.data.lift import Window, read_out_of_the_panel
from mmm.data.panel import Panel
from mmm.models.additive import Parameters
from mmm.models.design import Design
from mmm.models.form import Form, ShapeDraws
from mmm.models.priors import CONTRIBUTION, SHAPE, Priors, natural_shape, shape_blocks
from mmm.models.replay import contrast
from mmm.models.scaling import Scaling

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CACHED_CELLS = 64_000  # market x period x channel cells worked on at once: a few temporaries of half a megabyte


WIDEST = 8.0  # prior deviations
HIGHEST_LOG_SHARE = 1.5  # a channel, all media or the noise at 4.5 x the KPI


@dataclass(frozen=True, eq=False)
class Theta:
    """Nonlinear parameters of a batch, on their natural scale; `[batch, channel]` or `[batch]`."""

    decay: FloatArray
    delay: FloatArray
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
        block: on the observed rows, the KPI less main effects, then the columns of the terms in prior standard
            deviations `[row, batch, 1 + term]`; rows come first, so that one large product serves the whole batch.
        tests: the same of the lift tests, in their standard errors `[batch, test, 1 + term]`; None without tests.
    """

    effect: FloatArray
    unit: FloatArray
    block: FloatArray
    tests: FloatArray | None


class Posterior:
    """log p(theta | data) for batches of theta, and draws of what was integrated out.

    A class because the decomposition of the baseline's columns is made once and used by every evaluation.

    Theta is `[batch, size]`: the form's shape parameters (logit decay, log delay, log half-saturation, log slope, as
    far as it has them), log contribution (each `[channel]`), log media share, log noise. Decays are those of a week
    whatever the period, so that the prior means the same half-life in days.
    """

    def __init__(self, panel: Panel, priors: Priors, form: Form | None = None, design: Design | None = None) -> None:
        """`form` and `design` say what the media part and the baseline look like; by default as in the structural."""
        self.priors = priors
        self.form = form or Form()
        self.scaling = Scaling.of(panel)
        self.design = design or Design.of(panel)
        channels = panel.labels.channels
        self.n_channels = len(channels)
        self._weeks = panel.labels.frequency.days / 7.0  # in a period
        self.pairs = self.form.pairs(self.n_channels)
        self._first, self._second = ([pair[side] for pair in self.pairs] for side in (0, 1))
        inputs = panel.inputs()
        self._drive = inputs.drive / self.scaling.drive[:, None, :]
        self._windows = panel.lift_windows
        self._spent = [lagged_spend(self._drive, window) for window in self._windows]
        twice = read_out_of_the_panel(self._windows, panel.kpi.shape)
        self._rows = np.flatnonzero((panel.observed & ~twice).ravel())
        patterns = self.form.columns(inputs, slice(0, panel.n_periods))
        self._told: BoolArray = np.any(patterns, axis=(0, 1), keepdims=True)[0, 0]  # history says something about them
        self._patterns = patterns[..., self._told]
        everywhere = np.broadcast_to(self._patterns, (*panel.kpi.shape, self._patterns.shape[2]))
        self._row_patterns = everywhere.reshape(panel.kpi.size, -1)[self._rows, None]
        columns = self.design.matrix(inputs, slice(0, panel.n_periods))
        self._columns = columns.reshape(-1, columns.shape[-1])[self._rows]
        self._kpi = (panel.kpi / self.scaling.kpi[:, None]).ravel()[self._rows]
        left, singular, _ = np.linalg.svd(self._columns, full_matrices=False)
        self._basis, self._variance = left, singular**2
        floor = 0.02 / max(self.n_channels, 1)
        share = np.maximum(self.scaling.spend_share, floor)
        self.spend_share = share / share.sum()
        self._shapes = shape_blocks(self.form)
        self._bells = {name: priors.block(name, channels) for name in self._shapes}
        self._expected = priors.expected_contribution(channels)
        self._told_return: BoolArray = np.isfinite(self._expected[0])

    @property
    def size(self) -> int:
        """Length of theta."""
        return (len(self._shapes) + 1) * self.n_channels + 2

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
        p = self.priors
        usual = p.media_share[0] + np.log(self.spend_share)
        contribution = np.where(self._told_return, self._expected[0], usual)
        shapes = [self._bells[name][0] for name in self._shapes]
        return np.concatenate([*shapes, contribution, [p.media_share[0], p.noise[0]]])

    def spread(self) -> FloatArray:
        """Prior scale of each entry of theta, `[size]`."""
        p = self.priors
        contribution = np.where(self._told_return, self._expected[1], p.effect_shape**-0.5)
        shapes = [self._bells[name][1] for name in self._shapes]
        return np.concatenate([*shapes, contribution, [p.media_share[1], p.noise[1]]])

    def box(self) -> tuple[FloatArray, FloatArray]:
        """Bounds of theta `[size]` outside which the density is zero: nothing there is possible, and sums overflow."""
        centre, spread = self.centre(), self.spread()
        low, high = centre - WIDEST * spread, centre + WIDEST * spread
        shapes = len(self._shapes) * self.n_channels
        high[shapes:] = np.minimum(high[shapes:], HIGHEST_LOG_SHARE)
        if "slope" in self._shapes:
            at = self._shapes.index("slope") * self.n_channels
            steep = slice(at, at + self.n_channels)
            high[steep] = np.minimum(high[steep], np.log(self.form.saturation.highest_slope))
        return low, high

    def _split(self, theta: FloatArray) -> dict[str, FloatArray]:
        """Blocks of theta by name, `[batch, channel]`."""
        c = self.n_channels
        return {name: theta[:, i * c : (i + 1) * c] for i, name in enumerate((*self._shapes, CONTRIBUTION))}

    def from_prior(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Draws of theta from the prior alone, `[n_draws, size]`, inside the box."""
        p, c = self.priors, self.n_channels
        bell = [
            location + scale * rng.standard_normal((n_draws, c))
            for location, scale in (self._bells[name] for name in self._shapes)
        ]
        total, noise = (place + scale * rng.standard_normal((n_draws, 1)) for place, scale in (p.media_share, p.noise))
        share = rng.gamma(p.effect_shape, 1.0 / p.effect_shape, (n_draws, c))
        contribution = np.log(np.maximum(share, 1e-12)) + total + np.log(self.spend_share)
        if self._told_return.any():
            location, scale = self._expected
            told = location + scale * rng.standard_normal((n_draws, c))
            contribution = np.where(self._told_return, told, contribution)
        low, high = self.box()
        return np.asarray(np.clip(np.concatenate([*bell, contribution, total, noise], axis=1), low, high))

    def natural(self, theta: FloatArray) -> Theta:
        """Theta on its natural scale."""
        blocks = self._split(theta)
        shapes = {name: natural_shape(name, blocks[name]) for name in self._shapes}
        nothing = np.zeros((len(theta), self.n_channels))
        delay = shapes.get("delay", nothing)
        return Theta(
            decay=self.form.carry_over.per_period(shapes["decay"], self._weeks),
            delay=delay / self._weeks if self.form.carry_over.delay_is_time else delay,
            half_saturation=shapes.get("half_saturation", nothing + 1.0),
            slope=shapes.get("slope", nothing + 1.0),
            contribution=np.exp(blocks[CONTRIBUTION]),
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
        level = self.form.level(self._drive, natural, self.scaling.opening)
        full = self.form.saturated(level, natural)
        by_row = np.moveaxis(full, 0, 2).reshape(-1, len(full), self.n_channels)
        saturated = np.ascontiguousarray(by_row if len(self._rows) == len(by_row) else by_row[self._rows])
        mean = np.maximum(saturated.mean(axis=0), 1e-9)
        effect = natural.contribution / mean
        unit = self._term_unit(natural, mean)
        block = np.empty((*saturated.shape[:2], 1 + unit.shape[1]))
        np.subtract(self._kpi[:, None], np.einsum("nbc,bc->nb", saturated, effect), out=block[..., 0])
        self._write_terms(saturated, self._row_patterns, block[..., 1:])
        block[..., 1:] *= unit
        tests = self._tests(level, full, natural, effect, unit) if self._windows else None
        return Linear(effect, unit, block, tests)

    def _tests(
        self, level: FloatArray, full: FloatArray, natural: Theta, effect: FloatArray, unit: FloatArray
    ) -> FloatArray:
        """Every lift test replayed: what its read-out leaves to the terms, and the terms `[batch, test, 1 + term]`."""
        out = np.empty((len(full), len(self._windows), 1 + unit.shape[1]))
        for number, (window, spent) in enumerate(zip(self._windows, self._spent, strict=True)):
            off = self._without(level, window, spent, natural)
            on = full[:, :, window.periods]
            main, linear = contrast(window, on, off, effect[:, window.channel], self._terms, self.scaling.kpi)
            out[:, number, 0] = window.test.lift - main
            out[:, number, 1:] = linear * unit
            out[:, number] /= window.test.se
        return out

    def _without(self, level: FloatArray, window: Window, spent: FloatArray, natural: Theta) -> FloatArray:
        """Saturated drive of a tested channel without its spend in the window `[batch, market, window period]`.

        Its level is lower by what that spend still does, which is a sum over the window alone.
        """
        one = slice(window.channel, window.channel + 1)
        theta = ShapeDraws(*(getattr(natural, name)[:, one] for name in SHAPE))
        weights = self.form.first_weights(theta, spent.shape[2])
        gone = np.einsum("bl,gpl->bgp", weights[:, 0], spent)
        left = np.maximum(level[:, :, window.periods, window.channel] - gone, 0.0)
        return np.asarray(self.form.saturated(left[..., None], theta)[..., 0])

    def _terms(self, saturated: FloatArray, periods: slice) -> FloatArray:
        """Columns with Gaussian coefficients that hang on theta `[batch, market, period, term]`."""
        out = np.empty((*saturated.shape[:3], self._n_terms))
        return self._write_terms(saturated, self._patterns[:, periods], out)

    @property
    def _n_terms(self) -> int:
        return len(self.pairs) + self.n_channels * int(self._told.sum())

    def _write_terms(self, saturated: FloatArray, patterns: FloatArray, out: FloatArray) -> FloatArray:
        """Pairwise products of channels, then each channel times each modulation's column, into `out [..., term]`."""
        for number, (i, j) in enumerate(self.pairs):
            np.multiply(saturated[..., i], saturated[..., j], out=out[..., number])
        at, width = len(self.pairs), patterns.shape[-1]
        if width:
            for channel in range(self.n_channels):
                here = out[..., at + channel * width : at + (channel + 1) * width]
                np.multiply(saturated[..., channel, None], patterns, out=here)
        return out

    def _term_unit(self, natural: Theta, mean: FloatArray) -> FloatArray:
        """Size of each term's coefficient that is one prior standard deviation large `[batch, term]`."""
        i, j = self._first, self._second
        smaller = np.minimum(natural.contribution[:, i], natural.contribution[:, j])
        pairs = self.priors.pair_share * smaller / (mean[:, i] * mean[:, j])
        moved = (natural.contribution / mean)[:, :, None] * self.form.sd[self._told]
        return np.concatenate([pairs, moved.reshape(len(mean), -1)], axis=1)

    def _log_marginal(self, linear: Linear, noise: FloatArray) -> FloatArray:
        """Log N(residual; 0, baseline + terms + noise^2 I) and of the tests, by the inversion lemma."""
        variance, block = noise**2, linear.block
        projected = (self._basis.T @ block.reshape(len(block), -1)).reshape(-1, *block.shape[1:])
        explained = self._variance / (self._variance + variance[:, None])
        projected *= np.sqrt(explained).T[:, :, None]
        precision = _squared(block) - _squared(projected)
        precision /= variance[:, None, None]
        if linear.tests is not None:
            precision += np.matmul(np.swapaxes(linear.tests, 1, 2), linear.tests)
        quadratic = precision[:, 0, 0]
        log_det = self.n_rows * np.log(variance) + np.log1p(self._variance / variance[:, None]).sum(axis=1)
        n_terms = block.shape[2] - 1
        if n_terms:
            core = precision[:, 1:, 1:] + np.eye(n_terms)
            factor = np.linalg.cholesky(core)
            half = np.linalg.solve(factor, precision[:, 1:, :1])[..., 0]
            quadratic = quadratic - (half**2).sum(axis=1)
            log_det = log_det + 2 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        return np.asarray(-0.5 * (quadratic + log_det))

    def _log_prior(self, theta: FloatArray) -> FloatArray:
        p, blocks = self.priors, self._split(theta)
        total, noise = theta[:, -2], theta[:, -1]
        bells = (_normal(blocks[name], self._bells[name]).sum(axis=1) for name in self._shapes)
        relative = blocks[CONTRIBUTION] - total[:, None] - np.log(self.spend_share)
        gamma = p.effect_shape * (relative - np.exp(np.minimum(relative, 50.0)))
        gamma[:, self._told_return] = _normal(blocks[CONTRIBUTION], self._expected)[:, self._told_return]
        value = sum(bells, np.zeros(len(theta))) + gamma.sum(axis=1)
        return np.asarray(value + _normal(total, p.media_share) + _normal(noise, p.noise))

    def parameters(self, theta: FloatArray, rng: np.random.Generator) -> Parameters:
        """One draw of the linear part for each theta, and everything in the form a fitted model keeps.

        A pairwise term is held above the level at which more of one channel could lower the KPI.
        """
        natural = self.natural(theta)
        given = self._linear(natural)
        effect = given.effect
        k = self._columns.shape[1]
        gram = self._columns.T @ self._columns
        linear = np.empty((len(theta), k + self._n_terms))
        for i, variance in enumerate(natural.noise**2):
            tested = None if given.tests is None else given.tests[i]
            linear[i] = _draw_linear(self._columns, gram, given.block[:, i], tested, variance, rng)
        pair, moved = np.split(linear[:, k:] * given.unit, [len(self.pairs)], axis=1)
        return Parameters(
            decay=natural.decay,
            delay=natural.delay,
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


def lagged_spend(drive: FloatArray, window: Window) -> FloatArray:
    """Scaled drive of a test's channel, by how many periods ago it was; only what lies in the window.

    Returns:
        `[market, window period, lag]`.
    """
    inside = drive[:, window.periods, window.channel]
    out = np.zeros((*inside.shape, inside.shape[1]))
    for lag in range(inside.shape[1]):
        out[:, lag:, lag] = inside[:, : inside.shape[1] - lag]
    return out


def _squared(block: FloatArray) -> FloatArray:
    """`[row, batch, column]` to the products of columns summed over rows `[batch, column, column]`."""
    return np.asarray(np.matmul(block.transpose(1, 2, 0), block.transpose(1, 0, 2)))


def _normal(value: FloatArray, prior: tuple[float | FloatArray, float | FloatArray]) -> FloatArray:
    return np.asarray(-0.5 * ((value - prior[0]) / prior[1]) ** 2)


def _draw_linear(
    columns: FloatArray,
    gram: FloatArray,
    block: FloatArray,
    tested: FloatArray | None,
    variance: float,
    rng: np.random.Generator,
) -> FloatArray:
    """One draw of standardised linear coefficients, of the baseline and then of the terms.

    Args:
        columns, gram: the baseline's columns, and their products.
        block: residual and terms of one point of theta `[row, 1 + term]`.
        tested: the same of the lift tests `[test, 1 + term]`.
        variance: of the noise.
    """
    k = columns.shape[1]
    cross, inner = columns.T @ block, block.T @ block
    full = np.block([[gram, cross[:, 1:]], [cross[:, 1:].T, inner[1:, 1:]]]) / variance
    target = np.concatenate([cross[:, 0], inner[1:, 0]]) / variance
    if tested is not None:
        more = tested.T @ tested
        full[k:, k:] += more[1:, 1:]
        target[k:] += more[1:, 0]
    full[np.diag_indices(len(full))] += 1.0
    factor = linalg.cholesky(full, lower=True, check_finite=False)
    whitened = linalg.solve_triangular(factor, target, lower=True, check_finite=False)
    fresh = whitened + rng.standard_normal(len(full))
    return np.asarray(linalg.solve_triangular(factor, fresh, lower=True, trans=1, check_finite=False))
