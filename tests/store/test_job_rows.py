from datetime import UTC, datetime, timedelta

import pytest

from mmm.errors import ConflictError
from mmm.store.jobs import JobStatus
from mmm.store.tables import JobRow

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def uow(database):
    with database.unit_of_work() as made:
        yield made


@pytest.fixture
def job(uow, workspace):
    return uow.jobs.add(
        JobRow(
            workspace_id=workspace,
            kind="train",
            params={},
            status=JobStatus.QUEUED,
            progress=0.0,
            message="",
            attempt=0,
            cancel_requested=False,
            submitted_by="u",
            created_at=NOW,
        )
    ).id


def status(uow, workspace, job):
    uow.session.expire_all()
    return uow.jobs.get(workspace, job).status


def test_a_waiting_job_is_claimed_once(uow, job):
    assert uow.jobs.claim(job, NOW).attempt == 1
    with pytest.raises(ConflictError):
        uow.jobs.claim(job, NOW)


def test_progress_goes_on_until_somebody_cancels(uow, job):
    uow.jobs.claim(job, NOW)
    assert uow.jobs.report(job, 1, 0.5, "halfway", NOW)
    uow.jobs.request_cancel(job, NOW)
    assert not uow.jobs.report(job, 1, 0.6, "further", NOW)


def test_a_waiting_job_is_cancelled_at_once(uow, workspace, job):
    uow.jobs.request_cancel(job, NOW)
    assert status(uow, workspace, job) == JobStatus.CANCELLED
    with pytest.raises(ConflictError):
        uow.jobs.claim(job, NOW)


def test_an_older_attempt_can_neither_report_nor_finish(uow, workspace, job):
    uow.jobs.claim(job, NOW)
    uow.jobs.finish(job, 1, JobStatus.INTERRUPTED, NOW)
    assert uow.jobs.offer_again(job)
    assert uow.jobs.claim(job, NOW + timedelta(seconds=1)).attempt == 2
    assert not uow.jobs.report(job, 1, 0.9, "late", NOW)
    with pytest.raises(ConflictError, match="Attempt 1"):
        uow.jobs.finish(job, 1, JobStatus.DONE, NOW, result_ref="m")
    assert status(uow, workspace, job) == JobStatus.RUNNING


def test_a_done_job_is_not_offered_again(uow, job):
    uow.jobs.claim(job, NOW)
    uow.jobs.finish(job, 1, JobStatus.DONE, NOW, result_ref="m")
    assert not uow.jobs.offer_again(job)


def test_jobs_of_another_workspace_are_not_found(uow, job):
    assert uow.jobs.get("another", job) is None
