"""Several processes on one store: nothing forks, nothing is lost, and a kill leaves the old state or the new."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect

from mmm.store.database import make_engine
from mmm.store.tables import Base, DatasetRow
from tests.store.savers import BLOBS, CONTEXT, content, migrate, open_store, save_versions_for_ever, write_audit_rows

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KILLS = {"sqlite": 20, "postgresql": 8}


def run(target, arguments):
    """Run a process for each tuple of arguments, at once, to their end."""
    processes = [CONTEXT.Process(target=target, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert {process.exitcode for process in processes} == {0}


def test_processes_that_write_at_once_neither_fork_the_chain_nor_lose_a_row(database, actor, url):
    run(write_audit_rows, [(url, replace(actor, session_id=f"s{i}"), 60) for i in range(4)])
    with database.unit_of_work(read_only=True) as uow:
        verdict = uow.audit.verify()
        written = {event.object_id for event in uow.audit.events(actor.workspace_id, limit=1000)}
    assert (verdict.ok, verdict.count) == (True, 241)
    assert {f"s{i}-{j}" for i in range(4) for j in range(60)} <= written


def test_servers_that_start_at_once_migrate_once(empty_url):
    go = CONTEXT.Event()
    processes = [CONTEXT.Process(target=migrate, args=(empty_url, go)) for _ in range(3)]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join()
    assert {process.exitcode for process in processes} == {0}
    assert set(Base.metadata.tables) < set(inspect(make_engine(empty_url)).get_table_names())


@pytest.fixture
def dataset(database, workspace):
    with database.unit_of_work() as uow:
        row = uow.datasets.add(
            DatasetRow(workspace_id=workspace, name="Shop", is_sample=False, archived=False, created_at=NOW)
        )
        uow.commit()
    return row.id


def kill_while_saving(url, actor, dataset, after_s):
    """Let a process save versions and kill it this many seconds after its first."""
    started = CONTEXT.Event()
    process = CONTEXT.Process(target=save_versions_for_ever, args=(url, actor, dataset, started))
    process.start()
    assert started.wait(60)
    process.join(after_s)
    process.kill()
    process.join()
    assert process.exitcode == -9


def whole_versions(url, actor, dataset):
    """Open the store afresh, check that every version is whole, and say how many there are."""
    database = open_store(url)
    with database.unit_of_work() as uow:
        versions = uow.datasets.versions(actor.workspace_id, dataset)
        audited = uow.audit.events(actor.workspace_id, actions=("save_dataset",), limit=100_000)
        assert uow.audit.verify().ok
        assert [row.number for row in versions] == list(range(len(versions), 0, -1))
        assert [row.id for row in versions] == [event.object_id for event in audited]
        for row in versions:
            assert all(getattr(uow.datasets, name)(row) == content(row.id, name) for name in BLOBS)
    database.close()
    return len(versions)


def test_a_kill_during_an_upload_leaves_the_old_state_or_the_new(database, actor, url, dataset, backend):
    database.close()
    chance = random.Random(1)
    counts = []
    for _ in range(KILLS[backend]):
        kill_while_saving(url, actor, dataset, chance.uniform(0, 0.06))
        counts.append(whole_versions(url, actor, dataset))
    assert counts == sorted(set(counts))  # every process saved at least one, and none of them was lost
