"""Model versions: listing, loading, publishing a champion, rolling back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mmm.access import Actor, Permission
from mmm.errors import ConflictError, NotAllowedError, NotFoundError
from mmm.models.base import FittedModel
from mmm.models.state import ModelState
from mmm.services.base import Kit, Service, requires
from mmm.services.cache import Recent
from mmm.services.versions import champion_id, find_dataset, find_version
from mmm.store.audit import REFUSED
from mmm.store.tables import ModelVersionRow, PublicationRow, new_id
from mmm.store.unit_of_work import UnitOfWork

KEPT_MODELS = 4  # fitted models in memory; 500 draws of 20 markets take tens of megabytes


class HealthStatus(StrEnum):
    """What the health checks of a model say together."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class ModelInfo:
    """One fitted model, without its parameters.

    Attributes:
        number: 1 for the first model of the dataset.
        metrics: hold-out figures, as the training stored them.
        health: the checks, as the training stored them; `status` is what they say together.
        created_by: display name.
    """

    id: str
    dataset_id: str
    dataset_version_id: str
    number: int
    family: str
    status: HealthStatus
    metrics: Mapping[str, Any]
    health: Mapping[str, Any]
    is_champion: bool
    job_id: str | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class Publication:
    """One change of champion; `kind` is "publish" or "roll_back", `by` a display name."""

    model_version_id: str
    kind: str
    reason: str | None
    by: str
    at: datetime


class Models(Service):
    """Model versions of the actor's workspace."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._fitted: Recent[FittedModel] = Recent(KEPT_MODELS)

    @requires(Permission.SEE_RESULTS)
    def list(self, actor: Actor, dataset_id: str) -> tuple[ModelInfo, ...]:
        """Models fitted on any version of a dataset, newest first."""
        with self._work(read_only=True) as uow:
            return list_models(uow, actor, dataset_id)

    @requires(Permission.SEE_RESULTS)
    def get(self, actor: Actor, version_id: str) -> ModelInfo:
        """One model version.

        Raises:
            NotFoundError: there is no such model in this workspace.
        """
        with self._work(read_only=True) as uow:
            return _info_of(uow, actor, find_model(uow, actor, version_id))

    @requires(Permission.SEE_RESULTS)
    def champion(self, actor: Actor, dataset_id: str) -> ModelInfo | None:
        """The published model of a dataset, or None when nothing was published yet."""
        with self._work(read_only=True) as uow:
            find_dataset(uow, actor, dataset_id)
            champion = champion_id(uow, actor.workspace_id, dataset_id)
            return None if champion is None else _info_of(uow, actor, find_model(uow, actor, champion))

    @requires(Permission.SEE_RESULTS)
    def fitted(self, actor: Actor, version_id: str) -> FittedModel:
        """The model itself, to be asked; the last few asked for stay in memory."""
        with self._work(read_only=True) as uow:
            row = find_model(uow, actor, version_id)
            return self._fitted.get(row.id, lambda: read_model(uow, row))

    @requires(Permission.SEE_RESULTS)
    def results(self, actor: Actor, version_id: str) -> bytes:
        """The results that the training job computed once, as it stored them."""
        with self._work(read_only=True) as uow:
            return uow.models.results(find_model(uow, actor, version_id))

    @requires(Permission.SEE_RESULTS)
    def history(self, actor: Actor, dataset_id: str) -> tuple[Publication, ...]:
        """Changes of a dataset's champion, newest first."""
        with self._work(read_only=True) as uow:
            names = uow.users.display_names(actor.workspace_id)
            rows = uow.models.publications(actor.workspace_id, dataset_id)
            return tuple(
                Publication(row.model_version_id, row.kind, row.reason, names.get(row.by, "somebody"), row.at)
                for row in reversed(rows)
            )

    @requires(Permission.PUBLISH)
    def publish(self, actor: Actor, model_version_id: str, reason: str | None = None) -> ModelInfo:
        """Make a model its dataset's champion.

        Raises:
            NotAllowedError: it failed its health checks, or did not beat the published kind of model on two refreshes,
                and no reason was given.
            ConflictError: it is the champion already.
        """
        reason = (reason or "").strip() or None
        with self._work() as uow:
            row = find_model(uow, actor, model_version_id)
            champion = champion_id(uow, actor.workspace_id, row.dataset_id)
            against = None if champion == row.id else objection(uow, actor, row)
            if against is not None and reason is None:
                details = {"why": f"{against.why} without a reason"}
                uow.audit.record(
                    actor, "publish_model", "model_version", row.id, outcome=REFUSED, details=details, at=self._now()
                )
                uow.commit()
                raise NotAllowedError(f"{against.words} To publish it nevertheless, write down why; it is recorded.")
            if champion == row.id:
                raise ConflictError("This model is the champion already.")
            change_champion(uow, actor, row, "publish", reason, self._now())
            info = _info_of(uow, actor, row)
            uow.commit()
        return info

    @requires(Permission.PUBLISH)
    def needs_reason(self, actor: Actor, model_version_id: str) -> str | None:
        """Why publishing this model needs a recorded reason, in a sentence; None where it needs none.

        Raises:
            NotFoundError: there is no such model in this workspace.
        """
        with self._work(read_only=True) as uow:
            against = objection(uow, actor, find_model(uow, actor, model_version_id))
            return None if against is None else against.words

    @requires(Permission.PUBLISH)
    def roll_back(self, actor: Actor, dataset_id: str, reason: str | None = None) -> ModelInfo:
        """Make the model champion again that was it before the present one.

        Raises:
            ConflictError: there is no earlier champion.
        """
        with self._work() as uow:
            find_dataset(uow, actor, dataset_id)
            standing = champions_standing(uow.models.publications(actor.workspace_id, dataset_id))
            if len(standing) < 2:
                raise ConflictError("There is no earlier champion to go back to.")
            row = find_model(uow, actor, standing[-2])
            change_champion(uow, actor, row, "roll_back", (reason or "").strip() or None, self._now())
            info = _info_of(uow, actor, row)
            uow.commit()
        return info


def list_models(uow: UnitOfWork, actor: Actor, dataset_id: str) -> tuple[ModelInfo, ...]:
    """Models fitted on any version of a dataset, newest first.

    Raises:
        NotFoundError: the dataset is not in the actor's workspace.
    """
    find_dataset(uow, actor, dataset_id)
    names = uow.users.display_names(actor.workspace_id)
    champion = champion_id(uow, actor.workspace_id, dataset_id)
    rows = uow.models.of_dataset(actor.workspace_id, dataset_id)
    return tuple(_info(row, champion, names) for row in rows)


@dataclass(frozen=True)
class Objection:
    """What speaks against publishing a model: `why` for the audit record, `words` for people."""

    why: str
    words: str


def objection(uow: UnitOfWork, actor: Actor, row: ModelVersionRow) -> Objection | None:
    """A failed health check, or a published model of another kind that it did not beat on two refreshes."""
    from mmm.validation.leaderboard import may_replace  # scipy, which a web process may never need

    if row.status == HealthStatus.FAIL:
        return Objection("failed health check", "This model failed its health checks.")
    champion = champion_id(uow, actor.workspace_id, row.dataset_id)
    family = None if champion is None else find_model(uow, actor, champion).family
    verdict = may_replace(row.metrics, row.family, family)
    if verdict.worth:
        return None
    words = f"This model has not earned the place of the published one. {verdict.reason}"
    return Objection("not better on two refreshes", words)


def change_champion(
    uow: UnitOfWork, actor: Actor, row: ModelVersionRow, kind: str, reason: str | None, now: datetime
) -> None:
    """Let a model answer for its dataset from now on, and record who decided so, inside the caller's unit of work."""
    before = champion_id(uow, actor.workspace_id, row.dataset_id)
    uow.models.add_publication(
        PublicationRow(
            workspace_id=actor.workspace_id,
            dataset_id=row.dataset_id,
            model_version_id=row.id,
            kind=kind,
            reason=reason[:2000] if reason else None,
            by=actor.user_id,
            at=now,
        )
    )
    details = {"before": before, "health": row.status, "reason": reason}
    uow.audit.record(actor, f"{kind}_model", "model_version", row.id, details=details, at=now)


def save(
    uow: UnitOfWork,
    actor: Actor,
    *,
    dataset_version_id: str,
    model: FittedModel,
    results: bytes,
    metrics: Mapping[str, Any],
    health: Mapping[str, Any],
    status: HealthStatus,
    job_id: str | None,
    now: datetime,
) -> str:
    """Store a fitted model with its results inside the unit of work that also ends its job; returns its id.

    Raises:
        NotFoundError: the dataset version is not in the actor's workspace.
    """
    version = find_version(uow, actor, dataset_version_id)
    row = ModelVersionRow(
        id=new_id(),
        workspace_id=actor.workspace_id,
        dataset_id=version.dataset_id,
        dataset_version_id=version.id,
        family=model.family,
        metrics=dict(metrics),
        health=dict(health),
        status=status,
        job_id=job_id,
        created_by=actor.user_id,
        created_at=now,
    )
    uow.models.add(row, state=model.state().to_bytes(), results=results)
    details = {"family": row.family, "number": row.number, "health": row.status, "job": job_id}
    uow.audit.record(actor, "save_model", "model_version", row.id, details=details, at=now)
    return row.id


def find_model(uow: UnitOfWork, actor: Actor, version_id: str) -> ModelVersionRow:
    """The model version, if it is in the actor's workspace.

    Raises:
        NotFoundError: it is not.
    """
    row = uow.models.get(actor.workspace_id, version_id)
    if row is None:
        raise NotFoundError("There is no such model in this workspace.")
    return row


def read_model(uow: UnitOfWork, row: ModelVersionRow) -> FittedModel:
    """The fitted model of a row, opened and decoded."""
    from mmm.models.registry import load

    return load(ModelState.from_bytes(uow.models.state(row)))


def champions_standing(history: Sequence[PublicationRow | Publication]) -> list[str]:
    """Champions one could still roll back to, the present one last: publishing adds one, rolling back takes one off."""
    standing: list[str] = []
    for row in history:
        if row.kind == "roll_back":
            standing.pop()
        else:
            standing.append(row.model_version_id)
    return standing


def _info_of(uow: UnitOfWork, actor: Actor, row: ModelVersionRow) -> ModelInfo:
    champion = champion_id(uow, actor.workspace_id, row.dataset_id)
    return _info(row, champion, uow.users.display_names(actor.workspace_id))


def _info(row: ModelVersionRow, champion: str | None, names: Mapping[str, str]) -> ModelInfo:
    return ModelInfo(
        id=row.id,
        dataset_id=row.dataset_id,
        dataset_version_id=row.dataset_version_id,
        number=row.number,
        family=row.family,
        status=HealthStatus(row.status),
        metrics=row.metrics,
        health=row.health,
        is_champion=row.id == champion,
        job_id=row.job_id,
        created_by=names.get(row.created_by, "somebody who has left"),
        created_at=row.created_at,
    )
