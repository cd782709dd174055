"""Bodies of the long tasks, as worker processes run them; `mmm.jobs` knows them by name only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import process_time
from typing import TYPE_CHECKING, Any

from mmm.errors import NotFoundError
from mmm.jobs.worker import Body, JobRun, Write
from mmm.services.base import Kit
from mmm.services.lift_tests import PanelWithTests, panel_with_tests
from mmm.services.models import HealthStatus, change_champion, find_model, save
from mmm.services.refresh import bridge_to, published_fitting
from mmm.services.training import TRAIN, TrainingRequest
from mmm.services.twin_tasks import compute_twins
from mmm.services.twins import TWINS, read_report
from mmm.services.versions import champion_id
from mmm.store.tables import DatasetVersionRow, ModelVersionRow
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mmm.data.panel import Panel
    from mmm.models.base import FittedModel, Progress
    from mmm.services.twin_tasks import MakeTwin

STUDY_SHARE = 0.97  # of the progress; the rest is storing


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """One family's model as it is to be stored.

    Attributes:
        results: the results computed once, packed.
        metrics: JSON-able hold-out figures.
        health: JSON-able checks; `status` is what they say together.
        recommended: the study prefers it; exactly one of a study is.
    """

    model: FittedModel
    results: bytes
    metrics: Mapping[str, Any]
    health: Mapping[str, Any]
    status: HealthStatus
    recommended: bool


Train = Callable[["Panel", TrainingRequest, "Progress"], Sequence[TrainedModel]]


def bodies(kit: Kit, train_models: Train | None = None, make_twin: MakeTwin | None = None) -> Mapping[str, Body]:
    """Every task by its name; `train_models` is `study`, `make_twin` is `twin_of`, unless a test hands in another."""
    return {
        TRAIN: partial(train, kit, train_models or study),
        TWINS: partial(compute_twins, kit, make_twin),
    }


def train(kit: Kit, train_models: Train, run: JobRun) -> Write:
    """Study a dataset version; what is returned stores one model version a family.

    Raises:
        NotFoundError: the dataset version does not exist any more.
        MMMError: as the study.
    """
    run.progress(0.0, "Reading the data")
    params = run.params
    with kit.database.unit_of_work(read_only=True) as uow:
        version = uow.datasets.version(params["workspace_id"], params["dataset_version_id"])
        if version is None:
            raise NotFoundError("The version of the data to train on does not exist any more.")
        tested = panel_with_tests(uow, version)
        champion = _champion(uow, version)
        request = TrainingRequest(
            tuple(params["families"]),
            params["effort"],
            params["seed"],
            params["holdout"],
            None if champion is None else champion.family,
            _known_effects(uow, version),
            published_fitting(uow, champion),
        )
    models = train_models(
        tested.attached.panel, request, lambda share, message: run.progress(STUDY_SHARE * share, message)
    )
    run.progress(STUDY_SHARE, "Storing the models")
    return partial(_store, kit, run, models, tested)


def _champion(uow: UnitOfWork, version: DatasetVersionRow) -> ModelVersionRow | None:
    """The model published for the data set now."""
    published = champion_id(uow, version.workspace_id, version.dataset_id)
    return None if published is None else uow.models.get(version.workspace_id, published)


def _known_effects(uow: UnitOfWork, version: DatasetVersionRow) -> tuple[tuple[str, float], ...]:
    """Error on simulated twins of this version by family, as far as the newest twin test has come."""
    models = uow.models.of_dataset(version.workspace_id, version.dataset_id)
    earlier = next((row for row in models if row.dataset_version_id == version.id), None)
    report = None if earlier is None else read_report(uow, earlier)
    return () if report is None else tuple((one.family, one.error) for one in report.families if one.twins)


def _store(kit: Kit, run: JobRun, models: Sequence[TrainedModel], tested: PanelWithTests, uow: UnitOfWork) -> str:
    """Write every model and the audit rows; returns the recommended model's id."""
    now, params = kit.clock(), run.params
    actor = uow.users.actor(params["workspace_id"], params["submitted_by"])
    ids = [
        save(
            uow,
            actor,
            dataset_version_id=params["dataset_version_id"],
            model=trained.model,
            results=trained.results,
            metrics={**trained.metrics, "lift_tests": tested.record},
            health=trained.health,
            status=trained.status,
            job_id=run.ticket.job_id,
            now=now,
        )
        for trained in models
    ]
    best, chosen = next((i, trained) for i, trained in zip(ids, models, strict=True) if trained.recommended)
    details = {"models": ids, "recommended": best, "attempt": run.ticket.attempt}
    uow.audit.record(actor, "finish_training", "job", run.ticket.job_id, details=details, at=now)
    if params["publish"] and chosen.status is not HealthStatus.FAIL:
        change_champion(uow, actor, find_model(uow, actor, best), "publish", "The sample's first model.", now)
    return best


def study(panel: Panel, request: TrainingRequest, progress: Progress) -> tuple[TrainedModel, ...]:
    """The real `Train`: the study of the domain, its results packed."""
    from mmm.data.codec import dump
    from mmm.study import StudySettings, analyse

    settings = StudySettings(
        families=request.families,
        effort=request.effort,
        seed=request.seed,
        holdout=request.holdout,
        champion=request.champion,
    )
    twins = {name: {"error": error} for name, error in request.known_effects}
    found = analyse(panel, settings, progress, clock=process_time, twins=twins)
    bridge = bridge_to(found.best, panel, request)
    return tuple(
        TrainedModel(
            model=candidate.model,
            results=dump(replace(candidate.results, bridge=bridge) if candidate is found.best else candidate.results),
            metrics=candidate.metrics,
            health=candidate.health,
            status=HealthStatus(candidate.health["status"]),
            recommended=candidate.family == found.recommended,
        )
        for candidate in found.candidates
    )
