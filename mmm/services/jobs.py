"""Long work as people see it (list, cancel, try again), and the ledger its executor keeps the rows with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from mmm.access import Actor, Permission
from mmm.errors import ConflictError, NotAllowedError, NotFoundError
from mmm.jobs.ledger import Ending, JobLedger, StaleAttemptError, Survey, Ticket
from mmm.services.base import Clock, Kit, Service, requires, utc_now
from mmm.store.audit import REFUSED
from mmm.store.database import Database
from mmm.store.jobs import LIVE, JobStatus
from mmm.store.tables import JobRow
from mmm.store.unit_of_work import UnitOfWork


class JobQueue(Protocol):
    """Whoever runs queued jobs: the executor, or the inline one."""

    def wake(self) -> None:
        """Look at the job rows now."""
        ...


class NobodyListens:
    """The queue of a process that runs no jobs itself; another one finds the row at its next look."""

    def wake(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class JobInfo:
    """One job as shown to people; times are UTC.

    Attributes:
        progress: share done, 0..1.
        message: what is being done, or why it ended without a result.
        result_ref: what came out; for a training the id of the recommended model version.
        may_cancel: the person asking may cancel it, and it has not ended.
        may_retry: the person asking may start it again, and it ended without a result.
    """

    id: str
    task: str
    status: JobStatus
    progress: float
    message: str
    attempt: int
    params: Mapping[str, Any]
    submitted_by: str
    result_ref: str | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    may_cancel: bool
    may_retry: bool

    @property
    def live(self) -> bool:
        """Whether it waits or runs: worth looking again."""
        return self.status in LIVE


class Jobs(Service):
    """Looking at long work, stopping it and starting it again."""

    def __init__(self, kit: Kit, queue: JobQueue) -> None:
        super().__init__(kit)
        self._queue = queue

    @requires(Permission.SEE_JOBS)
    def list(self, actor: Actor, *, task: str | None = None, limit: int = 20) -> tuple[JobInfo, ...]:
        """Jobs of the workspace, newest first."""
        with self._work(read_only=True) as uow:
            names = uow.users.display_names(actor.workspace_id)
            rows = uow.jobs.all(actor.workspace_id, kind=task, limit=limit)
            return tuple(_info(row, names, actor) for row in rows)

    @requires(Permission.SEE_JOBS)
    def get(self, actor: Actor, job_id: str) -> JobInfo:
        """One job.

        Raises:
            NotFoundError: the workspace has no such job.
        """
        with self._work(read_only=True) as uow:
            return _info(_row(uow, actor, job_id), uow.users.display_names(actor.workspace_id), actor)

    @requires(Permission.CANCEL_OWN_JOB, Permission.CANCEL_ANY_JOB)
    def cancel(self, actor: Actor, job_id: str) -> None:
        """Stop a job at its next step, one that waits at once; nothing of it is stored.

        Raises:
            NotFoundError: the workspace has no such job.
            NotAllowedError: it is somebody else's, and the actor is no administrator.
            ConflictError: it has ended already.
        """
        with self._work() as uow:
            row = _row(uow, actor, job_id)
            if not _may_stop(row, actor):
                uow.audit.record(actor, "cancel_job", "job", job_id, outcome=REFUSED, at=self._now())
                uow.commit()
                raise NotAllowedError("This job was started by somebody else; they or an administrator can cancel it.")
            if row.status not in LIVE:
                raise ConflictError(f"This job has ended already ({row.status}).")
            uow.jobs.request_cancel(job_id, self._now())
            uow.audit.record(actor, "cancel_job", "job", job_id, details={"task": row.kind}, at=self._now())
            uow.commit()
        self._queue.wake()

    @requires(Permission.TRAIN)
    def retry(self, actor: Actor, job_id: str) -> None:
        """Queue a job that ended without a result again, as a new attempt.

        Raises:
            NotFoundError: the workspace has no such job.
            ConflictError: it waits, runs, or is done.
        """
        with self._work() as uow:
            row = _row(uow, actor, job_id)
            if not uow.jobs.offer_again(job_id):
                raise ConflictError(
                    f"Only a job that ended without a result can be tried again; this one is {row.status}."
                )
            details = {"task": row.kind, "attempt": row.attempt + 1}
            uow.audit.record(actor, "retry_job", "job", job_id, details=details, at=self._now())
            uow.commit()
        self._queue.wake()


class SqlLedger(JobLedger[UnitOfWork]):
    """The job rows in the database. A queued row's next attempt is one more than its last."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._work, self._now = database.unit_of_work, clock

    def survey(self, silent_after_s: float) -> Survey:
        """As the protocol says; reads a snapshot and waits for no writer."""
        with self._work(read_only=True) as uow:
            rows = uow.jobs.live()
        silent_since = self._now() - timedelta(seconds=silent_after_s)
        running = [row for row in rows if row.status == JobStatus.RUNNING]
        return Survey(
            waiting=[_ticket(row, 1) for row in rows if row.status == JobStatus.QUEUED],
            stopping=[_ticket(row) for row in running if row.cancel_requested],
            silent=[_ticket(row) for row in running if row.heartbeat_at is None or row.heartbeat_at < silent_since],
        )

    def begin(self, ticket: Ticket) -> Mapping[str, Any] | None:
        """As the protocol says."""
        with self._work() as uow:
            row = _claimed(uow, ticket, self._now())
            if row is None:
                return None
            uow.commit()
            return {**row.params, "workspace_id": row.workspace_id, "submitted_by": row.submitted_by}

    def report(self, ticket: Ticket, share: float, message: str) -> bool:
        """As the protocol says."""
        with self._work() as uow:
            go_on = uow.jobs.report(ticket.job_id, ticket.attempt, share, message, self._now())
            uow.commit()
            return go_on

    def complete(self, ticket: Ticket, write: Callable[[UnitOfWork], str]) -> None:
        """As the protocol says."""
        with self._work() as uow:
            result_ref = write(uow)
            try:
                uow.jobs.finish(ticket.job_id, ticket.attempt, JobStatus.DONE, self._now(), result_ref=result_ref)
            except ConflictError as error:
                raise StaleAttemptError from error
            uow.commit()

    def end(self, ticket: Ticket, ending: Ending, message: str) -> bool:
        """As the protocol says; an attempt that never began is claimed and ended in one transaction."""
        with self._work() as uow:
            _claimed(uow, ticket, self._now())
            try:
                uow.jobs.finish(ticket.job_id, ticket.attempt, JobStatus(ending.value), self._now(), error=message)
            except ConflictError:
                return False
            uow.commit()
            return True


def _claimed(uow: UnitOfWork, ticket: Ticket, now: datetime) -> JobRow | None:
    """The row of a queued ticket, now running; None when it is not queued for this attempt (then roll back)."""
    try:
        row = uow.jobs.claim(ticket.job_id, now)
    except ConflictError:
        return None
    return row if row.attempt == ticket.attempt else None


def _ticket(row: JobRow, ahead: int = 0) -> Ticket:
    return Ticket(row.id, row.kind, row.attempt + ahead)


def _row(uow: UnitOfWork, actor: Actor, job_id: str) -> JobRow:
    row = uow.jobs.get(actor.workspace_id, job_id)
    if row is None:
        raise NotFoundError("There is no such job in this workspace.")
    return row


def _may_stop(row: JobRow, actor: Actor) -> bool:
    own = row.submitted_by == actor.user_id and actor.may(Permission.CANCEL_OWN_JOB)
    return own or actor.may(Permission.CANCEL_ANY_JOB)


def _info(row: JobRow, names: Mapping[str, str], actor: Actor) -> JobInfo:
    status = JobStatus(row.status)
    ended_empty = status not in LIVE and status is not JobStatus.DONE
    return JobInfo(
        id=row.id,
        task=row.kind,
        status=status,
        progress=row.progress,
        message=(row.error or row.message) if ended_empty else row.message,
        attempt=row.attempt,
        params=dict(row.params),
        submitted_by=names.get(row.submitted_by, "somebody who has left"),
        result_ref=row.result_ref,
        cancel_requested=row.cancel_requested,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        may_cancel=status in LIVE and _may_stop(row, actor),
        may_retry=ended_empty and actor.may(Permission.TRAIN),
    )


def queued_job(actor: Actor, task: str, params: dict[str, Any], now: datetime) -> JobRow:
    """A new job of a person, waiting for its turn; still to be added to a unit of work."""
    return JobRow(
        workspace_id=actor.workspace_id,
        kind=task,
        params=params,
        status=JobStatus.QUEUED,
        progress=0.0,
        message="",
        attempt=0,
        cancel_requested=False,
        submitted_by=actor.user_id,
        created_at=now,
    )
