"""Lift tests: what experiments measured, kept with the dataset they were run for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mmm.store.keys import Vault, place
from mmm.store.tables import LiftTestRow


class LiftTests:
    """Lift tests of one workspace at a time; channel, market, figures and notes are sealed. None is ever removed."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def add(self, row: LiftTestRow, payload: bytes) -> LiftTestRow:
        """A new test; `row.id` must be set, because the sealed bytes are bound to it.

        Args:
            row: its window, who and when.
            payload: JSON bytes: channel, market, lift, standard error, unit and notes.
        """
        row.payload_sealed = self._vault.seal(row.workspace_id, place(LiftTestRow, row.id, "payload"), payload)
        self._session.add(row)
        self._session.flush()
        return row

    def get(self, workspace_id: str, test_id: str) -> LiftTestRow | None:
        """One test of the workspace, without its figures."""
        row = self._session.get(LiftTestRow, test_id)
        return row if row is not None and row.workspace_id == workspace_id else None

    def all(self, workspace_id: str, dataset_id: str, *, withdrawn: bool = True) -> list[LiftTestRow]:
        """Tests of a dataset, by first day; `withdrawn=False` gives only those that still count."""
        wanted = select(LiftTestRow).where(
            LiftTestRow.workspace_id == workspace_id, LiftTestRow.dataset_id == dataset_id
        )
        if not withdrawn:
            wanted = wanted.where(LiftTestRow.withdrawn_at.is_(None))
        order = (LiftTestRow.first, LiftTestRow.last, LiftTestRow.created_at, LiftTestRow.id)
        return list(self._session.scalars(wanted.order_by(*order)))

    def payload(self, row: LiftTestRow) -> bytes:
        """A test's channel, figures and notes, as JSON bytes."""
        return self._vault.open(row.workspace_id, place(LiftTestRow, row.id, "payload"), row.payload_sealed)

    def withdraw(self, row: LiftTestRow, at: datetime) -> None:
        """Let a test count no more; models that used it keep naming it."""
        row.withdrawn_at = at
        self._session.flush()
