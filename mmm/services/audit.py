"""Reading and checking the audit table, and recording what leaves the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmm.access import Actor, Permission
from mmm.services.base import Service, requires
from mmm.store.audit import OK, AuditEvent, AuditVerdict


class Audit(Service):
    """The audit table for those who may see it."""

    @requires(Permission.SEE_AUDIT)
    def events(
        self,
        actor: Actor,
        *,
        limit: int = 200,
        before: int | None = None,
        by: str | None = None,
        actions: Sequence[str] = (),
        outcome: str | None = None,
        object_id: str | None = None,
    ) -> tuple[AuditEvent, ...]:
        """Events of the actor's workspace, newest first.

        Args:
            actor: who asks.
            limit: how many at most.
            before: only events with a smaller number (the next page of a list).
            by: only events of the person with this sign-in name.
            actions: only these actions; empty means all.
            outcome: only "ok", "refused" or "failed".
            object_id: only events on this object.
        """
        with self._work(read_only=True) as uow:
            return uow.audit.events(
                actor.workspace_id,
                limit=limit,
                before=before,
                actor=by,
                actions=actions,
                outcome=outcome,
                object_id=object_id,
            )

    @requires(Permission.SEE_AUDIT)
    def verify(self, actor: Actor, *, anchor: str | None = None) -> AuditVerdict:
        """Walk the whole chain; the check itself is recorded, after it was made.

        Args:
            actor: who asks.
            anchor: an earlier verdict's `anchor`, to prove that no older copy was put back.
        """
        with self._work(read_only=True) as uow:
            verdict = uow.audit.verify(anchor)
        if verdict.ok:
            with self._work() as uow:
                uow.audit.record(
                    actor, "verify_audit", "audit", outcome=OK, details={"rows": verdict.count}, at=self._now()
                )
                uow.commit()
        return verdict

    @requires(Permission.EXPORT, Permission.SEE_AUDIT)  # auditors may take the audit record itself
    def record_export(
        self,
        actor: Actor,
        object_type: str,
        object_id: str | None,
        *,
        format: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that somebody takes data out, before it is handed over; when this fails, nothing may be handed over."""
        with self._work() as uow:
            uow.audit.record(
                actor,
                "export",
                object_type,
                object_id,
                details={"format": format} | dict(details or {}),
                at=self._now(),
            )
            uow.commit()
