"""Datasets and their immutable versions."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mmm.store.keys import Vault
from mmm.store.tables import DatasetRow, DatasetVersionRow


class Datasets:
    """Datasets of one workspace at a time; panels, tables and findings are sealed on the way in."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def add(self, row: DatasetRow) -> DatasetRow:
        """A new dataset without versions."""
        self._session.add(row)
        self._session.flush()
        return row

    def get(self, workspace_id: str, dataset_id: str) -> DatasetRow | None:
        """One dataset of the workspace."""
        row = self._session.get(DatasetRow, dataset_id)
        return row if row is not None and row.workspace_id == workspace_id else None

    def by_name(self, workspace_id: str, name: str) -> DatasetRow | None:
        """The dataset with this name."""
        return self._session.scalars(
            select(DatasetRow).where(DatasetRow.workspace_id == workspace_id, DatasetRow.name == name)
        ).first()

    def all(self, workspace_id: str, *, archived: bool = False) -> list[DatasetRow]:
        """Datasets of the workspace, newest first; archived ones only when asked for."""
        wanted = select(DatasetRow).where(DatasetRow.workspace_id == workspace_id)
        if not archived:
            wanted = wanted.where(DatasetRow.archived.is_(False))
        return list(self._session.scalars(wanted.order_by(DatasetRow.created_at.desc())))

    def latest(self, dataset_id: str) -> DatasetVersionRow | None:
        """The newest version of a dataset."""
        return self._session.scalars(
            select(DatasetVersionRow)
            .where(DatasetVersionRow.dataset_id == dataset_id)
            .order_by(DatasetVersionRow.number.desc())
            .limit(1)
        ).first()

    def add_version(
        self, row: DatasetVersionRow, *, panel: bytes, as_read: bytes, findings: bytes, mapping: bytes
    ) -> DatasetVersionRow:
        """A new version with its number; `row.id` must be set, because the sealed bytes are bound to it."""
        last = self._session.scalar(
            select(func.max(DatasetVersionRow.number)).where(DatasetVersionRow.dataset_id == row.dataset_id)
        )
        row.number = (last or 0) + 1
        row.panel_sealed = self._vault.seal(row.workspace_id, _place(row.id, "panel"), panel)
        row.as_read_sealed = self._vault.seal(row.workspace_id, _place(row.id, "as_read"), as_read)
        row.findings_sealed = self._vault.seal(row.workspace_id, _place(row.id, "findings"), findings)
        row.mapping_sealed = self._vault.seal(row.workspace_id, _place(row.id, "mapping"), mapping)
        self._session.add(row)
        self._session.flush()
        return row

    def version(self, workspace_id: str, version_id: str) -> DatasetVersionRow | None:
        """One version, without its sealed columns."""
        row = self._session.get(DatasetVersionRow, version_id)
        return row if row is not None and row.workspace_id == workspace_id else None

    def versions(self, workspace_id: str, dataset_id: str) -> list[DatasetVersionRow]:
        """Versions of a dataset, newest first, without their sealed columns."""
        return list(
            self._session.scalars(
                select(DatasetVersionRow)
                .where(DatasetVersionRow.workspace_id == workspace_id, DatasetVersionRow.dataset_id == dataset_id)
                .order_by(DatasetVersionRow.number.desc())
            )
        )

    def panel(self, row: DatasetVersionRow) -> bytes:
        """The panel of a version, as Parquet bytes."""
        return self._vault.open(row.workspace_id, _place(row.id, "panel"), row.panel_sealed)

    def as_read(self, row: DatasetVersionRow) -> bytes:
        """The table of a version as it was read, as Parquet bytes."""
        return self._vault.open(row.workspace_id, _place(row.id, "as_read"), row.as_read_sealed)

    def findings(self, row: DatasetVersionRow) -> bytes:
        """The findings of a version, as JSON bytes."""
        return self._vault.open(row.workspace_id, _place(row.id, "findings"), row.findings_sealed)

    def mapping(self, row: DatasetVersionRow) -> bytes:
        """How the columns of a version were read, as JSON bytes."""
        return self._vault.open(row.workspace_id, _place(row.id, "mapping"), row.mapping_sealed)


def _place(version_id: str, column: str) -> str:
    return f"dataset_version/{version_id}/{column}"
