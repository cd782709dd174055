"""Jobs run in this process, one after the other: the command line, and tests that need no cluster."""

from __future__ import annotations

from mmm.jobs.worker import Workshop, carry_out

NEVER_SILENT_S = 10 * 365 * 86_400.0  # only the queue is asked for


class InlineExecutor:
    """Runs what waits when its owner calls `drain`."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def wake(self) -> None:
        """Does nothing: a service that queues a job must not find itself running it."""

    def drain(self) -> list[str]:
        """Run every waiting job to its end, those queued meanwhile included; how each ended."""
        endings = []
        while waiting := self._workshop.ledger.survey(NEVER_SILENT_S).waiting:
            endings += [carry_out(self._workshop, ticket) for ticket in waiting]
        return endings
