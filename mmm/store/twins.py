"""Twins: what each simulated look-alike of a data set said, kept as soon as it is known."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from mmm.store.keys import Vault, place
from mmm.store.tables import TwinRow


class Twins:
    """Twins of one workspace at a time; their outcomes are sealed."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    def add(self, row: TwinRow, outcome: bytes) -> TwinRow:
        """One more twin of a test; `row.id` must be set, because the sealed bytes are bound to it.

        Args:
            row: which test, which number, of which dataset version.
            outcome: JSON bytes.
        """
        row.outcome_sealed = self._vault.seal(row.workspace_id, place(TwinRow, row.id, "outcome"), outcome)
        self._session.add(row)
        self._session.flush()
        return row

    def of_run(self, workspace_id: str, run: str) -> list[TwinRow]:
        """Twins of one test by their number, without their outcomes."""
        return list(
            self._session.scalars(
                select(TwinRow).where(TwinRow.workspace_id == workspace_id, TwinRow.run == run).order_by(TwinRow.number)
            )
        )

    def newest_run(self, workspace_id: str, dataset_version_id: str) -> str | None:
        """The test of a dataset version that computed a twin last; None where none was computed yet."""
        return self._session.scalars(
            select(TwinRow.run)
            .where(TwinRow.workspace_id == workspace_id, TwinRow.dataset_version_id == dataset_version_id)
            .order_by(TwinRow.created_at.desc())
            .limit(1)
        ).first()

    def outcome(self, row: TwinRow) -> bytes:
        """What a twin said, as JSON bytes."""
        return self._vault.open(row.workspace_id, place(TwinRow, row.id, "outcome"), row.outcome_sealed)
