"""What telling the model that brand search follows demand is worth: `python benchmarks/demand.py`.

Four-channel worlds whose first channel is brand search: an unobserved demand (AR(1), 0.8 from week to week) moves sales
by 6 % and the channel's spend by 40 %, and the channel itself brings 0.4 of what it brings in the plain world.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from measures import Trial
from recovery import FREE, planned

from mmm.data.simulate import World, four_channel_world
from mmm.effects.contributions import drop_one
from mmm.models.base import FitSettings
from mmm.models.registry import family

BRAND = 0
KEPT, SHARE, PULL, OWN = 0.8, 0.06, 0.4, 0.1


def brand_world(seed: int) -> World:
    """One world; the truth stays exact."""
    world = four_channel_world(seed)
    rng = np.random.default_rng(seed + 999)
    n = world.panel.n_periods
    demand = rng.normal(size=n)
    for t in range(1, n):
        demand[t] = KEPT * demand[t - 1] + np.sqrt(1 - KEPT**2) * demand[t]
    season = world.truth.baseline[0] / world.truth.baseline[0].mean()
    spend = world.panel.spend.copy()
    spend[0, :, BRAND] = spend[0, :, BRAND].mean() * np.exp(PULL * demand + OWN * rng.normal(size=n)) * season**1.5
    effect = world.truth.effect.copy()
    effect[BRAND] *= 0.4
    moved = world.truth.baseline + SHARE * world.settings.mean_kpi * demand
    truth = replace(world.truth, effect=effect, baseline=moved)
    kpi = truth.expected(replace(world.panel, spend=spend).inputs()) + truth.noise
    return replace(world, panel=replace(world.panel, spend=spend, kpi=kpi), truth=truth)


def trial(seed: int, *, told: bool) -> tuple[float, float, float, float, float]:
    """Contribution error, coverage, is brand's truth inside, uplift of the plan, best uplift."""
    trial = Trial.of(brand_world(seed))
    if told:
        trial = replace(trial, seen=replace(trial.seen, captures_demand=(trial.seen.labels.channels[BRAND],)))
    model = family("structural").fit(trial.seen, FitSettings(seed=seed))
    found = drop_one(model, trial.seen.inputs()).total.kpi
    truth = trial.true_contributions
    inside = (truth >= found.lo) & (truth <= found.hi)
    error = float(np.abs(found.mean - truth).mean() / trial.total_media)
    uplift = trial.true_uplift(planned(trial, model, FREE)[0])
    return error, float(inside.mean()), float(inside[BRAND]), uplift, trial.true_uplift(trial.best_split(*FREE))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=30)
    given = parser.parse_args()
    print("| model | contribution error | coverage | brand search inside | plan value | loss |")
    print("|---|---|---|---|---|---|")
    for told in (False, True):
        rows = np.array([trial(seed, told=told) for seed in range(given.first, given.first + given.seeds)])
        error, inside, brand, uplift, best = rows.T
        loss = -np.minimum(uplift, 0).sum() / best.sum()
        value = uplift.sum() / best.sum()
        name = "told that it follows demand" if told else "not told"
        cells = [name, f"{error.mean():.1%}", f"{inside.mean():.0%}", f"{brand.mean():.0%}", f"{value:.0%}"]
        print("| " + " | ".join([*cells, f"{loss:.0%}"]) + " |", flush=True)


if __name__ == "__main__":
    main()
