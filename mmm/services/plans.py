"""Plans: scenarios that somebody owns, submits, and somebody else approves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mmm.access import Actor, Permission
from mmm.errors import ConflictError, NotAllowedError, NotFoundError, SpecError
from mmm.services.base import Service, requires
from mmm.services.models import find_model
from mmm.store.audit import REFUSED
from mmm.store.tables import PlanRow, new_id
from mmm.store.unit_of_work import UnitOfWork


class PlanStatus(StrEnum):
    """Where a plan stands; only drafts and rejected plans can be changed."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


CHANGEABLE = (PlanStatus.DRAFT, PlanStatus.REJECTED)


@dataclass(frozen=True)
class PlanInfo:
    """A plan without its content.

    Attributes:
        owner: display name; `is_own` tells whether it is the person asking.
        comment: what the person who decided wrote, or None.
        decided_by: display name of who approved or rejected it, or None.
        version: goes up with every change; hand it back when saving, so that two tabs cannot overwrite each other.
    """

    id: str
    name: str
    dataset_id: str
    model_version_id: str
    status: PlanStatus
    owner: str
    is_own: bool
    comment: str | None
    decided_by: str | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Plan:
    """A plan with its content, which the planning pages define (JSON-able)."""

    info: PlanInfo
    payload: Mapping[str, Any]


class Plans(Service):
    """Plans of the actor's workspace. Drafts show to their owner alone; submitting a plan shares it."""

    @requires(Permission.MAKE_PLANS)
    def save(
        self,
        actor: Actor,
        *,
        name: str,
        model_version_id: str,
        payload: Mapping[str, Any],
        plan_id: str | None = None,
        version: int | None = None,
    ) -> PlanInfo:
        """Store a new draft, or change the actor's own one; a rejected plan becomes a draft again.

        Args:
            actor: who plans.
            name: what the plan is called.
            model_version_id: the model that answered.
            payload: the plan's content, JSON-able.
            plan_id: the plan to change; None makes a new one.
            version: of the plan as the actor saw it; None skips that check.

        Raises:
            SpecError: the name is empty or too long.
            ConflictError: the plan was changed meanwhile, or is submitted or approved.
            NotAllowedError: it is somebody else's plan.
        """
        body = json.dumps(payload, allow_nan=False).encode()
        with self._work() as uow:
            now = self._now()
            model = find_model(uow, actor, model_version_id)
            if plan_id is None:
                row = PlanRow(
                    id=new_id(),
                    workspace_id=actor.workspace_id,
                    dataset_id=model.dataset_id,
                    model_version_id=model.id,
                    owner_id=actor.user_id,
                    name=_name(name),
                    status=PlanStatus.DRAFT,
                    version=1,
                    created_at=now,
                    updated_at=now,
                )
                uow.plans.add(row, body)
            else:
                row = _own(uow, actor, plan_id, version)
                row.name, row.model_version_id, row.dataset_id = _name(name), model.id, model.dataset_id
                uow.plans.write(row, body)
                _draft_again(row, now)
            return self._recorded(uow, actor, row, "save_plan")

    @requires(Permission.MAKE_PLANS)
    def rename(self, actor: Actor, plan_id: str, name: str) -> PlanInfo:
        """Call the actor's own plan something else.

        Raises:
            SpecError: the name is empty or too long.
            ConflictError: the plan is submitted or approved.
        """
        with self._work() as uow:
            row = _own(uow, actor, plan_id, None)
            row.name, row.updated_at, row.version = _name(name), self._now(), row.version + 1
            return self._recorded(uow, actor, row, "rename_plan")

    @requires(Permission.MAKE_PLANS)
    def duplicate(self, actor: Actor, plan_id: str, name: str | None = None) -> PlanInfo:
        """A draft of the actor's own with the same content as any plan they can see."""
        with self._work() as uow:
            now = self._now()
            source = _visible(uow, actor, plan_id)
            row = PlanRow(
                id=new_id(),
                workspace_id=actor.workspace_id,
                dataset_id=source.dataset_id,
                model_version_id=source.model_version_id,
                owner_id=actor.user_id,
                name=_name(name if name is not None else f"{source.name[:190]} (copy)"),
                status=PlanStatus.DRAFT,
                version=1,
                created_at=now,
                updated_at=now,
            )
            uow.plans.add(row, uow.plans.payload(source))
            return self._recorded(uow, actor, row, "duplicate_plan", source=source.id)

    @requires(Permission.SEE_RESULTS)
    def list(self, actor: Actor, dataset_id: str | None = None) -> tuple[PlanInfo, ...]:
        """Plans the actor can see, last changed first."""
        with self._work(read_only=True) as uow:
            names = uow.users.display_names(actor.workspace_id)
            rows = uow.plans.of_dataset(actor.workspace_id, dataset_id)
            return tuple(_info(row, actor, names) for row in rows if _shows(row, actor))

    @requires(Permission.SEE_RESULTS)
    def get(self, actor: Actor, plan_id: str) -> Plan:
        """One plan with its content.

        Raises:
            NotFoundError: there is no such plan, or it is somebody else's draft.
        """
        with self._work(read_only=True) as uow:
            row = _visible(uow, actor, plan_id)
            info = _info(row, actor, uow.users.display_names(actor.workspace_id))
            return Plan(info, json.loads(uow.plans.payload(row)))

    @requires(Permission.MAKE_PLANS)
    def submit(self, actor: Actor, plan_id: str, *, version: int | None = None) -> PlanInfo:
        """Show the actor's own draft to everybody and ask for approval.

        Raises:
            ConflictError: it was changed meanwhile, or is submitted or approved already.
        """
        with self._work() as uow:
            row = _own(uow, actor, plan_id, version)
            row.status, row.comment, row.decided_by = PlanStatus.SUBMITTED, None, None
            row.updated_at, row.version = self._now(), row.version + 1
            return self._recorded(uow, actor, row, "submit_plan")

    @requires(Permission.MAKE_PLANS)
    def withdraw(self, actor: Actor, plan_id: str) -> PlanInfo:
        """Make the actor's own submitted plan a draft again.

        Raises:
            ConflictError: it does not wait for approval.
        """
        with self._work() as uow:
            row = _visible(uow, actor, plan_id)
            if row.owner_id != actor.user_id:
                raise NotAllowedError("Only the owner can take a plan back.")
            _require_submitted(row)
            _draft_again(row, self._now())
            return self._recorded(uow, actor, row, "withdraw_plan")

    @requires(Permission.APPROVE_PLANS)
    def approve(self, actor: Actor, plan_id: str, *, version: int, comment: str | None = None) -> PlanInfo:
        """Approve a submitted plan, in the version that was read; nobody approves their own.

        Raises:
            NotAllowedError: it is the actor's own plan.
            ConflictError: it does not wait for approval, or was changed since it was read.
        """
        return self._decide(actor, plan_id, version, PlanStatus.APPROVED, comment, "approve_plan")

    @requires(Permission.APPROVE_PLANS)
    def reject(self, actor: Actor, plan_id: str, *, version: int, comment: str) -> PlanInfo:
        """Send a submitted plan back to its owner, saying why.

        Raises:
            SpecError: no comment was given.
            NotAllowedError: it is the actor's own plan.
            ConflictError: it does not wait for approval, or was changed since it was read.
        """
        if not comment.strip():
            raise SpecError("Say in a comment why the plan is rejected; its owner will read it.")
        return self._decide(actor, plan_id, version, PlanStatus.REJECTED, comment, "reject_plan")

    def _decide(
        self, actor: Actor, plan_id: str, version: int, status: PlanStatus, comment: str | None, action: str
    ) -> PlanInfo:
        with self._work() as uow:
            now = self._now()
            row = _visible(uow, actor, plan_id)
            if row.owner_id == actor.user_id:
                details = {"why": "own plan"}
                uow.audit.record(actor, action, "plan", row.id, outcome=REFUSED, details=details, at=now)
                uow.commit()
                raise NotAllowedError("Nobody decides on their own plan; ask another executive.")
            _require_submitted(row)
            _require_version(row, version)
            row.status, row.decided_by = status, actor.user_id
            row.comment = comment.strip()[:2000] if comment and comment.strip() else None
            row.updated_at, row.version = now, row.version + 1
            return self._recorded(uow, actor, row, action)

    def _recorded(self, uow: UnitOfWork, actor: Actor, row: PlanRow, action: str, **details: str) -> PlanInfo:
        told = {"version": row.version, "status": row.status, **details}
        uow.audit.record(actor, action, "plan", row.id, details=told, at=row.updated_at)
        info = _info(row, actor, uow.users.display_names(actor.workspace_id))
        uow.commit()
        return info


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 200:
        raise SpecError("A plan needs a name of 1 to 200 characters.")
    return name


def _shows(row: PlanRow, actor: Actor) -> bool:
    return row.owner_id == actor.user_id or row.status != PlanStatus.DRAFT


def _visible(uow: UnitOfWork, actor: Actor, plan_id: str) -> PlanRow:
    row = uow.plans.get(actor.workspace_id, plan_id)
    if row is None or not _shows(row, actor):
        raise NotFoundError("There is no such plan, or its owner keeps it as a draft.")
    return row


def _own(uow: UnitOfWork, actor: Actor, plan_id: str, version: int | None) -> PlanRow:
    row = _visible(uow, actor, plan_id)
    if row.owner_id != actor.user_id:
        raise NotAllowedError("This plan is somebody else's; duplicate it to change it.")
    if row.status not in CHANGEABLE:
        raise ConflictError(f"This plan is {row.status} and cannot be changed; duplicate it, or withdraw it first.")
    if version is not None:
        _require_version(row, version)
    return row


def _require_submitted(row: PlanRow) -> None:
    if row.status != PlanStatus.SUBMITTED:
        raise ConflictError(f"This plan does not wait for approval; it is {row.status}.")


def _require_version(row: PlanRow, version: int) -> None:
    if row.version != version:
        raise ConflictError("The plan was changed since you opened it; look at it again first.")


def _draft_again(row: PlanRow, now: datetime) -> None:
    row.status, row.comment, row.decided_by = PlanStatus.DRAFT, None, None
    row.updated_at, row.version = now, row.version + 1


def _info(row: PlanRow, actor: Actor, names: Mapping[str, str]) -> PlanInfo:
    return PlanInfo(
        id=row.id,
        name=row.name,
        dataset_id=row.dataset_id,
        model_version_id=row.model_version_id,
        status=PlanStatus(row.status),
        owner=names.get(row.owner_id, "somebody who has left"),
        is_own=row.owner_id == actor.user_id,
        comment=row.comment,
        decided_by=names.get(row.decided_by, "somebody who has left") if row.decided_by else None,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
