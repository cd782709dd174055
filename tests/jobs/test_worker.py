"""One attempt in this process: what is written when, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mmm.jobs.inline import InlineExecutor
from mmm.jobs.ledger import Ending, JobCancelled, Ticket
from mmm.jobs.worker import Body, JobRun, Reporter, Workshop, Write, carry_out
from tests.jobs.jobs_workshop import BODIES, FileLedger


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    return FileLedger(tmp_path / "ledger.sqlite3")


def workshop(ledger: FileLedger, **bodies: Body) -> Workshop:
    return Workshop(ledger, {**BODIES, **bodies})


def meanwhile(act: Callable[[], object]) -> Body:
    """A task during which something else happens."""

    def body(run: JobRun) -> Write:
        act()
        return BODIES["make"](run)

    return body


def test_an_attempt_that_is_not_queued_is_refused_and_does_nothing(ledger: FileLedger) -> None:
    ticket = ledger.add("job", "make")
    shop = workshop(ledger)
    assert carry_out(shop, ticket) == "done"
    assert carry_out(shop, ticket) == "refused"
    assert len(ledger.all("product")) == 1


def test_a_late_result_of_an_old_attempt_is_refused(ledger: FileLedger) -> None:
    ticket = ledger.add("job", "slow")

    def lose_and_retry() -> None:
        ledger.end(ticket, Ending.INTERRUPTED, "lost")
        ledger.retry("job")

    shop = workshop(ledger, slow=meanwhile(lose_and_retry))
    assert carry_out(shop, ticket) == "refused"
    assert ledger.row("job")["status"] == "queued"
    assert ledger.row("job")["attempt"] == 2
    assert ledger.all("product") == []


def test_an_attempt_overtaken_inside_its_last_write_rolls_back(ledger: FileLedger, tmp_path: Path) -> None:
    ticket = ledger.add("job", "overtaken")

    def body(run: JobRun) -> Write:
        make = BODIES["make"](run)

        def write(db: object) -> str:
            result = make(db)
            db.execute("update job set attempt = 2")  # type: ignore[attr-defined]
            return result

        return write

    assert carry_out(workshop(ledger, overtaken=body), ticket) == "cancelled"
    assert ledger.all("product") == []


def test_a_task_that_swallows_a_cancellation_still_ends_cancelled(ledger: FileLedger) -> None:
    ticket = ledger.add("job", "stubborn")

    def body(run: JobRun) -> Write:
        ledger.change("job", cancel=1)
        with pytest.raises(JobCancelled):
            run.progress(0.5, "half")
        with pytest.raises(JobCancelled):
            run.progress(0.6, "more")
        return BODIES["make"](Until(run))

    assert carry_out(workshop(ledger, stubborn=body), ticket) == "cancelled"
    assert ledger.all("product") == []


class Until(JobRun):
    """The same run for a task that reports to nobody."""

    def __init__(self, run: JobRun) -> None:
        super().__init__(run.ticket, run.params, lambda share, message: None)


def test_progress_is_written_at_most_every_so_often(ledger: FileLedger) -> None:
    ticket = ledger.add("job", "make")
    ledger.begin(ticket)
    now = [100.0]
    reporter = Reporter(ledger, ticket, every_s=0.3, clock=lambda: now[0])
    reporter(0.1, "first")
    now[0] += 0.2
    reporter(0.2, "too early")
    assert ledger.row("job")["message"] == "first"
    now[0] += 0.2
    reporter(7.0, "later")
    assert (ledger.row("job")["message"], ledger.row("job")["progress"]) == ("later", 1.0)


def test_a_heartbeat_that_finds_the_job_cancelled_stops_the_next_step(ledger: FileLedger) -> None:
    ticket = ledger.add("job", "make")
    ledger.begin(ticket)
    reporter = Reporter(ledger, ticket, every_s=1e9)
    reporter(0.1, "first")
    ledger.change("job", cancel=1)
    reporter(0.2, "not looked up")
    reporter.beat()
    with pytest.raises(JobCancelled):
        reporter(0.3, "stopped")


def test_the_inline_executor_runs_what_waits_in_order(ledger: FileLedger) -> None:
    for name in ("a", "b"):
        ledger.add(name, "make")
    executor = InlineExecutor(workshop(ledger))
    executor.wake()
    assert ledger.all("product") == []
    assert executor.drain() == ["done", "done"]
    assert [row["job_id"] for row in ledger.all("product")] == ["a", "b"]


def test_a_ticket_names_task_job_and_attempt() -> None:
    assert Ticket("j1", "train", 2).key == "train-j1-2"
