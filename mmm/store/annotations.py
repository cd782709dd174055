"""Annotations: what happened when, noted once and drawn on every chart over time."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from mmm.store.keys import Vault, place
from mmm.store.tables import AnnotationRow


class Annotations:
    """Annotations of one workspace at a time; their words are sealed."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def add(self, row: AnnotationRow, payload: bytes) -> AnnotationRow:
        """A new annotation; `row.id` must be set, because the sealed bytes are bound to it.

        Args:
            row: kind, dates, who and when.
            payload: JSON bytes: the text, and the market where it holds for one.
        """
        row.payload_sealed = self._vault.seal(row.workspace_id, place(AnnotationRow, row.id, "payload"), payload)
        self._session.add(row)
        self._session.flush()
        return row

    def get(self, workspace_id: str, annotation_id: str) -> AnnotationRow | None:
        """One annotation of the workspace, without its words."""
        row = self._session.get(AnnotationRow, annotation_id)
        return row if row is not None and row.workspace_id == workspace_id else None

    def all(self, workspace_id: str, dataset_id: str) -> list[AnnotationRow]:
        """Annotations of a dataset, by first day."""
        return list(
            self._session.scalars(
                select(AnnotationRow)
                .where(AnnotationRow.workspace_id == workspace_id, AnnotationRow.dataset_id == dataset_id)
                .order_by(AnnotationRow.first, AnnotationRow.last, AnnotationRow.created_at, AnnotationRow.id)
            )
        )

    def payload(self, row: AnnotationRow) -> bytes:
        """An annotation's words, as JSON bytes."""
        return self._vault.open(row.workspace_id, place(AnnotationRow, row.id, "payload"), row.payload_sealed)

    def remove(self, row: AnnotationRow) -> None:
        """Take an annotation away; the audit row of whoever does so is what remains."""
        self._session.delete(row)
        self._session.flush()
