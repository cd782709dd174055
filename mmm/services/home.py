"""The answers of the first page: what changed, three moves, what the model does not know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mmm.data.findings import whole_percent
from mmm.data.inputs import RECENT_PERIODS
from mmm.data.panel import Panel
from mmm.effects.change import Change, latest_change
from mmm.effects.contributions import Decomposition
from mmm.effects.roi import Roi
from mmm.models.base import FittedModel
from mmm.planning.baseline import HORIZON
from mmm.planning.moves import Move, best_moves
from mmm.planning.scenario import Planner
from mmm.services.models import HealthStatus

OPEN = (0.1, 0.9)  # chances between which nobody should call a channel's return settled


@dataclass(frozen=True, eq=False)
class Answers:
    """What the model was asked once; depends on nothing but the model and its data."""

    change: Change | None
    moves: tuple[Move, ...]
    returns: Roi


@dataclass(frozen=True, eq=False)
class Home:
    """The first page.

    Attributes:
        change: the last four weeks beside the four before; None for a history too short.
        moves: at most three, best first; empty when business as usual is best, or the family does not plan.
        horizon: periods the moves are judged over, as on the Scenarios page.
        unknown: sentences about what the model does not know; they hold channel names as people wrote them.
    """

    change: Change | None
    moves: tuple[Move, ...]
    horizon: int
    unknown: tuple[str, ...]


def answers(model: FittedModel, panel: Panel, decomposition: Decomposition, returns: Roi) -> Answers:
    """What the first page needs of a model, from its stored results and, for the moves, the model itself."""
    moves = best_moves(Planner(model, panel, HORIZON[panel.labels.frequency])) if model.supports_planning else ()
    return Answers(latest_change(decomposition), moves, returns)


def home_of(found: Answers, panel: Panel, health: HealthStatus, newer_version: int | None) -> Home:
    """The first page from the model's answers.

    Args:
        found: the answers.
        panel: the data the model was fitted on.
        health: what its checks say together.
        newer_version: number of a dataset version the model has not seen, or None.
    """
    unknown = (*_about_model(health, newer_version), *_about_data(panel), *_about_channels(found.returns, panel))
    return Home(found.change, found.moves, HORIZON[panel.labels.frequency], unknown)


def _about_model(health: HealthStatus, newer_version: int | None) -> Iterator[str]:
    if health is HealthStatus.FAIL:
        yield "This model failed a health check and was published all the same; the Models page says why."
    elif health is HealthStatus.WARN:
        yield "A health check of this model raised a warning; the Models page has the details."
    if newer_version is not None:
        yield f"Version {newer_version} of the data has arrived since; this model has not seen it."


def _about_data(panel: Panel) -> Iterator[str]:
    unit = f"{panel.labels.frequency.value}s"
    missing = int((~panel.observed).any(axis=0).sum())
    if missing:
        yield f"{missing} of {panel.n_periods} {unit} have gaps that were filled or left out; nothing was learnt there."
    if panel.money_per_kpi is None:
        yield f"Nobody has said what one unit of “{panel.kpi_name}” is worth, so there is no return in money."
    elif panel.margin is None:
        yield "Nobody has told the margin, so revenue counts in full as profit, and break-even is a return of 1."


def _about_channels(returns: Roi, panel: Panel) -> Iterator[str]:
    recent = panel.spend[:, -RECENT_PERIODS:].sum(axis=(0, 1))
    unit = f"{panel.labels.frequency.value}s"
    for index, name in enumerate(panel.labels.channels):
        if returns.spend[index] == 0:
            yield f"{name} never spent anything, so nothing is known about it."
            continue
        if recent[index] == 0:
            yield f"{name} has not run in the last {RECENT_PERIODS} {unit}; what it would bring today is a guess."
        if returns.p_pays_back is not None:
            chance = float(returns.p_pays_back[index])
            if OPEN[0] < chance < OPEN[1]:
                yield f"Whether {name} pays back is open: the chance is {whole_percent(chance)}."
        elif float(returns.contribution.kpi.lo[index]) <= 0:
            yield f"The data do not rule out that {name} brings nothing."
