"""The twin test as people ask for it: queue it, see how far it is, read what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmm.access import Actor, Permission
from mmm.errors import ConflictError, SpecError
from mmm.models.registry import FAMILIES
from mmm.services.base import Kit, Service, requires
from mmm.services.jobs import JobQueue, queued_job
from mmm.services.models import find_model
from mmm.store.jobs import LIVE, JobStatus
from mmm.store.tables import JobRow, ModelVersionRow, new_id
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mmm.validation.twin_report import TwinReport
    from mmm.validation.twins import TwinOutcome

TWINS = "twins"  # name of the task, in job rows and in the workers
MOST_TWINS = 120
REMOTE_SLICES = 8  # workers elsewhere are not counted; that many jobs keep a small cluster busy
LOOKED_AT = 200  # job rows, newest first, among which a test's own are found


@dataclass(frozen=True)
class TwinRun:
    """One twin test.

    Attributes:
        run: what its jobs and its twins share.
        asked: worlds asked for; `done` of them are computed and kept.
        job_ids: the jobs that share the work.
        live: some of them wait or run.
    """

    run: str
    asked: int
    done: int
    job_ids: tuple[str, ...]
    live: bool


class Twins(Service):
    """Twin tests of dataset versions; the truths come from the newest model of every family on that version."""

    def __init__(self, kit: Kit, queue: JobQueue) -> None:
        super().__init__(kit)
        self._queue = queue

    @requires(Permission.TRAIN)
    def submit(self, actor: Actor, model_version_id: str, *, twins: int, seed: int = 0) -> str:
        """Queue a twin test of the data a model was fitted on; what its jobs share, `TwinRun.run`.

        The work is cut into as many jobs as there are worker processes, each of which can be cancelled and tried
        again by itself; twins that were computed are never computed again.

        Raises:
            NotFoundError: the workspace has no such model.
            SpecError: the number of twins is not between 1 and 120, or no family was fitted on these data.
            ConflictError: a test of these data waits or runs already.
        """
        if not 1 <= twins <= MOST_TWINS:
            raise SpecError(f"A twin test takes between 1 and {MOST_TWINS} simulated worlds; {twins} were asked for.")
        with self._work() as uow:
            model = find_model(uow, actor, model_version_id)
            _refuse_twice(uow, actor, model.dataset_version_id)
            families = newest_of_each_family(uow, model)
            if not families:
                raise SpecError("There is no model of a single family on these data; train one first.")
            run, now = new_id(), self._now()
            params = {
                "run": run,
                "dataset_version_id": model.dataset_version_id,
                "models": {row.family: row.id for row in families},
                "twins": twins,
                "seed": seed,
                "slices": self._slices(twins),
            }
            jobs = [
                uow.jobs.add(queued_job(actor, TWINS, {**params, "slice": i}, now)).id
                for i in range(self._slices(twins))
            ]
            details = {**params, "jobs": jobs}
            uow.audit.record(
                actor, "submit_twins", "dataset_version", model.dataset_version_id, details=details, at=now
            )
            uow.commit()
        self._queue.wake()
        return run

    @requires(Permission.SEE_RESULTS)
    def report(self, actor: Actor, model_version_id: str) -> TwinReport | None:
        """What the newest twin test of a model's data has found so far; None where no twin was computed.

        Raises:
            NotFoundError: the workspace has no such model.
        """
        with self._work(read_only=True) as uow:
            return read_report(uow, find_model(uow, actor, model_version_id))

    @requires(Permission.TRAIN)
    def standing(self, actor: Actor, model_version_id: str) -> TwinRun | None:
        """How far the newest twin test of a model's data is; None where none was asked for.

        Raises:
            NotFoundError: the workspace has no such model.
        """
        with self._work(read_only=True) as uow:
            model = find_model(uow, actor, model_version_id)
            rows = _jobs_on(uow, actor, model.dataset_version_id)
            if not rows:
                return None
            run = str(rows[0].params["run"])
            own = [row for row in rows if row.params["run"] == run]
            done = len(uow.twins.of_run(actor.workspace_id, run))
            live = any(row.status in LIVE for row in own)
            return TwinRun(run, int(own[0].params["twins"]), done, tuple(row.id for row in own), live)

    @requires(Permission.TRAIN)
    def seconds_per_twin(self, actor: Actor, model_version_id: str) -> float | None:
        """How long one world takes here: measured on the newest test that ended, else on the fits of the training.

        Raises:
            NotFoundError: the workspace has no such model.
        """
        with self._work(read_only=True) as uow:
            model = find_model(uow, actor, model_version_id)
            for row in _jobs_on(uow, actor, model.dataset_version_id):
                took = _took(row)
                if row.status == JobStatus.DONE and row.attempt == 1 and took is not None:
                    return took / len(numbers_of(row.params))
            fits = [row.metrics.get("seconds") for row in newest_of_each_family(uow, model)]
        known = [float(seconds) for seconds in fits if isinstance(seconds, int | float)]
        return sum(known) if known and len(known) == len(fits) else None

    def _slices(self, twins: int) -> int:
        settings = self._kit.settings
        return min(twins, settings.job_workers if settings.dask_address is None else REMOTE_SLICES)


def numbers_of(params: Mapping[str, Any]) -> range:
    """Numbers of the twins that one job of a test computes."""
    return range(int(params["slice"]), int(params["twins"]), int(params["slices"]))


def newest_of_each_family(uow: UnitOfWork, model: ModelVersionRow) -> list[ModelVersionRow]:
    """The newest model of every family on the data of `model`, that one itself for its own family; by name.

    Averages of families are left out: they are not fitted by themselves.
    """
    newest: dict[str, ModelVersionRow] = {model.family: model}
    for row in uow.models.of_dataset(model.workspace_id, model.dataset_id):
        if row.dataset_version_id == model.dataset_version_id:
            newest.setdefault(row.family, row)
    return [newest[name] for name in sorted(newest) if name in FAMILIES]


def read_report(uow: UnitOfWork, model: ModelVersionRow) -> TwinReport | None:
    """What the newest twin test of a model's data has found; None where no twin was computed."""
    from mmm.validation.twin_report import summarise

    run = uow.twins.newest_run(model.workspace_id, model.dataset_version_id)
    return None if run is None else summarise(outcomes_of(uow, model.workspace_id, run))


def outcomes_of(uow: UnitOfWork, workspace_id: str, run: str) -> list[TwinOutcome]:
    """Every twin of a test that was computed."""
    from mmm.validation.twins import TwinOutcome

    rows = uow.twins.of_run(workspace_id, run)
    return [TwinOutcome.from_dict(json.loads(uow.twins.outcome(row))) for row in rows]


def _refuse_twice(uow: UnitOfWork, actor: Actor, dataset_version_id: str) -> None:
    if any(row.status in LIVE for row in _jobs_on(uow, actor, dataset_version_id)):
        raise ConflictError("A twin test of these data waits or runs already.")


def _jobs_on(uow: UnitOfWork, actor: Actor, dataset_version_id: str) -> list[JobRow]:
    """Jobs of twin tests of a dataset version, newest first."""
    rows = uow.jobs.all(actor.workspace_id, kind=TWINS, limit=LOOKED_AT)
    return [row for row in rows if row.params["dataset_version_id"] == dataset_version_id]


def _took(row: JobRow) -> float | None:
    """Seconds from a job's start to its end."""
    if row.started_at is None or row.finished_at is None:
        return None
    return (row.finished_at - row.started_at).total_seconds()
