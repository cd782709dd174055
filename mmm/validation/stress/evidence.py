"""What all stress tests look at: the KPI less media, seen through the model's own uncertainty.

A score test asks whether a column that the model leaves out would explain what is left of the KPI. The baseline's
coefficients and a factor on each channel's contribution are integrated out with their priors, so that a column counts
only for what they could not have explained. Under the model the score is standard normal (Rasmussen & Williams 2006,
"Gaussian processes for machine learning", section 2.7, for the covariance; Rao's score statistic).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.effects.contributions import Contributions
from mmm.models.base import FittedModel
from mmm.models.design import Design
from mmm.models.scaling import Scaling

FloatArray = NDArray[np.float64]

VAGUE = 10.0  # prior deviation of a channel's factor where the data alone are to speak
NOTHING = 1e-12


class Evidence:
    """Residual, columns and covariance of one fitted model on its panel.

    A class because the inverse of the covariance is made once and used by every test.

    Attributes:
        panel: the data; found: the model's drop-one contributions.
        labels: names of the axes.
        drive: what drives media, in units of each channel's usual level `[market, period, channel]`.
        contribution: mean drop-one contribution, share of the market's mean KPI `[market, period, channel]`.
        baseline: columns of the baseline in prior deviations `[market, period, column]`.
        kpi: scaled KPI of the observed rows `[row]`; unmedia: the same less all media; residual: less the whole fit.
        noise: standard deviation of a period's noise, scaled.
    """

    def __init__(self, model: FittedModel, panel: Panel, found: Contributions) -> None:
        self.panel, self.found, self.labels = panel, found, panel.labels
        scaling, inputs = Scaling.of(panel), panel.inputs()
        self.scaling, self.design = scaling, Design.of(panel)
        self.drive = inputs.drive / scaling.drive[:, None, :]
        self.contribution = found.mean / scaling.kpi[:, None, None]
        self.baseline = self.design.matrix(inputs, slice(0, panel.n_periods))
        self._rows = np.flatnonzero(panel.observed.ravel())
        on, off = (model.expected(x).mean(axis=0) / scaling.kpi[:, None] for x in (inputs, inputs.media_off()))
        self.kpi = self.rows((np.where(panel.observed, panel.kpi, 0.0) / scaling.kpi[:, None])[..., None])[:, 0]
        self.unmedia = self.kpi - self.rows((on - off)[..., None])[:, 0]
        self.residual = self.kpi - self.rows(on[..., None])[:, 0]
        self.noise = max(float((model.noise_sd / scaling.kpi).mean()), 1e-6)
        self._columns = np.hstack([self.rows(self.baseline), self.rows(self.contribution)])
        self._core = _inverse(self._columns, self.noise)

    @property
    def n_rows(self) -> int:
        """Observed market-periods."""
        return len(self._rows)

    @property
    def periods_per_year(self) -> float:
        """How many periods a year has."""
        return 365.25 / self.labels.frequency.days

    def rows(self, columns: FloatArray) -> FloatArray:
        """`[market, period, column]` on the observed rows `[row, column]`."""
        return columns.reshape(-1, columns.shape[-1])[self._rows]

    def score(self, columns: FloatArray) -> FloatArray:
        """Score of each column `[market, period, column]`, standard normal where the model is right: `[column]`."""
        seen = self.rows(columns)
        weighed = (seen - self._columns @ (self._core @ (self._columns.T @ seen))) / self.noise**2
        size = (seen * weighed).sum(axis=0)
        return np.asarray((weighed.T @ self.unmedia) / np.sqrt(np.maximum(size, NOTHING)))

    def multiplier(self) -> tuple[FloatArray, FloatArray]:
        """What the data alone say of each channel's contribution: factor on the model's, standard error `[channel]`.

        All channels together by least squares, beside the baseline with its priors; 1 agrees with the model.
        """
        n = len(self.labels.channels)
        columns = self._columns.copy()
        columns[:, -n:] *= VAGUE
        core = _inverse(columns, self.noise)
        extra = VAGUE * (core @ (columns.T @ self.unmedia))[-n:]
        return 1.0 + extra, VAGUE * self.noise * np.sqrt(np.diag(core)[-n:])

    def left_over(self, target: FloatArray, columns: FloatArray) -> FloatArray:
        """What `columns [row, column]` cannot explain of `target [row]` or `[row, k]` by least squares."""
        estimate, *_ = np.linalg.lstsq(columns, target, rcond=None)
        return np.asarray(target - columns @ estimate)


def lagged(values: FloatArray, lag: int) -> FloatArray:
    """`[market, period, column]` moved `lag` periods later (earlier where negative); ends repeat their last value."""
    if lag == 0:
        return values
    out = np.empty_like(values)
    if lag > 0:
        out[:, lag:], out[:, :lag] = values[:, :-lag], values[:, :1]
    else:
        out[:, :lag], out[:, lag:] = values[:, -lag:], values[:, -1:]
    return out


def partial_t(first: FloatArray, second: FloatArray, degrees: int) -> float:
    """Student's t of the correlation of two residuals `[row]` with so many degrees of freedom."""
    size = float(np.sqrt((first @ first) * (second @ second)))
    if size < NOTHING:
        return 0.0
    correlation = float(np.clip(first @ second / size, -0.999999, 0.999999))
    return correlation * float(np.sqrt(max(degrees, 1) / (1 - correlation**2)))


def _inverse(columns: FloatArray, noise: float) -> FloatArray:
    """Core of the covariance's inverse by the inversion lemma `[column, column]`."""
    return np.asarray(np.linalg.inv(noise**2 * np.eye(columns.shape[1]) + columns.T @ columns))
