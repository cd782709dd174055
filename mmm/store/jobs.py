"""Job rows: the record of long work, whoever runs it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from mmm.errors import ConflictError
from mmm.store.tables import JobRow


class JobStatus(StrEnum):
    """Where a job stands; all but the first two are an end."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


LIVE = (JobStatus.QUEUED, JobStatus.RUNNING)


class Jobs:
    """Jobs of one workspace at a time; what workers write is guarded by the attempt number.

    A new row has attempt 0; `claim` raises it, so the attempt that a queued row waits for is one more than its last.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: JobRow) -> JobRow:
        """A new job."""
        self._session.add(row)
        self._session.flush()
        return row

    def get(self, workspace_id: str, job_id: str) -> JobRow | None:
        """One job of the workspace."""
        row = self._session.get(JobRow, job_id)
        return row if row is not None and row.workspace_id == workspace_id else None

    def all(self, workspace_id: str, *, kind: str | None = None, limit: int = 50) -> list[JobRow]:
        """Jobs of the workspace, newest first."""
        wanted = select(JobRow).where(JobRow.workspace_id == workspace_id)
        if kind is not None:
            wanted = wanted.where(JobRow.kind == kind)
        return list(self._session.scalars(wanted.order_by(JobRow.created_at.desc()).limit(limit)))

    def live(self) -> list[JobRow]:
        """Jobs of every workspace that wait or run, oldest first (for whoever runs and recovers them)."""
        return list(self._session.scalars(select(JobRow).where(JobRow.status.in_(LIVE)).order_by(JobRow.created_at)))

    def claim(self, job_id: str, now: datetime) -> JobRow:
        """Start the next attempt of a waiting job and return it with its new attempt number.

        Raises:
            ConflictError: the job does not wait (any more): somebody else runs it, or it was cancelled.
        """
        row = self._session.scalars(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status == JobStatus.QUEUED)
            .values(
                status=JobStatus.RUNNING,
                attempt=JobRow.attempt + 1,
                started_at=now,
                heartbeat_at=now,
                progress=0.0,
                message="",
                error=None,
                finished_at=None,
            )
            .returning(JobRow),
            execution_options={"populate_existing": True},
        ).first()
        if row is None:
            raise ConflictError(f"Job {job_id} is not waiting any more, so it was not started.")
        return row

    def report(self, job_id: str, attempt: int, share: float, message: str, now: datetime) -> bool:
        """Note progress and a heartbeat; False when this attempt must stop (cancelled, replaced, ended)."""
        cancel_requested = self._session.scalars(
            update(JobRow)
            .where(_running(job_id, attempt))
            .values(progress=share, message=message[:500], heartbeat_at=now)
            .returning(JobRow.cancel_requested)
        ).first()
        return cancel_requested is False

    def finish(
        self,
        job_id: str,
        attempt: int,
        status: JobStatus,
        now: datetime,
        *,
        result_ref: str | None = None,
        error: str | None = None,
    ) -> None:
        """End this attempt; in the same unit of work as its result, so that there is never half of one.

        Raises:
            ConflictError: another attempt has taken over, or the job ended otherwise; roll back.
        """
        done = {"progress": 1.0} if status is JobStatus.DONE else {}
        ended = self._session.scalars(
            update(JobRow)
            .where(_running(job_id, attempt))
            .values(status=status, finished_at=now, result_ref=result_ref, error=error and error[:2000], **done)
            .returning(JobRow.id)
        ).first()
        if ended is None:
            raise ConflictError(f"Attempt {attempt} of job {job_id} is no longer the running one.")

    def request_cancel(self, job_id: str, now: datetime) -> None:
        """Cancel a waiting job at once; ask a running one to stop at its next step."""
        self._session.execute(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status == JobStatus.QUEUED)
            .values(status=JobStatus.CANCELLED, finished_at=now, cancel_requested=True)
        )
        self._session.execute(
            update(JobRow).where(JobRow.id == job_id, JobRow.status == JobStatus.RUNNING).values(cancel_requested=True)
        )

    def offer_again(self, job_id: str) -> bool:
        """Put a job that ended without a result back in the queue; False when it did not end so."""
        ended_without = (JobStatus.INTERRUPTED, JobStatus.FAILED, JobStatus.CANCELLED)
        again = self._session.scalars(
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.status.in_(ended_without))
            .values(status=JobStatus.QUEUED, cancel_requested=False, progress=0.0, message="", finished_at=None)
            .returning(JobRow.id)
        ).first()
        return again is not None


def _running(job_id: str, attempt: int) -> ColumnElement[bool]:
    return (JobRow.id == job_id) & (JobRow.attempt == attempt) & (JobRow.status == JobStatus.RUNNING)
