"""The job rows in the database, as the executor and as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmm.access import Actor, Role
from mmm.bootstrap import make_kit
from mmm.errors import ConflictError, DataError, NotAllowedError, NotFoundError
from mmm.jobs.inline import InlineExecutor
from mmm.jobs.ledger import Ending, StaleAttemptError, Ticket
from mmm.jobs.worker import JobRun, Workshop, Write
from mmm.services.base import Kit
from mmm.services.jobs import Jobs, NobodyListens, SqlLedger
from mmm.settings import Settings
from mmm.store.jobs import JobStatus
from mmm.store.tables import JobRow
from mmm.store.unit_of_work import UnitOfWork
from tests.jobs.jobs_workshop import BODIES

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class CountingQueue:
    """A queue that counts how often it was woken."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kit(tmp_path: Path, clock: Clock) -> Iterator[Kit]:
    kit = make_kit(Settings(var_dir=tmp_path / "var", sample=False), clock=clock)
    yield kit
    kit.database.close()


@pytest.fixture
def workspace(kit: Kit) -> str:
    with kit.database.unit_of_work() as uow:
        row = uow.users.add_workspace("Acme", kit.clock())
        uow.vault.create_key(row.id)
        uow.commit()
        return row.id


@pytest.fixture
def ledger(kit: Kit) -> SqlLedger:
    return SqlLedger(kit.database, kit.clock)


@pytest.fixture
def jobs(kit: Kit) -> Jobs:
    return Jobs(kit, NobodyListens())


def actor(workspace: str, role: Role, user_id: str | None = None) -> Actor:
    name = user_id or role.value
    return Actor(name, name, name.title(), workspace, "Acme", frozenset({role}))


def queue(kit: Kit, workspace: str, kind: str = "make", by: str = "analyst") -> Ticket:
    with kit.database.unit_of_work() as uow:
        row = uow.jobs.add(
            JobRow(
                workspace_id=workspace,
                kind=kind,
                params={"value": "7"},
                status=JobStatus.QUEUED,
                progress=0.0,
                message="",
                attempt=0,
                cancel_requested=False,
                submitted_by=by,
                created_at=kit.clock(),
            )
        )
        uow.commit()
        return Ticket(row.id, kind, 1)


def actions(kit: Kit, workspace: str) -> list[tuple[str, str]]:
    with kit.database.unit_of_work(read_only=True) as uow:
        return [(event.action, event.outcome) for event in reversed(uow.audit.events(workspace))]


def nothing(uow: UnitOfWork) -> str:
    return "nothing"


class TestLedger:
    def test_a_queued_job_waits_for_its_first_attempt(self, kit: Kit, workspace: str, ledger: SqlLedger) -> None:
        ticket = queue(kit, workspace)
        assert ledger.survey(15.0).waiting == [ticket]

    def test_an_attempt_begins_once(self, kit: Kit, workspace: str, ledger: SqlLedger) -> None:
        ticket = queue(kit, workspace)
        params = ledger.begin(ticket)
        assert params == {"value": "7", "workspace_id": workspace, "submitted_by": "analyst"}
        assert ledger.begin(ticket) is None

    def test_of_many_who_begin_at_once_one_does(self, kit: Kit, workspace: str, ledger: SqlLedger) -> None:
        ticket = queue(kit, workspace)
        with ThreadPoolExecutor(8) as threads:
            begun = list(threads.map(lambda _: ledger.begin(ticket), range(16)))
        assert sum(params is not None for params in begun) == 1

    def test_a_ticket_of_another_attempt_does_not_begin(self, kit: Kit, workspace: str, ledger: SqlLedger) -> None:
        ticket = queue(kit, workspace)
        assert ledger.begin(Ticket(ticket.job_id, "make", 2)) is None
        assert ledger.survey(15.0).waiting == [ticket]

    def test_progress_is_recorded_and_a_cancellation_answered(
        self, kit: Kit, workspace: str, ledger: SqlLedger, jobs: Jobs
    ) -> None:
        ticket = queue(kit, workspace)
        ledger.begin(ticket)
        assert ledger.report(ticket, 0.4, "fitting")
        info = jobs.get(actor(workspace, Role.ANALYST), ticket.job_id)
        assert (info.progress, info.message, info.status) == (0.4, "fitting", JobStatus.RUNNING)
        jobs.cancel(actor(workspace, Role.ANALYST), ticket.job_id)
        assert ledger.survey(15.0).stopping == [ticket]
        assert not ledger.report(ticket, 0.5, "fitting")

    def test_a_job_without_heartbeat_becomes_silent(
        self, kit: Kit, workspace: str, ledger: SqlLedger, clock: Clock
    ) -> None:
        ticket = queue(kit, workspace)
        ledger.begin(ticket)
        clock.go(14)
        assert ledger.survey(15.0).silent == []
        clock.go(2)
        assert ledger.survey(15.0).silent == [ticket]

    def test_a_late_result_of_an_old_attempt_is_refused_and_rolled_back(
        self, kit: Kit, workspace: str, ledger: SqlLedger, jobs: Jobs
    ) -> None:
        old = queue(kit, workspace)
        ledger.begin(old)
        assert ledger.end(old, Ending.INTERRUPTED, "lost")
        jobs.retry(actor(workspace, Role.ANALYST), old.job_id)
        (new,) = ledger.survey(15.0).waiting
        assert new.attempt == 2
        ledger.begin(new)

        def write(uow: UnitOfWork) -> str:
            uow.users.add_workspace("Half-written", kit.clock())
            return "late"

        with pytest.raises(StaleAttemptError):
            ledger.complete(old, write)
        assert not ledger.end(old, Ending.FAILED, "late")
        with kit.database.unit_of_work(read_only=True) as uow:
            assert [row.name for row in uow.users.workspaces()] == ["Acme"]
        ledger.complete(new, nothing)
        assert jobs.get(actor(workspace, Role.ANALYST), new.job_id).status is JobStatus.DONE

    def test_an_attempt_that_never_began_can_be_ended(self, kit: Kit, workspace: str, ledger: SqlLedger) -> None:
        ticket = queue(kit, workspace)
        assert ledger.end(ticket, Ending.INTERRUPTED, "lost")
        assert not ledger.end(ticket, Ending.INTERRUPTED, "lost")
        assert ledger.survey(15.0).waiting == []

    def test_a_task_of_the_workshop_runs_over_it(self, kit: Kit, workspace: str, ledger: SqlLedger, jobs: Jobs) -> None:
        def fail(run: JobRun) -> Write:
            raise DataError("The KPI is missing in week 7.")

        good, bad = queue(kit, workspace, "good"), queue(kit, workspace, "bad")
        shop = Workshop(ledger, {"good": lambda run: nothing, "bad": fail, **BODIES})
        assert sorted(InlineExecutor(shop).drain()) == ["done", "failed"]
        someone = actor(workspace, Role.ANALYST)
        assert jobs.get(someone, good.job_id).result_ref == "nothing"
        assert jobs.get(someone, bad.job_id).message == "The KPI is missing in week 7."


class TestJobsService:
    def test_people_see_the_jobs_of_their_workspace_only(self, kit: Kit, workspace: str, jobs: Jobs) -> None:
        with kit.database.unit_of_work() as uow:
            other = uow.users.add_workspace("Other", kit.clock()).id
            uow.commit()
        ours, theirs = queue(kit, workspace), queue(kit, other)
        someone = actor(workspace, Role.ENGINEER)
        assert [info.id for info in jobs.list(someone)] == [ours.job_id]
        with pytest.raises(NotFoundError):
            jobs.get(someone, theirs.job_id)
        with pytest.raises(NotFoundError):
            jobs.cancel(actor(workspace, Role.ADMIN), theirs.job_id)

    @pytest.mark.parametrize("role", [Role.EXECUTIVE, Role.MANAGER, Role.AUDITOR])
    def test_other_roles_see_no_jobs(self, workspace: str, jobs: Jobs, role: Role) -> None:
        with pytest.raises(NotAllowedError):
            jobs.list(actor(workspace, role))

    def test_a_waiting_job_is_cancelled_at_once_and_audited(self, kit: Kit, workspace: str) -> None:
        waker = CountingQueue()
        ticket = queue(kit, workspace)
        Jobs(kit, waker).cancel(actor(workspace, Role.ANALYST), ticket.job_id)
        info = Jobs(kit, waker).get(actor(workspace, Role.ANALYST), ticket.job_id)
        assert (info.status, info.may_cancel, info.may_retry) == (JobStatus.CANCELLED, False, True)
        assert waker.woken == 1
        assert actions(kit, workspace) == [("cancel_job", "ok")]

    def test_only_the_submitter_and_an_administrator_may_cancel(self, kit: Kit, workspace: str, jobs: Jobs) -> None:
        ticket = queue(kit, workspace, by="analyst")
        with pytest.raises(NotAllowedError, match="started by somebody else"):
            jobs.cancel(actor(workspace, Role.ANALYST, "another"), ticket.job_id)
        assert not jobs.get(actor(workspace, Role.ANALYST, "another"), ticket.job_id).may_cancel
        jobs.cancel(actor(workspace, Role.ADMIN), ticket.job_id)
        assert actions(kit, workspace) == [("cancel_job", "refused"), ("cancel_job", "ok")]

    def test_a_job_that_ended_can_not_be_cancelled(
        self, kit: Kit, workspace: str, ledger: SqlLedger, jobs: Jobs
    ) -> None:
        ticket = queue(kit, workspace)
        ledger.end(ticket, Ending.FAILED, "broken")
        with pytest.raises(ConflictError, match="ended already"):
            jobs.cancel(actor(workspace, Role.ANALYST), ticket.job_id)

    def test_a_job_that_runs_or_is_done_can_not_be_tried_again(
        self, kit: Kit, workspace: str, ledger: SqlLedger, jobs: Jobs
    ) -> None:
        ticket = queue(kit, workspace)
        ledger.begin(ticket)
        with pytest.raises(ConflictError, match="this one is running"):
            jobs.retry(actor(workspace, Role.ANALYST), ticket.job_id)
        ledger.complete(ticket, nothing)
        with pytest.raises(ConflictError, match="this one is done"):
            jobs.retry(actor(workspace, Role.ANALYST), ticket.job_id)

    def test_trying_again_needs_the_permission_to_train(
        self, kit: Kit, workspace: str, ledger: SqlLedger, jobs: Jobs
    ) -> None:
        ticket = queue(kit, workspace, by="engineer")
        ledger.end(ticket, Ending.INTERRUPTED, "lost")
        engineer = actor(workspace, Role.ENGINEER)
        assert not jobs.get(engineer, ticket.job_id).may_retry
        with pytest.raises(NotAllowedError):
            jobs.retry(engineer, ticket.job_id)
