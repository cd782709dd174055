"""A stored model on the bench again: fitted once more to the last digit, and everything that was assumed for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm.access import Actor, Permission
from mmm.errors import ModelError
from mmm.services.base import Service, requires
from mmm.services.lift_tests import panel_as_trained, tests_used
from mmm.services.models import find_model, read_model
from mmm.services.versions import find_dataset, find_version
from mmm.store.tables import DatasetVersionRow, JobRow, ModelVersionRow
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mmm.data.panel import Panel
    from mmm.models.base import FittedModel, Progress

WITH_PRIORS = ("structural", "varying", "hierarchical")
PINNED = ("numpy", "scipy", "pandas", "xgboost-cpu", "scikit-learn", "jax")


@dataclass(frozen=True)
class Reproduced:
    """What a second fit of a stored model gave.

    Attributes:
        model: `Model 3 (structural)`.
        equal: the stored state and the new one are the same bytes.
        sentence: the same in words, with the largest difference where there is one.
    """

    model: str
    equal: bool
    sentence: str


class Reproduction(Service):
    """Stored models fitted again, and their assumptions as one document."""

    @requires(Permission.TRAIN)
    def reproduce(self, actor: Actor, model_version_id: str, progress: Progress | None = None) -> Reproduced:
        """Fit a stored model again on its own data, lift tests and settings, and compare the stored bytes.

        It takes as long as one fit. Bytes are equal with the same pinned versions and one numeric thread.

        Raises:
            NotFoundError: the workspace has no such model.
            ModelError: the model is an average of others, or was stored without its training.
        """
        from mmm.models.base import FitSettings, silent
        from mmm.models.registry import family

        with self._work(read_only=True) as uow:
            row = find_model(uow, actor, model_version_id)
            job = _training(uow, row)
            panel = panel_as_trained(uow, find_version(uow, actor, row.dataset_version_id), tests_used(row))
            stored = uow.models.state(row)
        settings = FitSettings(
            seed=job.params["seed"], effort=job.params["effort"], options=job.params.get("options") or {}
        )
        again = family(row.family).fit(panel, settings, progress or silent)
        equal = again.state().to_bytes() == stored
        name = f"Model {row.number} ({row.family})"
        return Reproduced(name, equal, _told(name, stored, again, equal=equal))

    @requires(Permission.TRAIN)
    def assumptions(self, actor: Actor, model_version_id: str) -> dict[str, Any]:
        """Everything that was assumed for a model, JSON-able: settings, priors, roles, weeks left out, findings.

        Raises:
            NotFoundError: the workspace has no such model.
        """
        import json

        with self._work(read_only=True) as uow:
            row = find_model(uow, actor, model_version_id)
            version = find_version(uow, actor, row.dataset_version_id)
            dataset = find_dataset(uow, actor, row.dataset_id)
            job = uow.jobs.get(actor.workspace_id, row.job_id) if row.job_id else None
            panel, model = panel_as_trained(uow, version, tests_used(row)), read_model(uow, row)
            findings = json.loads(uow.datasets.findings(version))
        asked = {} if job is None else job.params
        names = ("families", "effort", "seed", "holdout", "options")
        return {
            "model": {"id": row.id, "number": row.number, "family": row.family, "health": row.status},
            "data": {"name": dataset.name, **_data(version)},
            "settings": {name: asked[name] for name in names if name in asked},
            "fit": model.diagnostics,
            "priors": _priors(model),
            **_panel_facts(panel, model),
            "findings_accepted": findings,
            "versions": _versions(),
        }


def _training(uow: UnitOfWork, row: ModelVersionRow) -> JobRow:
    from mmm.models.registry import FAMILIES

    if row.family not in FAMILIES:
        raise ModelError(f"Model {row.number} is not fitted by itself but made of others; reproduce each of them.")
    job = uow.jobs.get(row.workspace_id, row.job_id) if row.job_id else None
    if job is None:
        raise ModelError(f"Model {row.number} was stored without its training, so its settings are not known.")
    return job


def _told(name: str, stored: bytes, again: FittedModel, *, equal: bool) -> str:
    if equal:
        return f"{name} was fitted again and is equal to the stored one to the last digit."
    from mmm.models.state import ModelState

    before, now = ModelState.from_bytes(stored), again.state()
    if before.version != now.version or before.arrays.keys() != now.arrays.keys():
        return f"{name} differs: it was stored by another version of its family, which keeps other things."
    gaps = {key: _gap(before.arrays[key], now.arrays[key]) for key in now.arrays}
    worst = max(gaps, key=gaps.__getitem__, default="")
    if not worst or gaps[worst] == 0:
        return f"{name} differs in what is noted beside the parameters (its diagnostics or settings), not in them."
    return (
        f"{name} differs: {worst} by up to {gaps[worst]:.2g} of its largest value. Were the same versions of the "
        "libraries and one numeric thread used?"
    )


def _gap(before: np.ndarray[Any, Any], now: np.ndarray[Any, Any]) -> float:
    """Largest difference as a share of the largest value; infinite for another shape."""
    if before.shape != now.shape:
        return float("inf")
    if before.size == 0 or not np.issubdtype(before.dtype, np.number):
        return 0.0
    return float(np.abs(before - now).max() / max(float(np.abs(before).max()), 1e-300))


def _data(version: DatasetVersionRow) -> dict[str, Any]:
    return {
        "version": version.number,
        "version_id": version.id,
        "source": version.source_name,
        "source_sha256": version.source_sha256,
    }


def _priors(model: FittedModel) -> dict[str, Any]:
    """Default priors of the model's shapes; options of the settings stand beside them."""
    from mmm.models.additive import AdditiveModel
    from mmm.models.priors import Priors

    if model.family not in WITH_PRIORS or not isinstance(model, AdditiveModel):
        return {}
    return asdict(Priors.of(model.form))


def _panel_facts(panel: Panel, model: FittedModel) -> dict[str, Any]:
    """Roles, weeks left out and filled by market, holidays, lift tests."""

    def weeks(mask: np.ndarray[Any, Any]) -> dict[str, list[str]]:
        named = zip(panel.labels.markets, mask, strict=True)
        return {market: [str(day) for day in panel.periods[row]] for market, row in named if row.any()}

    roles = zip(panel.labels.controls, panel.labels.control_roles, strict=True)
    tests = [
        {"channel": t.channel, "market": t.market, "start": str(t.start), "end": str(t.end), "lift": t.lift, "se": t.se}
        for t in panel.lift_tests
    ]
    return {
        "channels": list(panel.labels.channels),
        "control_roles": {name: role.value for name, role in roles},
        "periods": [str(panel.periods[0]), str(panel.periods[-1])],
        "weeks_left_out": weeks(~panel.observed),
        "weeks_filled": weeks(panel.filled),
        "country": panel.country,
        "holidays": list(getattr(getattr(model, "design", None), "holidays", ())),
        "margin": panel.margin,
        "currency": panel.currency,
        "lift_tests": tests,
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError

    found = {}
    for name in PINNED:
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            continue  # an optional library that is not installed here
    return found
