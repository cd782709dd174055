"""How forecasts depend on noise, carry-over, saturation and length of history: `python benchmarks/sensitivity.py`.

The grid of the method papers: 104 simulated weeks of five channels, the last 24 held out, the models fitted on the
latest 60, 80 and 100 % of the 80 before. Prints hold-out RMSE ÷ noise as a Markdown table, one row a cell.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from itertools import product

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from measures import HOLD_OUT, Trial
from networks import fitted

from mmm.data.panel import Panel
from mmm.data.simulate import FIVE_CHANNELS, World, WorldSettings, simulate

NOISE = {"low": 0.02, "high": 0.08}  # share of the KPI
DECAY = {"short": (0.05, 0.2), "long": (0.6, 0.8)}
SATURATION = {"strong": (0.4, 0.8), "weak": (2.0, 3.0)}  # half-saturation, multiples of usual carried-over spend
SHARES = (0.6, 0.8, 1.0)
FAMILIES = ("linear", "ridge", "xgboost", "recurrent", "structural")


def cell_world(noise: float, decay: tuple[float, float], half: tuple[float, float], seed: int) -> World:
    """One world whose channels all have that carry-over and saturation."""
    channels = tuple(replace(recipe, decay=decay, half_saturation=half) for recipe in FIVE_CHANNELS)
    return simulate(WorldSettings(channels=channels, noise=noise), seed)


def ratios(world: World, share: float, seed: int) -> list[float]:
    """Hold-out RMSE ÷ noise of each family, fitted on the latest `share` of the weeks before the hold-out."""
    whole = Trial.of(world)
    first = round((1 - share) * whole.seen.n_periods)
    later: Panel = world.panel.take(slice(first, world.panel.n_periods))
    n = later.n_periods - HOLD_OUT
    trial = Trial(world, later.take(slice(0, n)), later.inputs())
    actual, noise = later.kpi[:, n:], world.truth.noise[:, -HOLD_OUT:]
    found = []
    models = fitted(trial, seed)
    for name in FAMILIES:
        forecast = models[name][0].expected(trial.ahead, slice(n, later.n_periods)).mean(axis=0)
        found.append(float(np.sqrt(np.mean((forecast - actual) ** 2) / np.mean(noise**2))))
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    print(f"seeds {seeds.start}-{seeds.stop - 1} in every cell\n")
    print("| noise | carry-over | saturation | weeks | " + " | ".join(FAMILIES) + " |\n" + "|---" * 9 + "|")
    every = []
    for noise, decay, half, share in product(NOISE, DECAY, SATURATION, SHARES):
        worlds = [cell_world(NOISE[noise], DECAY[decay], SATURATION[half], seed) for seed in seeds]
        mean = np.mean([ratios(world, share, seed) for world, seed in zip(worlds, seeds, strict=True)], axis=0)
        every.append(mean)
        print(
            f"| {noise} | {decay} | {half} | {share:.0%} | " + " | ".join(f"{r:.2f}" for r in mean) + " |", flush=True
        )
    print("| mean | | | | " + " | ".join(f"{r:.2f}" for r in np.mean(every, axis=0)) + " |")


if __name__ == "__main__":
    main()
