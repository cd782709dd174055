"""A real study, in a worker process, from the queue to the answers of the first page."""

from __future__ import annotations

import os
import signal

import numpy as np
import pandas as pd
import psutil
import pytest

from mmm.data.mapping import Mapping
from mmm.data.simulate import five_channel_world
from mmm.services.training import TrainingRequest
from mmm.store.jobs import JobStatus
from tests.conftest import Installation
from tests.jobs.patience import eventually


@pytest.mark.slow
@pytest.mark.timeout(600)  # its worker steps aside for everything else on a busy machine
def test_a_training_survives_its_worker_and_ends_in_answers(installation: Installation) -> None:
    services, analyst = installation.services, installation.actor("analyst")
    panel = five_channel_world(3, n_periods=80).panel
    version = services.datasets.save(
        analyst,
        name="Shop",
        raw_content=b"date,kpi",
        source_name="shop.csv",
        mapping=Mapping(date="date", kpi="kpi"),
        findings=(),
        panel=panel,
        as_read=pd.DataFrame({"date": ["2023-01-02"]}),
    )
    services.executor.start()
    job = services.training.submit(analyst, version.id, TrainingRequest(("structural", "ridge"), seed=5))

    eventually(lambda: 0 < services.jobs.get(analyst, job).progress < 1, "the training reports progress")
    (worker,) = [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]
    os.kill(worker.pid, signal.SIGKILL)
    eventually(lambda: services.jobs.get(analyst, job).status is JobStatus.INTERRUPTED, "the job is interrupted")
    assert services.training.leaderboard(analyst, version.dataset_id).entries == ()

    services.jobs.retry(analyst, job)
    eventually(
        lambda: not services.jobs.get(analyst, job).live,
        "the second attempt ends",
        sign_of_life=lambda: services.jobs.get(analyst, job).progress,
    )
    info = services.jobs.get(analyst, job)
    assert (info.status, info.attempt, info.message) == (JobStatus.DONE, 2, "Storing the models")

    (*_, entry) = services.training.leaderboard(analyst, version.dataset_id).entries
    assert info.result_ref is not None
    services.models.publish(analyst, info.result_ref, reason="the test says so")
    bench = services.insight.workbench(installation.actor("executive"))
    again = bench.model.expected(bench.panel.inputs()).mean(axis=0)
    assert np.allclose(again, bench.results.fitted.expected.mean)
    assert set(entry.model.metrics) >= {"model", "yardstick", "coverage"}
    assert services.insight.home(installation.actor("manager")).change is not None
