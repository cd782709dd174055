"""Model versions and the history of champions."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mmm.store.keys import Vault, place
from mmm.store.tables import ModelVersionRow, PublicationRow


class Models:
    """Model versions of one workspace at a time; states and results are sealed on the way in."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def add(self, row: ModelVersionRow, *, state: bytes, results: bytes) -> ModelVersionRow:
        """A new version with its number; `row.id` must be set, because the sealed bytes are bound to it."""
        last = self._session.scalar(
            select(func.max(ModelVersionRow.number)).where(ModelVersionRow.dataset_id == row.dataset_id)
        )
        row.number = (last or 0) + 1
        row.state_sealed = self._vault.seal(row.workspace_id, place(ModelVersionRow, row.id, "state"), state)
        row.results_sealed = self._vault.seal(row.workspace_id, place(ModelVersionRow, row.id, "results"), results)
        self._session.add(row)
        self._session.flush()
        return row

    def get(self, workspace_id: str, version_id: str) -> ModelVersionRow | None:
        """One model version, without its sealed columns."""
        row = self._session.get(ModelVersionRow, version_id)
        return row if row is not None and row.workspace_id == workspace_id else None

    def of_dataset(self, workspace_id: str, dataset_id: str) -> list[ModelVersionRow]:
        """Model versions fitted on any version of a dataset, newest first."""
        return list(
            self._session.scalars(
                select(ModelVersionRow)
                .where(ModelVersionRow.workspace_id == workspace_id, ModelVersionRow.dataset_id == dataset_id)
                .order_by(ModelVersionRow.number.desc())
            )
        )

    def state(self, row: ModelVersionRow) -> bytes:
        """What `ModelState.to_bytes` wrote."""
        return self._vault.open(row.workspace_id, place(ModelVersionRow, row.id, "state"), row.state_sealed)

    def results(self, row: ModelVersionRow) -> bytes:
        """The results that were computed once, in the training job."""
        return self._vault.open(row.workspace_id, place(ModelVersionRow, row.id, "results"), row.results_sealed)

    def add_publication(self, row: PublicationRow) -> PublicationRow:
        """One more change of champion."""
        self._session.add(row)
        self._session.flush()
        return row

    def publications(self, workspace_id: str, dataset_id: str) -> list[PublicationRow]:
        """Changes of champion, oldest first."""
        return list(
            self._session.scalars(
                select(PublicationRow)
                .where(PublicationRow.workspace_id == workspace_id, PublicationRow.dataset_id == dataset_id)
                .order_by(PublicationRow.id)
            )
        )
