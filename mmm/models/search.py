"""Search for the settings of a family: which options forecast later periods from earlier ones best.

The budget is a number of evaluations, so that the same seed tries the same settings anywhere; seconds can only cap it,
and the result says when they did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmm.data.folds import Fold, rolling_folds
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.base import Family, FitSettings, FittedModel, Progress, silent
from mmm.models.options import Setting

EVALUATIONS = {"quick": 6, "full": 24}
FOLDS = {"quick": 2, "full": 4}
TEST_SHARE = 0.12  # of history in each test
DRAWS = 40  # a mean forecast needs no more

Clock = Callable[[], float]
"""Seconds since some moment; given from outside, for the domain knows no clock."""


@dataclass(frozen=True)
class Tried:
    """Settings that were tried.

    Attributes:
        options: by name.
        errors: root mean squared forecast error in each fold, share of the observed KPI's mean there.
    """

    options: Mapping[str, Any]
    errors: tuple[float, ...]

    @property
    def error(self) -> float:
        """Mean over folds."""
        return float(np.mean(self.errors))


@dataclass(frozen=True)
class SettingsSearch:
    """What a search found.

    Attributes:
        family: its name.
        tried: in the order in which they were tried; the first is what the family does by itself.
        chosen: the best, unless the first is as good within one standard error of the folds' differences.
        stopped_by: "evaluations", "seconds" (then another machine may try more) or "space" (nothing is left to try).
    """

    family: str
    tried: tuple[Tried, ...]
    chosen: Tried
    stopped_by: str

    @property
    def best(self) -> Tried:
        """The smallest forecast error, however little smaller."""
        return min(self.tried, key=lambda tried: tried.error)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; kept in the diagnostics of the model that was fitted with what was chosen."""
        rows = [{"options": dict(one.options), "fold_errors": list(one.errors)} for one in self.tried]
        return {"tried": rows, "chosen": dict(self.chosen.options), "stopped_by": self.stopped_by}


def search_settings(
    family: Family,
    panel: Panel,
    settings: FitSettings,
    *,
    evaluations: int | None = None,
    seconds: float | None = None,
    clock: Clock | None = None,
    progress: Progress = silent,
) -> SettingsSearch:
    """Try settings of `family.space` one coordinate at a time, from what the family does by itself.

    Args:
        family: what to search.
        panel: the whole history; folds are cut from it.
        settings: seed, effort, and options that stay as they are.
        evaluations: how many settings at most; None for what the effort allows.
        seconds, clock: cap on the time; nothing new is tried after it.
        progress: told after every fit.

    Raises:
        ModelError: the family declares nothing to search, or a cap in seconds comes without a clock.
    """
    space = tuple(setting for setting in family.space if setting.name not in settings.options)
    if not space:
        raise ModelError(f"“{family.title}” has no settings to search for; it tunes itself while it is fitted.")
    if seconds is not None and clock is None:
        raise ModelError("A search can only be capped in seconds where it is given a clock.")
    budget = EVALUATIONS[settings.effort] if evaluations is None else max(1, evaluations)
    length = max(1, round(TEST_SHARE * panel.n_periods))
    folds = rolling_folds(panel.n_periods, FOLDS[settings.effort], length)
    end = clock() + seconds if clock is not None and seconds is not None else None
    tried: dict[tuple[Any, ...], Tried] = {}
    queue, stopped_by = [tuple(setting.values[0] for setting in space)], "space"
    rng = np.random.default_rng(settings.seed)
    while queue:
        if len(tried) >= budget:
            stopped_by = "evaluations"
            break
        if tried and end is not None and clock is not None and clock() >= end:
            stopped_by = "seconds"
            break
        point = queue.pop(0)
        options = {setting.name: value for setting, value in zip(space, point, strict=True)}
        told = f"{len(tried) + 1} of at most {budget} settings"
        tried[point] = _tried(family, panel, settings, options, folds)
        progress(len(tried) / budget, told)
        if not queue:
            queue = _neighbours(min(tried, key=lambda key: tried[key].error), space, tried, rng)
    found = tuple(tried.values())
    progress(1.0, "settings searched")
    return SettingsSearch(family.name, found, _worth(found), stopped_by)


def fit_searched(
    family: Family, panel: Panel, settings: FitSettings, found: SettingsSearch, progress: Progress = silent
) -> FittedModel:
    """The family fitted with what a search chose, which its diagnostics tell as `settings` (and `search`).

    Fitted again with `settings` as `FitSettings.options`, it is the same model to the last digit.
    """
    options = {**settings.options, **found.chosen.options}
    model = family.fit(panel, replace(settings, options=options), progress)
    model.diagnostics = {**model.diagnostics, "settings": options, "search": found.as_dict()}
    return model


def _neighbours(
    best: tuple[Any, ...], space: tuple[Setting, ...], tried: Mapping[tuple[Any, ...], Tried], rng: np.random.Generator
) -> list[tuple[Any, ...]]:
    """Settings next to the best that were not tried yet: one coordinate moved by one step, in drawn order."""
    found = []
    for place, setting in enumerate(space):
        at = setting.values.index(best[place])
        for step in (at - 1, at + 1):
            if 0 <= step < len(setting.values):
                found.append((*best[:place], setting.values[step], *best[place + 1 :]))
    fresh = [point for point in found if point not in tried]
    return [fresh[k] for k in rng.permutation(len(fresh))]


def _tried(
    family: Family, panel: Panel, settings: FitSettings, options: Mapping[str, Any], folds: tuple[Fold, ...]
) -> Tried:
    trial = replace(settings, n_draws=min(DRAWS, settings.n_draws), options={**settings.options, **options})
    errors = [_error(family, panel, trial, fold) for fold in folds if panel.observed[:, fold.test].any()]
    if not errors:
        raise ModelError("None of the last periods was observed, so settings cannot be compared by forecasting.")
    return Tried(dict(options), tuple(errors))


def _error(family: Family, panel: Panel, settings: FitSettings, fold: Fold) -> float:
    model = family.fit(panel.take(fold.train), settings)
    forecast = model.expected(panel.take(slice(0, fold.test.stop)).inputs(), fold.test).mean(axis=0)
    seen, actual = panel.observed[:, fold.test], panel.kpi[:, fold.test]
    size = max(abs(float(actual[seen].mean())), 1e-12)
    return float(np.sqrt(((forecast - actual)[seen] ** 2).mean()) / size)


def _worth(tried: tuple[Tried, ...]) -> Tried:
    """The best, where it beats the first by more than one standard error of the paired differences."""
    first, best = tried[0], min(tried, key=lambda one: one.error)
    better = np.array(first.errors) - np.array(best.errors)
    spread = float(better.std(ddof=1)) / np.sqrt(len(better)) if len(better) > 1 else 0.0
    return best if better.mean() > spread else first
