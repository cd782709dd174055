"""What the executor needs of the job rows: who waits, who runs, and endings that happen once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

W_co = TypeVar("W_co", covariant=True)


class Ending(StrEnum):
    """How a job ends without a result; each may be offered again as a new attempt."""

    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class JobCancelled(Exception):  # noqa: N818 - a person's wish, not an error
    """Raised out of a progress call: the job was cancelled, or this attempt is no longer the current one.

    Not an `MMMError`, so that a task which turns model errors into findings cannot swallow it.
    """


class StaleAttemptError(Exception):
    """The row does not run this attempt any more; what the attempt computed was not stored."""


@dataclass(frozen=True)
class Ticket:
    """One attempt at one job: all that travels to a worker."""

    job_id: str
    task: str
    attempt: int

    @property
    def key(self) -> str:
        """Name of this attempt on the cluster."""
        return f"{self.task}-{self.job_id}-{self.attempt}"


@dataclass(frozen=True)
class Survey:
    """What one look at the job rows found.

    Attributes:
        waiting: queued, oldest first.
        stopping: running, and somebody asked to cancel.
        silent: running, without a heartbeat for the time asked about.
    """

    waiting: Sequence[Ticket] = ()
    stopping: Sequence[Ticket] = ()
    silent: Sequence[Ticket] = ()


class JobLedger(Protocol[W_co]):
    """The job rows. Every call is one transaction of its own and may come from any thread.

    `W_co` is what a finished task writes its result into: the unit of work of the transaction that also
    marks the row done.
    """

    def survey(self, silent_after_s: float) -> Survey:
        """Jobs the executor has to act on."""
        ...

    def begin(self, ticket: Ticket) -> Mapping[str, Any] | None:
        """Move a queued row of this attempt to running and return its parameters; None when it is not queued."""
        ...

    def report(self, ticket: Ticket, share: float, message: str) -> bool:
        """Record progress and a heartbeat; False when the attempt must stop (cancelled, or not current)."""
        ...

    def complete(self, ticket: Ticket, write: Callable[[W_co], str]) -> None:
        """Write the result and mark the row done with the reference `write` returns, both or neither.

        Raises:
            StaleAttemptError: the row does not run this attempt; nothing was written.
        """
        ...

    def end(self, ticket: Ticket, ending: Ending, message: str) -> bool:
        """End a queued or running row of this attempt without a result; False when it had ended already."""
        ...
