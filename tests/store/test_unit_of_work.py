import multiprocessing
import os
from contextlib import ExitStack

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import IntegrityError as ConstraintError

from mmm.errors import ConflictError
from mmm.store.database import Database, make_engine
from mmm.store.master import Keyring, MasterKey

SECRET = bytes(range(32))


def names(database):
    with database.unit_of_work(read_only=True) as uow:
        return [workspace.name for workspace in uow.users.workspaces()]


def add_and_fail(database):
    with database.unit_of_work() as uow:
        uow.users.add_workspace("Second", uow.users.workspaces()[0].created_at)
        _ = 1 / 0


class TestAllOrNothing:
    def test_what_is_committed_is_there_for_everybody(self, database, actor):
        with database.unit_of_work() as uow:
            uow.users.add_workspace("Second", uow.users.workspaces()[0].created_at)
            uow.commit()
        assert sorted(names(database)) == ["Second", "Team"]

    def test_leaving_without_commit_undoes_everything(self, database):
        with database.unit_of_work() as uow:
            uow.users.add_workspace("Second", uow.users.workspaces()[0].created_at)
        assert names(database) == ["Team"]

    def test_an_error_undoes_everything_and_passes_on(self, database):
        with pytest.raises(ZeroDivisionError):
            add_and_fail(database)
        assert names(database) == ["Team"]

    def test_a_foreign_key_to_nothing_is_refused(self, database):
        with database.unit_of_work() as uow, pytest.raises(ConstraintError):
            uow.vault.create_key("no such workspace")


def test_a_writer_that_waits_too_long_is_told_so_and_stored_nothing(database, url, monkeypatch):
    monkeypatch.setattr("mmm.store.database.BUSY_TIMEOUT_S", 1)
    hurried = Database(make_engine(url), database.keyring)
    with database.unit_of_work(), pytest.raises(ConflictError, match="try again"), hurried.unit_of_work():
        pass
    hurried.close()


def test_somebody_for_whom_no_connection_is_left_is_told_to_try_again(database, monkeypatch):
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.01)
    with ExitStack() as others:
        for _ in range(15):  # what the pool gives out at most
            others.enter_context(database.unit_of_work(read_only=True))
        with pytest.raises(ConflictError, match="try again"), database.unit_of_work(read_only=True):
            pass


class TestReadOnly:
    def test_a_read_only_unit_cannot_write(self, database):
        with database.unit_of_work(read_only=True) as uow, pytest.raises(DBAPIError, match=r"read-?only"):
            uow.users.add_workspace("Second", uow.users.workspaces()[0].created_at)

    def test_the_connection_it_used_writes_again_afterwards(self, database):
        names(database)
        with database.unit_of_work() as uow:
            uow.users.add_workspace("Second", uow.users.workspaces()[0].created_at)
            uow.commit()
        assert len(names(database)) == 2

    def test_a_reader_waits_for_no_writer_and_sees_the_state_before(self, database):
        with database.unit_of_work() as uow:
            uow.users.add_workspace("Second", uow.users.workspaces()[0].created_at)
            assert names(database) == ["Team"]


def die_halfway(url):
    database = Database(make_engine(url), Keyring([MasterKey(SECRET)]))
    with database.unit_of_work() as uow:
        uow.users.add_workspace("Half", uow.users.workspaces()[0].created_at)
        uow.audit.record(None, "create_workspace", "workspace")
        os._exit(9)


def test_a_process_killed_halfway_leaves_the_state_before(database, url):
    process = multiprocessing.get_context("spawn").Process(target=die_halfway, args=(url,))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert names(database) == ["Team"]
    with database.unit_of_work() as uow:
        assert uow.audit.verify().ok
