"""The worker's side: look a task up by name, run it, and close the row exactly once."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, cast

from mmm.errors import MMMError
from mmm.jobs.ledger import Ending, JobCancelled, JobLedger, StaleAttemptError, Ticket

PROGRESS_EVERY_S = 0.3  # a progress write takes SQLite's one write lock; people see no difference below this
BEAT_EVERY_S = 3.0  # five beats are missed before anybody calls a job interrupted
NICENESS = 10  # the web process goes first on a shared processor

log = logging.getLogger(__name__)

Write = Callable[[Any], str]
"""Writes a result inside the ledger's transaction and returns the reference kept in the job row."""

Body = Callable[["JobRun"], Write]
"""A task: computes outside any transaction, returns what is to be written."""


@dataclass(frozen=True)
class JobRun:
    """What a task body is given.

    Attributes:
        ticket: which attempt at which job.
        params: the row's parameters.
        progress: told the share done (0..1) and a sentence; raises `JobCancelled` when the work must stop.
    """

    ticket: Ticket
    params: Mapping[str, Any]
    progress: Callable[[float, str], None]


@dataclass(frozen=True)
class Workshop:
    """What a worker process works with: the job rows, and the task bodies by name."""

    ledger: JobLedger[Any]
    bodies: Mapping[str, Body]


def perform(workshop: str, job_id: str, task: str, attempt: int) -> str:
    """Run one attempt in this process; called by the cluster with names only.

    Args:
        workshop: `package.module:function`, a function without arguments that returns the `Workshop`.
        job_id: the job row.
        task: name of a body in the workshop.
        attempt: the attempt this call stands for.

    Returns:
        How it ended: `done`, `refused` (the row was not queued for this attempt) or an `Ending`.
    """
    _step_aside()
    return carry_out(_open(workshop), Ticket(job_id, task, attempt))


def carry_out(workshop: Workshop, ticket: Ticket) -> str:
    """Run one attempt with the given workshop; every way out leaves the row ended, or was refused."""
    ledger = workshop.ledger
    params = ledger.begin(ticket)
    if params is None:
        return "refused"
    body = workshop.bodies.get(ticket.task)
    if body is None:
        known = ", ".join(sorted(workshop.bodies)) or "none"
        message = f"This version knows no task “{ticket.task}” (it knows: {known}). Update the workers, then try again."
        return _ended(ledger, ticket, Ending.FAILED, message)
    reporter = Reporter(ledger, ticket)
    try:
        with _heartbeat(reporter):
            write = body(JobRun(ticket, params, reporter))
            reporter.check()
            ledger.complete(ticket, write)
    except (JobCancelled, StaleAttemptError):
        return _ended(ledger, ticket, Ending.CANCELLED, "Cancelled; nothing was stored.")
    except MMMError as error:
        return _ended(ledger, ticket, Ending.FAILED, str(error))
    except Exception as error:
        log.exception("job %s, attempt %d failed", ticket.job_id, ticket.attempt)
        message = (
            f"The work stopped on an unexpected error ({type(error).__name__}); nothing was stored. "
            f"The server log has the details under job {ticket.job_id}."
        )
        return _ended(ledger, ticket, Ending.FAILED, message)
    return "done"


class Reporter:
    """A `Progress` that writes to the job row, at most every `every_s` seconds, and stops cancelled work."""

    def __init__(
        self,
        ledger: JobLedger[Any],
        ticket: Ticket,
        every_s: float = PROGRESS_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger, self._ticket = ledger, ticket
        self._every_s, self._clock = every_s, clock
        self._latest, self._written_at = (0.0, ""), -every_s
        self._stopped = threading.Event()  # stays set: a task that swallows the first raise meets the next

    def __call__(self, share: float, message: str) -> None:
        """Record progress.

        Raises:
            JobCancelled: somebody cancelled, or another attempt took over.
        """
        self._latest = (min(max(share, 0.0), 1.0), message)
        if not self._stopped.is_set() and self._clock() - self._written_at >= self._every_s:
            self.beat()
        self._raise_if_stopped()

    def check(self) -> None:
        """Ask the row whether to go on.

        Raises:
            JobCancelled: as above.
        """
        self.beat()
        self._raise_if_stopped()

    def beat(self) -> None:
        """Write the latest progress with a heartbeat, and remember whether the attempt may go on."""
        self._written_at = self._clock()
        if not self._ledger.report(self._ticket, *self._latest):
            self._stopped.set()

    def _raise_if_stopped(self) -> None:
        if self._stopped.is_set():
            raise JobCancelled


@contextmanager
def _heartbeat(reporter: Reporter) -> Iterator[None]:
    """Beat beside the work, so that a long step without progress is not taken for a dead process."""
    finished = threading.Event()

    def beat() -> None:
        while not finished.wait(BEAT_EVERY_S):
            try:
                reporter.beat()
            except Exception:
                log.exception("a heartbeat could not be written; trying again in %s s", BEAT_EVERY_S)

    thread = threading.Thread(target=beat, name="job-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _ended(ledger: JobLedger[Any], ticket: Ticket, ending: Ending, message: str) -> str:
    return ending.value if ledger.end(ticket, ending, message) else "refused"


@cache
def _open(workshop: str) -> Workshop:
    module, _, function = workshop.partition(":")
    return cast(Workshop, getattr(import_module(module), function)())


@cache
def _step_aside() -> None:
    os.nice(max(0, NICENESS - os.nice(0)))
