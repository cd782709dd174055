from datetime import UTC, datetime

import pytest

from mmm.access import Role, system_actor
from mmm.store.database import Database, make_engine
from mmm.store.keys import MasterKey
from mmm.store.migrate import upgrade

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = bytes(range(32))


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture
def database(url):
    """A migrated SQLite file with one workspace that has a data key."""
    engine = make_engine(url)
    upgrade(engine)
    made = Database(engine, MasterKey(SECRET))
    with made.unit_of_work() as uow:
        workspace = uow.users.add_workspace("Team", NOW)
        uow.vault.create_key(workspace.id)
        uow.audit.record(None, "create_workspace", "workspace", workspace.id, at=NOW)
        uow.commit()
    yield made
    made.close()


@pytest.fixture
def workspace(database):
    with database.unit_of_work(read_only=True) as uow:
        return uow.users.workspaces()[0].id


@pytest.fixture
def actor(workspace):
    return system_actor(workspace, "Team", frozenset(Role))
