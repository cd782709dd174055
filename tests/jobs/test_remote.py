"""A scheduler and a worker that are not ours, joined with certificates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmm.jobs.cluster import ClusterSettings
from mmm.jobs.executor import Executor
from tests.jobs.jobs_workshop import LEDGER_VARIABLE, WORKSHOP, FileLedger
from tests.jobs.patience import eventually

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    return FileLedger(tmp_path / "ledger.sqlite3")


@pytest.fixture
def settings(tmp_path: Path, ledger: FileLedger) -> Iterator[ClusterSettings]:
    """Settings that name a running scheduler with one worker."""
    from distributed.security import Security

    made = Security.temporary()
    files = {"ca": made.tls_ca_file, "cert": made.tls_client_cert, "key": made.tls_client_key}
    for name, text in files.items():
        (tmp_path / f"{name}.pem").write_text(text)
    address_file = tmp_path / "scheduler.json"
    scheduler = _dask("scheduler", tmp_path, "--port", "0", "--scheduler-file", str(address_file))
    worker = None
    try:
        eventually(lambda: address_file.exists() and address_file.read_text().endswith("}"), "the scheduler is up")
        address = json.loads(address_file.read_text())["address"]
        places = ("--local-directory", str(tmp_path), "--nworkers", "1", "--nthreads", "1")
        worker = _dask("worker", tmp_path, address, *places, **{LEDGER_VARIABLE: str(ledger.path)})
        yield ClusterSettings(
            address=address,
            tls_ca=tmp_path / "ca.pem",
            tls_cert=tmp_path / "cert.pem",
            tls_key=tmp_path / "key.pem",
            database_is_local=False,
        )
    finally:
        for process in (worker, scheduler):
            if process is not None:
                process.terminate()
                process.wait()


def test_work_at_a_remote_scheduler_goes_on_while_the_server_restarts(
    settings: ClusterSettings, ledger: FileLedger, tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    ledger.add("job", "work_until_told", stop=str(stop))
    with Executor(ledger, WORKSHOP, settings, poll_s=0.1):
        eventually(lambda: ledger.row("job")["progress"] > 0, "the remote worker works")
    progress = ledger.row("job")["progress"]
    eventually(lambda: ledger.row("job")["progress"] > progress, "it works on without a server")
    ledger.add("next", "make")
    with Executor(ledger, WORKSHOP, settings, poll_s=0.1):
        stop.touch()
        eventually(lambda: ledger.row("next")["status"] == "done", "the next job is done")
    assert ledger.row("job")["status"] == "done"
    assert [row["job_id"] for row in ledger.all("begun")] == ["job", "next"]


def _dask(command: str, folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    tls = [f"--tls-{name}" for name in ("ca-file", "cert", "key")]
    files = [str(folder / f"{name}.pem") for name in ("ca", "cert", "key")]
    given = [part for pair in zip(tls, files, strict=True) for part in pair]
    own = {
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
        "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]",
        "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "dask", command, *arguments, *given, "--host", "127.0.0.1", "--no-dashboard"],
        env={**os.environ, **own, **variables},
        stdout=subprocess.DEVNULL,
        stderr=(folder / f"{command}.log").open("wb"),
    )
