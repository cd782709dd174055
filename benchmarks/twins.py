"""Does the twin test know how wrong a model is? `python benchmarks/twins.py --first 1000 --seeds 10`.

For simulated worlds whose truth is known, the error and coverage that the twin test expects of every family and channel
are held against the real ones. Prints one Markdown row a family; the columns are explained in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from measures import Trial
from scipy.stats import spearmanr

from mmm.data.simulate import five_channel_world
from mmm.effects.contributions import drop_one
from mmm.models.base import FitSettings
from mmm.models.registry import family
from mmm.validation.truths import recipes
from mmm.validation.twin_report import FamilyRecovery, summarise
from mmm.validation.twins import TwinOutcome, quick_settings, twin_of


@dataclass(frozen=True)
class Case:
    """One family in one world: what its twins say, and what is true."""

    told: FamilyRecovery
    error: np.ndarray
    held: np.ndarray


def cases(seed: int, names: list[str], count: int) -> tuple[dict[str, Case], list[TwinOutcome], float]:
    """Fit, test by twins, compare with the truth; also CPU seconds a twin."""
    trial = Trial.of(five_channel_world(seed))
    panel, truth = trial.seen, trial.true_contributions
    models = {name: family(name).fit(panel, FitSettings(seed=seed)) for name in names}
    started = time.process_time()
    outcomes = [twin_of(one, panel, models, quick_settings(names)) for one in recipes(names, count, seed)]
    cpu = (time.process_time() - started) / count
    report, found = summarise(outcomes), {}
    for name, model in models.items():
        told, mine = report.of(name), drop_one(model, panel.inputs()).total.kpi
        assert told is not None
        error = np.abs(mine.mean - truth) / trial.total_media
        found[name] = Case(told, error, (mine.lo <= truth) & (truth <= mine.hi))
    return found, outcomes, cpu


def row(name: str, found: list[Case]) -> str:
    """One Markdown row."""
    told = np.array([[one.error for one in case.told.channels] for case in found])
    real = np.array([case.error for case in found])
    within = [spearmanr(a, b)[0] for a, b in zip(told, real, strict=True)]
    cells = [
        name,
        f"{told.mean():.1%}",
        f"{real.mean():.1%}",
        f"{spearmanr(told.ravel(), real.ravel())[0]:.2f}",
        f"{np.nanmean(within):.2f}",
        f"{np.mean([case.told.coverage for case in found]):.0%}",
        f"{np.mean([case.held.mean() for case in found]):.0%}",
    ]
    return "| " + " | ".join(cells) + " |"


def by_source(name: str, outcomes: list[TwinOutcome]) -> list[str]:
    """The same family on each kind of twin by itself."""
    kinds = sorted({(one.recipe.source, one.recipe.confounded) for one in outcomes})
    rows = []
    for source, confounded in kinds:
        own = summarise([o for o in outcomes if (o.recipe.source, o.recipe.confounded) == (source, confounded)]).of(
            name
        )
        if own is not None and own.twins:
            kind = f"{source}, hidden demand" if confounded else source
            value = "" if own.plan_value is None else f"{own.plan_value:.0%}"
            rows.append(f"| {name} | {kind} | {own.twins} | {own.error:.1%} | {own.coverage:.0%} | {value} |")
    return rows


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", default=["structural", "ridge"])
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--twins", type=int, default=12)
    given = parser.parse_args()
    made = [cases(seed, given.families, given.twins) for seed in range(given.first, given.first + given.seeds)]
    print(
        "| family | error, twins | error, true | rank r, channels | rank r, inside a world | held, twins | held, true |"
    )
    print("|---" * 7 + "|")
    for name in given.families:
        print(row(name, [found[name] for found, _, _ in made]))
    pooled = [outcome for _, outcomes, _ in made for outcome in outcomes]
    print("\n| family | worlds from | twins | error | held | plan value |\n" + "|---" * 6 + "|")
    for name in given.families:
        print("\n".join(by_source(name, pooled)))
    print(f"\n{np.mean([cpu for _, _, cpu in made]):.1f} s of CPU a twin")


if __name__ == "__main__":
    main()
