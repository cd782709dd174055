"""Whether trees and networks earn their place: `python benchmarks/networks.py`.

The same hold-out for every family: 80 of 104 simulated weeks fitted, 24 forecast. One structural fit a world is handed
to the families that stand on it, so that they differ by what they add alone. Prints one Markdown row a family.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from measures import Trial
from recovery import FREE, USUAL, planned, world

from mmm.effects.contributions import drop_one
from mmm.models.base import FitSettings, FittedModel
from mmm.models.boosted import fit_boosted
from mmm.models.linear import fit_linear
from mmm.models.recurrent import fit_recurrent
from mmm.models.ridge import fit_ridge
from mmm.models.structural import fit_structural

FAMILIES = ("ridge", "linear", "structural", "xgboost", "recurrent")
PLANNED = ("xgboost", "recurrent")
WORSE = 1.02  # x ridge's hold-out RMSE


@dataclass(frozen=True)
class Row:
    """What one family gave on one world; squared errors and noise are means over the hold-out, share of KPI squared."""

    squared: float
    noise: float
    error: float
    coverage: float
    uplift: float
    best: float
    added: int
    cpu: float


def trial_rows(kind: str, seed: int) -> dict[str, Row]:
    """Every family on one world."""
    trial = Trial.of(world(kind, seed))
    best = trial.true_uplift(trial.best_split(*FREE))
    rows = {}
    for name, (model, cpu) in fitted(trial, seed).items():
        rows[name] = _row(trial, name, model, cpu, best)
    return rows


def fitted(trial: Trial, seed: int) -> dict[str, tuple[FittedModel, float]]:
    """Every family, and the seconds of processor time its fit took beyond the structural one it stands on."""
    settings = FitSettings(seed=seed)
    found: dict[str, tuple[FittedModel, float]] = {}
    started = time.process_time()
    structure = fit_structural(trial.seen, settings)
    found["structural"] = (structure, time.process_time() - started)
    fits = {
        "ridge": fit_ridge,
        "linear": fit_linear,
        "xgboost": partial(fit_boosted, base=structure),
        "recurrent": partial(fit_recurrent, base=structure),
    }
    for name, fit in fits.items():
        started = time.process_time()
        found[name] = (fit(trial.seen, settings), time.process_time() - started)
    return found


def _row(trial: Trial, name: str, model: FittedModel, cpu: float, best: float) -> Row:
    n, kpi = trial.seen.n_periods, trial.seen.kpi.mean()
    noise = trial.world.truth.noise[:, n:] / kpi
    truth = trial.world.truth.expected(trial.ahead)[:, n:] / kpi
    forecast = model.expected(trial.ahead, slice(n, trial.ahead.n_periods)).mean(axis=0) / kpi
    found = drop_one(model, trial.seen.inputs()).total.kpi
    true = trial.true_contributions
    steps = model.diagnostics.get("training_legs", model.diagnostics.get("rounds", 1) - 1)
    return Row(
        squared=float(np.mean((forecast - truth - noise) ** 2)),
        noise=float(np.mean(noise**2)),
        error=float(np.abs(found.mean - true).mean() / trial.total_media),
        coverage=float(((true >= found.lo) & (true <= found.hi)).mean()),
        uplift=trial.true_uplift(planned(trial, model, FREE)[0]) if name in PLANNED else np.nan,
        best=best,
        added=int(steps > 0),
        cpu=cpu,
    )


HEADER = (
    "| worlds | family | hold-out ÷ noise | of ridge's RMSE | reducible error removed | worlds worse by 2 % "
    "| below the linear model | added something | contribution error | coverage | plan value | CPU |\n"
    + "|---" * 12
    + "|"
)


def summary(kind: str, name: str, worlds: list[dict[str, Row]]) -> str:
    """One Markdown row."""

    def column(family: str, field: str) -> np.ndarray:
        return np.array([getattr(rows[family], field) for rows in worlds])

    squared, ridge, linear = (column(family, "squared") for family in (name, "ridge", "linear"))
    noise = column(name, "noise")
    planned_here = name in PLANNED
    cells = [
        kind,
        name,
        f"{np.median(np.sqrt(squared / noise)):.2f}",
        f"{np.sqrt(squared.sum() / ridge.sum()):.3f}",
        f"{1 - (squared - noise).sum() / (ridge - noise).sum():.0%}",
        f"{(np.sqrt(squared) > WORSE * np.sqrt(ridge)).sum()} of {len(worlds)}",
        f"{1 - np.sqrt(squared.sum() / linear.sum()):.0%}",
        f"{column(name, 'added').sum()} of {len(worlds)}" if name in ("xgboost", "recurrent") else "–",
        f"{column(name, 'error').mean():.1%}",
        f"{column(name, 'coverage').mean():.0%}",
        f"{column(name, 'uplift').sum() / column(name, 'best').sum():.0%}" if planned_here else "–",
        f"{np.median(column(name, 'cpu')):.2f} s",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    print(f"seeds {seeds.start}-{seeds.stop - 1}, {platform.machine()}\n\n{HEADER}")
    with ProcessPoolExecutor(given.processes) as pool:
        for kind in USUAL:
            worlds = list(pool.map(partial(trial_rows, kind), seeds))
            for name in FAMILIES:
                print(summary(kind, name, worlds), flush=True)


if __name__ == "__main__":
    main()
