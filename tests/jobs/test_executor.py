"""The executor over a real cluster of processes."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dask
import distributed  # its import fills dask's configuration, so that changing a value of it can be undone
import psutil
import pytest

from mmm.jobs.cluster import ClusterSettings
from mmm.jobs.executor import Executor
from tests.jobs.jobs_workshop import LEDGER_VARIABLE, WORKSHOP, FileLedger
from tests.jobs.patience import eventually


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> FileLedger:
    return FileLedger(tmp_path_factory.mktemp("jobs") / "ledger.sqlite3")


def executor_of(ledger: FileLedger, silent_after_s: float = 15.0) -> Executor:
    settings = ClusterSettings(environment={LEDGER_VARIABLE: str(ledger.path)})
    return Executor(ledger, WORKSHOP, settings, poll_s=0.1, cancel_grace_s=1.0, silent_after_s=silent_after_s)


@pytest.fixture(scope="module")
def executor(ledger: FileLedger) -> Iterator[Executor]:
    """One whose surroundings say otherwise: threads in plenty, and no patience with workers that are slow to start."""
    with (
        pytest.MonkeyPatch.context() as environment,
        dask.config.set({"distributed.deploy.lost-worker-timeout": "50ms"}),
    ):
        environment.setenv("OMP_NUM_THREADS", "4")
        with executor_of(ledger) as running:
            eventually(lambda: running.address is not None, "the cluster is up")
            yield running


class Desk:
    """Queues jobs under fresh names and waits for what becomes of them."""

    def __init__(self, ledger: FileLedger, executor: Executor, folder: Path, name: str) -> None:
        self.ledger, self.executor, self.folder, self.name = ledger, executor, folder, name
        self.count = 0

    def queue(self, task: str, **params: str) -> str:
        self.count += 1
        job_id = f"{self.name}-{self.count}"
        self.ledger.add(job_id, task, **params)
        self.executor.wake()
        return job_id

    def queue_stoppable(self) -> tuple[str, Path]:
        stop = self.folder / f"stop-{self.count}"
        return self.queue("work_until_told", stop=str(stop)), stop

    def wait(self, job_id: str, status: str) -> dict:
        eventually(lambda: self.ledger.row(job_id)["status"] == status, f"{job_id} is {status}")
        return self.ledger.row(job_id)

    def wait_for_a_step(self, job_id: str) -> None:
        eventually(lambda: self.ledger.row(job_id)["progress"] > 0, f"{job_id} reports a step")

    def begun(self, job_id: str) -> list[dict]:
        return [row for row in self.ledger.all("begun") if row["job_id"] == job_id]

    def products(self, job_id: str) -> list[dict]:
        return [row for row in self.ledger.all("product") if row["job_id"] == job_id]


@pytest.fixture
def desk(ledger: FileLedger, executor: Executor, tmp_path: Path, request: pytest.FixtureRequest) -> Desk:
    return Desk(ledger, executor, tmp_path, request.node.name)


def test_a_job_ends_done_with_its_result_and_progress_in_the_row(desk: Desk) -> None:
    row = desk.wait(desk.queue("make", value="7"), "done")
    assert (row["progress"], row["message"], row["error"]) == (1.0, "half of it is done", None)
    assert row["result"] == f"product of {row['id']}"
    assert [product["value"] for product in desk.products(row["id"])] == ["7"]


def test_a_worker_is_another_process_niced_and_single_threaded(desk: Desk) -> None:
    job = desk.queue("make")
    desk.wait(job, "done")
    (facts,) = desk.begun(job)
    assert facts["pid"] != os.getpid()
    assert facts["threads"] == "1"
    assert facts["nice"] >= 10


def test_progress_shows_while_the_job_runs(desk: Desk) -> None:
    job, stop = desk.queue_stoppable()
    desk.wait_for_a_step(job)
    seen = desk.ledger.row(job)
    eventually(lambda: desk.ledger.row(job)["progress"] > seen["progress"], "progress goes on")
    stop.touch()
    desk.wait(job, "done")


def test_a_second_job_waits_until_the_first_ends(desk: Desk) -> None:
    first, stop = desk.queue_stoppable()
    second = desk.queue("make")
    desk.wait_for_a_step(first)
    assert desk.ledger.row(second)["status"] == "queued"
    stop.touch()
    desk.wait(second, "done")
    assert desk.ledger.row(first)["status"] == "done"


def test_a_cancelled_job_stops_at_its_next_step_and_writes_nothing(desk: Desk) -> None:
    job, _ = desk.queue_stoppable()
    desk.wait_for_a_step(job)
    desk.ledger.change(job, cancel=1)
    assert "Cancelled" in desk.wait(job, "cancelled")["error"]
    assert desk.products(job) == []


def test_a_job_that_does_not_answer_its_cancellation_loses_its_process(desk: Desk) -> None:
    job = desk.queue("never_look_up")
    desk.wait_for_a_step(job)
    (facts,) = desk.begun(job)
    desk.ledger.change(job, cancel=1)
    assert "stopping its process" in desk.wait(job, "cancelled")["error"]
    eventually(lambda: not _alive(facts["pid"]), "the process is gone")
    desk.wait(desk.queue("make"), "done")
    assert len(desk.begun(job)) == 1


def test_a_killed_worker_leaves_the_job_interrupted_once_and_not_run_again(desk: Desk) -> None:
    job, stop = desk.queue_stoppable()
    desk.wait_for_a_step(job)
    os.kill(desk.begun(job)[0]["pid"], signal.SIGKILL)
    assert "Try again" in desk.wait(job, "interrupted")["error"]
    stop.touch()  # a second run would now finish at once
    desk.wait(desk.queue("make"), "done")
    assert desk.ledger.row(job)["status"] == "interrupted"
    assert len(desk.begun(job)) == 1
    assert desk.products(job) == []


def test_an_interrupted_job_can_be_tried_again_as_a_new_attempt(desk: Desk) -> None:
    job, stop = desk.queue_stoppable()
    desk.wait_for_a_step(job)
    os.kill(desk.begun(job)[0]["pid"], signal.SIGKILL)
    desk.wait(job, "interrupted")
    stop.touch()
    desk.ledger.retry(job)
    desk.executor.wake()
    desk.wait(job, "done")
    assert [product["attempt"] for product in desk.products(job)] == [2]


def test_an_unknown_task_fails_and_says_which_are_known(desk: Desk) -> None:
    row = desk.wait(desk.queue("no_such_task"), "failed")
    assert "knows no task “no_such_task”" in row["error"]
    assert "make" in row["error"]


def test_errors_meant_for_people_are_shown_and_others_only_named(desk: Desk) -> None:
    assert desk.wait(desk.queue("stumble"), "failed")["error"].startswith("The KPI is missing in week 7")
    unforeseen = desk.wait(desk.queue("crash"), "failed")["error"]
    assert "ZeroDivisionError" in unforeseen
    assert "secret detail" not in unforeseen


def test_a_write_that_fails_halfway_leaves_nothing(desk: Desk) -> None:
    job = desk.queue("write_half")
    desk.wait(job, "failed")
    assert desk.products(job) == []


def test_the_cluster_answers_nobody_without_its_certificate(executor: Executor) -> None:
    address = executor.address
    assert address is not None
    assert address.startswith("tls://127.0.0.1:")
    with pytest.raises((OSError, TypeError)):
        distributed.Client(address.replace("tls://", "tcp://"), timeout=2)
    with pytest.raises(OSError, match=r"(?i)timed out|certificate|ssl"):
        distributed.Client(address, security=distributed.Security.temporary(), timeout=2)


def test_nothing_the_cluster_listens_on_serves_pages(executor: Executor) -> None:
    here = psutil.Process()
    listening = {
        connection.laddr.port
        for process in (here, *here.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening
    pages = ("/", "/status", "/info/main/workers.html", "/json/counts.json", "/health", "/metrics")
    served = [(port, page) for port in listening for page in pages if _serves(port, page)]
    assert served == []


def test_a_restart_interrupts_what_the_dead_server_ran_and_does_what_it_left_queued(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger.sqlite3")
    ledger.add("running", "work_until_told", stop=str(tmp_path / "never"))
    ledger.add("queued", "make")
    server = _server_process(ledger)
    eventually(lambda: ledger.row("running")["progress"] > 0, "the first server works")
    server.kill()
    server.wait()
    (facts,) = ledger.all("begun")
    eventually(lambda: not _alive(facts["pid"]), "its worker ends with it")

    with executor_of(ledger, silent_after_s=0.5):
        eventually(lambda: ledger.row("queued")["status"] == "done", "the queued job is done")
        eventually(lambda: ledger.row("running")["status"] == "interrupted", "the running job is interrupted")
    assert [row["job_id"] for row in ledger.all("begun")] == ["running", "queued"]


def test_closing_interrupts_what_still_runs_and_leaves_no_process(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger.sqlite3")
    ledger.add("long", "never_look_up")
    with executor_of(ledger):
        eventually(lambda: ledger.row("long")["progress"] > 0, "the job runs")
    assert ledger.row("long")["status"] == "interrupted"
    assert not _alive(ledger.all("begun")[0]["pid"])


def _server_process(ledger: FileLedger) -> subprocess.Popen[bytes]:
    code = (
        "import sys, threading; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "import tests.jobs.test_executor as t\n"
        "if __name__ == '__main__':\n"
        "    t.executor_of(t.FileLedger(Path(sys.argv[2]))).start(); threading.Event().wait()\n"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(Path(__file__).parents[2]), str(ledger.path)])


def _serves(port: int, page: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", page)
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
