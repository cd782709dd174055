"""Plans: scenarios that somebody owns."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from mmm.store.keys import Vault, place
from mmm.store.tables import PlanRow


class Plans:
    """Plans of one workspace at a time; their content is sealed."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def add(self, row: PlanRow, payload: bytes) -> PlanRow:
        """A new plan; `row.id` must be set, because the sealed bytes are bound to it."""
        self.write(row, payload)
        self._session.add(row)
        self._session.flush()
        return row

    def write(self, row: PlanRow, payload: bytes) -> None:
        """Replace a plan's content."""
        row.payload_sealed = self._vault.seal(row.workspace_id, place(PlanRow, row.id, "payload"), payload)

    def get(self, workspace_id: str, plan_id: str) -> PlanRow | None:
        """One plan of the workspace, without its content."""
        row = self._session.get(PlanRow, plan_id)
        return row if row is not None and row.workspace_id == workspace_id else None

    def of_dataset(self, workspace_id: str, dataset_id: str | None) -> list[PlanRow]:
        """Plans for a dataset (None: for all), last changed first."""
        wanted = select(PlanRow).where(PlanRow.workspace_id == workspace_id)
        if dataset_id is not None:
            wanted = wanted.where(PlanRow.dataset_id == dataset_id)
        return list(self._session.scalars(wanted.order_by(PlanRow.updated_at.desc())))

    def payload(self, row: PlanRow) -> bytes:
        """A plan's content."""
        return self._vault.open(row.workspace_id, place(PlanRow, row.id, "payload"), row.payload_sealed)
