"""Datasets and their immutable versions."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mmm.store.flush import flush
from mmm.store.keys import Vault, place
from mmm.store.tables import DatasetRow, DatasetVersionRow


class Datasets:
    """Datasets of one workspace at a time; panels, tables and findings are sealed on the way in."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def add(self, row: DatasetRow) -> DatasetRow:
        """A new dataset without versions.

        Raises:
            ConflictError: another dataset of the workspace has its name.
        """
        self._session.add(row)
        flush(self._session, f"There is a dataset “{row.name}” already; choose another name.")
        return row

    def get(self, workspace_id: str, dataset_id: str) -> DatasetRow | None:
        """One dataset of the workspace."""
        row = self._session.get(DatasetRow, dataset_id)
        return row if row is not None and row.workspace_id == workspace_id else None

    def rename(self, row: DatasetRow, name: str) -> None:
        """Give a dataset another name.

        Raises:
            ConflictError: another dataset of the workspace has it.
        """
        row.name = name
        flush(self._session, f"There is a dataset “{name}” already; choose another name.")

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
        self,
        row: DatasetVersionRow,
        *,
        panel: bytes,
        as_read: bytes,
        findings: bytes,
        mapping: bytes,
        lineage: bytes | None = None,
        table: bytes | None = None,
    ) -> DatasetVersionRow:
        """A new version with its number; `row.id` must be set, because the sealed bytes are bound to it.

        Args:
            row: everything that is not sealed.
            panel: Parquet.
            as_read: the table as it was read, Parquet.
            findings: JSON.
            mapping: JSON.
            lineage: JSON, what the version was made of.
            table: the assembled table, Parquet, where it is not the table as read.

        Raises:
            ConflictError: another upload took the number first; nothing was stored.
        """
        last = self._session.scalar(
            select(func.max(DatasetVersionRow.number)).where(DatasetVersionRow.dataset_id == row.dataset_id)
        )
        row.number = (last or 0) + 1
        row.panel_sealed = self._sealed(row, "panel", panel)
        row.as_read_sealed = self._sealed(row, "as_read", as_read)
        row.findings_sealed = self._sealed(row, "findings", findings)
        row.mapping_sealed = self._sealed(row, "mapping", mapping)
        row.lineage_sealed = None if lineage is None else self._sealed(row, "lineage", lineage)
        row.table_sealed = None if table is None else self._sealed(row, "table", table)
        self._session.add(row)
        flush(
            self._session,
            f"Somebody else saved version {row.number} at the same moment. Nothing of yours was stored; "
            "compare with that version, then upload again if it is still needed.",
        )
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
        return self._opened(row, "panel", row.panel_sealed)

    def as_read(self, row: DatasetVersionRow) -> bytes:
        """The table of a version as it was read, as Parquet bytes."""
        return self._opened(row, "as_read", row.as_read_sealed)

    def findings(self, row: DatasetVersionRow) -> bytes:
        """The findings of a version, as JSON bytes."""
        return self._opened(row, "findings", row.findings_sealed)

    def mapping(self, row: DatasetVersionRow) -> bytes:
        """How the columns of a version were read, as JSON bytes."""
        return self._opened(row, "mapping", row.mapping_sealed)

    def lineage(self, row: DatasetVersionRow) -> bytes | None:
        """What a version was made of, as JSON bytes; None for versions older than that record."""
        return None if row.lineage_sealed is None else self._opened(row, "lineage", row.lineage_sealed)

    def table(self, row: DatasetVersionRow) -> bytes | None:
        """The assembled table of a version, as Parquet bytes; None where it is the table as read."""
        return None if row.table_sealed is None else self._opened(row, "table", row.table_sealed)

    def _sealed(self, row: DatasetVersionRow, column: str, data: bytes) -> bytes:
        return self._vault.seal(row.workspace_id, place(DatasetVersionRow, row.id, column), data)

    def _opened(self, row: DatasetVersionRow, column: str, sealed: bytes) -> bytes:
        return self._vault.open(row.workspace_id, place(DatasetVersionRow, row.id, column), sealed)
