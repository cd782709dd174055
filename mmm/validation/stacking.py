"""How much each family counts in an average: stacking of predictive distributions, times what else is known of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import logsumexp

FloatArray = NDArray[np.float64]

WORST_LIFT = 4.0  # standard errors beyond which a further disagreement with a lift test says no more


def stacking_weights(log_density: FloatArray) -> FloatArray:
    """Weights on the simplex that maximise the mean log density of the mixture over held-out points.

    Args:
        log_density: of each family's forecast at what came `[family, point]`, every point finite.

    Source:
        Yao, Vehtari, Simpson and Gelman (2018), "Using stacking to average Bayesian predictive distributions", eq. 4.
    """
    n = len(log_density)
    if n == 1:
        return np.ones(1)
    scaled = np.exp(log_density - log_density.max(axis=0))

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        mixture = np.maximum(weights @ scaled, 1e-300)
        return -float(np.log(mixture).mean()), -np.asarray((scaled / mixture).mean(axis=1))

    result = optimize.minimize(
        loss,
        np.full(n, 1.0 / n),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * n,
        constraints=optimize.LinearConstraint(np.ones((1, n)), 1.0, 1.0),
        options={"maxiter": 300, "ftol": 1e-10},
    )
    weights = np.clip(result.x, 0.0, None)
    return np.asarray(weights / weights.sum())


def mixture_log_density(log_density: FloatArray, weights: FloatArray) -> float:
    """Mean log density `[point]` of the weighted mixture of families `[family, point]`."""
    return float(logsumexp(log_density, axis=0, b=weights[:, None]).mean())


def lift_factor(distances: Sequence[float]) -> float:
    """How far lift tests speak for a family: the normal likelihood of its distances, in standard errors, per test."""
    if not distances:
        return 1.0
    capped = np.minimum(np.abs(distances), WORST_LIFT)
    return float(np.exp(-0.5 * (capped**2).mean()))


def twin_factors(errors: Sequence[float | None]) -> FloatArray:
    """How far twins speak for each family: inverse squares of the recovery errors, the best family at 1.

    A family without twins counts as the worst of those that have them; without any, all count alike.
    """
    known = [error for error in errors if error is not None and np.isfinite(error) and error > 0]
    if not known:
        return np.ones(len(errors))
    filled = [error if error is not None and np.isfinite(error) and error > 0 else max(known) for error in errors]
    return np.asarray((min(known) / np.array(filled)) ** 2)


def combined(*factors: FloatArray) -> FloatArray:
    """Weights in proportion to the product of `factors [family]`; alike where the product is zero everywhere."""
    product = np.prod(np.stack(factors), axis=0)
    total = float(product.sum())
    return np.asarray(product / total) if total > 0 else np.full(len(product), 1.0 / len(product))
