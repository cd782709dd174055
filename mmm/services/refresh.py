"""From the published model to the one trained after it: what is needed to build the refresh bridge in a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmm.errors import MMMError
from mmm.services.lift_tests import panel_as_trained, tests_used
from mmm.services.training import TrainingRequest
from mmm.store.tables import ModelVersionRow
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mmm.data.panel import Panel
    from mmm.study import Candidate
    from mmm.validation.bridge import Bridge, Fitting

EFFORT = "quick"  # of every step: a bridge tells causes apart, which needs no longer sampling


def published_fitting(uow: UnitOfWork, row: ModelVersionRow | None) -> Fitting | None:
    """What the published model `row` was fitted on, and how; None where there is none or it is made of others."""
    from mmm.models.base import FitSettings
    from mmm.models.registry import FAMILIES
    from mmm.validation.bridge import Fitting

    if row is None or row.family not in FAMILIES or row.job_id is None:
        return None
    job = uow.jobs.get(row.workspace_id, row.job_id)
    before = uow.datasets.version(row.workspace_id, row.dataset_version_id)
    if job is None or before is None:
        return None
    settings = FitSettings(seed=job.params["seed"], effort=EFFORT, options=job.params.get("options") or {})
    return Fitting(panel_as_trained(uow, before, tests_used(row)), row.family, settings)


def bridge_to(best: Candidate, panel: Panel, request: TrainingRequest) -> Bridge | None:
    """The bridge from the published model to the recommended one; None where there is nothing to build it from."""
    from mmm.models.base import FitSettings
    from mmm.models.registry import FAMILIES
    from mmm.validation.bridge import Fitting, refresh_bridge

    if request.published is None or best.family not in FAMILIES:
        return None
    fitted = best.model if request.effort == EFFORT else None
    new = Fitting(panel, best.family, FitSettings(seed=request.seed, effort=EFFORT), fitted)
    try:
        return refresh_bridge(request.published, new)
    except MMMError:  # the old family cannot be fitted on the new data: the models are still there to be compared
        return None
