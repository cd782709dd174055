"""The executor: takes queued jobs from the ledger to the cluster, and keeps every row's ending honest."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Self

from mmm.jobs.cluster import Attempt, Cluster, ClusterSettings, connected
from mmm.jobs.ledger import Ending, JobLedger, Ticket
from mmm.jobs.worker import perform

POLL_S = 1.0  # also finds what other processes queue or cancel; `wake` makes our own immediate
CANCEL_GRACE_S = 5.0  # time for a task to reach its next step before its process is restarted
SILENT_AFTER_S = 15.0  # five missed heartbeats: the process is gone
RECONNECT_S = 10.0
CLOSE_TIMEOUT_S = 30.0

LOST = (
    "The process doing this work stopped before it finished (it was killed, ran out of memory, or the machine "
    "restarted). Nothing was stored. Try again."
)
BROKEN = "The worker process could not do this work ({kind}); nothing was stored. The server log has the details."
FORCED = "Cancelled by stopping its process; nothing was stored."

log = logging.getLogger(__name__)


class Executor:
    """Runs queued jobs, as many at a time as the cluster has workers. The job rows are the record and the queue.

    One thread supervises: it hands waiting rows to free workers, restarts the worker of a job that does not
    answer its cancellation, and marks as interrupted what lost its process. Methods may be called from any thread.
    """

    def __init__(
        self,
        ledger: JobLedger[Any],
        workshop: str,
        settings: ClusterSettings | None = None,
        *,
        poll_s: float = POLL_S,
        cancel_grace_s: float = CANCEL_GRACE_S,
        silent_after_s: float = SILENT_AFTER_S,
    ) -> None:
        """Remember what to run; nothing starts before `start`.

        Args:
            ledger: the job rows.
            workshop: `package.module:function` that opens the `Workshop` inside a worker process.
            settings: where the work runs; by default one process on this machine.
            poll_s: seconds between two looks at the rows.
            cancel_grace_s: seconds a cancelled task may take to stop by itself.
            silent_after_s: seconds without a heartbeat after which a job that is not ours counts as interrupted.
        """
        self._ledger, self._workshop = ledger, workshop
        self._settings = settings or ClusterSettings()
        self._poll_s, self._cancel_grace_s, self._silent_after_s = poll_s, cancel_grace_s, silent_after_s
        self._cluster: Cluster | None = None
        self._thread: threading.Thread | None = None
        self._woken, self._closing = threading.Event(), threading.Event()
        self._attempts: dict[Ticket, Attempt] = {}
        self._cancel_seen: dict[Ticket, float] = {}

    def start(self) -> None:
        """Begin supervising in a thread, which starts or joins the cluster first; jobs wait meanwhile.

        A cluster that cannot be reached is tried again until `close`. A second call does nothing.

        Raises:
            ClusterError: the settings are refused.
        """
        self._settings.check()
        if self._thread is None:
            self._closing.clear()
            self._thread = threading.Thread(target=self._run, name="job-supervisor", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop supervising and leave the cluster; a local one ends with its workers, and their jobs are interrupted."""
        if self._thread is None:
            return
        self._closing.set()
        self.wake()
        self._thread.join(CLOSE_TIMEOUT_S)
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def address(self) -> str | None:
        """Where the scheduler listens, or None while there is none."""
        cluster = self._cluster
        return None if cluster is None else cluster.address

    def wake(self) -> None:
        """Look at the rows now rather than at the next poll; call after committing a new or cancelled job."""
        self._woken.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with connected(self._settings) as cluster:
                    self._supervise(cluster)
            except Exception:
                log.exception("the cluster for long work is not there; trying again in %s s", RECONNECT_S)
                self._closing.wait(RECONNECT_S)

    def _supervise(self, cluster: Cluster) -> None:
        self._cluster = cluster
        while not self._closing.is_set():
            try:
                self._look(cluster)
            except Exception:
                log.exception("the job rows could not be looked after; trying again in %s s", self._poll_s)
            self._woken.wait(self._poll_s)
            self._woken.clear()
        self._cluster = None
        if self._settings.address is None:  # elsewhere the work goes on, and the next start finds its row beating
            for ticket in self._attempts:
                self._ledger.end(ticket, Ending.INTERRUPTED, LOST)
        self._attempts.clear()

    def _look(self, cluster: Cluster) -> None:
        self._settle()
        survey = self._ledger.survey(self._silent_after_s)
        for ticket in survey.silent:
            if ticket not in self._attempts:  # ours are watched by the cluster, which knows better
                self._ledger.end(ticket, Ending.INTERRUPTED, LOST)
        self._force(cluster, [ticket for ticket in survey.stopping if ticket in self._attempts])
        free = cluster.slots - len(self._attempts)
        waiting = [ticket for ticket in survey.waiting if ticket not in self._attempts]
        for ticket in waiting[: max(0, free)]:
            names = (self._workshop, ticket.job_id, ticket.task, ticket.attempt)
            self._attempts[ticket] = cluster.submit(perform, *names, key=ticket.key, on_done=self.wake)

    def _settle(self) -> None:
        """Let go of what has ended, and end the rows of attempts that could not do so themselves."""
        for ticket, attempt in list(self._attempts.items()):
            if not attempt.done:
                continue
            if attempt.lost:
                self._ledger.end(ticket, Ending.INTERRUPTED, LOST)
            elif attempt.error is not None:
                log.error("job %s could not be worked on", ticket.job_id, exc_info=attempt.error)
                self._ledger.end(ticket, Ending.FAILED, BROKEN.format(kind=type(attempt.error).__name__))
            self._forget(ticket)

    def _force(self, cluster: Cluster, stopping: list[Ticket]) -> None:
        """Restart the worker of every job that has been asked to stop for longer than the grace."""
        now = time.monotonic()
        for ticket in stopping:
            if now - self._cancel_seen.setdefault(ticket, now) < self._cancel_grace_s:
                continue
            if not self._ledger.end(ticket, Ending.CANCELLED, FORCED):
                continue  # it ended by itself meanwhile; the next look lets go of it
            attempt = self._attempts[ticket]
            self._forget(ticket)
            cluster.restart_worker_of(ticket.key)
            attempt.cancel()

    def _forget(self, ticket: Ticket) -> None:
        self._attempts.pop(ticket, None)
        self._cancel_seen.pop(ticket, None)
