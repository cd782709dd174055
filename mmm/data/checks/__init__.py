"""Questions asked of a panel before it is fitted: can a model learn from it, and would its answers mean anything?"""

from __future__ import annotations

from collections.abc import Callable

from mmm.data.checks import breaks, channels, collinear, controls, demand, enough, exposure, freak, markets, scale
from mmm.data.checks.check import Check
from mmm.data.checks.collinear import variance_inflation
from mmm.data.panel import Panel

__all__ = ["CHECKS", "Check", "check_panel", "variance_inflation"]

CHECKS: tuple[Callable[[Panel], Check], ...] = (
    enough.length,
    enough.unobserved,
    scale.kpi_values,
    scale.target_scale,
    scale.not_money,
    channels.idle,
    channels.calm,
    channels.rare,
    collinear.pairs,
    collinear.inflation,
    demand.follows_season,
    demand.follows_sales,
    markets.split_by_size,
    freak.outliers,
    freak.spend_outliers,
    breaks.level_break,
    exposure.exposure_only,
    exposure.spend_only,
    exposure.cost_per_exposure,
    controls.mediators,
    controls.stale,
    controls.future,
)
"""Every check, in the order a person reads them."""


def check_panel(panel: Panel) -> tuple[Check, ...]:
    """Every check of a panel, in the order a person reads them."""
    return tuple(check(panel) for check in CHECKS)
