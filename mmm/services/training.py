"""Training: queue it, and compare what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mmm.access import SYSTEM_ID, Actor, Permission
from mmm.errors import ConflictError, NotAllowedError, SpecError
from mmm.models.base import EFFORTS
from mmm.services.base import Kit, Service, requires
from mmm.services.jobs import JobQueue, queued_job
from mmm.services.models import ModelInfo, list_models
from mmm.services.versions import find_dataset, find_version
from mmm.store.jobs import JobStatus
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mmm.validation.bridge import Fitting

TRAIN = "train"  # name of the task, in job rows and in the workers


@dataclass(frozen=True)
class TrainingRequest:
    """What to fit.

    Attributes:
        families: names of model families; empty for the sensible few.
        effort: "quick" or "full"; trades seconds for accuracy, never meaning.
        seed: same data, families, effort and seed give the same models.
        holdout: periods kept back for the comparison; None for the smaller of 24 weeks and a fifth of the data.
        champion: family of the model published when the training runs; nobody asks for it.
        known_effects: error on simulated twins of these data by family, where a twin test was made; nobody asks for it.
        published: what the published model was fitted on and how, for the bridge from it; nobody asks for it.
    """

    families: tuple[str, ...] = ()
    effort: str = "quick"
    seed: int = 0
    holdout: int | None = None
    champion: str | None = None
    known_effects: tuple[tuple[str, float], ...] = ()
    published: Fitting | None = None

    def __post_init__(self) -> None:
        if self.effort not in EFFORTS:
            raise SpecError(f"Effort must be one of {', '.join(EFFORTS)}; “{self.effort}” is neither.")
        if self.holdout is not None and self.holdout < 1:
            raise SpecError("The hold-out needs at least one period.")


@dataclass(frozen=True)
class Entry:
    """One model version on the leaderboard.

    Attributes:
        model: the model with its hold-out figures and health.
        dataset_number: the dataset version it was fitted on.
        recommended: its training preferred it to the other families.
        stale: a newer dataset version exists.
    """

    model: ModelInfo
    dataset_number: int
    recommended: bool
    stale: bool


@dataclass(frozen=True)
class Leaderboard:
    """Model versions of a dataset, newest first."""

    dataset_id: str
    dataset_name: str
    entries: tuple[Entry, ...]


class Training(Service):
    """Queue trainings and compare their models; `models` publishes one of them."""

    def __init__(self, kit: Kit, queue: JobQueue) -> None:
        super().__init__(kit)
        self._queue = queue

    @requires(Permission.TRAIN)
    def submit(
        self,
        actor: Actor,
        dataset_version_id: str,
        request: TrainingRequest | None = None,
        *,
        publish_sample: bool = False,
    ) -> str:
        """Queue the training of a dataset version; its job's id.

        Args:
            actor: who asks.
            dataset_version_id: what to fit on.
            request: what to fit; the sensible few, quickly, by default.
            publish_sample: publish the recommended model when done: for the machine itself on sample data only.

        Raises:
            NotFoundError: the workspace has no such dataset version.
            ConflictError: the same training waits or runs already.
            NotAllowedError: `publish_sample` by a person, or for data that are no sample.
        """
        asked = request or TrainingRequest()
        with self._work() as uow:
            version = find_version(uow, actor, dataset_version_id)
            dataset = find_dataset(uow, actor, version.dataset_id)
            if publish_sample and not (actor.user_id == SYSTEM_ID and dataset.is_sample):
                raise NotAllowedError("A person publishes a model; only the sample's first one publishes itself.")
            params = {"dataset_version_id": version.id, "publish": publish_sample, **asdict(asked)}
            params["families"] = list(asked.families)
            for found_later in ("champion", "known_effects", "published"):
                params.pop(found_later)
            _refuse_twice(uow, actor, params)
            row = uow.jobs.add(queued_job(actor, TRAIN, params, self._now()))
            details = {"dataset": dataset.name, "version": version.number, **params}
            uow.audit.record(actor, "submit_training", "job", row.id, details=details, at=self._now())
            job_id = row.id
            uow.commit()
        self._queue.wake()
        return job_id

    @requires(Permission.TRAIN, Permission.PUBLISH)
    def leaderboard(self, actor: Actor, dataset_id: str) -> Leaderboard:
        """The model versions of a dataset side by side.

        Raises:
            NotFoundError: the workspace has no such dataset.
        """
        with self._work(read_only=True) as uow:
            dataset = find_dataset(uow, actor, dataset_id)
            numbers = {row.id: row.number for row in uow.datasets.versions(actor.workspace_id, dataset_id)}
            models = list_models(uow, actor, dataset_id)
            jobs = {model.job_id for model in models if model.job_id is not None}
            rows = (uow.jobs.get(actor.workspace_id, job_id) for job_id in jobs)
            recommended = {row.result_ref for row in rows if row is not None}
        entries = (
            Entry(
                model=model,
                dataset_number=numbers[model.dataset_version_id],
                recommended=model.id in recommended,
                stale=numbers[model.dataset_version_id] < max(numbers.values()),
            )
            for model in models
        )
        return Leaderboard(dataset.id, dataset.name, tuple(entries))


def _refuse_twice(uow: UnitOfWork, actor: Actor, params: Mapping[str, Any]) -> None:
    for row in uow.jobs.live():
        if row.workspace_id == actor.workspace_id and row.kind == TRAIN and row.params == params:
            state = "waits for its turn" if row.status == JobStatus.QUEUED else "is running"
            raise ConflictError(f"This training {state} already.")
