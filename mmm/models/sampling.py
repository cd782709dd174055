"""From a log density to draws: multi-start optimum, Laplace approximation, then a population of Markov chains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from mmm.models.base import Progress, silent
from mmm.models.convergence import effective_draws, split_r_hat

FloatArray = NDArray[np.float64]
LogDensity = Callable[[FloatArray], FloatArray]
"""`[batch, size]` to `[batch]`; evaluating a batch costs little more than one point."""

GRADIENT_STEP = 1e-5
HESSIAN_STEP = 2e-3
KEPT_TIMES = 30  # of the second half of sampling, to judge whether it has settled
FAILED = -1e12  # stands in for a density that is not a number


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best point of several starts.

    Attributes:
        theta: `[size]`; log_density there; starts_agreeing: share of starts that ended within 1 of it.
    """

    theta: FloatArray
    log_density: float
    starts_agreeing: float


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws from a density: `theta [draw, size]` and how the chains moved.

    Attributes:
        theta: the last state of every chain.
        acceptance: share of moves accepted.
        worst_shift: of a parameter's mean over the second half of sampling, in posterior deviations.
        r_hat, effective: how well the chains have settled, over the second half of sampling (`convergence`).
    """

    theta: FloatArray
    acceptance: float
    worst_shift: float
    r_hat: float
    effective: float


def maximise(
    log_density: LogDensity,
    starts: FloatArray,
    *,
    box: tuple[FloatArray, FloatArray] | None = None,
    max_iterations: int = 60,
    progress: Progress = silent,
) -> Optimum:
    """Best local maximum over `starts [start, size]` inside `box`, by L-BFGS with batched forward differences."""
    size = starts.shape[1]
    bounds = None if box is None else optimize.Bounds(box[0], box[1] - GRADIENT_STEP)
    steps = GRADIENT_STEP * np.vstack([np.zeros(size), np.eye(size)])

    def value_and_gradient(theta: FloatArray) -> tuple[float, FloatArray]:
        values = _finite(log_density(theta + steps))
        return -float(values[0]), -(values[1:] - values[0]) / GRADIENT_STEP

    ends = []
    for number, start in enumerate(starts):
        result = optimize.minimize(
            value_and_gradient,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": max_iterations, "ftol": 1e-8},
        )
        ends.append((float(-result.fun), np.asarray(result.x)))
        progress((number + 1) / len(starts), f"start {number + 1} of {len(starts)}")
    best = max(ends, key=lambda end: end[0])
    agreeing = float(np.mean([value > best[0] - 1.0 for value, _ in ends]))
    return Optimum(theta=best[1], log_density=best[0], starts_agreeing=agreeing)


def laplace_covariance(log_density: LogDensity, theta: FloatArray, largest_sd: FloatArray) -> FloatArray:
    """Inverse curvature at `theta`; directions flatter than `largest_sd [size]` are held at it.

    Source:
        MacKay (2003), "Information theory, inference, and learning algorithms", chapter 27.
    """
    scale = largest_sd
    size = len(theta)
    rows, columns = np.triu_indices(size)
    unit = np.eye(size) * scale * HESSIAN_STEP * 5
    plus, minus = unit[rows] + unit[columns], unit[rows] - unit[columns]
    points = np.concatenate([plus, minus, -minus, -plus])
    values = _finite(log_density(theta + points)).reshape(4, -1)
    second = (values[0] - values[1] - values[2] + values[3]) / (4 * (HESSIAN_STEP * 5) ** 2)
    curvature = np.zeros((size, size))
    curvature[rows, columns] = curvature[columns, rows] = -second
    eigenvalues, vectors = np.linalg.eigh(curvature)
    spread = vectors / np.sqrt(np.maximum(eigenvalues, 1.0))
    return np.asarray((spread @ spread.T) * scale[:, None] * scale[None, :])


def sample(
    log_density: LogDensity,
    optimum: FloatArray,
    covariance: FloatArray,
    *,
    n_draws: int,
    n_steps: int,
    rng: np.random.Generator,
    progress: Progress = silent,
) -> Draws:
    """A population of chains, started from the Laplace approximation, one draw from each chain.

    Two kinds of move alternate: an autoregressive one that leaves the Laplace approximation unchanged (Neal 1999,
    "Regression and classification using Gaussian process priors", section 5), and differential evolution between
    chains, which learns the shape of the posterior where it is not Gaussian (ter Braak 2006, Statistics and
    Computing 16, 239-249). With `n_steps` = 0 the draws are the Laplace approximation.
    """
    size = len(optimum)
    factor = np.linalg.cholesky(covariance + 1e-10 * np.eye(size))

    def gaussian(theta: FloatArray) -> FloatArray:
        z = np.linalg.solve(factor, (theta - optimum).T)
        return np.asarray(-0.5 * (z**2).sum(axis=0))

    theta = optimum + rng.standard_normal((n_draws, size)) @ factor.T
    if n_steps == 0:
        return Draws(theta=theta, acceptance=1.0, worst_shift=0.0, r_hat=1.0, effective=float(n_draws))
    value, accepted = _finite(log_density(theta)), 0.0
    every = max(1, n_steps // (2 * KEPT_TIMES))
    history = []
    for step in range(n_steps):
        if step % 3 == 0:
            jump = rng.uniform(0.2, 0.9, (n_draws, 1))
            fresh = rng.standard_normal((n_draws, size)) @ factor.T
            proposal = optimum + np.sqrt(1 - jump**2) * (theta - optimum) + jump * fresh
            correction = gaussian(theta) - gaussian(proposal)
        else:
            proposal, correction = _differential_evolution(theta, rng), np.zeros(n_draws)
        proposed = _finite(log_density(proposal))
        accept = np.log(rng.uniform(size=n_draws)) < proposed - value + correction
        theta = np.where(accept[:, None], proposal, theta)
        value = np.where(accept, proposed, value)
        accepted += float(accept.mean()) / n_steps
        if step >= n_steps // 2 and (n_steps - 1 - step) % every == 0:
            history.append(theta)
        progress((step + 1) / n_steps, f"sampling step {step + 1} of {n_steps}")
    times = np.stack(history)
    shift = np.abs(theta.mean(axis=0) - times[0].mean(axis=0)) / np.maximum(theta.std(axis=0), 1e-12)
    settled = (1.0, 0.0) if len(times) < 2 else (split_r_hat(times), effective_draws(times))
    return Draws(theta, accepted, float(shift.max()), *settled)


def _differential_evolution(theta: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Each chain moves along the difference of two others."""
    n, size = theta.shape
    first, second = rng.permutation(n), rng.permutation(n)
    scale = 2.38 / np.sqrt(2 * size) * rng.uniform(0.3, 1.0, (n, 1))
    return np.asarray(theta + scale * (theta[first] - theta[second]) + rng.normal(0, 1e-4, (n, size)))


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, FAILED)
