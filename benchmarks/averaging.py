"""Whether an average of families attributes and plans better than the structural family alone.

`python benchmarks/averaging.py --first 1000 --seeds 30`. Paired: the same fits, on the same seeds. Prints one Markdown
row a kind of world and way of averaging, with the columns of benchmarks/recovery.py that are about effects and plans.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from measures import HOLD_OUT, Trial
from recovery import FREE, NARROW, USUAL, planned, world

from mmm.models.averaged import average
from mmm.models.base import FitSettings, FittedModel
from mmm.models.registry import family
from mmm.validation.folds import forecasts, origins
from mmm.validation.stacking import stacking_weights

FAMILIES = ("structural", "xgboost", "ridge")
STACKED = "stacked"


@dataclass(frozen=True)
class Row:
    """What one model gave on one seed."""

    error: float
    null_error: float
    coverage: float
    width: float
    best: float
    uplift: float
    best_narrow: float
    narrow: float
    weight: float


def trial_rows(kind: str, seed: int) -> dict[str, dict[str, float]]:
    """Fit every family of one world, average them, and ask all."""
    trial = Trial.of(world(kind, seed))
    settings = FitSettings(seed=seed)
    models = {name: family(name).fit(trial.seen, settings) for name in FAMILIES}
    weights = stacked(trial, settings)
    asked: dict[str, FittedModel] = {"structural": models["structural"], STACKED: average(models, weights)}
    best = [trial.true_uplift(trial.best_split(*bounds)) for bounds in (FREE, NARROW)]
    return {
        name: vars(row(trial, model, best, weights["structural"] if name == STACKED else 1.0))
        for name, model in asked.items()
    }


def stacked(trial: Trial, settings: FitSettings) -> dict[str, float]:
    """Stacking weights from the rolling folds of what may be seen."""
    cuts = origins(trial.seen.n_periods)
    density = np.array(
        [
            np.concatenate(
                [forecasts(trial.seen, family(name).fit, settings, cut)[0].log_density.ravel() for cut in cuts]
            )
            for name in FAMILIES
        ]
    )
    return dict(zip(FAMILIES, stacking_weights(density).tolist(), strict=True))


def row(trial: Trial, model: FittedModel, best: list[float], weight: float) -> Row:
    """Attribution and plans of one model against the truth."""
    return Row(
        **trial.recovered(model),
        best=best[0],
        uplift=trial.true_uplift(planned(trial, model, FREE)[0]),
        best_narrow=best[1],
        narrow=trial.true_uplift(planned(trial, model, NARROW)[0]),
        weight=weight,
    )


def summary(kind: str, name: str, rows: list[dict[str, float]]) -> str:
    """One Markdown row."""
    column = {key: np.array([row[key] for row in rows]) for key in Row.__dataclass_fields__}
    best, narrow = column["best"].sum(), column["best_narrow"].sum()
    cells = [
        kind,
        name,
        f"{column['error'].mean():.2%}",
        f"{1 - column['error'].sum() / column['null_error'].sum():.2f}",
        f"{column['coverage'].mean():.0%}",
        f"{column['width'].mean():.1%}",
        f"{column['uplift'].sum() / best:.0%}",
        f"{column['narrow'].sum() / narrow:.0%}",
        f"{-np.minimum(column['uplift'], 0).sum() / best:.1%}",
        f"{column['weight'].mean():.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


HEADER = (
    "| worlds | model | contribution error | skill | coverage | width | plan value | plan value ±20 % | loss "
    "| weight of structural |\n" + "|---" * 10 + "|"
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a file of JSON lines: worlds in it are not run again")
    given = parser.parse_args()
    wanted = [(kind, seed) for seed in range(given.first, given.first + given.seeds) for kind in USUAL]
    kept = _kept(given.keep)
    with ProcessPoolExecutor(given.processes) as pool:
        missing = [trial for trial in wanted if trial not in kept]
        for trial, rows in zip(missing, pool.map(trial_rows, *zip(*missing, strict=True)), strict=True):
            kept[trial] = rows
            if given.keep is not None:
                with given.keep.open("a") as file:
                    file.write(json.dumps([*trial, rows]) + "\n")
    print(f"seeds {given.first}-{given.first + given.seeds - 1}, hold-out {HOLD_OUT}, {platform.machine()}\n\n{HEADER}")
    for kind in USUAL:
        for name in ("structural", STACKED):
            print(summary(kind, name, [kept[trial][name] for trial in wanted if trial[0] == kind]))


def _kept(path: Path | None) -> dict[tuple[str, int], dict[str, dict[str, float]]]:
    """Worlds that an earlier run has finished."""
    if path is None or not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {(kind, seed): rows for kind, seed, rows in lines}


if __name__ == "__main__":
    main()
